//! The five ways that people take through the window, each from its first page to its end, in the real webview with the
//! real engine behind it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Child;

use nightkeep_engine::api::{JobCondition, Method, Outcome, Reason};
use nightkeep_tests::dbus::{DarkPortal, FakeWatcher, Item};
use nightkeep_tests::night::{Night, fake_agent};
use nightkeep_tests::window::Window;
use nightkeep_tests::{binary, eventually};

const RUNNING: &str = "section[aria-labelledby=running]";
const STOPPED: &str = "section[aria-labelledby=stopped]";
const BADGE: &str = "nav .badge";

/// An agent that makes two steps and then nothing more, as a list of words.
fn stuck() -> [String; 7] {
    let agent = fake_agent().unwrap();
    let steps =
        ["print reading 12 sources", "mark 1 sources collected", "mark 2 outline made", "print asking", "spawn 1"];
    let [first, second, third, fourth, fifth] = steps.map(str::to_owned);
    [agent, first, second, third, fourth, fifth, "hang".to_owned()]
}

/// The same as a program with a short path, for whoever has to type it.
fn script(night: &Night) -> String {
    let path = night.user().join("agent");
    let words: Vec<String> = stuck().map(|word| format!("'{word}'")).into();
    fs::write(&path, format!("#!/bin/sh\nexec {}\n", words.join(" "))).unwrap();
    fs::set_permissions(&path, PermissionsExt::from_mode(0o700)).unwrap();
    path.display().to_string()
}

fn until_title(window: &Window, title: &str) {
    window.until("main h1", |shown| shown == title).unwrap();
}

#[test]
fn a_first_job_is_added_by_keyboard_alone_and_runs() {
    let night = Night::on_a_desktop("").unwrap();
    let window = Window::open(&night, "overview").unwrap();
    until_title(&window, "No jobs yet.");
    window.tab_to("Add a job").unwrap();
    window.press("Enter").unwrap();
    until_title(&window, "Add a job");
    window.until("label[for=field-name]", |_| true).unwrap();
    window.until_focused("Add a job").unwrap();

    window.tab_to("field-name").unwrap();
    window.write("articles").unwrap();
    window.tab_to("field-command").unwrap();
    window.write(&script(&night)).unwrap();
    window.tab_to("field-limits-warn_after").unwrap();
    window.write("soon").unwrap();
    window.tab_to("field-limits-stall_after").unwrap();
    window.write("20m").unwrap();
    window.until("#field-limits-warn_after-error", |fault| fault.contains("soon")).unwrap();
    window.picture("form").unwrap();
    // Saved as it is, it is not: whoever tries is led to what is to be mended.
    window.press("Enter").unwrap();
    window.until(".summary:focus h2", |text| text == "1 thing to mend before this can be saved").unwrap();
    window.press("Tab").unwrap();
    window.press("Enter").unwrap();
    window.until_focused("field-limits-warn_after").unwrap();
    window.press("Ctrl+A").unwrap();
    window.write("10m").unwrap();
    window.press("Enter").unwrap();
    night.until_job("articles", |job| job.limits.stall_after.as_deref() == Some("20m")).unwrap();

    until_title(&window, "Jobs");
    window.until_focused("Jobs").unwrap();
    window.tab_to("Run now: articles").unwrap();
    window.press("Enter").unwrap();
    night.until_step(1, 2).unwrap();
    window.press("Ctrl+1").unwrap();
    until_title(&window, "1 run in progress, all advancing.");
    let card = window.until(RUNNING, |text| text.contains("outline made")).unwrap();
    assert!(card.contains("articles") && card.contains("stopped at 20 min"), "{card}");
}

