//! Signs of life: the command, and what a script leaves running beside itself.

use std::fs;
use std::process::Command;

use nightkeep_engine::api::{ErrorCode, Liveness, Outcome, Phase, Reason};
use nightkeep_tests::night::{Begun, Night, alive, of_run};
use nightkeep_tests::{binary, eventually};

const GATES: [&str; 3] = ["gate", "gate2", "gate3"];

/// A run of a script whose `$0` is `nightkeep`, and which may read once from each of its gates: a second reader of one could
/// find the writer of the first there still.
fn scripted(night: &Night, limits: &[&str], script: &str) -> Begun {
    assert!(Command::new("mkfifo").args(GATES.map(|gate| night.work().join(gate))).status().unwrap().success());
    let nightkeep = binary("nightkeep").unwrap().display().to_string();
    night.begin(&[&["run", "--detach"], limits, &["--", "sh", "-c", script, &nightkeep]].concat()).unwrap()
}

fn open_gate(night: &Night) {
    open(night, GATES[0]);
}

fn open(night: &Night, gate: &str) {
    fs::write(night.work().join(gate), "go\n").unwrap();
}

#[test]
fn a_beat_in_the_background_of_a_script_ends_with_it_and_is_not_left_behind() {
    let night = Night::watched("").unwrap();
    let script = r#""$0" beat --every 100ms & echo $! > beat; read _ < gate; exit 3"#;
    let begun = scripted(&night, &[], script);
    night.until_run("a beat", begun.run, |view| view.since_beat_s.is_some()).unwrap();
    let beat: u32 = fs::read_to_string(night.work().join("beat")).unwrap().trim().parse().unwrap();
    assert!(alive(beat));
    open_gate(&night);
    let row = night.ended(begun.run).unwrap();
    assert_eq!((row.outcome, row.exit_code, row.advances), (Outcome::Failed, Some(3), 0));
    eventually("the beats to end", || of_run(&begun.tag).is_empty().then_some(())).unwrap();
    let detail = night.show(begun.run).unwrap();
    assert!(!detail.timeline.iter().any(|event| event.kind == "leftovers"), "{:#?}", detail.timeline);
}

