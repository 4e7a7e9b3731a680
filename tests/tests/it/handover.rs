//! A later version takes over from an earlier one, and no run notices.

use std::fs;
use std::process::{Command, Stdio};
use std::thread;

use nightkeep_engine::VERSION;
use nightkeep_engine::api::{HistoryRow, Method, Outcome, Phase, Reason, RunView};
use nightkeep_tests::eventually;
use nightkeep_tests::night::{Night, alive, fake_agent, first, last, of_run, pids_in};

/// What the later build was made as.
const LATER: &str = "99.0.0";

/// Several runs, each with a gate of its own behind which it ends with a code of its own.
struct Runs {
    night: Night,
    runs: Vec<Gated>,
}

struct Gated {
    run: u64,
    tag: String,
    code: i32,
    before: RunView,
}

fn gated(count: i32) -> Runs {
    let night = Night::watched("").unwrap();
    let runs = (1..=count).map(|code| begin(&night, code)).collect();
    Runs { night, runs }
}

fn begin(night: &Night, code: i32) -> Gated {
    assert!(Command::new("mkfifo").arg(night.work().join(format!("gate{code}"))).status().unwrap().success());
    let script =
        format!("echo $$ >> starts; printf '{{\"step\": 4}}' > $NIGHTKEEP_PROGRESS; read _ < gate{code}; exit {code}");
    let begun = night.begin(&["run", "--detach", "--", "sh", "-c", &script]).unwrap();
    let before = night.until_run("its step", begun.run, |view| view.step == Some(4) && view.pid.is_some()).unwrap();
    Gated { run: begun.run, tag: begun.tag, code, before }
}

impl Runs {
    fn keepers(&self) -> Vec<u32> {
        let keeper = |run: &Gated| self.night.run_dir(&run.tag).read_started().unwrap().unwrap().keeper.pid;
        self.runs.iter().map(keeper).collect()
    }

    /// Every run is what it was: its keeper, its process, its step, its clock.
    fn check_untouched(&self, keepers: &[u32]) {
        for run in &self.runs {
            let view = self.night.until_run("it to run", run.run, |view| view.phase == Phase::Running).unwrap();
            assert_eq!((view.pid, view.step), (run.before.pid, run.before.step));
            assert!(view.since_advance_s >= run.before.since_advance_s, "its clock was set back: {view:#?}");
            assert!(alive(run.before.pid.unwrap()));
        }
        assert_eq!(self.keepers(), keepers);
    }

    /// Every run ends as it would have, and none ran twice.
    fn check_ends(&self) {
        for run in &self.runs {
            fs::write(self.night.work().join(format!("gate{}", run.code)), "go\n").unwrap();
            let row = self.night.ended(run.run).unwrap();
            assert_eq!((row.outcome, row.exit_code), (Outcome::Failed, Some(run.code)), "{row:#?}");
            assert!(!row.recovered, "nobody was away: {row:#?}");
        }
        let mut pids: Vec<u32> = self.runs.iter().filter_map(|run| run.before.pid).collect();
        let mut started = pids_in(&self.night.work().join("starts"));
        pids.sort_unstable();
        started.sort_unstable();
        assert_eq!(started, pids);
        assert_eq!(self.night.json(&["history"]).unwrap().as_array().unwrap().len(), self.runs.len());
    }
}

#[test]
fn a_later_version_takes_over_and_no_run_notices() {
    let runs = gated(5);
    let (night, keepers) = (&runs.night, runs.keepers());
    let first = night.engine_pid().unwrap();
    let status = night.later_json(&["status"]).unwrap();
    assert_eq!((status["engine"]["version"].as_str(), night.engine_version().as_deref()), (Some(LATER), Some(LATER)));
    assert_eq!(status["runs"].as_array().unwrap().len(), 5, "{status:#}");
    eventually("the earlier engine to end", || (!alive(first)).then_some(())).unwrap();
    runs.check_untouched(&keepers);
    let timeline = night.show(1).unwrap().timeline;
    let told = timeline.iter().find(|event| event.kind == "adopted").unwrap();
    assert!(told.text.contains(&format!("version {LATER} of the engine took over from version {VERSION}")), "{told:?}");
    assert!(!night.home().join("hand-over.json").exists());
    runs.check_ends();
}

#[test]
fn the_same_version_and_an_earlier_one_leave_the_engine_alone() {
    let runs = gated(1);
    let (night, first) = (&runs.night, runs.night.engine_pid());
    night.told(&["status"]).unwrap();
    assert_eq!(night.engine_pid(), first);
    night.later_json(&["status"]).unwrap();
    let later = night.engine_pid();
    assert_ne!(later, first);
    // The earlier program goes on with the later engine: they speak the same version of the API.
    night.told(&["status"]).unwrap();
    night.begin(&["run", "--detach", "--", "true"]).unwrap();
    assert_eq!((night.engine_pid(), night.engine_version().as_deref()), (later, Some(LATER)));
}

