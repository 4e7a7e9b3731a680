//! The nursery against processes that do not want to be found. A nursery collects every child of its process, so each
//! test runs in a process of its own.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do, by a panic")]

use std::fs::File;
use std::io::{BufRead, BufReader, PipeReader, Read};
use std::process::Command;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use nightkeep_os::{
    ChildNews, ChildSpec, ChildStdio, Delivery, ExitStatus, Identity, Nursery, Process, Reaped, Signal, Sweep, facts,
    identify,
};

/// Set to the name of a test in the process that is its own.
const OWN_PROCESS: &str = "NK_TEST_OWN_PROCESS";

#[test]
fn a_command_runs_alone_with_default_signals_and_three_open_files() {
    in_own_process("a_command_runs_alone_with_default_signals_and_three_open_files", || {
        // A file that is not closed on exec, as a careless library leaves it behind.
        let leaked = rustix::io::dup(File::open("/dev/null").unwrap()).unwrap();
        let script = "grep -E '^Sig(Ign|Blk)' /proc/self/status; echo /proc/self/fd/*; echo $A-$B";
        let (mut nursery, mut output) = start_with(script, |spec| {
            spec.env.push(("A".into(), "set".into()));
            spec.env_remove.push(OWN_PROCESS.into());
            spec.cwd = Some("/".into());
        });
        let mut text = String::new();
        output.read_to_string(&mut text).unwrap();
        drop(leaked);
        assert_eq!(finish(&mut nursery), Some(ExitStatus::Code(0)));
        let lines: Vec<_> = text.lines().collect();
        for line in &lines[..2] {
            // Signals from 32 on are the C library's own, and it lets nobody touch them.
            let set = u64::from_str_radix(line.split_whitespace().last().unwrap(), 16).unwrap();
            assert_eq!(set & 0x7fff_ffff, 0, "{text}");
        }
        // The fourth is the directory that the shell itself lists.
        assert_eq!(lines[2], "/proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 /proc/self/fd/3", "{text}");
        assert_eq!(lines[3], "set-", "{text}");
    });
}

#[test]
fn a_command_that_cannot_be_started_is_an_error_with_its_number() {
    in_own_process("a_command_that_cannot_be_started_is_an_error_with_its_number", || {
        let error =
            Nursery::start(ChildSpec { program: "/nowhere/program".into(), ..ChildSpec::default() }).unwrap_err();
        assert_eq!(error.errno, Some(2));
        let cwd = Some("/nowhere".into());
        let error = Nursery::start(ChildSpec { program: "/bin/true".into(), cwd, ..ChildSpec::default() }).unwrap_err();
        assert_eq!(error.errno, Some(2));
    });
}

#[test]
fn a_command_is_started_only_when_it_is_known() {
    in_own_process("a_command_is_started_only_when_it_is_known", || {
        let mut known = None;
        let program = |pid: u32| std::fs::read_link(format!("/proc/{pid}/exe")).unwrap();
        let own = program(std::process::id());
        let spec = ChildSpec { program: "/bin/true".into(), ..ChildSpec::default() };
        let introduce = |root: &Identity| {
            assert_eq!(program(root.pid), own, "it is another program already");
            known = Some(root.clone());
        };
        let mut nursery = Nursery::start_known(spec, introduce).unwrap();
        assert_eq!(known.as_ref(), Some(nursery.root()));
        assert_eq!(finish(&mut nursery), Some(ExitStatus::Code(0)));
    });
}

#[test]
fn a_command_whose_parent_is_killed_before_it_is_known_is_never_started() {
    const TEST: &str = "a_command_whose_parent_is_killed_before_it_is_known_is_never_started";
    if std::env::var_os(OWN_PROCESS).is_some_and(|name| name == TEST) {
        let program = std::env::var_os("NK_TEST_TOUCH").unwrap();
        let spec = ChildSpec { program: "touch".into(), args: vec![program], ..ChildSpec::default() };
        let started = Nursery::start_known(spec, |root| {
            println!("\npid {}", root.pid);
            let own = identify(std::process::id()).unwrap().unwrap();
            Process::open(&own).unwrap().unwrap().signal(Signal::Kill).unwrap();
        });
        unreachable!("killed, and yet here: {started:?}");
    }
    let folder = tempfile::tempdir().unwrap();
    let touched = folder.path().join("touched");
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([TEST, "--exact", "--nocapture"]).env(OWN_PROCESS, TEST).env("NK_TEST_TOUCH", &touched);
    let output = command.output().unwrap();
    assert!(!output.status.success());
    let text = String::from_utf8_lossy(&output.stdout);
    let pid: u32 = text.lines().find_map(|line| line.strip_prefix("pid ")?.parse().ok()).unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while facts(pid).unwrap().is_some_and(|child| child.state.word() != "zombie") {
        assert!(Instant::now() < deadline, "it waits for ever");
        std::thread::yield_now();
    }
    assert!(!touched.exists(), "it was started");
}

