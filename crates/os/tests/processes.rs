//! Identities, handles, trees, tags and sockets of real processes.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do, by a panic")]

mod support;

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};

use nightkeep_os::{
    Delivery, Identity, Process, ProcessError, ProcessFacts, ProcessState, Signal, descendants, facts, identify,
    open_sockets, tagged,
};
use support::{shell, shell_with_env, wait_until_zombie};

#[test]
fn an_identity_survives_being_written_down() {
    let own = identify(std::process::id()).unwrap().unwrap();
    let read: Identity = serde_json::from_str(&serde_json::to_string(&own).unwrap()).unwrap();
    assert_eq!(read, own);
    assert!(Process::open(&read).unwrap().unwrap().is_alive());
}

#[test]
fn a_zombie_is_not_alive() {
    let (dead, _) = shell("echo going; exit 3");
    wait_until_zombie(dead.pid());
    assert!(fs::metadata(format!("/proc/{}", dead.pid())).is_ok(), "it is still in the process table");
    assert_eq!(identify(dead.pid()).unwrap(), None);
    assert_eq!(facts(dead.pid()).unwrap(), None);
    assert_eq!(descendants(dead.pid()).unwrap(), []);
}

#[test]
fn a_signal_to_a_zombie_says_that_it_is_gone() {
    let (dying, _) = shell("echo ready; exec sleep 600");
    let process = Process::open_pid(dying.pid()).unwrap().unwrap();
    assert_eq!(process.signal(Signal::Kill).unwrap(), Delivery::Delivered);
    wait_until_zombie(dying.pid());
    assert!(!process.is_alive());
    assert_eq!(process.signal(Signal::Term).unwrap(), Delivery::Gone);
}

#[test]
fn a_process_of_another_boot_is_refused() {
    let own = identify(std::process::id()).unwrap().unwrap();
    let elsewhere = Identity { boot: "00000000-0000-0000-0000-000000000000".to_owned(), ..own };
    assert!(Process::open(&elsewhere).unwrap().is_none());
}

#[test]
fn a_pid_that_does_not_exist_is_nobody_and_a_thread_is_an_error() {
    assert_eq!(identify(0).unwrap(), None);
    assert_eq!(identify(u32::MAX).unwrap(), None);
    let thread = std::thread::scope(|scope| {
        let own = || identify(u32::try_from(rustix::thread::gettid().as_raw_nonzero().get()).unwrap());
        scope.spawn(own).join().unwrap()
    });
    assert!(matches!(thread, Err(ProcessError::Unreadable { .. })), "{thread:?}");
}

#[test]
fn a_recycled_pid_is_refused_and_an_old_handle_does_not_reach_it() {
    let mut first = sleeper();
    let old = identify(first.id()).unwrap().unwrap();
    let handle = Process::open(&old).unwrap().unwrap();
    first.kill().unwrap();
    first.wait().unwrap();

    let mut second = sleeper_with_pid(old.pid);
    let recycled = identify(second.id()).unwrap().unwrap();
    assert_eq!(recycled.pid, old.pid);
    assert!(Process::open(&old).unwrap().is_none());
    assert_eq!(handle.signal(Signal::Kill).unwrap(), Delivery::Gone);
    // Within one clock tick both have the same start time; the inode tells them apart where there is one.
    let same_tick = Identity { start: recycled.start, ..old };
    assert_eq!(Process::open(&same_tick).unwrap().is_some(), recycled.inode.is_none());
    let still_there = Process::open(&recycled).unwrap().unwrap().is_alive();
    second.kill().unwrap();
    second.wait().unwrap();
    assert!(still_there);
}

#[test]
fn a_stopped_process_takes_a_signal_once_it_is_continued() {
    let (stopped, _) = shell("echo ready; exec sleep 600");
    let process = Process::open_pid(stopped.pid()).unwrap().unwrap();
    process.signal(Signal::Stop).unwrap();
    let pid = rustix::process::Pid::from_child(&stopped.child);
    let stop = rustix::process::WaitOptions::UNTRACED;
    rustix::process::waitpid(Some(pid), stop).unwrap();
    assert_eq!(facts(stopped.pid()).unwrap().unwrap().state, ProcessState::Stopped);

    process.signal(Signal::Term).unwrap();
    assert!(process.is_alive());
    process.signal(Signal::Cont).unwrap();
    wait_until_zombie(stopped.pid());
    assert!(!process.is_alive());
}

