//! An engine that stands still for a while, as on a machine that has no time for it, and goes on.

use std::thread::sleep;
use std::time::{Duration, Instant};

use nightkeep_engine::api::{Method, Outcome, Phase, Reason, RunView};
use nightkeep_tests::eventually;
use nightkeep_tests::night::{Begun, Night, alive, fake_agent, first, last, of_run, pids_in};

/// How long the engine stands still: past every limit here.
const FROZEN: Duration = Duration::from_secs(6);

fn begin(night: &Night, options: &[&str], steps: &[&str]) -> Begun {
    let agent = fake_agent().unwrap();
    night.begin(&[&["run", "--detach"], options, &["--", &agent], steps].concat()).unwrap()
}

/// Waits until a run is reached through its keeper and has made its first step.
fn until_up(night: &Night, run: u64) {
    let is_up = |view: &RunView| view.phase == Phase::Running && view.step == Some(1);
    night.until_run("its first step", run, is_up).unwrap();
}

/// Lets the engine stand still. The time is what is tested: nothing happens meanwhile that could be waited for.
fn freeze(night: &Night, how_long: Duration) {
    let frozen = night.freeze_engine().unwrap();
    sleep(how_long);
    drop(frozen);
}

#[test]
fn an_agent_that_advanced_while_the_engine_stood_still_is_neither_warned_about_nor_stopped() {
    let night = Night::watched("").unwrap();
    let steps = ["mark 1", "sleep 2s", "mark 2", "sleep 2s", "mark 3", "sleep 2s", "mark 4", "sleep 1s", "exit 0"];
    let begun = begin(&night, &["--warn-after", "2800ms", "--stall-after", "3s"], &steps);
    until_up(&night, begun.run);
    freeze(&night, FROZEN);
    let row = night.ended(begun.run).unwrap();
    let detail = night.show(begun.run).unwrap();
    assert_eq!((row.outcome, row.exit_code, row.last_step), (Outcome::Succeeded, Some(0), Some(4)), "{row:#?}");
    for kind in ["warned", "stop-intended", "signalled"] {
        assert_eq!(first(&detail, kind), None, "{:#?}", detail.timeline);
    }
    assert!(first(&detail, "starved").is_some(), "{:#?}", detail.timeline);
}

#[test]
fn an_agent_that_stands_still_itself_is_judged_two_seconds_after_the_engine_goes_on() {
    let night = Night::watched("").unwrap();
    let begun = begin(&night, &["--stall-after", "3s"], &["mark 1", "on-term exit 143", "hang"]);
    until_up(&night, begun.run);
    let before = Instant::now();
    freeze(&night, FROZEN);
    let stood = before.elapsed();
    let row = night.ended(begun.run).unwrap();
    let detail = night.show(begun.run).unwrap();
    assert_eq!((row.outcome, row.reason), (Outcome::Aborted, Some(Reason::Stalled)), "{row:#?}");
    let starved = first(&detail, "starved").unwrap();
    let judged = first(&detail, "stop-intended").unwrap() - starved;
    assert!((2_000..4_000).contains(&judged), "judged {judged} ms after the engine went on, which stood {stood:?}");
}

#[test]
fn an_agent_that_ended_while_the_engine_stood_still_has_its_own_end() {
    let night = Night::watched("").unwrap();
    let begun = begin(&night, &["--stall-after", "3s"], &["mark 1", "sleep 4s", "exit 7"]);
    until_up(&night, begun.run);
    freeze(&night, FROZEN);
    let row = night.ended(begun.run).unwrap();
    assert_eq!((row.outcome, row.exit_code, row.reason), (Outcome::Failed, Some(7), None), "{row:#?}");
    assert!((3.5..5.5).contains(&row.duration_s), "{row:#?}");
    let detail = night.show(begun.run).unwrap();
    assert_eq!((first(&detail, "warned"), first(&detail, "stop-intended")), (None, None), "{:#?}", detail.timeline);
}

#[test]
fn nothing_is_killed_within_its_grace_by_an_engine_that_stood_still() {
    let night = Night::watched("").unwrap();
    let pids = night.work().join("pids");
    let steps = ["ignore term", "spawn 1", "mark 1", "hang"];
    let agent = fake_agent().unwrap();
    let mut command = night.command(&["run", "--detach", "--grace", "3s", "--", &agent]).unwrap();
    let said = command.args(steps).env("FAKE_AGENT_PIDS", &pids).output().unwrap();
    assert!(said.status.success(), "{said:?}");
    let run = night.until("the run", |live| live.status.runs.first().map(|view| view.run)).unwrap();
    until_up(&night, run);
    night.told(&["stop", &run.to_string()]).unwrap();
    night.until_happened(run, "signalled").unwrap();
    freeze(&night, FROZEN);
    let row = night.ended(run).unwrap();
    let detail = night.show(run).unwrap();
    assert_eq!((row.outcome, row.method), (Outcome::Aborted, Some(Method::Forced)), "{row:#?}");
    // The rest had not been asked when the engine stopped: it is, and has its half of the grace, and no more.
    let waited = last(&detail, "signalled").unwrap() - first(&detail, "starved").unwrap();
    assert!((1_500..3_500).contains(&waited), "forced {waited} ms after the rest was asked: {:#?}", detail.timeline);
    assert_eq!(pids_in(&pids).into_iter().filter(|pid| alive(*pid)).collect::<Vec<_>>(), Vec::<u32>::new());
}

#[test]
fn an_agent_that_left_within_its_grace_while_the_engine_stood_still_was_not_killed() {
    let night = Night::watched("").unwrap();
    let begun = begin(&night, &["--grace", "2s"], &["mark 1", "on-term sleep 1s then exit 143", "hang"]);
    until_up(&night, begun.run);
    night.told(&["stop", &begun.run.to_string()]).unwrap();
    night.until_happened(begun.run, "signalled").unwrap();
    freeze(&night, FROZEN);
    let row = night.ended(begun.run).unwrap();
    assert_eq!(
        (row.outcome, row.method, row.exit_code),
        (Outcome::Aborted, Some(Method::Graceful), Some(143)),
        "{row:#?}"
    );
    let detail = night.show(begun.run).unwrap();
    assert!(!detail.timeline.iter().any(|event| event.text.contains("killed")), "{:#?}", detail.timeline);
}

#[test]
fn agent_and_engine_that_stood_still_together_go_on_together() {
    let night = Night::watched("").unwrap();
    let steps = ["advance 40 every 500ms", "exit 0"];
    let begun = begin(&night, &["--warn-after", "2500ms", "--stall-after", "3s"], &steps);
    night.until_step(begun.run, 2).unwrap();
    let agents: Vec<_> = of_run(&begun.tag).into_iter().map(nightkeep_tests::night::Frozen::new).collect();
    freeze(&night, FROZEN);
    drop(agents);
    let now = night.until_run("it to go on", begun.run, |view| view.step > Some(6)).unwrap();
    assert_eq!(now.phase, Phase::Running);
    let detail = night.show(begun.run).unwrap();
    assert_eq!((first(&detail, "warned"), first(&detail, "stop-intended")), (None, None), "{:#?}", detail.timeline);
    night.told(&["stop", &begun.run.to_string()]).unwrap();
    eventually("its end", || of_run(&begun.tag).is_empty().then_some(())).unwrap();
}
