//! The nursery: what is in the job, and when it is empty.

use std::fs::File;
use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Read};
use std::os::windows::io::OwnedHandle;
use std::sync::mpsc::channel;
use std::time::Instant;

use nightkeep_os::{
    ChildNews, ChildSpec, ChildStdio, Delivery, ExitStatus, Nursery, Reaped, Signal, Sweep, facts, identify,
};

use crate::support::{DEADLINE, WAIT, WAIT_BELOW, words};

/// Set in the process that waits to be asked.
const ASKED: &str = "NK_TEST_ASKED";

/// How whoever does not listen to CTRL_BREAK ends.
const STATUS_CONTROL_C_EXIT: i32 = 0xC000_013A_u32.cast_signed();

#[test]
fn a_command_runs_in_its_place_with_its_environment() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path().canonicalize().unwrap();
    let (mut nursery, input, mut output) = start_with("echo %A%-%PATHEXT%& echo here> said& exit 7", |spec| {
        spec.env.push(("A".into(), "set".into()));
        spec.env_remove.push("PATHEXT".into());
        spec.cwd = Some(place.clone());
    });
    drop(input);
    let mut text = String::new();
    output.read_to_string(&mut text).unwrap();
    assert_eq!(finish(&mut nursery), Some(ExitStatus::Code(7)));
    // What is not set stands there as it was written.
    assert_eq!(text.trim(), "set-%PATHEXT%");
    assert!(place.join("said").exists());
}

#[test]
fn a_command_that_cannot_be_started_is_an_error_with_its_number() {
    let spec = ChildSpec { program: "no-such-program".into(), ..ChildSpec::default() };
    let error = Nursery::start(spec).unwrap_err();
    assert!(!error.message.is_empty());
    let cwd = Some(r"C:\no\such\place".into());
    let error = Nursery::start(ChildSpec { program: "cmd".into(), cwd, ..ChildSpec::default() }).unwrap_err();
    assert!(error.errno.is_some(), "{error:?}");
}

#[test]
fn the_root_is_known_by_its_identity_and_gone_when_it_has_ended() {
    let (mut nursery, input, _output) = ready(WAIT);
    assert_eq!(identify(nursery.root().pid).unwrap().as_ref(), Some(nursery.root()));
    assert_eq!(nursery.reap(), Reaped { root: None, empty: false });
    drop(input);
    assert!(finish(&mut nursery).is_some());
    assert_eq!(nursery.signal_root(Signal::Kill).unwrap(), Delivery::Gone);
    assert_eq!(identify(nursery.root().pid).unwrap(), None);
}

#[test]
fn what_the_root_leaves_behind_is_listed_and_keeps_the_job_from_being_empty() {
    let (mut nursery, input, _output) = ready(WAIT_BELOW);
    let members = nursery.members();
    assert_eq!((members.len(), members.contains(&nursery.root().pid)), (2, true));
    assert_eq!(nursery.signal_root(Signal::Kill).unwrap(), Delivery::Delivered);
    let root = wait_for_root(&mut nursery);
    assert_eq!(root, Reaped { root: Some(ExitStatus::Code(1)), empty: false });
    assert_eq!(nursery.members().len(), 1);
    assert_eq!(nursery.member_facts().len(), 1);
    drop(input);
    assert_eq!(finish(&mut nursery), None, "the end of the root is given once");
}

#[test]
fn the_rest_is_killed_without_the_root() {
    let (mut nursery, _input, _output) = ready(WAIT_BELOW);
    assert_eq!(nursery.signal_rest(Signal::Kill), 1);
    // The root has waited for it.
    assert_eq!(finish(&mut nursery), Some(ExitStatus::Code(1)));
}

#[test]
fn a_whole_tree_is_dead_when_the_job_is_empty() {
    for sweep in [Sweep::Children, Sweep::Tree] {
        let (mut nursery, _input, mut output) = ready(WAIT_BELOW);
        let members = nursery.member_facts();
        let waiter = nursery.waiter();
        let begun = Instant::now();
        while !nursery.reap().empty {
            assert!(begun.elapsed() < DEADLINE, "{:?}", nursery.members());
            nursery.kill_sweep(sweep);
            let _news = waiter.wait();
        }
        assert_eq!(members.len(), 2);
        for member in members {
            assert_eq!(facts(member.identity.pid).unwrap().filter(|found| found.identity == member.identity), None);
        }
        assert_eq!(nursery.members(), [0; 0]);
        // Whoever is dead holds nothing.
        assert_eq!(output.read_to_string(&mut String::new()).unwrap(), 0);
    }
}

