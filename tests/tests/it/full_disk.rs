//! A disk that is really full, below an engine that really runs: no run is harmed, everything says so, and nothing of
//! what happened meanwhile is missing afterwards.

use std::fs;
use std::path::Path;
use std::process::Command;

use nightkeep_engine::api::{FaultKind, Live, Outcome, Reason};
use nightkeep_engine::rundir::RunState;
use nightkeep_tests::eventually;
use nightkeep_tests::night::{Begun, Night, SmallDisk, alive, fake_agent, with_own_mounts};

/// Large enough for the history and its log, small enough to be filled in no time.
const MEGABYTES: u32 = 8;

/// A run that moves when the test says so and ends with 7 once somebody writes into its gate.
struct Gated {
    begun: Begun,
    pid: u32,
}

fn begin_gated(night: &Night, name: &str) -> Gated {
    let gate = night.work().join(name);
    assert!(Command::new("mkfifo").arg(&gate).status().unwrap().success());
    let script = format!("read _ < {name}; exit 7");
    let marker = format!("{name}.json");
    let begun =
        night.begin(&["run", "--detach", "--name", name, "--progress", &marker, "--", "sh", "-c", &script]).unwrap();
    let view = night.until_run("it to run", begun.run, |view| view.pid.is_some()).unwrap();
    Gated { begun, pid: view.pid.unwrap() }
}

fn open_gate(night: &Night, name: &str) {
    fs::write(night.work().join(name), "go\n").unwrap();
}

fn mark(work: &Path, name: &str, step: i64) {
    let aside = work.join("aside.json");
    fs::write(&aside, format!("{{\"step\": {step}, \"note\": \"step {step}\"}}")).unwrap();
    fs::rename(aside, work.join(format!("{name}.json"))).unwrap();
}

/// Fills the disk up, and makes the engine notice.
fn fill(night: &Night, run: u64, name: &str, step: i64) {
    night.disk().unwrap().fill().unwrap();
    mark(&night.work(), name, step);
    let fault = night.fault(FaultKind::Storage).unwrap();
    assert!(
        fault.message.starts_with("The history cannot be written, and nothing is stopped meanwhile: ")
            && fault.message.contains("full"),
        "{fault:?}"
    );
    night.until_step(run, step).unwrap();
}

fn free(night: &Night) {
    night.disk().unwrap().free().unwrap();
    let is_good = |live: &Live| live.faults.iter().all(|fault| fault.kind != FaultKind::Storage).then_some(());
    night.until("the history to be written again", is_good).unwrap();
}

#[test]
fn a_full_disk_harms_no_run_and_costs_no_entry() {
    with_own_mounts(|| {
        let night = Night::on_a_small_disk(MEGABYTES).unwrap();
        let agent = fake_agent().unwrap();
        let still = ["run", "--detach", "--progress", "still.json", "--stall-after", "2s", "--grace", "1s", "--"];
        let still = night.begin(&[&still[..], &[&agent, "hang"]].concat()).unwrap();
        let moving = begin_gated(&night, "moving");
        mark(&night.work(), "moving", 1);
        night.until_step(moving.begun.run, 1).unwrap();
        fill(&night, moving.begun.run, "moving", 2);

        mark(&night.work(), "moving", 3);
        night.until_step(moving.begun.run, 3).unwrap();
        let pid = past_its_limit(&night, still.run);
        open_gate(&night, "moving");
        eventually("its end", || (!alive(moving.pid)).then_some(())).unwrap();
        assert!(alive(pid), "nothing is stopped while nothing can be written");
        check_that_it_is_said(&night);

        free(&night);
        let row = night.ended(moving.begun.run).unwrap();
        assert_eq!((row.outcome, row.exit_code, row.recovered), (Outcome::Failed, Some(7), false), "{row:#?}");
        assert_eq!((row.last_step, row.last_note.as_deref(), row.advances), (Some(3), Some("step 3"), 3));
        let row = night.ended(still.run).unwrap();
        assert_eq!((row.outcome, row.reason), (Outcome::Aborted, Some(Reason::Stalled)), "judged again: {row:#?}");
        assert_eq!(night.json(&["history"]).unwrap().as_array().unwrap().len(), 2);
        assert!(!night.nightkeep(&["status"]).unwrap().err.contains("history"));
    });
}

/// The process of a run that stands still for twice as long as it may. That announces nothing, so it is asked for.
fn past_its_limit(night: &Night, run: u64) -> u32 {
    let is_past = |live: Live| {
        let view = live.status.runs.into_iter().find(|view| view.run == run)?;
        view.pid.filter(|_| view.since_advance_s > 2.0 * view.stall_after_s)
    };
    let look = || night.ask(async |engine| engine.live().await).ok().and_then(is_past);
    eventually("its limit to pass", look).unwrap()
}

fn check_that_it_is_said(night: &Night) {
    for command in [&["status"][..], &["status", "--json"], &["history"], &["history", "--json"]] {
        let said = night.nightkeep(command).unwrap();
        assert_eq!(said.code, Some(0), "{said:?}");
        assert!(said.err.contains("warning: The history cannot be written"), "{command:?}: {said:?}");
    }
    let said = night.nightkeep(&["doctor"]).unwrap();
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.out.contains("The history cannot be written") && said.out.contains("free some space"), "{said:?}");
}

#[test]
fn a_run_can_be_stopped_by_hand_on_a_full_disk_and_that_is_recorded_later() {
    with_own_mounts(|| {
        let night = Night::on_a_small_disk(MEGABYTES).unwrap();
        let run = begin_gated(&night, "hungry");
        fill(&night, run.begun.run, "hungry", 1);
        night.told(&["stop", &run.begun.run.to_string()]).unwrap();
        eventually("its end", || (!alive(run.pid)).then_some(())).unwrap();
        free(&night);
        let row = night.ended(run.begun.run).unwrap();
        assert_eq!((row.outcome, row.reason), (Outcome::Aborted, Some(Reason::User)), "{row:#?}");
        night.until_happened(run.begun.run, "stop-intended").unwrap();
    });
}

