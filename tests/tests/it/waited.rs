//! `nightkeep wait`: what came of a run, for whoever acts on it.

use std::fs;
use std::process::{Child, Command, Stdio};

use nightkeep_tests::eventually;
use nightkeep_tests::night::{Night, Said, fake_agent};
use serde_json::{Value, json};

fn report(said: &Said) -> Value {
    serde_json::from_str(&said.out).unwrap_or_else(|fault| panic!("{fault}: {said:#?}"))
}

/// A run that ends with this code when [`open`] is called.
fn behind_a_gate(night: &Night, code: u8) -> u64 {
    assert!(Command::new("mkfifo").arg(night.work().join("gate")).status().unwrap().success());
    let script = format!("echo up; read _ < gate; exit {code}");
    night.begin(&["run", "--detach", "--name", "gated", "--", "sh", "-c", &script]).unwrap().run
}

fn open(night: &Night) {
    fs::write(night.work().join("gate"), "go\n").unwrap();
}

/// `nightkeep wait`, which has looked at the run at least once.
fn waiting(night: &Night, target: &str) -> Child {
    let child = night.command(&["wait", target]).unwrap().stdout(Stdio::piped()).spawn().unwrap();
    let sockets = || fs::read_dir(format!("/proc/{}/fd", child.id())).ok();
    let is_socket =
        |fd: fs::DirEntry| fs::read_link(fd.path()).is_ok_and(|link| link.to_string_lossy().starts_with("socket:"));
    let follows = || sockets()?.filter_map(Result::ok).any(is_socket).then_some(());
    eventually("the command to follow the engine", follows).unwrap();
    child
}

#[test]
fn what_came_of_a_run_is_one_document_and_the_code_says_whether_it_succeeded() {
    let night = Night::watched("").unwrap();
    let agent = fake_agent().unwrap();
    let steps = ["mark 2 collected", "print first", "print last", "exit 0"];
    night.begin(&[&["run", "--detach", "--name", "good", "--", &agent], &steps[..]].concat()).unwrap();
    let said = night.nightkeep(&["wait", "1"]).unwrap();
    let good = report(&said);
    let fields: Vec<&str> = good.as_object().unwrap().keys().map(String::as_str).collect();
    let promised = [
        "run",
        "job",
        "phase",
        "outcome",
        "reason",
        "method",
        "exit_code",
        "signal",
        "result",
        "last_step",
        "last_note",
        "duration_s",
        "survivors",
        "message",
        "tail",
    ];
    assert_eq!(fields, promised);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    assert_eq!((&good["outcome"], &good["exit_code"], &good["result"]), (&json!("succeeded"), &json!(0), &Value::Null));
    assert_eq!((&good["last_step"], &good["last_note"]), (&json!(2), &json!("collected")));
    assert_eq!((&good["tail"], &good["survivors"]), (&json!(["first", "last"]), &json!([])));
    night.begin(&["run", "--detach", "--name", "bad", "--", &agent, "exit 7"]).unwrap();
    let said = night.nightkeep(&["wait", "bad"]).unwrap();
    let bad = report(&said);
    assert_eq!((said.code, &bad["outcome"], &bad["exit_code"]), (Some(1), &json!("failed"), &json!(7)));
}

#[test]
fn a_run_that_is_not_over_in_time_has_no_outcome_and_goes_on() {
    let night = Night::watched("").unwrap();
    let run = behind_a_gate(&night, 0);
    let said = night.nightkeep(&["wait", "gated", "--timeout", "500ms"]).unwrap();
    let standing = report(&said);
    assert_eq!((said.code, &standing["outcome"], &standing["run"]), (Some(124), &Value::Null, &json!(run)));
    assert!(standing["duration_s"].as_f64().unwrap() >= 0.5, "{standing:#}");
    let waiting = waiting(&night, "gated");
    open(&night);
    let said = Said::of(&waiting.wait_with_output().unwrap());
    assert_eq!((said.code, &report(&said)["outcome"]), (Some(0), &json!("succeeded")));
}

#[test]
fn whoever_waits_hears_the_true_end_though_the_engine_crashed_meanwhile() {
    let night = Night::watched("").unwrap();
    let run = behind_a_gate(&night, 3);
    let waiting = waiting(&night, &run.to_string());
    night.crash_engine().unwrap();
    open(&night);
    let said = Said::of(&waiting.wait_with_output().unwrap());
    let ended = report(&said);
    assert_eq!(
        (said.code, &ended["outcome"], &ended["exit_code"]),
        (Some(1), &json!("failed"), &json!(3)),
        "{said:#?}"
    );
}