#[test]
fn each_end_is_news_once_and_the_last_one_is_final() {
    let (mut nursery, input, _output) = ready(WAIT_BELOW);
    let waiter = nursery.waiter();
    let (sender, news) = channel();
    let thread = std::thread::spawn(move || {
        loop {
            let heard = waiter.wait();
            sender.send(heard).unwrap();
            if heard == ChildNews::NoneLeft {
                return waiter;
            }
        }
    });
    nursery.signal_root(Signal::Kill).unwrap();
    assert_eq!(news.recv_timeout(DEADLINE).unwrap(), ChildNews::SomethingEnded);
    drop(input);
    assert_eq!(news.recv_timeout(DEADLINE).unwrap(), ChildNews::SomethingEnded);
    assert_eq!(news.recv_timeout(DEADLINE).unwrap(), ChildNews::NoneLeft);
    assert_eq!(thread.join().unwrap().wait(), ChildNews::NoneLeft, "it does not wait for more");
    assert!(finish(&mut nursery).is_some());
}

#[test]
fn a_command_is_asked_to_end_by_ctrl_break() {
    if std::env::var_os(ASKED).is_some() {
        println!("ready");
        std::io::stdin().read_line(&mut String::new()).unwrap();
        return;
    }
    let (mut nursery, _input, _output) = ready_with("", |spec| {
        spec.program = std::env::current_exe().unwrap().into();
        spec.args = words(["nursery::a_command_is_asked_to_end_by_ctrl_break", "--exact", "--nocapture"]);
        spec.env.push((ASKED.into(), "1".into()));
    });
    assert_eq!(nursery.signal_root(Signal::Term).unwrap(), Delivery::Delivered);
    assert_eq!(finish(&mut nursery), Some(ExitStatus::Code(STATUS_CONTROL_C_EXIT)));
}

/// Collects until nothing is left, without killing anything.
fn finish(nursery: &mut Nursery) -> Option<ExitStatus> {
    let waiter = nursery.waiter();
    let begun = Instant::now();
    let mut status = None;
    loop {
        let reaped = nursery.reap();
        status = status.or(reaped.root);
        if reaped.empty {
            return status;
        }
        assert!(begun.elapsed() < DEADLINE, "{:?}", nursery.members());
        let _news = waiter.wait();
    }
}

/// Waits until the root has ended.
fn wait_for_root(nursery: &mut Nursery) -> Reaped {
    let waiter = nursery.waiter();
    loop {
        let reaped = nursery.reap();
        if reaped.root.is_some() {
            return reaped;
        }
        assert_eq!(waiter.wait(), ChildNews::SomethingEnded);
    }
}

/// Starts a line that says when it is ready.
fn ready(line: &str) -> (Nursery, PipeWriter, BufReader<PipeReader>) {
    ready_with(line, |_| {})
}

fn ready_with(line: &str, change: impl FnOnce(&mut ChildSpec)) -> (Nursery, PipeWriter, BufReader<PipeReader>) {
    let (nursery, input, mut output) = start_with(line, change);
    assert!(output.by_ref().lines().map(Result::unwrap).any(|line| line.trim() == "ready"));
    (nursery, input, output)
}

fn start_with(line: &str, change: impl FnOnce(&mut ChildSpec)) -> (Nursery, PipeWriter, BufReader<PipeReader>) {
    let (stdin, input) = std::io::pipe().unwrap();
    let (output, stdout) = std::io::pipe().unwrap();
    let mut spec = ChildSpec {
        program: "cmd".into(),
        args: words(["/d", "/c", line]),
        stdin: ChildStdio::File(File::from(OwnedHandle::from(stdin))),
        stdout: ChildStdio::File(File::from(OwnedHandle::from(stdout))),
        stderr: ChildStdio::Inherit,
        ..ChildSpec::default()
    };
    change(&mut spec);
    (Nursery::start(spec).unwrap(), input, BufReader::new(output))
}