#[test]
fn in_the_morning_the_window_says_what_was_stopped_and_why_until_somebody_has_seen_it() {
    let jobs = ["articles", "sweep"].map(|job| {
        let limits = "warn_after = \"700ms\"\nstall_after = \"800ms\"\ngrace = \"1s\"\n";
        format!("[jobs.{job}]\ncommand = {:?}\n{limits}", stuck())
    });
    let night = Night::on_a_desktop_at("05:30:00", &jobs.concat()).unwrap();
    let runs = ["articles", "sweep"].map(|job| night.begin(&["start", job]).unwrap().run);
    for run in runs {
        assert_eq!(night.ended(run).unwrap().reason, Some(Reason::Stalled));
    }
    let _portal = night.see(async |desktop| DarkPortal::start(desktop.bus()).await).unwrap();

    let window = Window::open(&night, "overview").unwrap();
    until_title(&window, "2 runs were stopped since you last looked.");
    window.until("main header", |text| text.contains("Nothing else is running.")).unwrap();
    window.until(BADGE, |badge| badge.starts_with('2')).unwrap();
    let cards = window.texts(&format!("{STOPPED} li.unseen")).unwrap();
    assert!(cards[0].contains("sweep") && cards[1].contains("articles"), "{cards:#?}");
    assert!(
        cards.iter().all(|card| card.contains("No progress for 0.8 s (limit 0.8 s): the marker stayed at step 2")),
        "{cards:#?}"
    );
    eventually("the window to be as dark as its desktop", || {
        window.holds("(prefers-color-scheme: dark)").unwrap().then_some(())
    })
    .unwrap();
    window.picture("morning").unwrap();

    // The second one of the list.
    window.press("J").unwrap();
    window.press("J").unwrap();
    window.until_focused("articles").unwrap();
    window.press("Enter").unwrap();
    until_title(&window, "articles");
    check_that_the_page_tells_all(&night, &window, runs[0]);
    window.picture("run").unwrap();
    window.until(BADGE, |badge| badge.starts_with('1')).unwrap();
    assert!(night.show(runs[0]).unwrap().ended.unwrap().seen, "whoever has opened it has seen it");

    window.press("Esc").unwrap();
    window.until("main h1", |title| title == "Last night: 2 runs, both stopped.").unwrap();
    let unseen = window.until(&format!("{STOPPED} li.unseen"), |card| card.contains("new")).unwrap();
    assert!(unseen.contains("sweep"), "{unseen}");
    window.picture("history").unwrap();
    window.tab_to("Mark all as seen").unwrap();
    window.press("Enter").unwrap();
    window.until_gone(BADGE).unwrap();
    window.until_gone(".unseen").unwrap();
    assert_eq!(night.json(&["status"]).unwrap()["summary"]["stopped_unseen"], 0);
    window.press("Ctrl+1").unwrap();
    until_title(&window, "Nothing is running.");
    window.until_gone(STOPPED).unwrap();
}

/// The page of a run shows what the engine knows of it.
fn check_that_the_page_tells_all(night: &Night, window: &Window, run: u64) {
    let detail = night.show(run).unwrap();
    assert_eq!(detail.ended.as_ref().unwrap().outcome, Outcome::Aborted);
    let cause = window.until(".cause", |_| true).unwrap();
    assert!(!cause.is_empty() && cause == detail.cause.join(" ").replace('`', ""), "{cause}");
    window.until("section[aria-labelledby=todo]", |text| text.contains("Change the job")).unwrap();
    let told = window.texts("section[aria-labelledby=story] ol li span").unwrap();
    let known: Vec<String> = detail.timeline.iter().map(|event| event.text.replace('`', "")).collect();
    assert_eq!(told, known);
    let processes = window.texts("section[aria-labelledby=tree] li > .row").unwrap();
    let evidence = detail.evidence.as_ref().unwrap();
    assert_eq!((processes.len(), evidence.processes.len()), (2, 2), "{processes:#?}");
    for (row, process) in processes.iter().zip(&evidence.processes) {
        assert!(row.contains(&process.pid.to_string()) && row.contains("fake-agent"), "{row}");
    }
    let output = window.text("section[aria-labelledby=output] pre").unwrap();
    assert_eq!(output.as_deref().map(str::trim_end), Some("reading 12 sources\nasking"));
}

