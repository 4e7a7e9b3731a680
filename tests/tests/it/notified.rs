//! Runs that notify as for systemd: each has a socket of its own.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::{Duration, Instant};

use nightkeep_engine::api::{Outcome, Phase, RunView};
use nightkeep_tests::eventually;
use nightkeep_tests::night::{Begun, Night, agent};

/// Runs `script` with a socket of its own, and with whatever else is asked for.
fn notifying(night: &Night, more: &[&str], script: &str) -> Begun {
    let run = ["run", "--detach", "--source", "sd-notify"];
    night.begin(&[&run[..], more, &["--", "sh", "-c", script]].concat()).unwrap()
}

/// The real one: without it, these tests prove nothing.
fn has_systemd_notify() {
    let said = Command::new("systemd-notify").arg("--version").output();
    assert!(said.is_ok_and(|said| said.status.success()), "`systemd-notify` is needed for this test (package systemd)");
}

/// Its steps come through a pipe, so that each is sent when the test says so.
fn pipe(night: &Night) -> impl Fn(&str) + use<> {
    let pipe = night.work().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    move |line| fs::write(&pipe, format!("{line}\n")).unwrap()
}

/// Sends what comes through the pipe, and writes down how each went and that it is done.
const SENDER: &str = "systemd-notify --ready --status=ready || echo first $?
    exec 3<>pipe
    while read -r line <&3; do
        systemd-notify $line; echo sent $? $line
    done";

#[test]
fn systemd_notify_shows_the_progress_of_a_run_from_its_first_act_on_and_after_a_crash_of_the_engine() {
    has_systemd_notify();
    let night = Night::watched("").unwrap();
    let send = pipe(&night);
    let begun = notifying(&night, &[], SENDER);
    night.until_run("its first word", begun.run, |view| view.note.as_deref() == Some("ready")).unwrap();
    send("X_PROGRESS=3/10");
    let view = night.until_step(begun.run, 3).unwrap();
    assert_eq!((view.total, view.source_note), (Some(10), None));
    let kept = || (night.show(begun.run).ok()?.advances.len() == 1).then_some(());
    eventually("the step to be in the history", kept).unwrap();
    night.crash_engine().unwrap();
    // Nobody listens: the sender is told so at once, and goes on.
    let away = Instant::now();
    send("X_PROGRESS=4/10");
    let output = night.run_dir(&begun.tag).output();
    let has = |text: &str| fs::read_to_string(&output).unwrap().contains(text);
    eventually("it to go on", || has("sent 1 X_PROGRESS=4/10").then_some(())).unwrap();
    assert!(away.elapsed() < Duration::from_secs(4), "{:?}", away.elapsed());
    night.start_engine().unwrap();
    night.until_run("it to be found again", begun.run, |view| view.phase == Phase::Running).unwrap();
    send("X_PROGRESS=5/10");
    night.until_step(begun.run, 5).unwrap();
    eventually("its barrier", || has("sent 0 X_PROGRESS=5/10").then_some(())).unwrap();
    assert!(!has("first"), "the first one was refused");
    night.told(&["stop", "--force", &begun.run.to_string()]).unwrap();
    let row = night.ended(begun.run).unwrap();
    assert_eq!((row.last_step, row.advances), (Some(5), 2), "{row:#?}");
}

#[test]
fn a_job_of_the_configuration_is_listened_to_from_the_start_and_to_its_last_word() {
    let script = format!("python3 {} --steps 7", agent("notifying.py"));
    let config =
        format!("[jobs.nightly]\ncommand = [\"sh\", \"-c\", \"{script}; exit 3\"]\nsources = [\"sd-notify\"]\n");
    let night = Night::watched(&config).unwrap();
    for run in 1..=3 {
        night.told(&["start", "nightly"]).unwrap();
        let row = night.ended(run).unwrap();
        assert_eq!((row.last_step, row.last_note.as_deref()), (Some(7), Some("part 7")), "{row:#?}");
        // It called itself a success in its last word; what was seen counts.
        assert_eq!((row.outcome, row.exit_code), (Outcome::Failed, Some(3)), "{row:#?}");
        let detail = night.show(run).unwrap();
        assert!(detail.timeline.iter().any(|event| event.kind == "claimed"), "{:#?}", detail.timeline);
        night.told(&["resume", "nightly"]).unwrap();
    }
}