#[test]
fn beats_without_end_are_no_progress() {
    let night = Night::watched("").unwrap();
    let limits = ["--stall-after", "800ms", "--grace", "1s"];
    let begun = scripted(&night, &limits, r#""$0" beat --every 100ms & read _ < gate"#);
    let row = night.ended(begun.run).unwrap();
    assert_eq!((row.outcome, row.reason), (Outcome::Aborted, Some(Reason::Stalled)), "{row:#?}");
    assert!(of_run(&begun.tag).is_empty());
}

#[test]
fn beats_go_on_when_the_engine_was_away_and_what_they_carry_is_said_once() {
    let night = Night::watched("").unwrap();
    let script = r#""$0" beat --every 100ms & read _ < gate
        "$0" beat --every 100ms --ok --latency-ms 1200 --cost-usd 0.25 2> said & read _ < gate2"#;
    let begun = scripted(&night, &[], script);
    night.until_run("a beat", begun.run, |view| view.since_beat_s.is_some()).unwrap();
    night.crash_engine().unwrap();
    open_gate(&night);
    let said = || fs::read_to_string(night.work().join("said")).ok().filter(|said| !said.is_empty());
    let said = eventually("the second beat to find no engine", said).unwrap();
    assert_eq!(said, "warning: the beat was not taken in: the engine is not running\n");
    night.start_engine().unwrap();
    let view = night.until_run("what it carries", begun.run, |view| view.totals.is_some()).unwrap();
    assert!(view.since_beat_s.is_some());
    let totals = view.totals.unwrap();
    assert_eq!((totals.succeeded, totals.failed, totals.cost_usd), (1, 0, 0.25));
    assert_eq!(totals.mean_latency_s, Some(1.2));
    open(&night, GATES[1]);
    assert_eq!(night.ended(begun.run).unwrap().outcome, Outcome::Succeeded);
    eventually("the beats to end", || of_run(&begun.tag).is_empty().then_some(())).unwrap();
}

#[test]
fn beats_of_a_run_that_is_over_end_though_their_process_lives_on() {
    let night = Night::watched("").unwrap();
    let begun = scripted(&night, &[], "read _ < gate");
    let number = begun.run.to_string();
    let mut beats = night.command(&["beat", "--every", "100ms", "--run", &number]).unwrap().spawn().unwrap();
    night.until_run("a beat", begun.run, |view| view.since_beat_s.is_some()).unwrap();
    open_gate(&night);
    night.ended(begun.run).unwrap();
    assert_eq!(beats.wait().unwrap().code(), Some(0));
}

#[test]
fn a_beat_that_nobody_hears_is_said_disturbs_nobody_and_starts_no_engine() {
    let night = Night::new("").unwrap();
    let beat = |arguments: &[&str]| {
        let said = night.nightkeep(&[&["beat"], arguments].concat()).unwrap();
        assert_eq!((said.code, said.out.as_str()), (Some(0), ""));
        said.err
    };
    assert_eq!(beat(&[]), "warning: no beat was sent: no run is named: `NIGHTKEEP_RUN` is not set\n");
    let away = "warning: the beat was not taken in: the engine is not running\n";
    assert_eq!(beat(&["--run", "41", "--ok"]), away);
    assert_eq!(beat(&["--run", "41", "--failed", "--quiet"]), "");
    assert!(!night.socket().exists());
    night.start_engine().unwrap();
    let unknown = "warning: the beat was not taken in: no run `41` is being watched\n";
    assert_eq!(beat(&["--run", "41"]), unknown);
    assert_eq!(beat(&["--run", "41", "--every", "10s"]), unknown);
}

#[test]
fn what_a_job_cost_within_a_day_counts_for_its_next_run_and_survives_a_crash() {
    let night = Night::watched("[types.generic]\nmax_cost_per_day = 1\non_max_cost = 'stop'\ngrace = '1s'\n").unwrap();
    let run = || {
        let script = r#""$0" beat --cost-usd 0.60; exec sleep 600"#;
        let nightkeep = binary("nightkeep").unwrap().display().to_string();
        night.begin(&["run", "--detach", "--name", "novel", "--", "sh", "-c", script, &nightkeep]).unwrap()
    };
    let first = run();
    night.until_run("its cost", first.run, |view| view.totals.is_some()).unwrap();
    night.told(&["stop", &first.run.to_string()]).unwrap();
    assert_eq!(night.ended(first.run).unwrap().reason, Some(Reason::User));
    night.crash_engine().unwrap();
    night.start_engine().unwrap();
    let second = run();
    let row = night.ended(second.run).unwrap();
    assert_eq!((row.outcome, row.reason), (Outcome::Aborted, Some(Reason::Budget)), "{row:#?}");
    let said = night.show(second.run).unwrap().timeline;
    assert!(said.iter().any(|event| event.text == "Its job has cost $1.20 of $1.00 in 24 hours."), "{said:#?}");
}

#[test]
fn what_was_told_of_a_cap_is_not_told_again_after_a_crash() {
    let night = Night::watched("[types.generic]\nmax_cost = 1\n").unwrap();
    let begun = scripted(&night, &[], "read _ < gate");
    let number = begun.run.to_string();
    let spend = |cost: &str| {
        night.told(&["beat", "--run", &number, "--cost-usd", cost]).unwrap();
        let timeline = night.show(begun.run).unwrap().timeline;
        timeline.iter().filter(|event| event.kind == "spent").map(|event| event.text.clone()).collect::<Vec<_>>()
    };
    let crash = || {
        night.crash_engine().unwrap();
        night.start_engine().unwrap();
        night.until_run("it to be found again", begun.run, |view| view.phase == Phase::Running).unwrap();
    };
    let most = "It has cost $0.90 of $1.00.";
    assert_eq!(spend("0.90"), [most]);
    crash();
    assert_eq!(spend("0.01"), [most]);
    let all = "It has cost $1.11 of $1.00.";
    assert_eq!(spend("0.20"), [most, all], "all of it is another word than most of it");
    crash();
    assert_eq!(spend("0.30"), [most, all]);
    open_gate(&night);
    assert_eq!(night.ended(begun.run).unwrap().outcome, Outcome::Succeeded);
}

#[test]
fn a_run_is_healthy_degraded_and_unreachable_by_its_beats_and_each_change_is_on_record() {
    let night = Night::watched("").unwrap();
    let script =
        r#""$0" beat --every 100ms & beats=$!; read _ < gate; kill $beats; read _ < gate2; "$0" beat; read _ < gate3"#;
    let begun = scripted(&night, &["--beat", "500ms"], script);
    let until = |liveness| {
        night.until_run("its liveness", begun.run, |view| view.liveness == liveness).unwrap();
        let summary = night.json(&["status"]).unwrap()["summary"].clone();
        let counts = ["healthy", "degraded", "unreachable"].map(|state| summary[state].as_u64().unwrap());
        counts.iter().sum::<u64>()
    };
    assert_eq!(until(Liveness::Healthy), 1);
    open_gate(&night);
    assert_eq!(until(Liveness::Degraded), 1);
    assert_eq!(until(Liveness::Unreachable), 1);
    open(&night, GATES[1]);
    assert_eq!(until(Liveness::Healthy), 1);
    open(&night, GATES[2]);
    assert_eq!(night.ended(begun.run).unwrap().outcome, Outcome::Succeeded);
    let timeline = night.show(begun.run).unwrap().timeline;
    let said: Vec<&str> = timeline.iter().filter(|event| event.kind == "liveness").map(|event| &*event.text).collect();
    let [late, gone, back] = said.as_slice() else { panic!("{said:#?}") };
    assert!(late.starts_with("Its beats are late: none for 1"), "{late}");
    assert!(gone.starts_with("It is unreachable: no sign of life for 5"), "{gone}");
    assert!(back.starts_with("It gives signs of life again, after "), "{back}");
}

#[test]
fn a_job_whose_run_is_unreachable_gets_no_new_work_until_it_is_heard_of_again() {
    let script = r#""$0" beat; read _ < gate; "$0" beat; read _ < gate2"#;
    let command = ["sh", "-c", script, &binary("nightkeep").unwrap().display().to_string()];
    let job = format!("[jobs.novel]\ncommand = {command:?}\ncwd = \"~/work\"\n");
    let night = Night::watched(&format!("{job}degraded_after = \"200ms\"\nunreachable_after = \"600ms\"\n")).unwrap();
    assert!(Command::new("mkfifo").args(GATES.map(|gate| night.work().join(gate))).status().unwrap().success());
    let begun = night.begin(&["start", "novel"]).unwrap();
    night.until_run("silence", begun.run, |view| view.liveness == Liveness::Unreachable).unwrap();
    let why = format!("`novel` gets no new work: run {} gives no sign of life", begun.run);
    let help = format!("look at it with `nightkeep show {0}`, or end it with `nightkeep stop {0}`", begun.run);
    for line in [&["start", "novel"][..], &["run", "--job", "novel"], &["run", "--detach", "--job", "novel"]] {
        let said = night.nightkeep(line).unwrap();
        assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{line:?}: {}", said.err);
        assert!(said.err.contains(&why) && said.err.contains(&help), "{line:?}: {}", said.err);
    }
    let error = night.ask(async |engine| engine.start_job("novel").await).unwrap_err();
    assert_eq!((error.code, error.message, error.hint), (ErrorCode::Conflict, why, Some(help)));
    // Heard of again, it is a run as any other one: a second one beside it is whoever's choice who calls it.
    open_gate(&night);
    night.until_run("a beat", begun.run, |view| view.liveness == Liveness::Healthy).unwrap();
    let said = night.nightkeep(&["start", "novel"]).unwrap();
    assert!(said.err.contains("`novel` is running already"), "{}", said.err);
    night.until_run("silence", begun.run, |view| view.liveness == Liveness::Unreachable).unwrap();
    // What is over is in nobody's way.
    open(&night, GATES[1]);
    assert_eq!(night.ended(begun.run).unwrap().outcome, Outcome::Succeeded);
    let again = night.begin(&["start", "novel"]).unwrap();
    night.told(&["stop", "--force", &again.run.to_string()]).unwrap();
    night.ended(again.run).unwrap();
}

#[test]
fn what_a_command_says_before_the_engine_knows_of_its_run_is_not_lost() {
    let night = Night::watched("").unwrap();
    let nightkeep = binary("nightkeep").unwrap().display().to_string();
    let begin = |_| night.begin(&["run", "--detach", "--", &nightkeep, "beat", "--cost-usd", "0.25"]).unwrap();
    let begun: Vec<Begun> = (0..8).map(begin).collect();
    for begun in begun {
        assert_eq!(night.ended(begun.run).unwrap().outcome, Outcome::Succeeded);
        let timeline = night.show(begun.run).unwrap().timeline;
        assert!(timeline.iter().any(|event| event.text.contains("$0.25")), "{timeline:#?}");
    }
}
