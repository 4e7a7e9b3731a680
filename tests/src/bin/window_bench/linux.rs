//! The real window with a long history and many runs, timed by its own clock from inside of its page.

use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use futures_util::future::try_join_all;
use nightkeep_tests::eventually;
use nightkeep_tests::night::Night;
use nightkeep_tests::window::Window;
use serde_json::{Value, json};

use crate::history;

/// How often each thing is done.
const ROUNDS: u64 = 9;

/// Notes in `window.nkSeen` when the page is as wanted and has been drawn; `arguments[0]` is a condition in JavaScript.
const WATCH: &str = "
    const [selector, wanted] = arguments[0].split(' => ');
    window.nkSeen = null;
    const isThere = () => wanted.startsWith('#')
        ? document.querySelectorAll(selector).length >= Number(wanted.slice(1))
        : document.querySelector(selector)?.textContent.includes(wanted) ?? false;
    const look = () => {
        if (window.nkSeen !== null || !isThere()) return;
        observer.disconnect();
        requestAnimationFrame(() => setTimeout(() => { window.nkSeen = Date.now(); }));
    };
    const observer = new MutationObserver(look);
    observer.observe(document.body, { subtree: true, childList: true, characterData: true });
    window.nkBegun = Date.now();";

/// How often each of the living runs moves forward.
const EVERY: &str = "advance 1000000 every 10s";

/// Opens a history of so many runs and pages through it, and then watches so many living ones, each of them `agent`, that
/// all move.
///
/// # Errors
/// When a program is missing, or something does not come up.
pub(super) fn measure(runs: &str, live: &str, agent: &str) -> Result<Value> {
    let (runs, live): (u64, u64) = (runs.parse()?, live.parse()?);
    let names: Vec<String> = (1..live).map(|n| format!("part-{n:03}")).chain(["watched".to_owned()]).collect();
    let mut night = Night::new("")?;
    let marker = night.work().join("progress.json");
    let jobs: String = names.iter().map(|name| job(name, agent, &marker)).collect();
    night.configure(&jobs)?;
    history::lay(&night.home().join("nightkeep.db"), runs)?;
    night.add_desktop()?;
    night.start_engine()?;
    let window = Window::open(&night, "overview")?;
    let (opened, older) = read_history(&window)?;

    night.ask(async |engine| try_join_all(names.iter().map(|name| engine.start_job(name))).await)?;
    let running = format!("{live} running");
    window.until("nav .engine", |text| text.replace('\u{a0}', " ").contains(&running))?;
    window.click(&format!("and {} more", live - 8))?;
    eventually("all runs to be shown", || {
        let shown = window.texts("section[aria-labelledby=running] li .head a").unwrap_or_default();
        (shown.len() as u64 == live).then_some(())
    })?;
    let changed: Vec<u64> = (1..=ROUNDS).map(|step| change(&window, &marker, step)).collect::<Result<_>>()?;
    Ok(json!({ "opened_ms": opened, "older_ms": older, "changed_ms": changed }))
}

fn job(name: &str, agent: &str, marker: &Path) -> String {
    let (does, progress) =
        if name == "watched" { ("hang", format!("progress = {marker:?}\n")) } else { (EVERY, String::new()) };
    format!("[jobs.{name}]\ncommand = [{agent:?}, {does:?}]\n{progress}")
}

/// How long it takes to open the history and its second page.
fn read_history(window: &Window) -> Result<(Vec<u64>, Vec<u64>)> {
    let (mut opened, mut older) = (Vec::new(), Vec::new());
    let rows = "tbody tr:not(.night)";
    for _ in 0..ROUNDS {
        window.until("main h1", |title| title == "Nothing is running.")?;
        opened.push(timed(window, &format!("{rows} => #100"), "location.hash = '#/history'")?);
        older.push(timed(window, &format!("{rows} => #200"), "document.querySelector('.older button').click()")?);
        window.script("location.hash = '#/'", "")?;
    }
    Ok((opened, older))
}

/// How long it takes from a marker to the page.
fn change(window: &Window, marker: &Path, step: u64) -> Result<u64> {
    let note = format!("chapter {step} of the night");
    let aside = marker.with_extension("tmp");
    fs::write(&aside, json!({ "step": step, "note": note }).to_string())?;
    window.script(WATCH, &format!("section[aria-labelledby=running] => {note}"))?;
    let written = now_ms()?;
    fs::rename(&aside, marker)?;
    Ok(seen(window)?.saturating_sub(written))
}

/// How long it takes after `act` until the page is as wanted, in milliseconds.
fn timed(window: &Window, wanted: &str, act: &str) -> Result<u64> {
    window.script(&format!("{WATCH}\n{act};"), wanted)?;
    let seen = seen(window)?;
    let begun = window.script("return window.nkBegun", "")?.as_u64().context("the page notes when it began")?;
    Ok(seen.saturating_sub(begun))
}

/// When what is watched for was drawn, in milliseconds since the Unix epoch.
fn seen(window: &Window) -> Result<u64> {
    eventually("the page to be as wanted", || window.script("return window.nkSeen", "").ok()?.as_u64())
}

fn now_ms() -> Result<u64> {
    Ok(u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?)
}
