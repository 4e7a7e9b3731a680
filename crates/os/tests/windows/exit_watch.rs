//! The ends of processes that are watched from outside.

use std::sync::mpsc::{Receiver, channel};

use nightkeep_os::{ExitStatus, ExitWatch, Identity, Process, Signal};

use crate::support::{DEADLINE, WAIT, shell};

#[test]
fn the_exit_code_of_a_watched_process_is_known() {
    let (watch, ends) = watch();
    for code in [7, 0, 255] {
        let mut watched = shell(&format!("{WAIT}& exit {code}"), &[]);
        let identity = watched.identity();
        assert!(watch.watch(&identity).unwrap());
        watched.let_end();
        assert_eq!(ends.recv_timeout(DEADLINE).unwrap(), (identity, ExitStatus::Code(code)));
    }
}

#[test]
fn a_process_that_is_gone_is_not_watched() {
    let (watch, ends) = watch();
    let mut watched = shell(WAIT, &[]);
    let identity = watched.identity();
    let before = Identity { start: identity.start - 1, ..identity.clone() };
    assert!(!watch.watch(&before).unwrap());
    watched.let_end();
    assert!(!watch.watch(&identity).unwrap());
    drop(watch);
    assert!(ends.recv_timeout(DEADLINE).is_err(), "nothing was watched, and the thread has ended");
}

#[test]
fn a_forgotten_process_is_not_reported() {
    let (watch, ends) = watch();
    let (first, second) = (shell(WAIT, &[]), shell(WAIT, &[]));
    let (forgotten, kept) = (first.identity(), second.identity());
    for identity in [&forgotten, &kept, &kept] {
        assert!(watch.watch(identity).unwrap());
    }
    watch.forget(&forgotten);
    for identity in [&forgotten, &kept] {
        Process::open(identity).unwrap().unwrap().signal(Signal::Kill).unwrap();
    }
    assert_eq!(ends.recv_timeout(DEADLINE).unwrap(), (kept, ExitStatus::Code(1)));
    drop(watch);
    assert!(ends.recv_timeout(DEADLINE).is_err(), "each end is reported once");
}

#[test]
fn many_processes_are_watched_at_once() {
    let (watch, ends) = watch();
    let mut watched: Vec<_> = (0..12).map(|_| shell(WAIT, &[])).collect();
    let mut expected: Vec<_> = watched.iter().map(|child| child.child.id()).collect();
    for child in &watched {
        assert!(watch.watch(&child.identity()).unwrap());
    }
    for child in &mut watched {
        child.let_end();
    }
    let mut ended: Vec<_> = expected.iter().map(|_| ends.recv_timeout(DEADLINE).unwrap().0.pid).collect();
    ended.sort_unstable();
    expected.sort_unstable();
    assert_eq!(ended, expected);
}

fn watch() -> (ExitWatch, Receiver<(Identity, ExitStatus)>) {
    let (sender, receiver) = channel();
    let watch = ExitWatch::start(move |identity, status| drop(sender.send((identity.clone(), status)))).unwrap();
    (watch, receiver)
}