#[test]
fn a_limit_that_was_too_short_is_changed_and_the_next_run_has_the_new_one() {
    let type_ = "[types.nightly]\nwarn_after = \"700ms\"\nstall_after = \"800ms\"\ngrace = \"1s\"\n";
    let config = format!("{type_}[jobs.articles]\ntype = \"nightly\"\ncommand = {:?}\n", stuck());
    let night = Night::on_a_desktop(&config).unwrap();
    let first = night.begin(&["start", "articles"]).unwrap().run;
    assert_eq!(night.ended(first).unwrap().reason, Some(Reason::Stalled));

    let window = Window::open(&night, "types").unwrap();
    let card = "section[aria-label='Your types'] article";
    window.until(card, |text| text.contains("nightly") && text.contains("0.8 s")).unwrap();
    window.tab_to("Edit nightly").unwrap();
    window.press("Enter").unwrap();
    until_title(&window, "Edit nightly");
    window.until("label[for=field-limits-stall_after]", |_| true).unwrap();
    for (field, text) in [("warn_after", "15m"), ("stall_after", "20m")] {
        window.tab_to(&format!("field-limits-{field}")).unwrap();
        window.press("Ctrl+A").unwrap();
        window.write(text).unwrap();
    }
    window.press("Enter").unwrap();
    until_title(&window, "Job types");
    window.until(card, |text| text.contains("15 min") && text.contains("20 min")).unwrap();
    assert!(night.config().unwrap().contains("stall_after = \"20m\""));

    window.press("Ctrl+3").unwrap();
    window.until("main li", |text| text.contains("warning 15 min, stop 20 min")).unwrap();
    window.tab_to("Run now: articles").unwrap();
    window.press("Enter").unwrap();
    night.until_step(first + 1, 2).unwrap();
    window.press("Ctrl+1").unwrap();
    window.until(RUNNING, |text| text.contains("articles") && text.contains("stopped at 20 min")).unwrap();
    let limits = |run: u64| night.show(run).unwrap().limits.stall_after_s;
    assert_eq!((limits(first), limits(first + 1)), (0.8, 1200.0));
    let shown = night.told(&["show", &(first + 1).to_string()]).unwrap();
    assert!(shown.contains("20 min"), "{shown}");
}

#[test]
fn a_run_is_stopped_after_a_question_and_a_job_that_stays_stopped_is_resumed() {
    let agent = fake_agent().unwrap();
    let config = format!(
        "[jobs.fails]\ncommand = [{agent:?}, \"exit 7\"]\n[jobs.works]\ncommand = [{agent:?}, \"mark 1\", \"hang\"]\n"
    );
    let night = Night::on_a_desktop(&config).unwrap();
    for _ in 0..3 {
        let run = night.begin(&["start", "fails"]).unwrap().run;
        assert_eq!(night.ended(run).unwrap().outcome, Outcome::Failed);
    }
    let run = night.begin(&["start", "works"]).unwrap().run;
    night.until_step(run, 1).unwrap();

    let window = Window::open(&night, "overview").unwrap();
    let refused = window.until("[role=alert]", |text| text.contains("fails will not start again")).unwrap();
    assert!(refused.contains("3 times in a row"), "{refused}");
    window.tab_to("Resume").unwrap();
    window.press("Enter").unwrap();
    window.until_gone("[role=alert]").unwrap();
    assert_eq!(night.nightkeep(&["run", "--job", "fails"]).unwrap().code, Some(7), "it is started again");

    let button = format!("Stop run {run}, works…");
    window.tab_to(&button).unwrap();
    window.press("Enter").unwrap();
    window.until("dialog h2", |title| title == "Stop works?").unwrap();
    window.press("Esc").unwrap();
    window.until_gone("dialog").unwrap();
    window.until_focused(&button).unwrap();
    window.press("Enter").unwrap();
    window.until("dialog h2", |title| title == "Stop works?").unwrap();
    window.tab_to("Stop").unwrap();
    window.press("Enter").unwrap();
    let row = night.ended(run).unwrap();
    assert_eq!((row.reason, row.method), (Some(Reason::User), Some(Method::Graceful)));
    window.until_gone(RUNNING).unwrap();

    window.press("Ctrl+3").unwrap();
    window.until("main h1", |title| title == "Jobs").unwrap();
    window.tab_to("Enabled: works").unwrap();
    window.press("Space").unwrap();
    window.until("dialog h2", |title| title == "Pause works?").unwrap();
    window.tab_to("Pause").unwrap();
    window.press("Enter").unwrap();
    let is_off = |is: &str| format!("button[aria-label='Enabled: works'][aria-checked={is}]");
    window.until(&is_off("false"), |_| true).unwrap();
    let held = |live: &nightkeep_engine::api::Live| {
        live.status.jobs.iter().find(|job| job.job == "works").map(|job| job.state)
    };
    night.until("the job to stay stopped", |live| held(live).filter(|state| *state == JobCondition::Killed)).unwrap();
    assert_eq!(night.nightkeep(&["start", "works"]).unwrap().code, Some(1));
    window.tab_to("Resume works").unwrap();
    window.press("Enter").unwrap();
    window.until(&is_off("true"), |_| true).unwrap();
    window.tab_to("Run now: works").unwrap();
    window.press("Enter").unwrap();
    night.until_run("a run of the job again", run + 2, |view| view.job == "works").unwrap();
}