#[test]
fn whoever_is_not_of_the_run_is_not_heard_on_its_socket_and_that_is_said_once() {
    has_systemd_notify();
    let night = Night::watched("").unwrap();
    let send = pipe(&night);
    let begun = notifying(&night, &[], "read -r line <pipe; systemd-notify $line; exec sleep 600");
    // This test is of the same user, knows the address, and lives on.
    let outsider = UnixDatagram::unbound().unwrap();
    let socket = night.run_dir(&begun.tag).path().join("notify.sock");
    let said = ["WATCHDOG=1", "X_PROGRESS=9/10", "STATUS=not mine", "ERRNO=5", "EXTEND_TIMEOUT_USEC=9000000000"];
    for words in said {
        outsider.send_to(words.as_bytes(), &socket).unwrap();
    }
    let view = night.until_run("the count", begun.run, |view| view.signals_foreign == 5).unwrap();
    assert_eq!((view.since_beat_s, view.step, view.note, view.claim, view.expected_s), (None, None, None, None, None));
    outsider.send_to(b"X_PROGRESS=10/10", &socket).unwrap();
    night.until_run("the count", begun.run, |view| view.signals_foreign == 6).unwrap();
    // The run itself is heard.
    send("X_PROGRESS=3/10");
    night.until_step(begun.run, 3).unwrap();
    let timeline = night.show(begun.run).unwrap().timeline;
    let told: Vec<&str> =
        timeline.iter().filter(|event| event.kind == "stranger").map(|event| event.text.as_str()).collect();
    let pid = std::process::id();
    let expected = format!("`sd-notify` is not heard from process {pid}, a pid that is not the run's.");
    assert_eq!(told, [expected.as_str()]);
    let shown = night.told(&["status"]).unwrap();
    assert!(shown.contains("6 signals were left out, sent by a process that is not the run's"), "{shown}");
    night.told(&["stop", "--force", &begun.run.to_string()]).unwrap();
    assert_eq!(night.ended(begun.run).unwrap().last_step, Some(3));
}

#[test]
fn whoever_is_of_the_run_is_heard_without_its_environment_and_without_its_parent() {
    has_systemd_notify();
    let night = Night::watched("").unwrap();
    let daemon = "setsid env -i PATH=\"$PATH\" NOTIFY_SOCKET=\"$NOTIFY_SOCKET\" \
        sh -c 'while sleep 0.1; do systemd-notify X_PROGRESS=4/10; done' & exit";
    let begun = notifying(&night, &[], &format!("({daemon}); exec sleep 600"));
    let view = night.until_step(begun.run, 4).unwrap();
    assert_eq!(view.signals_foreign, 0);
    night.told(&["stop", "--force", &begun.run.to_string()]).unwrap();
    night.ended(begun.run).unwrap();
}

#[test]
fn a_watchdog_that_is_asked_for_is_a_beat_and_a_step_may_take_the_time_that_it_says() {
    has_systemd_notify();
    let night = Night::watched("").unwrap();
    let send = pipe(&night);
    let begun = notifying(&night, &["--beat", "20s"], &format!("echo usec $WATCHDOG_USEC.\n{SENDER}"));
    send("WATCHDOG=1");
    let output = night.run_dir(&begun.tag).output();
    let said = || fs::read_to_string(&output).unwrap();
    eventually("the beat", || said().contains("sent 0 WATCHDOG=1").then_some(())).unwrap();
    assert!(said().contains("usec 60000000."), "{}", said());
    night.until_run("the beat", begun.run, |view| view.since_beat_s.is_some_and(|since| since < 20.0)).unwrap();
    let pid = format!("MAINPID={}", std::process::id());
    send(&pid);
    send("EXTEND_TIMEOUT_USEC=1500000000");
    let asked = |view: &RunView| view.stall_after_s > 900.0 || view.expected_s.is_some();
    let view = night.until_run("the time it asks for", begun.run, asked).unwrap();
    assert_ne!(view.pid, Some(std::process::id()), "what a program says of its own number is not believed");
    night.told(&["stop", "--force", &begun.run.to_string()]).unwrap();
    night.ended(begun.run).unwrap();
}

#[test]
fn a_flood_slows_down_nobody_but_its_sender_and_its_last_word_is_heard() {
    let night = Night::watched("").unwrap();
    let quiet = night.begin(&["run", "--detach", "--", "sleep", "600"]).unwrap();
    let script = format!("python3 {} --steps 3 --flood 20000", agent("notifying.py"));
    let begun = notifying(&night, &[], &script);
    let row = night.ended(begun.run).unwrap();
    assert_eq!((row.outcome, row.last_step), (Outcome::Succeeded, Some(3)), "{row:#?}");
    let kept = night.show(begun.run).unwrap().timeline;
    assert!(kept.iter().any(|event| event.kind == "claimed") && kept.len() < 50, "{} entries", kept.len());
    night.told(&["stop", "--force", &quiet.run.to_string()]).unwrap();
    assert_eq!(night.ended(quiet.run).unwrap().outcome, Outcome::Aborted);
}

#[test]
fn nobody_speaks_to_the_socket_of_whoever_started_it() {
    let night = Night::watched("").unwrap();
    let script = "echo ${NOTIFY_SOCKET-none} ${WATCHDOG_USEC-none} ${WATCHDOG_PID-none}";
    let theirs = [("NOTIFY_SOCKET", "/run/systemd/notify"), ("WATCHDOG_USEC", "5"), ("WATCHDOG_PID", "1")];
    for (more, is_own) in [(&[][..], false), (&["--source", "sd-notify"][..], true)] {
        let run = [&["run"][..], more, &["--", "sh", "-c", script]].concat();
        let said = night.command(&run).unwrap().envs(theirs).output().unwrap();
        let said = String::from_utf8(said.stdout).unwrap();
        if is_own {
            assert!(said.ends_with("/notify.sock none none\n"), "{said}");
        } else {
            assert_eq!(said, "none none none\n");
        }
    }
}
