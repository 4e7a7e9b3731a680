//! A crash of the engine or of a keeper loses no run, and starts none twice.

use std::fs;
use std::path::Path;
use std::process::Command;

use nightkeep_engine::api::{HistoryRow, Method, Outcome, Phase, Reason, RunView};
use nightkeep_engine::rundir::RunState;
use nightkeep_engine::store::Store;
use nightkeep_engine::store::entry::{Entry, Stage, Stamp, Stamped};
use nightkeep_engine::time::Wall;
use nightkeep_os::{Process, Signal};
use nightkeep_tests::eventually;
use nightkeep_tests::night::{Night, alive, fake_agent, first, last, of_run, pids_in};

/// A job that notes each start and ends with 7 once somebody writes into its gate.
fn gated() -> (Night, u64, String, u32) {
    let script = "echo $$ >> starts; read _ < gate; exit 7";
    let night =
        Night::watched(&format!("[jobs.gated]\ncommand = [\"sh\", \"-c\", {script:?}]\ncwd = \"work\"\n")).unwrap();
    assert!(Command::new("mkfifo").arg(night.work().join("gate")).status().unwrap().success());
    let begun = night.begin(&["start", "gated"]).unwrap();
    let view = night.until_run("it to run", begun.run, |view| view.phase == Phase::Running).unwrap();
    (night, begun.run, begun.tag, view.pid.unwrap())
}

fn open_gate(work: &Path) {
    fs::write(work.join("gate"), "go\n").unwrap();
}

fn check_that_it_was_started_once(night: &Night, pid: u32, row: &HistoryRow) {
    assert_eq!((row.outcome, row.exit_code), (Outcome::Failed, Some(7)), "{row:#?}");
    eventually("its start", || (!pids_in(&night.work().join("starts")).is_empty()).then_some(())).unwrap();
    assert_eq!(pids_in(&night.work().join("starts")), [pid]);
    assert_eq!(night.json(&["history"]).unwrap().as_array().unwrap().len(), 1);
}

#[test]
fn a_run_outlives_a_crash_of_the_engine_and_is_found_again() {
    let (night, run, _, pid) = gated();
    night.crash_engine().unwrap();
    assert!(alive(pid));
    night.start_engine().unwrap();
    let found = night.until_run("it to be found", run, |view| view.phase == Phase::Running).unwrap();
    assert_eq!(found.pid, Some(pid));
    open_gate(&night.work());
    let row = night.ended(run).unwrap();
    assert!(!row.recovered, "its end was seen as it happened");
    check_that_it_was_started_once(&night, pid, &row);
}

#[test]
fn an_end_that_no_engine_saw_is_taken_in_with_its_true_exit_code() {
    let (night, run, tag, pid) = gated();
    night.crash_engine().unwrap();
    open_gate(&night.work());
    let dir = night.run_dir(&tag);
    eventually("its record", || matches!(dir.state(), Ok(RunState::Ended { .. })).then_some(())).unwrap();
    night.start_engine().unwrap();
    let row = night.ended(run).unwrap();
    assert!(row.recovered, "{row:#?}");
    check_that_it_was_started_once(&night, pid, &row);
}

/// A run is being stopped when the engine crashes; the next engine finishes the stop.
fn stop_across_a_crash(steps: &[&str], grace: &str) -> (Night, HistoryRow, i64) {
    let night = Night::watched("").unwrap();
    let agent = fake_agent().unwrap();
    let begin = ["run", "--detach", "--stall-after", "600ms", "--grace", grace, "--", &agent];
    let begun = night.begin(&[&begin[..], steps].concat()).unwrap();
    night.until_happened(begun.run, "signalled").unwrap();
    night.crash_engine().unwrap();
    assert!(!of_run(&begun.tag).is_empty());
    night.start_engine().unwrap();
    let row = night.ended(begun.run).unwrap();
    assert_eq!(of_run(&begun.tag), Vec::<u32>::new());
    let detail = night.show(begun.run).unwrap();
    let grace_ms = last(&detail, "signalled").unwrap() - first(&detail, "signalled").unwrap();
    (night, row, grace_ms)
}

