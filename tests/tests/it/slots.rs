//! Capacity slots: who waits, who starts when a slot is free, and what becomes of those who left.

use std::fs;
use std::process::{Child, Stdio};

use nightkeep_engine::api::{Live, Outcome, Phase, Reason};
use nightkeep_os::{Process, Signal};
use nightkeep_tests::eventually;
use nightkeep_tests::night::{Night, Said, alive, fake_agent, first};

/// Jobs that note their starts in order and go on until somebody makes the file of their name.
fn jobs(settings: &str, names: &[&str]) -> String {
    let job = |name: &&str| {
        let script = format!("echo {name} >> order; while [ ! -e {name}.end ]; do sleep 0.02; done");
        format!("[jobs.{name}]\ntype = \"llm\"\ncommand = [\"sh\", \"-c\", {script:?}]\ncwd = \"work\"\n")
    };
    format!("{settings}{}", names.iter().map(job).collect::<String>())
}

const ONE: &str = "[types.llm]\nmax_running = 1\n";

fn end(night: &Night, name: &str) {
    fs::write(night.work().join(format!("{name}.end")), "").unwrap();
}

/// Which jobs were started so far, in order.
fn order(night: &Night) -> Vec<String> {
    let text = fs::read_to_string(night.work().join("order")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

fn start(night: &Night, name: &str) -> u64 {
    night.begin(&["start", name]).unwrap().run
}

fn until_phase(night: &Night, run: u64, phase: Phase) {
    night.until_run(&format!("run {run} to be {phase:?}"), run, |view| view.phase == phase).unwrap();
}

fn until_started(night: &Night, names: &[&str]) {
    eventually(&format!("{names:?} to have started"), || (order(night) == names).then_some(()))
        .map_err(|error| night.explained(error))
        .unwrap();
}

/// `nightkeep run` of this kind, in the background.
fn run(night: &Night, arguments: &[&str]) -> Child {
    let mut command = night.command(&[&["run"], arguments].concat()).unwrap();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn signal(child: &Child, signal: Signal) {
    Process::open_pid(child.id()).unwrap().unwrap().signal(signal).unwrap();
}

/// The number of a run that waits, once there is one.
fn waits(night: &Night) -> u64 {
    let queued = |live: &Live| live.status.runs.iter().find(|view| view.phase == Phase::Queued).map(|view| view.run);
    night.until("it to wait", queued).unwrap()
}

#[test]
fn three_starts_with_one_slot_run_one_after_the_other_in_their_order() {
    let night = Night::watched(&jobs(ONE, &["a", "b", "c"])).unwrap();
    let [a, b, c] = ["a", "b", "c"].map(|name| start(&night, name));
    until_phase(&night, a, Phase::Running);
    let told = night.until_run("its place", c, |view| view.phase == Phase::Queued).unwrap();
    let place = told.queue.unwrap();
    assert_eq!((place.r#type.as_deref(), place.running, place.slots, place.ahead), (Some("llm"), 1, 1, 1));
    let status = night.told(&["status"]).unwrap();
    assert!(status.contains("waits for a free slot: 1 of 1 `llm` run is running"), "{status}");
    assert!(status.contains("1 running, 2 queued"), "{status}");
    assert_eq!(night.json(&["status"]).unwrap()["runs"][2]["phase"], "queued");
    let shown = night.told(&["show", &c.to_string()]).unwrap();
    assert!(shown.contains("It waits for a free slot since"), "{shown}");
    end(&night, "a");
    until_started(&night, &["a", "b"]);
    assert!(night.until_run("it to wait on", c, |view| view.phase == Phase::Queued).unwrap().queue.unwrap().ahead == 0);
    end(&night, "b");
    until_started(&night, &["a", "b", "c"]);
    end(&night, "c");
    for run in [a, b, c] {
        assert_eq!(night.ended(run).unwrap().outcome, Outcome::Succeeded);
    }
    // What a run waited is no part of it.
    let detail = night.show(c).unwrap();
    assert!(first(&detail, "slot-given").unwrap() >= first(&detail, "queued").unwrap());
    assert!(detail.ended.unwrap().started_at >= night.show(b).unwrap().ended.unwrap().ended_at);
}

#[test]
fn a_job_that_waits_is_not_started_a_second_time() {
    let night = Night::watched(&jobs(ONE, &["a", "b"])).unwrap();
    let _a = start(&night, "a");
    let b = start(&night, "b");
    let said = night.nightkeep(&["start", "b"]).unwrap();
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains(&format!("`b` waits for a free slot already, as run {b}")), "{}", said.err);
}

#[test]
fn a_stalled_run_that_is_stopped_frees_its_slot_at_once() {
    let night = Night::watched(&jobs("[settings]\nmax_running = 1\n", &["b"])).unwrap();
    let agent = fake_agent().unwrap();
    let stuck = ["run", "--detach", "--stall-after", "800ms", "--grace", "1s", "--", &agent, "mark 1", "hang"];
    let stuck = night.begin(&stuck).unwrap().run;
    let b = start(&night, "b");
    let row = night.ended(stuck).unwrap();
    assert_eq!((row.outcome, row.reason), (Outcome::Aborted, Some(Reason::Stalled)));
    until_phase(&night, b, Phase::Running);
    let ended = first(&night.show(stuck).unwrap(), "ended").unwrap();
    let given = first(&night.show(b).unwrap(), "slot-given").unwrap();
    assert!((0..250).contains(&(given - ended)), "the slot was free at {ended} and given at {given}");
}

#[test]
fn runs_that_wait_are_not_forgotten_by_a_crash_and_keep_their_order() {
    let night = Night::watched(&jobs(ONE, &["a", "b", "c"])).unwrap();
    let [a, b, c] = ["a", "b", "c"].map(|name| start(&night, name));
    until_phase(&night, a, Phase::Running);
    until_phase(&night, c, Phase::Queued);
    night.crash_engine().unwrap();
    night.start_engine().unwrap();
    for run in [b, c] {
        until_phase(&night, run, Phase::Queued);
    }
    let compared = night.ask(async |engine| engine.reconcile().await).unwrap();
    assert_eq!((compared.recovered, compared.doubtful), (vec![], vec![]), "a run that waits is accounted for");
    end(&night, "a");
    until_started(&night, &["a", "b"]);
    // A slot that is freed while nobody watches is given by the next engine, to whoever is next.
    night.crash_engine().unwrap();
    end(&night, "b");
    night.start_engine().unwrap();
    until_started(&night, &["a", "b", "c"]);
    end(&night, "c");
    for run in [a, b, c] {
        assert_eq!(night.ended(run).unwrap().outcome, Outcome::Succeeded);
    }
    assert_eq!(order(&night), ["a", "b", "c"]);
}

#[test]
fn a_run_that_waits_is_cancelled_without_a_signal_and_the_next_one_moves_up() {
    let night = Night::watched(&jobs(ONE, &["a", "b", "c"])).unwrap();
    let [a, b, c] = ["a", "b", "c"].map(|name| start(&night, name));
    until_phase(&night, a, Phase::Running);
    night.told(&["stop", "b"]).unwrap();
    let row = night.ended(b).unwrap();
    assert_eq!((row.outcome, row.reason, row.method), (Outcome::Aborted, Some(Reason::User), None));
    assert!((row.duration_s - 0.0).abs() < f64::EPSILON);
    assert!(row.message.starts_with("Cancelled on request at "), "{}", row.message);
    assert!(row.message.ends_with("of waiting for a free slot; it never began."), "{}", row.message);
    assert_eq!(first(&night.show(b).unwrap(), "signalled"), None);
    end(&night, "a");
    until_phase(&night, c, Phase::Running);
    until_started(&night, &["a", "c"]);
}

#[test]
fn a_lowered_capacity_stops_nobody_and_a_raised_one_lets_the_queue_move() {
    let night = Night::watched(&jobs("[types.llm]\nmax_running = 2\n", &["a", "b", "c", "d"])).unwrap();
    let [a, b, c, d] = ["a", "b", "c", "d"].map(|name| start(&night, name));
    for run in [a, b] {
        until_phase(&night, run, Phase::Running);
    }
    night.told(&["type", "set", "llm", "--max-running", "1"]).unwrap();
    assert!(night.config().unwrap().contains("max_running = 1"));
    let lowered = night.until_run("the lower capacity", d, |view| {
        view.queue.as_ref().is_some_and(|place| (place.running, place.slots) == (2, 1))
    });
    assert_eq!(lowered.unwrap().phase, Phase::Queued);
    end(&night, "a");
    assert_eq!(night.ended(a).unwrap().outcome, Outcome::Succeeded);
    until_phase(&night, b, Phase::Running);
    until_phase(&night, c, Phase::Queued);
    // An edit by hand counts as much.
    night.configure(&jobs("", &["a", "b", "c", "d"])).unwrap();
    for run in [c, d] {
        until_phase(&night, run, Phase::Running);
    }
    assert_eq!(night.json(&["type", "show", "llm"]).unwrap()["max_running"], serde_json::Value::Null);
}

#[test]
fn a_command_waits_for_its_slot_and_then_runs_where_it_was_called() {
    let night = Night::watched(&jobs(ONE, &["a"])).unwrap();
    let a = start(&night, "a");
    until_phase(&night, a, Phase::Running);
    let mut command =
        night.command(&["run", "--type", "llm", "--", "sh", "-c", "read x; echo $x $MOOD; exit 5"]).unwrap();
    command.env("MOOD", "curious").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut waiting = command.spawn().unwrap();
    let run = night.until("it to wait", |live| {
        live.status.runs.iter().find(|view| view.phase == Phase::Queued).map(|view| view.run)
    });
    let run = run.unwrap();
    std::io::Write::write_all(&mut waiting.stdin.take().unwrap(), b"hello\n").unwrap();
    end(&night, "a");
    let said = Said::of(&waiting.wait_with_output().unwrap());
    assert_eq!((said.code, said.out.as_str()), (Some(5), "hello curious\n"), "{}", said.err);
    let line = format!("waits for a free slot: 1 of 1 `llm` run is running; run {run}: it is the next one\n");
    assert_eq!(said.err, line);
    let row = night.ended(run).unwrap();
    assert_eq!((row.outcome, row.exit_code), (Outcome::Failed, Some(5)));
}

#[test]
fn a_command_that_is_interrupted_while_it_waits_leaves_no_run_behind() {
    let night = Night::watched(&jobs(ONE, &["a"])).unwrap();
    until_phase(&night, start(&night, "a"), Phase::Running);
    for (how, code) in [(Signal::Int, 130), (Signal::Term, 143)] {
        let waiting = run(&night, &["--type", "llm", "--", "touch", "ran"]);
        let found = night.until("it to wait", |live| {
            live.status.runs.iter().find(|view| view.phase == Phase::Queued).map(|view| view.run)
        });
        let number = found.unwrap();
        signal(&waiting, how);
        assert_eq!(Said::of(&waiting.wait_with_output().unwrap()).code, Some(code));
        let row = night.ended(number).unwrap();
        assert_eq!((row.outcome, row.reason), (Outcome::Aborted, Some(Reason::User)));
    }
    end(&night, "a");
    night.until("nothing to run", |live| live.status.runs.is_empty().then_some(())).unwrap();
    assert!(!night.work().join("ran").exists());
}

#[test]
fn a_command_that_is_killed_while_it_waits_gives_its_place_up() {
    let night = Night::watched(&jobs(ONE, &["a", "b"])).unwrap();
    until_phase(&night, start(&night, "a"), Phase::Running);
    let mut waiting = run(&night, &["--type", "llm", "--", "touch", "ran"]);
    let number = waits(&night);
    waiting.kill().unwrap();
    waiting.wait().unwrap();
    let row = night.ended(number).unwrap();
    assert!(row.message.ends_with("was not started: whoever started it has gone."), "{}", row.message);
    let b = start(&night, "b");
    end(&night, "a");
    until_phase(&night, b, Phase::Running);
    assert!(!night.work().join("ran").exists());
}

#[test]
fn a_command_that_waits_keeps_its_place_when_the_engine_crashes() {
    let night = Night::watched(&jobs(ONE, &["a", "b"])).unwrap();
    until_phase(&night, start(&night, "a"), Phase::Running);
    let waiting = run(&night, &["--type", "llm", "--", "sh", "-c", "echo run >> order; exit 3"]);
    night
        .until("it to wait", |live| live.status.runs.iter().any(|view| view.phase == Phase::Queued).then_some(()))
        .unwrap();
    let b = start(&night, "b");
    night.crash_engine().unwrap();
    night.start_engine().unwrap();
    until_phase(&night, b, Phase::Queued);
    end(&night, "a");
    assert_eq!(Said::of(&waiting.wait_with_output().unwrap()).code, Some(3));
    until_started(&night, &["a", "run", "b"]);
}

#[test]
fn a_command_whose_caller_went_with_the_engine_is_not_started_by_surprise() {
    let night = Night::watched(&jobs(ONE, &["a", "b"])).unwrap();
    until_phase(&night, start(&night, "a"), Phase::Running);
    let mut waiting = run(&night, &["--type", "llm", "--", "touch", "ran"]);
    let number = waits(&night);
    let b = start(&night, "b");
    signal(&waiting, Signal::Stop);
    night.crash_engine().unwrap();
    waiting.kill().unwrap();
    waiting.wait().unwrap();
    night.start_engine().unwrap();
    let row = night.ended(number).unwrap();
    assert_eq!((row.outcome, row.reason), (Outcome::Aborted, Some(Reason::User)));
    end(&night, "a");
    until_phase(&night, b, Phase::Running);
    assert!(!night.work().join("ran").exists());
}

#[test]
fn a_detached_command_comes_back_at_once_and_runs_when_its_turn_has_come() {
    let night = Night::watched(&jobs(ONE, &["a"])).unwrap();
    until_phase(&night, start(&night, "a"), Phase::Running);
    let mut command =
        night.command(&["run", "--detach", "--type", "llm", "--", "sh", "-c", "echo $MOOD > mood"]).unwrap();
    let said = Said::of(&command.env("MOOD", "curious").output().unwrap());
    assert_eq!(said.code, Some(0), "{}", said.err);
    let words: Vec<&str> = said.out.split_whitespace().collect();
    let ["run", number, tag] = words.as_slice() else { panic!("{}", said.out) };
    let number: u64 = number.parse().unwrap();
    until_phase(&night, number, Phase::Queued);
    night.crash_engine().unwrap();
    night.start_engine().unwrap();
    end(&night, "a");
    assert_eq!(night.ended(number).unwrap().outcome, Outcome::Succeeded);
    assert_eq!(fs::read_to_string(night.work().join("mood")).unwrap(), "curious\n");
    assert_eq!(
        night.run_dir(tag).read_spec().unwrap().unwrap().env.get("MOOD"),
        None,
        "no environment is written down"
    );
}

#[test]
fn a_command_that_was_cancelled_by_somebody_else_says_so() {
    let night = Night::watched(&jobs(ONE, &["a"])).unwrap();
    until_phase(&night, start(&night, "a"), Phase::Running);
    let waiting = run(&night, &["--type", "llm", "--", "touch", "ran"]);
    let number = waits(&night);
    night.told(&["stop", &number.to_string()]).unwrap();
    let said = Said::of(&waiting.wait_with_output().unwrap());
    assert_eq!(said.code, Some(143));
    assert!(said.err.contains(&format!("run {number} was cancelled while it waited for a free slot")), "{}", said.err);
}

#[test]
fn a_run_of_another_type_overtakes_one_that_only_its_type_holds_up() {
    let night = Night::watched(&jobs(&format!("[settings]\nmax_running = 2\n\n{ONE}"), &["a", "b"])).unwrap();
    until_phase(&night, start(&night, "a"), Phase::Running);
    let b = start(&night, "b");
    let other = night.begin(&["run", "--detach", "--type", "build", "--", "sh", "-c", "exit 0"]).unwrap().run;
    assert_eq!(night.ended(other).unwrap().outcome, Outcome::Succeeded);
    until_phase(&night, b, Phase::Queued);
    let pid = night.until_run("a", b - 1, |view| view.pid.is_some()).unwrap().pid.unwrap();
    assert!(alive(pid));
}