#[test]
fn a_pause_of_an_hour_is_seen_everywhere_and_nothing_is_stopped_until_it_is_over() {
    let limits = "warn_after = \"700ms\"\nstall_after = \"800ms\"\ngrace = \"1s\"\n";
    let night = Night::on_a_desktop(&format!("[jobs.articles]\ncommand = {:?}\n{limits}", stuck())).unwrap();
    let watcher = night.see(async |desktop| FakeWatcher::start(desktop.bus()).await).unwrap();
    let _tray = Tray::of(&night);
    let tray = night.see(async |_| watcher.item().await).unwrap();

    let window = Window::open(&night, "settings").unwrap();
    window.tab_to("Pause watching…").unwrap();
    window.press("Enter").unwrap();
    window.until("dialog h2", |title| title == "Pause watching?").unwrap();
    window.until("dialog label:has(:checked)", |chosen| chosen == "For 1 hour").unwrap();
    window.tab_to("Pause").unwrap();
    window.press("Enter").unwrap();
    window.until(".paused", |text| text.starts_with("Watching is paused until ")).unwrap();
    window.until(".engine", |text| text.starts_with("Paused until ")).unwrap();
    until_tray(&night, &tray, |tooltip| tooltip.contains("aused until "));
    let said = night.told(&["status"]).unwrap();
    assert!(said.contains("the watch is paused until"), "{said}");

    let run = night.begin(&["start", "articles"]).unwrap().run;
    night.until_step(run, 2).unwrap();
    window.press("Ctrl+1").unwrap();
    window.until(RUNNING, |text| text.contains("outline made")).unwrap();
    window.until(".paused", |text| text.contains("No run is warned about or stopped")).unwrap();
    window.picture("paused").unwrap();
    window.tab_to("Resume").unwrap();
    window.press("Enter").unwrap();
    window.until_gone(".paused").unwrap();
    window.until(".engine", |text| text.starts_with("Watching")).unwrap();
    assert_eq!(night.ended(run).unwrap().reason, Some(Reason::Stalled));
    window.until(STOPPED, |text| text.contains("articles")).unwrap();
    until_tray(&night, &tray, |tooltip| tooltip.contains("1 stopped") && !tooltip.contains("aused"));
    assert!(!night.told(&["status"]).unwrap().contains("paused"));
}

fn until_tray(night: &Night, tray: &Item, wanted: impl Fn(&str) -> bool) {
    night.see(async |_| tray.wait_until("another tooltip", |view| wanted(&view.tooltip)).await).unwrap();
}

/// The real tray on the desktop of a night.
struct Tray(Child);

impl Tray {
    fn of(night: &Night) -> Self {
        let mut command = night.program(binary("nightkeep-tray").unwrap());
        Self(command.spawn().unwrap())
    }
}

impl Drop for Tray {
    fn drop(&mut self) {
        self.0.kill().and_then(|()| self.0.wait()).map(drop).unwrap_or_default();
    }
}