#[test]
fn a_stop_goes_on_after_a_crash_and_its_grace_is_neither_cut_nor_begun_again() {
    let (_night, row, grace_ms) = stop_across_a_crash(&["ignore term", "mark 1", "hang"], "3s");
    let how = (row.outcome, row.reason, row.method);
    assert_eq!(how, (Outcome::Aborted, Some(Reason::Stalled), Some(Method::Forced)));
    assert!((3_000..4_500).contains(&grace_ms), "forced {grace_ms} ms after the first request");
}

#[test]
fn a_stop_goes_on_after_a_crash_even_when_the_root_has_already_ended() {
    let steps = ["ignore term", "spawn 1", "mark 1", "on-term exit 143", "hang"];
    let (_night, row, grace_ms) = stop_across_a_crash(&steps, "2s");
    assert_eq!(
        (row.outcome, row.method, row.exit_code),
        (Outcome::Aborted, Some(Method::Forced), Some(143)),
        "{row:#?}"
    );
    assert!((2_000..3_500).contains(&grace_ms), "forced {grace_ms} ms after the first request");
}

#[test]
fn a_request_that_nothing_shows_to_have_been_sent_is_made_again_and_grants_its_whole_grace() {
    let night = Night::watched("").unwrap();
    let agent = fake_agent().unwrap();
    let begin = ["run", "--detach", "--grace", "1500ms", "--", &agent, "ignore term", "mark 1", "hang"];
    let begun = night.begin(&begin).unwrap();
    night.until_run("its first step", begun.run, |view| view.step == Some(1)).unwrap();
    night.crash_engine().unwrap();
    // As an engine leaves it that is killed between the record of a signal and the signal itself.
    let clocks = nightkeep_os::clocks();
    let at_awake_ms = clocks.awake_ms.saturating_sub(60_000);
    let at = Stamp { at_wall_ms: clocks.wall_ms, at_awake_ms, boot: nightkeep_os::boot_id().unwrap() };
    let intent = Entry::StopIntended { reason: Reason::User, since_ms: 0, step: Some(1), note: None, force: false };
    let entries = [intent, Entry::Signalled { stage: Stage::PoliteRoot }];
    let mut store = Store::open(&night.home().join("nightkeep.db"), Wall::from_ms(0)).unwrap().store;
    store.append(begun.run, entries.map(|entry| Stamped { at: at.clone(), entry }).to_vec()).unwrap();
    store.close().unwrap();
    night.start_engine().unwrap();
    let row = night.ended(begun.run).unwrap();
    assert_eq!((row.outcome, row.method), (Outcome::Aborted, Some(Method::Forced)), "{row:#?}");
    let detail = night.show(begun.run).unwrap();
    let granted_ms = last(&detail, "signalled").unwrap() - first(&detail, "signal-delivered").unwrap();
    assert!(granted_ms >= 1_400, "killed {granted_ms} ms after the request reached it");
}

#[test]
fn a_run_whose_keeper_was_killed_is_still_watched_and_can_be_stopped() {
    let night = Night::watched("").unwrap();
    let agent = fake_agent().unwrap();
    let begun =
        night.begin(&["run", "--detach", "--grace", "500ms", "--", &agent, "hostile-tree", "mark 1", "hang"]).unwrap();
    let is_up = |view: &RunView| view.pid.is_some() && view.step == Some(1);
    let before = night.until_run("its first step", begun.run, is_up).unwrap();
    let keeper = night.run_dir(&begun.tag).read_started().unwrap().unwrap().keeper;
    Process::open(&keeper).unwrap().unwrap().signal(Signal::Kill).unwrap();
    night.until_happened(begun.run, "adopted").unwrap();
    assert!(alive(before.pid.unwrap()));
    let found = night.until_run("it to be adopted", begun.run, |view| view.pid.is_some()).unwrap();
    assert_eq!((found.pid, found.phase), (before.pid, Phase::Running));
    night.told(&["stop", &begun.run.to_string()]).unwrap();
    let row = night.ended(begun.run).unwrap();
    assert_eq!((row.outcome, row.reason, row.method), (Outcome::Aborted, Some(Reason::User), Some(Method::Forced)));
    assert_eq!((of_run(&begun.tag), row.survivors), (vec![], vec![]));
}