/// `first` ends while no engine is there, `second` while one is.
fn come_back(end_engine: impl FnOnce(&Night)) {
    let night = Night::on_a_small_disk(MEGABYTES).unwrap();
    let (first, second) = (begin_gated(&night, "first"), begin_gated(&night, "second"));
    fill(&night, first.begun.run, "first", 1);
    end_engine(&night);
    open_gate(&night, "first");
    eventually("its end", || (!alive(first.pid)).then_some(())).unwrap();
    night.start_engine().unwrap();
    night.fault(FaultKind::Storage).unwrap();
    let found = night.until_run("it to be found", second.begun.run, |view| view.pid.is_some()).unwrap();
    assert_eq!(found.pid, Some(second.pid));
    open_gate(&night, "second");
    eventually("its end", || (!alive(second.pid)).then_some(())).unwrap();
    free(&night);
    for run in [&first, &second] {
        let row = night.ended(run.begun.run).unwrap();
        assert_eq!((row.outcome, row.exit_code), (Outcome::Failed, Some(7)), "{row:#?}");
    }
    assert_eq!(night.json(&["history"]).unwrap().as_array().unwrap().len(), 2);
}

#[test]
fn an_engine_that_crashes_on_a_full_disk_comes_back_and_no_end_is_lost() {
    with_own_mounts(|| come_back(|night| night.crash_engine().unwrap()));
}

#[test]
fn an_engine_that_is_ended_on_a_full_disk_comes_back_and_no_end_is_lost() {
    with_own_mounts(|| come_back(|night| night.stop_engine().unwrap()));
}

#[test]
fn an_engine_that_finds_no_room_for_a_history_says_so() {
    with_own_mounts(|| {
        let night = Night::on_a_small_disk(MEGABYTES).unwrap();
        night.stop_engine().unwrap();
        for file in ["nightkeep.db", "nightkeep.db-wal", "nightkeep.db-shm"] {
            fs::remove_file(night.home().join(file)).unwrap();
        }
        night.disk().unwrap().fill().unwrap();
        check_that_no_engine_comes_up(&night, "full", "free some space");
        night.disk().unwrap().free().unwrap();
        night.start_engine().unwrap();
    });
}

#[test]
fn a_run_that_cannot_be_registered_runs_all_the_same_and_is_taken_in_later() {
    with_own_mounts(|| {
        let night = Night::on_a_small_disk(MEGABYTES).unwrap();
        let watched = begin_gated(&night, "watched");
        fill(&night, watched.begun.run, "watched", 1);
        let said = night.nightkeep(&["run", "--", "sh", "-c", "exit 3"]).unwrap();
        assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "there is no room for its own directory: {said:?}");
        assert!(said.err.contains("No space left on device") && said.err.lines().count() == 2, "{said:?}");

        let runs = SmallDisk::mount(&night.home().join("runs"), MEGABYTES).unwrap();
        let said = night.nightkeep(&["run", "--", "sh", "-c", "exit 3"]).unwrap();
        assert_eq!(said.code, Some(3), "{said:?}");
        assert!(said.err.starts_with("warning: not watched: ") && said.err.contains("is full"), "{said:?}");
        assert!(said.err.contains("taken in later") && said.err.lines().count() == 1, "{said:?}");
        free(&night);
        let row = eventually("its row", || night.show(watched.begun.run + 1).ok()?.ended).unwrap();
        assert_eq!((row.outcome, row.exit_code, row.recovered), (Outcome::Failed, Some(3), true), "{row:#?}");
        drop(runs);
    });
}

#[test]
fn an_engine_whose_directory_became_read_only_says_so_and_its_runs_go_on() {
    with_own_mounts(|| {
        let night = Night::on_a_small_disk(MEGABYTES).unwrap();
        let run = begin_gated(&night, "orphan");
        night.disk().unwrap().turn_read_only().unwrap();
        // What is open stays open: the engine goes on until it ends.
        mark(&night.work(), "orphan", 1);
        night.until_step(run.begun.run, 1).unwrap();
        night.crash_engine().unwrap();
        check_that_no_engine_comes_up(&night, "ead-only file system", "writable");
        assert!(alive(run.pid));
        night.disk().unwrap().turn_writable().unwrap();
        open_gate(&night, "orphan");
        check_that_its_end_is_taken_in(&night, &run);
    });
}

/// One line that says why, one that says what to do; from the engine itself and from whoever would start it.
fn check_that_no_engine_comes_up(night: &Night, why: &str, hint: &str) {
    for command in ["engine", "status"] {
        let said = night.nightkeep(&[command]).unwrap();
        assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{said:?}");
        assert_eq!(said.err.lines().count(), 2, "{said:?}");
        assert!(said.err.contains(why) && said.err.contains(hint), "{command}: {said:?}");
    }
}

fn check_that_its_end_is_taken_in(night: &Night, run: &Gated) {
    let dir = night.run_dir(&run.begun.tag);
    eventually("its record", || matches!(dir.state(), Ok(RunState::Ended { .. })).then_some(())).unwrap();
    night.start_engine().unwrap();
    let row = night.ended(run.begun.run).unwrap();
    assert_eq!((row.outcome, row.exit_code, row.recovered), (Outcome::Failed, Some(7), true), "{row:#?}");
    assert_eq!(night.json(&["history"]).unwrap().as_array().unwrap().len(), 1);
}