#[test]
fn the_root_ends_and_what_it_leaves_behind_is_still_listed() {
    in_own_process("the_root_ends_and_what_it_leaves_behind_is_still_listed", || {
        let (mut nursery, mut output) = start("setsid sh -c 'echo ready; exec sleep 600' & exit 7");
        lines(&mut output, 1);
        let root = nursery.root().clone();
        let mut status = None;
        let waiter = nursery.waiter();
        while status.is_none() {
            assert_eq!(waiter.wait(), ChildNews::SomethingEnded);
            let Reaped { root, empty } = nursery.reap();
            assert!(!empty, "the sleeper is alive");
            status = root;
        }
        assert_eq!(status, Some(ExitStatus::Code(7)));
        assert_eq!(nursery.signal_root(Signal::Term).unwrap(), Delivery::Gone);
        assert_eq!(nursery.signal_root_group(Signal::Term).unwrap(), Delivery::Gone);
        let left = nursery.members();
        assert_eq!(left.len(), 1);
        assert_ne!(left[0], root.pid);
        assert_eq!(nursery.signal_rest(Signal::Term), 1);
        assert_eq!(waiter.wait(), ChildNews::SomethingEnded);
        assert!(nursery.reap().empty);
        assert_eq!(waiter.wait(), ChildNews::NoneLeft);
        assert_eof(&mut output);
    });
}

#[test]
fn the_root_and_the_rest_are_signalled_apart() {
    in_own_process("the_root_and_the_rest_are_signalled_apart", || {
        let script = "trap 'echo root; exit 0' TERM; sh -c 'trap \"echo rest; exit 0\" TERM; echo ready; kill -STOP $$' & \
            while :; do wait; done";
        let (mut nursery, mut output) = start(script);
        assert_eq!(lines(&mut output, 1), ["ready"]);
        assert_eq!(nursery.signal_root(Signal::Term).unwrap(), Delivery::Delivered);
        assert_eq!(lines(&mut output, 1), ["root"]);
        // The other one is stopped, or about to stop itself: continued, it takes the signal.
        wait_until_stopped(&nursery);
        assert_eq!(nursery.signal_rest(Signal::Term), 1);
        assert_eq!(lines(&mut output, 1), ["rest"]);
        assert_eq!(finish(&mut nursery), Some(ExitStatus::Code(0)));
        assert_eof(&mut output);
    });
}

#[test]
fn an_interrupt_reaches_the_whole_group() {
    in_own_process("an_interrupt_reaches_the_whole_group", || {
        let script = r#"trap 'exit 9' INT; perl -e '$|=1; print "ready\n"; sleep 600'; exit 1"#;
        let (mut nursery, mut output) = start(script);
        lines(&mut output, 1);
        assert_eq!(nursery.signal_root_group(Signal::Int).unwrap(), Delivery::Delivered);
        assert_eq!(finish(&mut nursery), Some(ExitStatus::Code(9)));
        assert_eof(&mut output);
    });
}

#[test]
fn a_waiter_reports_an_end_once_until_it_is_collected() {
    in_own_process("a_waiter_reports_an_end_once_until_it_is_collected", || {
        let (mut nursery, _output) = start("exit 0");
        let waiter = nursery.waiter();
        let (sender, news) = channel();
        let thread = std::thread::spawn(move || {
            loop {
                let heard = waiter.wait();
                sender.send(heard).unwrap();
                if heard == ChildNews::NoneLeft {
                    return;
                }
            }
        });
        assert_eq!(news.recv().unwrap(), ChildNews::SomethingEnded);
        assert!(news.recv_timeout(Duration::from_millis(50)).is_err(), "the same end is not reported again");
        assert!(nursery.reap().empty);
        assert_eq!(news.recv().unwrap(), ChildNews::NoneLeft);
        thread.join().unwrap();
    });
}

