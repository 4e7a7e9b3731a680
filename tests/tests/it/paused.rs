//! Pausing the watch, and ending it, over real processes and crashes of the engine.

use nightkeep_engine::api::{Method, Outcome, PauseView, Reason};
use nightkeep_tests::night::{Night, alive, fake_agent};

/// A job that takes two steps and then hangs, for which a second and a half are too long.
fn config() -> String {
    let command = [&fake_agent().unwrap(), "mark 1", "mark 2", "hang"];
    format!(
        "[jobs.articles]\ncommand = {command:?}\nwarn_after = \"1400ms\"\nstall_after = \"1500ms\"\ngrace = \"1s\"\n"
    )
}

fn paused(night: &Night) -> Option<PauseView> {
    night.until("a document", |live| Some(live.status.paused.clone())).unwrap()
}

#[test]
fn a_stuck_run_is_left_alone_while_the_watch_is_paused_over_crashes_and_stopped_afterwards() {
    let night = Night::watched(&config()).unwrap();
    let said = night.told(&["pause"]).unwrap();
    assert!(said.starts_with("the watch is paused: no run is judged"), "{said}");
    let begun = night.begin(&["start", "articles"]).unwrap();
    night.until_step(begun.run, 2).unwrap();
    let before = paused(&night).expect("the watch is paused");
    night.crash_engine().unwrap();
    night.start_engine().unwrap();
    assert_eq!(paused(&night), Some(before), "a crash ends no pause");
    assert!(night.told(&["status"]).unwrap().contains("the watch is paused"));
    // A second run is stopped by a person meanwhile, and so the engine does act.
    let other = night.begin(&["run", "--detach", "--", &fake_agent().unwrap(), "hang"]).unwrap();
    night.told(&["stop", &other.run.to_string()]).unwrap();
    assert_eq!(night.ended(other.run).unwrap().reason, Some(Reason::User));
    // Twice its limit has passed by the clock of the tests.
    std::thread::sleep(std::time::Duration::from_secs(3));
    let left = night.until_run("the run that hangs", begun.run, |_| true).unwrap();
    assert!(left.since_advance_s < 1.4, "its clock stands still: {left:?}");
    assert_eq!(night.told(&["resume"]).unwrap(), "the watch goes on\n");
    let row = night.ended(begun.run).unwrap();
    assert_eq!((row.outcome, row.reason), (Outcome::Aborted, Some(Reason::Stalled)));
    let story: Vec<String> = night.show(begun.run).unwrap().timeline.into_iter().map(|event| event.kind).collect();
    let place =
        |kind: &str| story.iter().position(|other| other == kind).unwrap_or_else(|| panic!("{kind} in {story:?}"));
    assert!(place("watch-paused") < place("watch-resumed") && place("watch-resumed") < place("stop-intended"));
    assert_eq!(story.iter().filter(|kind| *kind == "watch-paused").count(), 1, "{story:?}");
    assert_eq!(night.told(&["resume"]).unwrap(), "the watch was not paused\n");
}

#[test]
fn a_pause_ends_by_itself_also_while_no_engine_is_there() {
    let night = Night::watched(&config()).unwrap();
    night.told(&["pause", "1s"]).unwrap();
    night.crash_engine().unwrap();
    std::thread::sleep(std::time::Duration::from_secs(1));
    night.start_engine().unwrap();
    assert_eq!(paused(&night), None);
    let begun = night.begin(&["start", "articles"]).unwrap();
    assert_eq!(night.ended(begun.run).unwrap().reason, Some(Reason::Stalled));
}

#[test]
fn whoever_quits_watching_leaves_the_runs_alone() {
    let night = Night::watched(&config()).unwrap();
    night.told(&["pause"]).unwrap();
    let begun = night.begin(&["start", "articles"]).unwrap();
    let pid = night.until_step(begun.run, 2).unwrap().pid.unwrap();
    let said = night.told(&["quit", "watching"]).unwrap();
    assert_eq!(said, "the tray and the engine end; runs go on unwatched\n");
    night.until_engine_ends().unwrap();
    assert!(alive(pid));
    night.start_engine().unwrap();
    night.until_run("the run again", begun.run, |run| run.pid == Some(pid)).unwrap();
}

#[test]
fn whoever_quits_with_all_runs_stops_each_with_its_grace_and_then_the_engine_ends() {
    let night = Night::watched(&config()).unwrap();
    night.told(&["pause"]).unwrap();
    let agent = fake_agent().unwrap();
    let gentle = night.begin(&["start", "articles"]).unwrap();
    let deaf =
        night.begin(&["run", "--detach", "--grace", "1s", "--", &agent, "ignore term", "mark 1", "hang"]).unwrap();
    night.until_step(gentle.run, 2).unwrap();
    night.until_step(deaf.run, 1).unwrap();
    let said = night.told(&["quit", "runs"]).unwrap();
    assert!(said.ends_with("all runs are over; the tray and the engine end\n"), "{said}");
    night.until_engine_ends().unwrap();
    night.start_engine().unwrap();
    for (run, method) in [(gentle.run, Method::Graceful), (deaf.run, Method::Forced)] {
        let row = night.ended(run).unwrap();
        assert_eq!((row.reason, row.method), (Some(Reason::User), Some(method)));
    }
}