#[test]
fn a_run_that_died_with_its_keeper_while_no_engine_was_there_is_called_lost() {
    let (night, run, tag, pid) = gated();
    night.crash_engine().unwrap();
    let started = night.run_dir(&tag).read_started().unwrap().unwrap();
    for identity in [&started.keeper, &started.root] {
        Process::open(identity).unwrap().unwrap().signal(Signal::Kill).unwrap();
    }
    eventually("its end", || (!alive(pid)).then_some(())).unwrap();
    night.start_engine().unwrap();
    let row = night.ended(run).unwrap();
    assert_eq!((row.outcome, row.exit_code, row.signal), (Outcome::Lost, None, None), "{row:#?}");
    assert!(row.recovered, "{row:#?}");
}

#[test]
fn runs_go_on_when_the_engine_is_asked_to_end_and_the_next_command_starts_another() {
    let (night, run, _, pid) = gated();
    let first = night.engine_pid().unwrap();
    night.told(&["engine", "--stop"]).unwrap();
    eventually("its end", || (!alive(first)).then_some(())).unwrap();
    assert!(alive(pid));
    let status = night.json(&["status"]).unwrap();
    assert_ne!(night.engine_pid().unwrap(), first);
    assert_eq!(status["runs"].as_array().unwrap().len(), 1, "{status:#}");
    open_gate(&night.work());
    check_that_it_was_started_once(&night, pid, &night.ended(run).unwrap());
}

/// Such an engine would be a part of the run: a stop of the run would end it, and the run would never be over by itself.
#[test]
fn a_run_does_not_start_an_engine_and_the_runs_in_it_go_on_without_one() {
    let night = Night::watched("").unwrap();
    assert!(Command::new("mkfifo").arg(night.work().join("gate")).status().unwrap().success());
    let script =
        "read _ < gate; \"$0\" status 2> told; \"$0\" engine 2>> told; \"$0\" run -- echo inner > inner; exit 7";
    let nightkeep = nightkeep_tests::binary("nightkeep").unwrap();
    let run = ["run", "--detach", "--", "sh", "-c", script, nightkeep.to_str().unwrap()];
    let begun = night.begin(&run).unwrap();
    night.crash_engine().unwrap();
    open_gate(&night.work());
    let dir = night.run_dir(&begun.tag);
    eventually("its record", || matches!(dir.state(), Ok(RunState::Ended { .. })).then_some(())).unwrap();
    assert_eq!(night.engine_pid(), None);
    let told = fs::read_to_string(night.work().join("told")).unwrap();
    let said = [
        "error: the engine is not running, and a run cannot start it: it would be stopped with the run",
        "hint: start it outside of the run, with `nightkeep status` in another terminal",
        "error: the engine cannot live inside of a run: it would be stopped with the run",
        "hint: start it in a terminal of its own",
    ];
    assert_eq!(told.lines().collect::<Vec<_>>(), said);
    assert_eq!(fs::read_to_string(night.work().join("inner")).unwrap(), "inner\n");

    night.start_engine().unwrap();
    let ended = night.ended(begun.run).unwrap();
    assert_eq!((ended.outcome, ended.exit_code), (Outcome::Failed, Some(7)), "{ended:#?}");
    assert_eq!(night.json(&["history"]).unwrap().as_array().unwrap().len(), 2, "the inner run is taken in as well");
}