/// Each line starts one process that says `ready` once it is in place, and keeps standard output open.
const HOSTILE: [(&str, &str); 9] = [
    ("ignores TERM", r#"sh -c 'trap "" TERM; echo ready; while :; do sleep 600; done' &"#),
    ("stopped", r#"sh -c 'echo ready; kill -STOP $$' &"#),
    ("own session", r#"setsid sh -c 'echo ready; exec sleep 600' &"#),
    ("grandchild in its own session", r#"sh -c 'setsid sh -c "echo ready; exec sleep 600" & wait' &"#),
    ("daemon", r#"(setsid sh -c '(echo ready; exec sleep 600) &' &) "#),
    ("daemon without environment", r#"(env -i setsid sh -c '(echo ready; exec /bin/sleep 600) &' &) "#),
    ("group of its own", r#"perl -e 'setpgrp; $|=1; print "ready\n"; sleep 600' &"#),
    (
        "two that start each other again",
        r#"perl -e '$|=1; sub up { my $p = fork; if (!$p) { setpgrp; sleep 600; exit } $p }
            my $c = up(); print "ready\n"; while (1) { waitpid($c, 0); $c = up() }' &"#,
    ),
    (
        "hops from pid to pid every 15 ms",
        r#"perl -e '$|=1; print "ready\n"; while (1) { select(undef, undef, undef, 0.015); fork and exit }' &"#,
    ),
];

#[test]
fn every_hostile_process_is_dead_when_the_kernel_says_so() {
    in_own_process("every_hostile_process_is_dead_when_the_kernel_says_so", || {
        for (name, script) in HOSTILE {
            for sweep in [Sweep::Children, Sweep::Tree] {
                kill_all_of(name, &format!("{script}\nwait"), 1, sweep);
            }
        }
    });
}

#[test]
fn a_whole_hostile_tree_is_dead_when_the_kernel_says_so() {
    in_own_process("a_whole_hostile_tree_is_dead_when_the_kernel_says_so", || {
        let script: String = HOSTILE.iter().map(|(_, script)| format!("{script}\n")).collect();
        for round in ["with a root that waits", "with a root that is gone"] {
            let end = if round.ends_with("waits") { "wait" } else { "exit 0" };
            kill_all_of(round, &format!("{script}{end}"), HOSTILE.len(), Sweep::Tree);
        }
    });
}

#[test]
fn hoppers_that_never_rest_are_caught_too() {
    in_own_process("hoppers_that_never_rest_are_caught_too", || {
        let hopper = r#"perl -e '$|=1; print "ready\n"; while (1) { fork and exit }' &"#;
        kill_all_of("four hoppers", &format!("{hopper}\n{hopper}\n{hopper}\n{hopper}\nwait"), 4, Sweep::Children);
    });
}

fn kill_all_of(name: &str, script: &str, ready: usize, sweep: Sweep) {
    let (mut nursery, mut output) = start(script);
    assert_eq!(lines(&mut output, ready), vec!["ready"; ready], "{name}");
    let root = nursery.root().clone();
    let waiter = nursery.waiter();
    let begun = Instant::now();
    while !nursery.reap().empty {
        assert!(begun.elapsed() < Duration::from_secs(20), "{name}: {:?}", nursery.member_facts());
        nursery.kill_sweep(sweep);
        let _news = waiter.wait();
    }
    assert_eof(&mut output);
    assert_eq!(nursery.members(), [0; 0], "{name}");
    assert_eq!(facts(root.pid).unwrap().filter(|found| found.identity == root), None, "{name}");
}

/// Every process below holds the write end as its standard output, so the end of the pipe is the end of all of them,
/// whatever any process table says. The read must not wait: who is dead holds nothing.
fn assert_eof(output: &mut BufReader<PipeReader>) {
    rustix::io::ioctl_fionbio(output.get_ref(), true).unwrap();
    let mut rest = String::new();
    output.read_to_string(&mut rest).expect("nobody holds the other end");
}

/// Collects until the kernel says that nothing is left, without killing anything.
fn finish(nursery: &mut Nursery) -> Option<ExitStatus> {
    let waiter = nursery.waiter();
    let mut status = None;
    loop {
        let reaped = nursery.reap();
        status = status.or(reaped.root);
        if reaped.empty {
            return status;
        }
        let _news = waiter.wait();
    }
}

fn wait_until_stopped(nursery: &Nursery) {
    let root = nursery.root().pid;
    let deadline = Instant::now() + Duration::from_secs(20);
    while !nursery.member_facts().iter().any(|m| m.identity.pid != root && m.state.word() == "stopped") {
        assert!(Instant::now() < deadline, "{:?}", nursery.member_facts());
        std::thread::yield_now();
    }
}

fn start(script: &str) -> (Nursery, BufReader<PipeReader>) {
    start_with(script, |_| {})
}

fn start_with(script: &str, change: impl FnOnce(&mut ChildSpec)) -> (Nursery, BufReader<PipeReader>) {
    let (reader, writer) = std::io::pipe().unwrap();
    let mut spec = ChildSpec {
        program: "/bin/sh".into(),
        args: vec!["-c".into(), script.into()],
        stdout: ChildStdio::File(File::from(std::os::fd::OwnedFd::from(writer))),
        stderr: ChildStdio::Inherit,
        ..ChildSpec::default()
    };
    change(&mut spec);
    let nursery = Nursery::start(spec).unwrap();
    let leader = facts(nursery.root().pid).unwrap();
    assert!(leader.is_none_or(|leader| leader.session == leader.identity.pid && leader.group == leader.identity.pid));
    (nursery, BufReader::new(reader))
}

fn lines(output: &mut BufReader<PipeReader>, count: usize) -> Vec<String> {
    output.by_ref().lines().take(count).map(Result::unwrap).collect()
}

/// Runs the body in a fresh process of this program.
fn in_own_process(test: &str, body: impl FnOnce()) {
    if std::env::var_os(OWN_PROCESS).is_some_and(|name| name == test) {
        body();
        return;
    }
    assert!(identify(std::process::id()).unwrap().is_some());
    let output = Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env(OWN_PROCESS, test)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}
