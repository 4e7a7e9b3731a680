//! Numbers of processes that come to belong to somebody else: he is never taken for what had his number before.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use nightkeep_engine::api::{HistoryRow, Method, Outcome, Reason};
use nightkeep_tests::eventually;
use nightkeep_tests::night::{Begun, Innocent, Night, alive, end_for_good, pids_in, with_own_pids};

/// What ends a run: its limit, or a person.
const STALLS: [&str; 2] = ["--stall-after", "1s"];
const STOPPED_BY_HAND: [&str; 2] = ["--stall-after", "10m"];

/// A program with one child that somebody else started. It notices the end of the child and goes on.
struct Stranger {
    root: Child,
    child: u32,
    marker: PathBuf,
}

impl Stranger {
    fn start(night: &Night, at_the_polite_signal: &str) -> Self {
        let (file, marker) = (night.work().join("child"), night.work().join("marker.json"));
        fs::write(&marker, r#"{"step": 1}"#).unwrap();
        let script = format!(
            "trap '{at_the_polite_signal}' TERM; sleep 600 & echo $! > {}; while :; do wait; sleep 0.1; done",
            file.display()
        );
        let root = Command::new("sh").args(["-c", &script]).stdin(Stdio::null()).spawn().unwrap();
        let child = eventually("its child", || pids_in(&file).first().copied()).unwrap();
        Self { root, child, marker }
    }

    fn attach(&self, night: &Night, limit: [&str; 2]) -> Begun {
        let (pid, marker) = (self.root.id().to_string(), self.marker.display().to_string());
        let attach = ["attach", "--name", "fuzz", "--pid", &pid, "--progress", &marker, "--grace", "2s"];
        night.begin(&[&attach[..], &limit[..]].concat()).unwrap()
    }

    /// Somebody else gets the number of the root.
    fn replace_root(&mut self) -> Innocent {
        self.root.kill().unwrap();
        self.root.wait().unwrap();
        Innocent::with_pid(self.root.id()).unwrap()
    }

    /// Somebody else gets the number of the child.
    fn replace_child(&self) -> Innocent {
        end_for_good(self.child).unwrap();
        Innocent::with_pid(self.child).unwrap()
    }
}

fn stop(night: &Night, run: u64) {
    // It may be over, which is said.
    let said = night.nightkeep(&["stop", &run.to_string()]).unwrap();
    assert!(matches!(said.code, Some(0 | 1)), "{said:?}");
}

fn check_that_it_was_stopped(row: &HistoryRow, reason: Reason) {
    assert_eq!((row.outcome, row.reason), (Outcome::Aborted, Some(reason)), "{row:#?}");
    assert_eq!((row.method, &row.survivors[..]), (Some(Method::Graceful), &[][..]), "{row:#?}");
}

#[test]
fn whoever_has_the_number_of_a_child_that_ended_is_not_stopped_with_the_run() {
    with_own_pids(|| {
        for (limit, reason) in [(STALLS, Reason::Stalled), (STOPPED_BY_HAND, Reason::User)] {
            let night = Night::watched("").unwrap();
            let stranger = Stranger::start(&night, "exit 143");
            let begun = stranger.attach(&night, limit);
            let frozen = night.freeze_engine().unwrap();
            let innocent = stranger.replace_child();
            drop(frozen);
            if reason == Reason::User {
                stop(&night, begun.run);
            }
            check_that_it_was_stopped(&night.ended(begun.run).unwrap(), reason);
            assert!(!alive(stranger.root.id()), "the run itself is stopped");
            assert!(innocent.is_unharmed());
        }
    });
}

#[test]
fn whoever_has_the_number_of_a_root_that_ended_is_not_stopped_by_the_next_engine() {
    with_own_pids(|| {
        for limit in [STALLS, STOPPED_BY_HAND] {
            let night = Night::watched("").unwrap();
            let mut stranger = Stranger::start(&night, "exit 143");
            let begun = stranger.attach(&night, limit);
            night.crash_engine().unwrap();
            let innocent = stranger.replace_root();
            night.start_engine().unwrap();
            stop(&night, begun.run);
            let row = night.ended(begun.run).unwrap();
            assert_eq!((row.outcome, row.reason), (Outcome::Lost, None), "{row:#?}");
            assert!(innocent.is_unharmed());
            end_for_good(stranger.child).unwrap();
        }
    });
}

#[test]
fn a_stop_that_goes_on_after_a_crash_reaches_nobody_who_has_the_number_of_its_root() {
    with_own_pids(|| {
        let night = Night::watched("").unwrap();
        let mut stranger = Stranger::start(&night, "");
        let begun = stranger.attach(&night, STOPPED_BY_HAND);
        stop(&night, begun.run);
        night.until_happened(begun.run, "signalled").unwrap();
        night.crash_engine().unwrap();
        let innocent = stranger.replace_root();
        night.start_engine().unwrap();
        let row = night.ended(begun.run).unwrap();
        assert_eq!((row.outcome, row.reason), (Outcome::Aborted, Some(Reason::User)), "{row:#?}");
        assert!(innocent.is_unharmed());
    });
}

#[test]
fn whoever_has_the_number_of_what_was_left_behind_is_not_stopped_in_its_place() {
    with_own_pids(|| {
        let night = Night::watched("").unwrap();
        let mut stranger = Stranger::start(&night, "exit 143");
        let begun = stranger.attach(&night, STOPPED_BY_HAND);
        let root = stranger.replace_root();
        // Another agent has the number of this one: what it starts says so.
        let its_own = Innocent::start(&[("CLAUDE_PID", &root.pid().to_string())]).unwrap();
        night.ended(begun.run).unwrap();
        night.until("what it left", |live| live.leftovers.first().map(drop)).unwrap();
        night.crash_engine().unwrap();
        let child = stranger.replace_child();
        night.start_engine().unwrap();
        stop(&night, begun.run);
        night.until("nothing to be left", |live| live.leftovers.is_empty().then_some(())).unwrap();
        assert!(root.is_unharmed() && its_own.is_unharmed() && child.is_unharmed());
    });
}

#[test]
fn what_another_agent_with_the_number_of_the_root_starts_is_not_stopped_with_what_was_left_behind() {
    with_own_pids(|| {
        let night = Night::watched("").unwrap();
        let mut stranger = Stranger::start(&night, "exit 143");
        let begun = stranger.attach(&night, STOPPED_BY_HAND);
        let root = stranger.replace_root();
        let its_own = Innocent::start(&[("CLAUDE_PID", &root.pid().to_string())]).unwrap();
        night.ended(begun.run).unwrap();
        night.until("what it left", |live| live.leftovers.first().map(drop)).unwrap();
        stop(&night, begun.run);
        night.until("nothing to be left", |live| live.leftovers.is_empty().then_some(())).unwrap();
        assert!(!alive(stranger.child), "what it left behind is stopped");
        assert!(root.is_unharmed() && its_own.is_unharmed());
    });
}
