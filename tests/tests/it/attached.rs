//! Processes that somebody else started.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use nightkeep_engine::api::{Method, Outcome, Reason};
use nightkeep_tests::eventually;
use nightkeep_tests::night::{Night, alive, fake_agent, pids_in};

/// A number that no process can have.
const NOBODY: &str = "4194305";

/// An agent that nobody watches yet. Ends with this value.
struct Stranger {
    child: Child,
    pids: PathBuf,
    marker: PathBuf,
}

impl Stranger {
    fn start(night: &Night, steps: &[&str]) -> Self {
        let (pids, marker) = (night.work().join("pids"), night.work().join("marker.json"));
        let mut command = Command::new(fake_agent().unwrap());
        command.args(steps).env("FAKE_AGENT_PIDS", &pids).env("NIGHTKEEP_PROGRESS", &marker).stdin(Stdio::null());
        Self { child: command.spawn().unwrap(), pids, marker }
    }

    /// The numbers of its processes, once there are so many.
    fn processes(&self, count: usize) -> Vec<u32> {
        eventually("its processes", || Some(pids_in(&self.pids)).filter(|pids| pids.len() == count)).unwrap()
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        for pid in pids_in(&self.pids).into_iter().filter(|pid| alive(*pid)) {
            let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
            let _gone = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
        self.child.wait().map(drop).unwrap_or_default();
    }
}

#[test]
fn an_attached_process_is_stopped_with_its_children_when_its_marker_stalls() {
    let night = Night::watched("").unwrap();
    let stranger = Stranger::start(&night, &["mark 1", "spawn 2", "spawn-setsid", "ignore term", "hang"]);
    let processes = stranger.processes(4);
    let (pid, marker) = (stranger.child.id().to_string(), stranger.marker.display().to_string());
    let limits = ["--stall-after", "1s", "--grace", "500ms"];
    let attach = ["attach", "--name", "fuzz", "--pid", &pid, "--progress", &marker];
    let begun = night.begin(&[&attach[..], &limits[..]].concat()).unwrap();
    let row = night.ended(begun.run).unwrap();
    let how = (row.outcome, row.reason, row.method);
    assert_eq!(how, (Outcome::Aborted, Some(Reason::Stalled), Some(Method::Forced)), "{row:#?}");
    assert_eq!(processes.into_iter().filter(|pid| alive(*pid)).collect::<Vec<_>>(), Vec::<u32>::new());
    assert_eq!(row.survivors, Vec::<u32>::new());
    let shown = night.told(&["show", &begun.run.to_string()]).unwrap().to_lowercase();
    for word in ["everything", "all of it", "all its processes"] {
        assert!(!shown.contains(word), "more is said than can be known:\n{shown}");
    }
    assert!(shown.contains("could be identified"), "{shown}");
}

#[test]
fn a_process_is_found_by_its_pidfile_and_its_own_end_is_seen() {
    let night = Night::watched("").unwrap();
    let stranger = Stranger::start(&night, &["mark 1", "on-term exit 0", "hang"]);
    let pids = stranger.pids.display().to_string();
    assert_eq!(stranger.processes(1), [stranger.child.id()]);
    let marker = stranger.marker.display().to_string();
    let begun = night.begin(&["attach", "--name", "web", "--pidfile", &pids, "--progress", &marker]).unwrap();
    let view = night.until_step(begun.run, 1).unwrap();
    assert_eq!((view.pid, view.attached), (Some(stranger.child.id()), true));
    let pid = rustix::process::Pid::from_child(&stranger.child);
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    let row = night.ended(begun.run).unwrap();
    assert!(matches!(row.outcome, Outcome::Failed | Outcome::Lost), "{row:#?}");
    assert_eq!((row.reason, row.method), (None, None));
}

#[test]
fn nobody_and_the_dead_cannot_be_attached() {
    let night = Night::watched("").unwrap();
    let mut dead = Command::new("true").spawn().unwrap();
    eventually("its end", || (!alive(dead.id())).then_some(())).unwrap();
    let empty = night.work().join("empty.pid");
    fs::write(&empty, "no number").unwrap();
    let dead_pid = dead.id().to_string();
    for process in [["--pid", NOBODY], ["--pid", &dead_pid], ["--pidfile", "empty.pid"], ["--pidfile", "missing.pid"]] {
        let attach = ["attach", "--name", "x", "--progress", "marker.json"];
        let said = night.nightkeep(&[&attach[..], &process[..]].concat()).unwrap();
        assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{process:?}: {}", said.err);
        assert!(said.err.starts_with("error: "), "{process:?}: {}", said.err);
    }
    dead.wait().unwrap();
    assert_eq!(night.json(&["history"]).unwrap(), serde_json::json!([]));
}

#[test]
fn a_pidfile_that_is_older_than_its_process_is_refused_with_the_reason() {
    let night = Night::watched("").unwrap();
    let stranger = Stranger::start(&night, &["mark 1", "hang"]);
    let [pid] = stranger.processes(1)[..] else { panic!("it is one process") };
    let file = fs::File::options().append(true).open(&stranger.pids).unwrap();
    file.set_modified(std::time::SystemTime::now() - std::time::Duration::from_mins(60)).unwrap();
    let pids = stranger.pids.display().to_string();
    let said = night.nightkeep(&["attach", "--name", "web", "--pidfile", &pids, "--progress", "m.json"]).unwrap();
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{}", said.err);
    assert!(said.err.contains(&format!("is older than process {pid}")), "{}", said.err);
    assert!(alive(pid));
    assert_eq!(night.json(&["history"]).unwrap(), serde_json::json!([]));
}

#[test]
fn children_that_came_just_before_the_stop_are_stopped_as_well() {
    let night = Night::watched("").unwrap();
    let stranger = Stranger::start(&night, &["mark 1", "sleep 800ms", "spawn 2", "spawn-setsid", "hang"]);
    let (pid, marker) = (stranger.child.id().to_string(), stranger.marker.display().to_string());
    let attach = ["attach", "--name", "late", "--pid", &pid, "--progress", &marker, "--stall-after", "1500ms"];
    let begun = night.begin(&attach).unwrap();
    let processes = stranger.processes(4);
    let row = night.ended(begun.run).unwrap();
    assert_eq!((row.outcome, row.method, row.signal), (Outcome::Aborted, Some(Method::Graceful), Some(15)), "{row:#?}");
    assert_eq!(processes.into_iter().filter(|pid| alive(*pid)).collect::<Vec<_>>(), Vec::<u32>::new());
    assert!(row.message.contains("The 4 processes that could be identified were stopped."), "{}", row.message);
}
