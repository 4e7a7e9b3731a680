//! The fake agent does what its script says, so that a test that uses it tests something.

#[cfg(target_os = "linux")]
mod roles;
#[cfg(target_os = "linux")]
mod tree;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use nightkeep_tests::eventually;
use rustix::process::{Pid, Signal, kill_process};

fn agent(folder: &Path, steps: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fake-agent"));
    command
        .args(steps)
        .env("NIGHTKEEP_PROGRESS", folder.join("marker.json"))
        .env("FAKE_AGENT_PIDS", folder.join("pids"))
        .stdin(Stdio::null());
    command
}

#[test]
fn it_marks_prints_and_ends_with_the_code_it_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let output = agent(folder.path(), &["mark 3 draft written", "print hello", "exit 7"]).output().unwrap();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(7), &b"hello\n"[..]));
    let marker: serde_json::Value =
        serde_json::from_slice(&fs::read(folder.path().join("marker.json")).unwrap()).unwrap();
    assert_eq!((&marker["step"], &marker["note"]), (&3.into(), &"draft written".into()));
}

#[test]
fn it_runs_its_steps_for_the_polite_signal_and_not_when_it_ignores_it() {
    let folder = tempfile::tempdir().unwrap();
    let steps = ["on-term mark -1 aborted then exit 143", "mark 1", "hang"];
    let mut child = agent(folder.path(), &steps).spawn().unwrap();
    let marker = || fs::read_to_string(folder.path().join("marker.json")).ok();
    eventually("the first mark", marker).unwrap();
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert!(marker().unwrap().contains("aborted"));

    let mut deaf = agent(folder.path(), &["ignore term", "mark 2", "hang"]).spawn().unwrap();
    eventually("the second mark", || marker().filter(|text| text.contains('2'))).unwrap();
    kill_process(Pid::from_child(&deaf), Signal::TERM).unwrap();
    assert!(deaf.try_wait().unwrap().is_none());
    deaf.kill().unwrap();
    deaf.wait().unwrap();
}

#[test]
fn it_crashes_by_a_signal_and_lets_go_of_its_output_when_told() {
    let folder = tempfile::tempdir().unwrap();
    let output = agent(folder.path(), &["close-stdout", "print unheard", "crash"]).output().unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (None, 0));
}