#[test]
fn two_that_ask_at_once_find_the_same_successor() {
    let runs = gated(2);
    let (night, keepers) = (&runs.night, runs.keepers());
    let first = night.engine_pid().unwrap();
    let commands: Vec<Command> = (0..4).map(|_| night.later(&["status", "--json"]).unwrap()).collect();
    let asking: Vec<_> =
        commands.into_iter().map(|mut command| thread::spawn(move || command.output().unwrap())).collect();
    for asked in asking {
        let output = asked.join().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(night.engine_version().as_deref(), Some(LATER));
    eventually("the earlier engine to end", || (!alive(first)).then_some(())).unwrap();
    runs.check_untouched(&keepers);
    runs.check_ends();
}

#[test]
fn the_successor_comes_up_when_whoever_asked_is_gone() {
    let runs = gated(1);
    let (night, keepers) = (&runs.night, runs.keepers());
    // Nobody who asks like this starts anything.
    night.asks_to_hand_over(LATER, &nightkeep_tests::later_binary().unwrap()).unwrap();
    eventually("the later version", || (night.engine_version().as_deref() == Some(LATER)).then_some(())).unwrap();
    runs.check_untouched(&keepers);
    runs.check_ends();
}

#[test]
fn an_engine_whose_successor_does_not_come_up_goes_on_itself() {
    let runs = gated(1);
    let (night, keepers) = (&runs.night, runs.keepers());
    let first = night.engine_pid();
    let broken = night.work().join("nightkeep");
    for (what, program) in [("ends at once", "#!/bin/sh\nexit 1\n"), ("is no program", "nothing\n")] {
        fs::write(&broken, program).unwrap();
        assert!(Command::new("chmod").arg("755").arg(&broken).status().unwrap().success());
        let started = night.engine_started_at();
        night.asks_to_hand_over(LATER, &broken).unwrap();
        let again = || night.engine_started_at().filter(|at| Some(at) != started.as_ref());
        eventually("the engine to go on", again).unwrap_or_else(|error| panic!("a successor that {what}: {error}"));
        assert_eq!((night.engine_pid(), night.engine_version().as_deref()), (first, Some(VERSION)));
        runs.check_untouched(&keepers);
    }
    runs.check_ends();
}

#[test]
fn nobody_but_a_later_version_is_handed_over_to() {
    let runs = gated(1);
    let (night, later) = (&runs.night, nightkeep_tests::later_binary().unwrap());
    for (version, program) in [(VERSION, later.as_path()), ("0.0.1", &later), (LATER, "/nowhere/nightkeep".as_ref())] {
        let refused = night.asks_to_hand_over(version, program).unwrap_err();
        assert!(refused.to_string().contains("422") || refused.to_string().contains("409"), "{refused}");
    }
    assert_eq!(night.engine_version().as_deref(), Some(VERSION));
    runs.check_ends();
}

/// A run is being stopped when a later version takes over.
fn stop_across_a_hand_over(steps: &[&str], grace: &str) -> (HistoryRow, i64) {
    let night = Night::watched("").unwrap();
    let agent = fake_agent().unwrap();
    let begin = ["run", "--detach", "--stall-after", "600ms", "--grace", grace, "--", &agent];
    let begun = night.begin(&[&begin[..], steps].concat()).unwrap();
    night.until_happened(begun.run, "signalled").unwrap();
    night.later_json(&["status"]).unwrap();
    assert_eq!(night.engine_version().as_deref(), Some(LATER));
    let row = night.ended(begun.run).unwrap();
    assert_eq!(of_run(&begun.tag), Vec::<u32>::new());
    let detail = night.show(begun.run).unwrap();
    assert_eq!(detail.timeline.iter().filter(|event| event.kind == "stop-intended").count(), 1, "{detail:#?}");
    assert!(detail.evidence.is_some());
    (row, last(&detail, "signalled").unwrap() - first(&detail, "signalled").unwrap())
}

#[test]
fn a_stop_in_its_grace_goes_on_through_a_hand_over_and_its_grace_is_neither_cut_nor_begun_again() {
    let (row, grace_ms) = stop_across_a_hand_over(&["ignore term", "mark 1", "hang"], "3s");
    let how = (row.outcome, row.reason, row.method, row.recovered);
    assert_eq!(how, (Outcome::Aborted, Some(Reason::Stalled), Some(Method::Forced), false));
    assert!((3_000..4_500).contains(&grace_ms), "forced {grace_ms} ms after the first request");
}

/// The evidence takes its time; a hand-over that came in the middle of it waits.
#[test]
fn a_stop_that_a_person_just_asked_for_is_not_forgotten() {
    let night = Night::watched("").unwrap();
    let agent = fake_agent().unwrap();
    let begun = night.begin(&["run", "--detach", "--grace", "2s", "--", &agent, "mark 1", "hang"]).unwrap();
    night.until_step(begun.run, 1).unwrap();
    night.told(&["stop", &begun.run.to_string()]).unwrap();
    night.later_json(&["status"]).unwrap();
    let row = night.ended(begun.run).unwrap();
    assert_eq!((row.outcome, row.reason), (Outcome::Aborted, Some(Reason::User)), "{row:#?}");
    assert!(night.show(begun.run).unwrap().evidence.is_some());
    assert_eq!(night.engine_version().as_deref(), Some(LATER));
}

/// `nightkeep run` in the foreground of the earlier version, through the hand-over to its end.
#[test]
fn a_command_that_waits_for_its_run_keeps_its_exit_code_through_a_hand_over() {
    let night = Night::watched("").unwrap();
    assert!(Command::new("mkfifo").arg(night.work().join("gate")).status().unwrap().success());
    let mut waiting = night.command(&["run", "--", "sh", "-c", "echo up > up; read _ < gate; exit 5"]).unwrap();
    let mut waiting = waiting.spawn().unwrap();
    eventually("the command", || night.work().join("up").exists().then_some(())).unwrap();
    night.until_run("its number", 1, |_| true).unwrap();
    let watching = night.command(&["wait", "1"]).unwrap().stdout(Stdio::piped()).spawn().unwrap();
    night.later_json(&["status"]).unwrap();
    fs::write(night.work().join("gate"), "go\n").unwrap();
    assert_eq!(waiting.wait().unwrap().code(), Some(5));
    let told = watching.wait_with_output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!((told.status.code(), &report["exit_code"]), (Some(1), &5.into()), "{report:#}");
}
