//! The window in its real webview, with the real engine behind it.

use nightkeep_engine::api::{Outcome, Reason};
use nightkeep_tests::dbus::DarkPortal;
use nightkeep_tests::night::{Night, Said, fake_agent};
use nightkeep_tests::window::Window;
use nightkeep_tests::{binary, eventually};
use serde_json::Value;

/// What the job of these tests does: two steps, and then nothing more.
const STEPS: [&str; 6] = [
    "print reading 12 sources",
    "mark 1 sources collected",
    "sleep 300ms",
    "mark 2 outline made",
    "print querying the model",
    "spawn 1",
];

/// A night in which something has run before the window is opened, and something goes on.
fn night() -> Night {
    let night = Night::on_a_desktop("").unwrap();
    let agent = fake_agent().unwrap();
    let runs: [(&str, &[&str]); 3] = [
        ("docs-sweep", &["advance 12 every 40ms", "mark 12 all pages swept", "exit 0"]),
        ("dependency-review", &["mark 9 cargo audit", "complain error: 1 vulnerability found", "exit 101"]),
        ("changelog", &["mark 3 changelog written", "exit 0"]),
    ];
    for (job, steps) in runs {
        let begun = night.begin(&[&["run", "--detach", "--name", job, "--", &agent], steps].concat()).unwrap();
        night.ended(begun.run).unwrap();
    }
    let steps = ["mark 22 converting tests/parser", "hang"];
    night.begin(&[&["run", "--detach", "--name", "migrate-tests", "--", &agent], &steps[..]].concat()).unwrap();
    night
}

fn command() -> String {
    let steps: Vec<String> = STEPS.iter().map(|step| format!(" '{step}'")).collect();
    format!("{}{} hang", fake_agent().unwrap(), steps.concat())
}

#[test]
fn a_job_is_added_started_seen_to_be_stopped_and_read_about() {
    let night = night();
    let _portal = night.see(async |desktop| DarkPortal::start(desktop.bus()).await).unwrap();
    let window = Window::open(&night, "jobs").unwrap();

    window.click("Add a job").unwrap();
    window.fill("field-name", "nightly-articles").unwrap();
    window.fill("field-command", &command()).unwrap();
    window.fill("field-limits-warn_after", "soon").unwrap();
    window.fill("field-limits-stall_after", "1500ms").unwrap();
    window.until("#field-limits-warn_after-error", |fault| fault.contains("soon")).unwrap();
    window.picture("form").unwrap();
    window.fill("field-limits-warn_after", "700ms").unwrap();
    window.until_gone("#field-limits-warn_after-error").unwrap();
    window.fill("field-limits-grace", "1s").unwrap();
    window.click("Save").unwrap();
    night.until_job("nightly-articles", |job| job.limits.stall_after.as_deref() == Some("1500ms")).unwrap();

    window.click("Run now: nightly-articles").unwrap();
    window.click("Overview").unwrap();
    let running = "section[aria-labelledby=running]";
    window.until(running, |text| text.contains("nightly-articles") && text.contains("outline made")).unwrap();

    let stopped = "section[aria-labelledby=stopped] li.unseen";
    let card = window.until(stopped, |text| text.contains("nightly-articles")).unwrap();
    assert!(card.contains("new"), "{card}");
    // By its name as a reader hears it, with what the badge says.
    window.click("History 1 not seen yet").unwrap();
    let card = window.until(stopped, |text| text.contains("nightly-articles")).unwrap();
    assert!(card.contains("new"), "{card}");
    let first =
        window.until("section[aria-labelledby=all-runs] tbody tr:not(.night)", |row| row.contains("#5")).unwrap();
    assert!(first.contains("nightly-articles") && first.contains("Stopped") && first.contains("new"), "{first}");
    eventually("the window to be as dark as its desktop", || {
        window.holds("(prefers-color-scheme: dark)").unwrap().then_some(())
    })
    .unwrap();
    assert_eq!(night.json(&["history"]).unwrap()[0]["seen"], Value::Bool(false));
    window.picture("history").unwrap();

    window.click("Details of run 5, nightly-articles").unwrap();
    window.until("main h1", |title| title == "nightly-articles").unwrap();
    check_that_the_page_tells_all(&night, &window);
    window.picture("run").unwrap();
    let is_seen = || (night.json(&["history"]).unwrap()[0]["seen"] == Value::Bool(true)).then_some(());
    eventually("the engine to know that the stop was seen", is_seen).unwrap();
}

/// The page of run 5 shows what the engine knows of it.
fn check_that_the_page_tells_all(night: &Night, window: &Window) {
    let detail = night.show(5).unwrap();
    let ended = detail.ended.as_ref().unwrap();
    assert_eq!((ended.outcome, ended.reason), (Outcome::Aborted, Some(Reason::Stalled)));
    let cause = window.until(".cause", |_| true).unwrap();
    assert!(!cause.is_empty() && cause == detail.cause.join(" ").replace('`', ""), "{cause}");
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
    assert_eq!(output.as_deref().map(str::trim_end), Some("reading 12 sources\nquerying the model"));
}

#[test]
fn a_job_keeps_its_name_when_it_is_edited_and_cannot_take_that_of_another() {
    let jobs = "[jobs.articles]\ncommand = [\"sleep\", \"1\"]\n[jobs.sweep]\ncommand = [\"sleep\", \"1\"]\n";
    let night = Night::on_a_desktop(jobs).unwrap();
    let window = Window::open(&night, "jobs/articles/edit").unwrap();
    window.fill("field-name", "sweep").unwrap();
    window.until("#field-name-error", |fault| fault == "There is a job sweep already.").unwrap();
    window.fill("field-name", "articles").unwrap();
    window.until_gone("#field-name-error").unwrap();
    window.fill("field-limits-grace", "5s").unwrap();
    window.click("Save").unwrap();
    night.until_job("articles", |job| job.limits.grace.as_deref() == Some("5s")).unwrap();
    window.until("main h1", |title| title == "Jobs").unwrap();
}

#[test]
fn a_window_without_a_display_that_answers_says_so_in_one_sentence() {
    let night = Night::new("").unwrap();
    let open = |display: &str, wayland: &str| {
        let mut window = night.program(binary("nightkeep-app").unwrap());
        let said = Said::of(&window.env("DISPLAY", display).env("WAYLAND_DISPLAY", wayland).output().unwrap());
        assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{}", said.err);
        said.err
    };
    let hint = "hint: `nightkeep status` and `nightkeep history` show the same in a terminal\n";
    let named = "neither `DISPLAY` nor `WAYLAND_DISPLAY` is set";
    assert_eq!(open("", ""), format!("error: there is no display to show a window on ({named})\n{hint}"));
    assert_eq!(open(":4711", ""), format!("error: the display `DISPLAY=:4711` cannot be reached\n{hint}"));
    let both = "`WAYLAND_DISPLAY=none` or `DISPLAY=:4711`";
    assert_eq!(open(":4711", "none"), format!("error: the display {both} cannot be reached\n{hint}"));
}