#[test]
fn a_tree_is_listed_with_parents_before_children() {
    // The innermost one says that it is ready when it is the program that it is to be.
    let (root, _) = shell("(perl -e '$| = 1; print qq(ready\\n); sleep 600' & wait) & wait");
    let tree = descendants(root.pid()).unwrap();
    kill(&tree);
    let shape: Vec<_> = tree.iter().map(|member| (member.depth, member.name.as_str())).collect();
    assert_eq!(shape, [(0, "sh"), (1, "sh"), (2, "perl")]);
    let parents: Vec<_> = tree.windows(2).map(|pair| pair[1].parent == pair[0].identity.pid).collect();
    assert_eq!(parents, [true, true]);
    assert_eq!(tree[2].command, r"perl -e $| = 1; print qq(ready\n); sleep 600");
}

#[test]
fn the_facts_of_this_process_are_true() {
    let before = facts(std::process::id()).unwrap().unwrap();
    let mut sum = 0_u64;
    while facts(std::process::id()).unwrap().unwrap().cpu_ms < before.cpu_ms + 20 {
        sum = (0..100_000_u64).fold(sum, |sum, next| std::hint::black_box(sum ^ next));
    }
    let after = facts(std::process::id()).unwrap().unwrap();
    assert_eq!(after.identity, before.identity);
    assert_eq!(after.parent, std::os::unix::process::parent_id());
    assert!(after.age_ms > before.age_ms && after.age_ms < 3_600_000, "{}", after.age_ms);
    assert!(after.memory_bytes > 500_000, "{}", after.memory_bytes);
    assert!(after.command.contains("processes"), "{}", after.command);
}

#[test]
fn a_process_that_leads_a_session_is_shown_in_its_own() {
    let (leader, _) = shell("exec setsid sh -c 'echo ready; exec sleep 600'");
    assert_eq!(facts(leader.pid()).unwrap().unwrap().session, leader.pid());
}

#[test]
fn a_long_command_line_is_cut() {
    let long = "x".repeat(3000);
    let (shell, _) = shell(&format!("echo ready; kill -STOP $$; : {long}"));
    let command = facts(shell.pid()).unwrap().unwrap().command;
    assert_eq!(command.chars().count(), 513);
    assert!(command.starts_with("/bin/sh -c echo ready; kill -STOP $$; : xxx") && command.ends_with("x…"), "{command}");
}

#[test]
fn a_tag_in_the_environment_is_found_and_a_similar_one_is_not() {
    let value = format!("tag-{}", std::process::id());
    let longer = format!("{value}0");
    let (one, _) = shell_with_env("echo ready; exec sleep 600", &[("NK_TEST_TAG", &value)]);
    let (other, _) = shell_with_env("echo ready; exec sleep 600", &[("NK_TEST_TAG", &longer)]);
    let (argument, _) = shell(&format!("echo ready; exec sleep 600 # NK_TEST_TAG={value}"));
    let found = tagged("NK_TEST_TAG", &value).unwrap();
    assert_eq!(found, [identify(one.pid()).unwrap().unwrap()]);
    assert_ne!(one.pid(), other.pid());
    assert_ne!(one.pid(), argument.pid());
}

#[test]
fn sockets_are_listed_with_both_ends() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let near = listener.local_addr().unwrap();
    let client = TcpStream::connect(near).unwrap();
    let (_server, far) = listener.accept().unwrap();
    let sockets = open_sockets(&[std::process::id()]).unwrap();
    let waiting = sockets.iter().find(|socket| socket.local == near && socket.remote.is_none()).unwrap();
    assert_eq!((waiting.protocol.as_str(), waiting.state.as_str()), ("tcp", "listen"));
    let talking = sockets.iter().find(|socket| socket.local == far).unwrap();
    assert_eq!((talking.remote, talking.state.as_str()), (Some(near), "established"));
    assert_eq!(talking.pid, std::process::id());
    drop(client);
    assert_eq!(open_sockets(&[u32::MAX]).unwrap(), []);
}

/// Whoever loses a child may end before its turn comes.
fn kill(tree: &[ProcessFacts]) {
    for member in tree.iter().rev() {
        if let Some(process) = Process::open(&member.identity).unwrap() {
            process.signal(Signal::Kill).unwrap();
        }
    }
}

fn sleeper() -> std::process::Child {
    Command::new("/bin/sleep").arg("600").stdin(Stdio::null()).spawn().unwrap()
}

/// Starts processes until one gets this pid. The kernel hands pids out in a row, and whoever may set the last one makes
/// that short; others go once around.
fn sleeper_with_pid(pid: u32) -> std::process::Child {
    for _ in 0..200_000 {
        drop(fs::write("/proc/sys/kernel/ns_last_pid", (pid - 1).to_string()));
        let mut child = sleeper();
        if child.id() == pid {
            return child;
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    panic!("pid {pid} did not come around");
}
