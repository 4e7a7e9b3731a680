//! The first minutes: the demonstration, and the window that shows it.

use std::time::{Duration, Instant};

use nightkeep_engine::api::{ErrorCode, ExtendRequest, Outcome, Reason};
use nightkeep_tests::night::{Night, fake_agent};
use nightkeep_tests::window::Window;

/// What is promised of the demonstration.
const A_MINUTE: Duration = Duration::from_mins(1);

#[test]
fn who_has_nothing_yet_watches_the_demo_get_stuck_and_be_stopped_within_a_minute() {
    let night = Night::on_a_desktop("").unwrap();
    let window = Window::open(&night, "overview").unwrap();
    window.until("main h1", |title| title == "No jobs yet.").unwrap();
    window.picture("welcome").unwrap();

    let begun = Instant::now();
    window.click("Try the demo job").unwrap();
    window.until("main h1", |title| title == "The demo job advances.").unwrap();
    window.until("main li[aria-current=step]", |step| step.contains("It advances")).unwrap();
    window.until("main h1", |title| title.starts_with("A warning")).unwrap();
    window.picture("demo-warning").unwrap();
    window.until("main h1", |title| title == "The demo job got stuck and was stopped.").unwrap();
    assert!(begun.elapsed() < A_MINUTE, "it took {:?}", begun.elapsed());
    window.picture("demo-stopped").unwrap();

    window.click("Read the evidence").unwrap();
    window.until("main h1", |title| title == "demo").unwrap();
    let detail = night.show(1).unwrap();
    let ended = detail.ended.as_ref().unwrap();
    assert_eq!((ended.outcome, ended.reason), (Outcome::Aborted, Some(Reason::Stalled)));
    assert_eq!((ended.advances, ended.last_step), (5, Some(5)));
    assert_eq!(detail.evidence.as_ref().unwrap().processes.len(), 1);
    let output = window.text("section[aria-labelledby=output] pre").unwrap().unwrap_or_default();
    assert!(output.contains("waiting for an answer, which will not come"), "{output}");
}

#[test]
fn the_demo_is_no_job_counts_for_no_breaker_and_runs_once_at_a_time() {
    let night = Night::watched("").unwrap();
    let begun = night.begin(&["demo"]).unwrap();
    let again = night.nightkeep(&["demo"]).unwrap();
    assert_eq!(again.code, Some(1));
    assert!(again.err.contains("`demo` is running already, as run 1"), "{}", again.err);
    night.until_step(begun.run, 2).unwrap();
    night.told(&["stop", &begun.run.to_string(), "--force"]).unwrap();
    let row = night.ended(begun.run).unwrap();
    assert_eq!((row.outcome, row.reason), (Outcome::Aborted, Some(Reason::User)));
    assert!(night.ask(async |engine| engine.jobs().await).unwrap().is_empty());

    night.configure("[jobs.demo]\ncommand = [\"sleep\", \"1\"]\n").unwrap();
    night.until_job("demo", |_| true).unwrap();
    let refused = night.ask(async |engine| engine.start_demo().await).unwrap_err();
    assert_eq!((refused.code, refused.message.as_str()), (ErrorCode::Conflict, "a job of yours is called `demo`"));
}

#[test]
fn more_time_that_a_person_gives_holds_for_this_step_up_to_a_cap_and_after_a_crash_of_the_engine() {
    let night = Night::watched("").unwrap();
    let agent = fake_agent().unwrap();
    let limits = ["--warn-after", "20s", "--stall-after", "30s"];
    let steps = ["mark 1 begun", "hang"];
    let begun = night.begin(&[&["run", "--detach"], &limits[..], &["--", &agent], &steps].concat()).unwrap();
    night.until_step(begun.run, 1).unwrap();

    let extend = |by_s: f64| night.ask(async |engine| engine.extend_run(begun.run, ExtendRequest { by_s }).await);
    let given = extend(60.0).unwrap();
    assert_eq!((given.stall_after_s, given.given_s), (90.0, 60.0));
    night.crash_engine().unwrap();
    night.start_engine().unwrap();
    let view = night.until_run("the run to be watched again", begun.run, |_| true).unwrap();
    assert_eq!((view.stall_after_s, view.warn_after_s, view.since_beat_s), (90.0, 80.0, None));
    let given = extend(3_600.0).unwrap();
    assert_eq!((given.stall_after_s, given.given_s), (120.0, 30.0));
    let given = extend(3_600.0).unwrap();
    assert_eq!((given.stall_after_s, given.given_s), (120.0, 0.0));

    let told: Vec<String> = night.show(begun.run).unwrap().timeline.into_iter().map(|event| event.text).collect();
    assert!(told.iter().any(|text| text == "You gave it more time: this step may take 90 s."), "{told:#?}");
    assert_eq!(extend(-1.0).unwrap_err().code, ErrorCode::Invalid);
    let unknown = night.ask(async |engine| engine.extend_run(99, ExtendRequest { by_s: 60.0 }).await);
    assert_eq!(unknown.unwrap_err().code, ErrorCode::NotFound);
}
