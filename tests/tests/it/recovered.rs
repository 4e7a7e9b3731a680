//! What ends or goes on while nobody watches is found again, told once, and dated as well as anybody can.

use std::fs;

use nightkeep_engine::api::{HistoryRow, Outcome, Phase};
use nightkeep_engine::rundir::RunState;
use nightkeep_engine::store::Store;
use nightkeep_engine::store::entry::{Entry, Stamp, Stamped};
use nightkeep_engine::time::Wall;
use nightkeep_os::{Process, Signal};
use nightkeep_tests::eventually;
use nightkeep_tests::night::{Begun, Night, alive};

/// A job that runs until it is ended, one whose end is told, and one that ends with 7 when its gate is opened.
const JOBS: &str = "[jobs.long]\ncommand = [\"sleep\", \"1000\"]\n\
                    [jobs.quick]\ncommand = [\"true\"]\nnotify_end = true\n\
                    [jobs.gated]\ncommand = [\"sh\", \"-c\", \"read _ < gate; exit 7\"]\ncwd = \"work\"\n";

fn begun(night: &Night, job: &str) -> (Begun, u32) {
    let begun = night.begin(&["start", job]).unwrap();
    let view = night.until_run("it to run", begun.run, |view| view.phase == Phase::Running).unwrap();
    (begun, view.pid.unwrap())
}

fn ended_by_record(night: &Night, run: &Begun) {
    let dir = night.run_dir(&run.tag);
    let ended = || matches!(dir.state(), Ok(RunState::Ended { kept: false, .. })).then_some(());
    eventually("its record", ended).unwrap();
}

/// Kills a run with its keeper, so that nothing tells how it ended.
fn end_without_a_trace(night: &Night, run: &Begun, pid: u32) {
    let started = night.run_dir(&run.tag).read_started().unwrap().unwrap();
    for identity in [&started.keeper, &started.root] {
        Process::open(identity).unwrap().unwrap().signal(Signal::Kill).unwrap();
    }
    eventually("its end", || (!alive(pid)).then_some(())).unwrap();
}

#[test]
fn after_a_crash_all_that_was_recovered_is_told_in_one_notification() {
    let night = Night::on_a_desktop(JOBS).unwrap();
    let made = std::process::Command::new("mkfifo").arg(night.work().join("gate")).status().unwrap();
    assert!(made.success());
    let (long, pid) = begun(&night, "long");
    let (gated, _) = begun(&night, "gated");
    night.crash_engine().unwrap();
    fs::write(night.work().join("gate"), "go\n").unwrap();
    ended_by_record(&night, &gated);
    night.start_engine().unwrap();

    let row = night.ended(gated.run).unwrap();
    assert_eq!((row.outcome, row.exit_code, row.recovered), (Outcome::Failed, Some(7), true), "{row:#?}");
    assert!(row.message.contains("recovered from its records"), "{}", row.message);
    let told = night.notification("2 runs were recovered").unwrap();
    assert_eq!(told.body, "1 still running and watched again, 1 failed while nobody was watching.");
    assert!(alive(pid));

    night.told(&["stop", &long.run.to_string(), "--force"]).unwrap();
    night.ended(long.run).unwrap();
    // Whatever was to be told before is told by then.
    night.begin(&["start", "quick"]).unwrap();
    let _told = night.notification("quick finished").unwrap();
    let shown = night.see(async |desktop| desktop.all_shown()).unwrap();
    assert_eq!(shown.iter().filter(|one| one.summary.contains("recovered")).count(), 1, "{shown:#?}");
    let cases = night.log_lines("\"message\":\"recovered\"");
    assert_eq!(cases.len(), 2, "one line for each case: {cases:#?}");
    let of_gated: Vec<&String> = cases.iter().filter(|line| line.contains(&gated.tag)).collect();
    assert!(matches!(of_gated.as_slice(), [line] if line.contains("\"exit_code\":7")), "{cases:#?}");
}

#[test]
fn after_an_end_in_order_what_still_runs_is_watched_again_without_a_word() {
    let night = Night::on_a_desktop(JOBS).unwrap();
    let (long, pid) = begun(&night, "long");
    night.stop_engine().unwrap();
    night.start_engine().unwrap();
    let found = night.until_run("it to be found", long.run, |view| view.phase == Phase::Running).unwrap();
    assert_eq!(found.pid, Some(pid));
    night.told(&["stop", &long.run.to_string(), "--force"]).unwrap();
    night.ended(long.run).unwrap();
    // Whatever was to be told before is told by then.
    night.begin(&["start", "quick"]).unwrap();
    let _told = night.notification("quick finished").unwrap();
    let shown = night.see(async |desktop| desktop.all_shown()).unwrap();
    assert_eq!(shown.len(), 1, "{shown:#?}");
}

/// A run whose end nothing tells, with something of it in the history that was stamped in `boot`.
fn lost_in(boot: &str) -> HistoryRow {
    let night = Night::on_a_desktop(JOBS).unwrap();
    let (long, pid) = begun(&night, "long");
    night.crash_engine().unwrap();
    end_without_a_trace(&night, &long, pid);
    let mut store = Store::open(&night.home().join("nightkeep.db"), Wall::from_ms(0)).unwrap().store;
    let at = Stamp { at_wall_ms: LAST_SIGN_MS, at_awake_ms: 1, boot: boot.to_owned() };
    let entry = Entry::Advanced { n: 1, step: 3, total: None, note: None, gap_ms: 1, source: None };
    store.append(long.run, vec![Stamped { at, entry }]).unwrap();
    store.close().unwrap();
    night.start_engine().unwrap();
    night.ended(long.run).unwrap()
}

/// In the far future, so that no output of the run is later.
const LAST_SIGN_MS: i64 = 4_102_444_800_000;

#[test]
fn a_restart_of_the_computer_is_told_from_a_crash() {
    let row = lost_in("an earlier boot");
    assert_eq!((row.outcome, row.recovered), (Outcome::Lost, true), "{row:#?}");
    assert!(row.message.starts_with("It was cut off when the computer went down"), "{}", row.message);
    assert_eq!(row.ended_at, "2100-01-01T00:00:00.000Z", "it is dated by its last sign");

    let row = lost_in(&nightkeep_os::boot_id().unwrap());
    assert_eq!((row.outcome, row.recovered), (Outcome::Lost, true), "{row:#?}");
    assert!(row.message.starts_with("It ended, but its end was not reported; recovered"), "{}", row.message);
}

#[test]
fn a_run_that_the_engine_never_heard_of_is_taken_in_by_the_next_comparison() {
    let night = Night::on_a_desktop(JOBS).unwrap();
    let tag = night.unheard(&["sh", "-c", "exit 7"]).unwrap();
    let reconciled = night.ask(async |engine| engine.reconcile().await).unwrap();
    assert_eq!((reconciled.recovered.len(), reconciled.doubtful.len()), (1, 0), "{reconciled:?}");
    let row = night.ended(reconciled.recovered[0]).unwrap();
    assert_eq!((row.outcome, row.exit_code, row.recovered), (Outcome::Failed, Some(7), true), "{row:#?}");
    let told = night.notification("sh has failed").unwrap();
    assert_eq!(told.body, "It ended with exit code 7 while nobody was watching.");
    let again = night.ask(async |engine| engine.reconcile().await).unwrap();
    assert_eq!((again.recovered, again.doubtful), (vec![], vec![]), "{tag}");
    assert_eq!(night.json(&["history"]).unwrap().as_array().unwrap().len(), 1);
}
