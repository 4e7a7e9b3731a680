//! The ends of processes that are not children.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do, by a panic")]

mod support;

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use nightkeep_os::{DetachedStdin, ExitStatus, ExitWatch, Identity, Process, Signal, facts, identify, spawn_detached};
use support::{Starter, go, words};

const DEADLINE: Duration = Duration::from_secs(20);

#[test]
fn the_exit_code_of_a_foreign_process_is_known() {
    let directory = tempfile::tempdir().unwrap();
    let (watch, ends) = watch();
    for code in [7, 0, 255] {
        let starter = Starter::new(directory.path(), &format!("go-{code}"));
        let foreign = detached_shell(&format!("read word < {}; exit {code}", starter.path.display()));
        let opened = starter.open();
        assert!(watch.watch(&foreign).unwrap());
        go(opened);
        assert_eq!(ends.recv_timeout(DEADLINE).unwrap(), (foreign, ExitStatus::Code(code)));
    }
}

#[test]
fn the_signal_that_ended_a_foreign_process_is_known() {
    let (watch, ends) = watch();
    let foreign = detached_shell("exec sleep 600");
    assert!(watch.watch(&foreign).unwrap());
    Process::open(&foreign).unwrap().unwrap().signal(Signal::Kill).unwrap();
    assert_eq!(ends.recv_timeout(DEADLINE).unwrap(), (foreign, ExitStatus::Signal(9)));
}

#[test]
fn the_exit_code_is_known_after_the_parent_has_collected_it() {
    let directory = tempfile::tempdir().unwrap();
    let starter = Starter::new(directory.path(), "go");
    // The outer shell collects the inner one at once and says so.
    let script = format!(r#"sh -c 'echo $$; read word < {}; exit 7'; echo collected"#, starter.path.display());
    let mut parent =
        Command::new("/bin/sh").args(["-c", &script]).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(parent.stdout.take().unwrap()).lines();
    let inner = identify(lines.next().unwrap().unwrap().parse().unwrap()).unwrap().unwrap();
    let (watch, ends) = watch();
    assert!(watch.watch(&inner).unwrap());
    go(starter.open());
    assert_eq!(lines.next().unwrap().unwrap(), "collected");
    let (ended, status) = ends.recv_timeout(DEADLINE).unwrap();
    parent.wait().unwrap();
    assert_eq!(ended, inner);
    // Older kernels tell it only as long as the parent has not asked.
    let expected: &[ExitStatus] =
        if kernel() >= (6, 15) { &[ExitStatus::Code(7)] } else { &[ExitStatus::Code(7), ExitStatus::Unknown] };
    assert!(expected.contains(&status), "{status:?}");
}

#[test]
fn a_process_that_is_gone_is_not_watched() {
    let (watch, ends) = watch();
    let foreign = detached_shell("exec sleep 600");
    let gone = Identity { start: foreign.start + 1, ..foreign.clone() };
    assert!(!watch.watch(&gone).unwrap());
    Process::open(&foreign).unwrap().unwrap().signal(Signal::Kill).unwrap();
    drop(watch);
    assert!(ends.recv_timeout(DEADLINE).is_err(), "nothing was watched, and the thread has ended");
}

#[test]
fn a_forgotten_process_is_not_reported() {
    let (watch, ends) = watch();
    let forgotten = detached_shell("exec sleep 600");
    let kept = detached_shell("exec sleep 600");
    for identity in [&forgotten, &kept, &kept] {
        assert!(watch.watch(identity).unwrap());
    }
    watch.forget(&forgotten);
    for identity in [&forgotten, &kept] {
        Process::open(identity).unwrap().unwrap().signal(Signal::Kill).unwrap();
    }
    assert_eq!(ends.recv_timeout(DEADLINE).unwrap().0, kept);
    drop(watch);
    assert!(ends.recv_timeout(DEADLINE).is_err(), "each end is reported once");
}

#[test]
fn many_processes_are_watched_by_one_thread() {
    let (watch, ends) = watch();
    let foreign: Vec<_> = (0..40).map(|_| detached_shell("exec sleep 600")).collect();
    for identity in &foreign {
        assert!(watch.watch(identity).unwrap());
    }
    let threads = fs::read_dir("/proc/self/task").unwrap().flatten();
    let named = |task: &fs::DirEntry| fs::read_to_string(task.path().join("comm")).is_ok_and(|n| n == "exit-watch\n");
    assert!(threads.filter(named).count() <= 7, "one for each test of this program");
    for identity in &foreign {
        Process::open(identity).unwrap().unwrap().signal(Signal::Kill).unwrap();
    }
    let mut ended: Vec<_> = foreign.iter().map(|_| ends.recv_timeout(DEADLINE).unwrap().0.pid).collect();
    let mut expected: Vec<_> = foreign.iter().map(|identity| identity.pid).collect();
    ended.sort_unstable();
    expected.sort_unstable();
    assert_eq!(ended, expected);
}

#[test]
fn a_detached_program_leads_its_session_and_is_nobodys_child_here() {
    let foreign = detached_shell("exec sleep 600");
    let seen = facts(foreign.pid).unwrap().unwrap();
    Process::open(&foreign).unwrap().unwrap().signal(Signal::Kill).unwrap();
    assert_eq!((seen.session, seen.group), (foreign.pid, foreign.pid));
    assert_ne!(seen.parent, std::process::id());
}

#[test]
fn a_program_that_does_not_exist_is_an_error_also_when_detached() {
    let error = spawn_detached("/nowhere/program".as_ref(), &[], &[], None, DetachedStdin::Null).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
}

fn watch() -> (ExitWatch, Receiver<(Identity, ExitStatus)>) {
    let (sender, receiver) = channel();
    let watch = ExitWatch::start(move |identity, status| drop(sender.send((identity.clone(), status)))).unwrap();
    (watch, receiver)
}

fn detached_shell(script: &str) -> Identity {
    let pid = spawn_detached("/bin/sh".as_ref(), &words(["-c", script]), &[], None, DetachedStdin::Null).unwrap();
    identify(pid).unwrap().unwrap()
}

fn kernel() -> (u32, u32) {
    let release = rustix::system::uname().release().to_string_lossy().into_owned();
    let mut numbers = release.split(['.', '-']).map(|number| number.parse().unwrap());
    (numbers.next().unwrap(), numbers.next().unwrap())
}
