//! The diagnostics as Markdown, which is read as it is and shows well where it is pasted.

use serde_json::Value;

use super::hiding::{Hiding, shown};
use super::{BYTES_MAX, Found, Wanted};
use crate::api::{API_VERSION, Live, SettingsSpec, StorageView};
use crate::clean::harmless;
use crate::config::{self, SettingName, listed_settings};
use crate::doctor;
use crate::report::{cut, fenced};
use crate::version::VERSION;
use crate::words::{bytes, count};

/// What is told before the log gets so many bytes at the most, and the log as many: its end is worth as much.
const STORY_BYTES_MAX: usize = 126 * 1024;
const LOG_BYTES_MAX: usize = 126 * 1024;

const INTRODUCTION: &str = "This goes with a report of a fault. The values of environments, the output of runs and what \
    looks like a secret are left out, and home directories are `~`. It was sent nowhere: read it before you send it.";

pub(super) fn markdown(found: &Found, hiding: &Hiding) -> String {
    let parts = [
        format!("# Diagnostics of Nightkeep\n\n{INTRODUCTION}"),
        versions(found),
        format!("## Checks\n\n{}", fenced(doctor::text(&found.checks).trim_end())),
        runs(found),
        format!("## On the disk\n\n{}", storage(found.storage)),
        found.wanted.as_ref().map_or_else(nothing_wanted, wanted),
    ];
    let told = |text: &str| hiding.apply(&harmless(text));
    let story = cut(told(&parts.join("\n\n")), STORY_BYTES_MAX);
    cut(format!("{story}\n{}", log(end_of(&told(&found.log.join("\n"))))), BYTES_MAX)
}

fn versions(found: &Found) -> String {
    let engine = match &found.engine {
        Ok(engine) => format!(
            "Engine {} (API {}), process {}, since {}",
            engine.version, engine.api, engine.pid, engine.started_at
        ),
        Err(fault) => format!("Engine: {}", fault.message),
    };
    let own = format!("Nightkeep {VERSION} (API {API_VERSION})");
    let lines = [own, engine].into_iter().chain(found.system.iter().cloned()).chain([format!("Made at {}", found.at)]);
    format!("## Versions\n\n{}", lines.map(|line| format!("- {line}")).collect::<Vec<_>>().join("\n"))
}

fn runs(found: &Found) -> String {
    let mut parts = vec!["## Runs and faults".to_owned()];
    parts.push(found.live.as_ref().map_or_else(|| "The engine did not tell.".to_owned(), state));
    if let Some((total, ends)) = &found.ends {
        let rows = ends.iter().filter(|(_, runs)| *runs > 0).map(|(words, runs)| format!("| {words} | {runs} |\n"));
        parts.push(
            format!("| runs that are over | {total} |\n| --- | --- |\n{}", rows.collect::<String>())
                .trim_end()
                .to_owned(),
        );
    }
    parts.join("\n\n")
}

fn state(live: &Live) -> String {
    let summary = live.status.summary;
    let runs = format!(
        "- {} not over, {} of them past the warning limit; {} waiting for a slot",
        count(usize::try_from(summary.running).unwrap_or_default(), "run", "runs"),
        summary.warning,
        summary.queued
    );
    let paused = live.status.paused.as_ref().map(|pause| format!("- The watch is paused since {}", pause.since));
    let faults = live.faults.iter().map(|fault| format!("- Fault: {}", fault.message));
    [runs].into_iter().chain(paused).chain(faults).collect::<Vec<_>>().join("\n")
}

fn storage(storage: StorageView) -> String {
    let runs = count(usize::try_from(storage.runs).unwrap_or_default(), "run", "runs");
    format!(
        "- {} of history\n- {} of output, folders of {runs}",
        bytes(storage.database_bytes),
        bytes(storage.output_bytes)
    )
}

fn nothing_wanted() -> String {
    "## Settings\n\nThey cannot be read; the checks say why.".to_owned()
}

fn wanted(wanted: &Wanted) -> String {
    let jobs: Vec<_> = wanted.jobs.iter().map(shown).collect();
    let text = config::as_text(&wanted.types, &jobs);
    let text = if text.is_empty() { "There is none.".to_owned() } else { fenced(text.trim_end()) };
    format!(
        "## Settings\n\n{}\n\n## Jobs and types\n\n{text}",
        fenced(&settings(&wanted.settings, &SettingsSpec::default()))
    )
}

/// A line for each setting; what is not as it comes says how that is.
fn settings(settings: &SettingsSpec, usual: &SettingsSpec) -> String {
    let document = |spec: &SettingsSpec| serde_json::to_value(spec).unwrap_or_default();
    let (settings, usual) = (document(settings), document(usual));
    let names = listed_settings(&settings);
    let widest = names.iter().map(|name| name.shown.len()).max().unwrap_or_default();
    let lines = names.iter().filter_map(|SettingName { shown: name, pointer }| {
        let value = settings.pointer(pointer)?;
        let changed = usual.pointer(pointer).filter(|usual| *usual != value);
        let changed = changed.map(|usual| format!("  (usually {})", plain(usual))).unwrap_or_default();
        Some(format!("{name:widest$}  {}{changed}", plain(value)))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A value as the command line says it.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// The last lines of the text, as many as there is room for.
fn end_of(text: &str) -> &str {
    if text.len() <= LOG_BYTES_MAX {
        return text;
    }
    let (_, end) = text.split_at(text.ceil_char_boundary(text.len() - LOG_BYTES_MAX));
    end.split_once('\n').map_or("", |(_, whole)| whole)
}

fn log(lines: &str) -> String {
    let lines = if lines.is_empty() { "There is none.".to_owned() } else { fenced(lines) };
    format!("## The end of the engine's log\n\n{lines}")
}
