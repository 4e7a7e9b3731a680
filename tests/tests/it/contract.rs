//! What is relied on from outside: the fields of the JSON documents, `config.toml` and its comments, the marker.

use std::fs;

use nightkeep_engine::api::Phase;
use nightkeep_tests::night::{Night, fake_agent};
use serde_json::{Value, json};

const STATUS_RUN: [&str; 19] = [
    "run",
    "job",
    "type",
    "pid",
    "phase",
    "progress",
    "liveness",
    "activity",
    "step",
    "note",
    "since_advance_s",
    "since_output_s",
    "since_beat_s",
    "warn_after_s",
    "stall_after_s",
    "processes",
    "cpu_percent",
    "memory_bytes",
    "started_at",
];
const HISTORY_ROW: [&str; 21] = [
    "run",
    "job",
    "type",
    "outcome",
    "reason",
    "method",
    "exit_code",
    "signal",
    "started_at",
    "ended_at",
    "duration_s",
    "last_step",
    "last_note",
    "advances",
    "longest_gap_s",
    "survivors",
    "recovered",
    "seen",
    "message",
    "total",
    "stall_after_s",
];

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn status_has_the_fields_that_are_promised() {
    let night = Night::watched("").unwrap();
    let agent = fake_agent().unwrap();
    let begun =
        night.begin(&["run", "--detach", "--name", "docs", "--", &agent, "mark 1 begun", "print x", "hang"]).unwrap();
    night.until_run("its first step", begun.run, |view| view.phase == Phase::Running && view.step == Some(1)).unwrap();
    let status = night.json(&["status"]).unwrap();
    assert_eq!(keys(&status), ["engine", "summary", "runs", "jobs", "paused", "snoozed"]);
    assert_eq!(keys(&status["engine"]), ["version", "api", "pid", "started_at"]);
    let summary = ["running", "warning", "stopped_unseen", "healthy", "degraded", "unreachable", "killed"];
    assert_eq!(keys(&status["summary"]), [&summary[..], &["queued"]].concat());
    let run = &status["runs"][0];
    for field in STATUS_RUN {
        assert!(run.get(field).is_some(), "`{field}` is not in {run:#}");
    }
    // Fields are added; those that were promised stay.
    let added: Vec<&str> = keys(run).into_iter().filter(|key| !STATUS_RUN.contains(key)).collect();
    let signals = [
        "doing",
        "waits_until",
        "expected_s",
        "claim",
        "totals",
        "circling",
        "source_note",
        "signals_dropped",
        "signals_foreign",
    ];
    let shown = ["total", "since_last_output_s", "idle_for_s", "observe", "attached", "marker_note", "queue"];
    assert_eq!(added, [&shown[..], &signals].concat());
    assert_eq!(
        (&run["job"], &run["phase"], &run["liveness"], &run["note"], &run["processes"]),
        (&json!("docs"), &json!("running"), &json!("unknown"), &json!("begun"), &json!(1))
    );
}

#[test]
fn history_has_the_fields_that_are_promised_and_no_others() {
    let night = Night::watched("").unwrap();
    let said =
        night.nightkeep(&["run", "--name", "docs", "--", &fake_agent().unwrap(), "mark 2 done", "exit 3"]).unwrap();
    assert_eq!((said.code, said.err.as_str()), (Some(3), ""));
    let rows = night.json(&["history"]).unwrap();
    let row = &rows[0];
    assert_eq!(keys(row), HISTORY_ROW);
    assert_eq!(
        (&row["outcome"], &row["exit_code"], &row["reason"], &row["last_step"], &row["survivors"], &row["seen"]),
        (&json!("failed"), &json!(3), &Value::Null, &json!(2), &json!([]), &json!(false))
    );
    let (started, ended) = (row["started_at"].as_str().unwrap(), row["ended_at"].as_str().unwrap());
    assert!(started.ends_with('Z') && started <= ended, "{started} {ended}");
}

#[test]
fn jobs_and_types_are_edited_from_the_command_line_and_remarks_stay() {
    let text = "# mine\n[jobs.docs] # nightly\ncommand = [\"true\"]\nstall_after = \"10m\" # enough\n";
    let night = Night::watched(text).unwrap();
    night.told(&["job", "add", "fuzz", "--type", "build", "--cwd", "~/work", "--", "sh", "-c", "exit 0"]).unwrap();
    night.told(&["job", "edit", "docs", "--stall-after", "20m"]).unwrap();
    night.told(&["type", "set", "llm", "--stall-after", "20m"]).unwrap();
    let edited = night.config().unwrap();
    for kept in ["# mine\n", "[jobs.docs] # nightly\n", "stall_after = \"20m\" # enough\n", "[types.llm]"] {
        assert!(edited.contains(kept), "`{kept}` is not in:\n{edited}");
    }
    night.told(&["job", "edit", "fuzz", "--rename", "fuzzing"]).unwrap();
    assert!(night.told(&["job", "test", "fuzzing"]).is_ok());
    let begun = night.begin(&["start", "fuzzing"]).unwrap();
    assert_eq!(
        (night.ended(begun.run).unwrap().job, night.ended(begun.run).unwrap().r#type),
        ("fuzzing".into(), "build".into())
    );
    let jobs = night.json(&["job", "list"]).unwrap();
    let names: Vec<&str> = jobs.as_array().unwrap().iter().map(|job| job["spec"]["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["docs", "fuzzing"]);
    night.told(&["job", "remove", "fuzzing"]).unwrap();
    assert!(!night.config().unwrap().contains("fuzzing"));
    assert_eq!(night.json(&["history"]).unwrap().as_array().unwrap().len(), 1, "its history stays");
}

#[test]
fn a_job_that_could_not_be_started_fails_its_test() {
    let night = Night::watched("[jobs.gone]\ncommand = [\"/nowhere/agent\"]\n").unwrap();
    let said = night.nightkeep(&["job", "test", "gone"]).unwrap();
    assert_eq!(said.code, Some(1), "{}", said.out);
    assert!(format!("{}{}", said.out, said.err).contains("/nowhere/agent"), "{}{}", said.out, said.err);
    assert_eq!(night.json(&["history"]).unwrap(), json!([]), "a test starts nothing");
    let said = night.nightkeep(&["job", "test", "gone", "--json"]).unwrap();
    let checks: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((said.code, &checks[0]["check"], &checks[0]["ok"]), (Some(1), &json!("program"), &json!("fail")));
}

#[test]
fn an_edit_by_hand_is_picked_up_at_once() {
    let night = Night::watched("[jobs.docs]\ncommand = [\"false\"]\n").unwrap();
    night.configure("[jobs.docs]\ncommand = [\"true\"]\n").unwrap();
    night.until_job("docs", |spec| spec.command == ["true"]).unwrap();
    let begun = night.begin(&["start", "docs"]).unwrap();
    assert_eq!(night.ended(begun.run).unwrap().exit_code, Some(0));
}

#[test]
fn the_configuration_in_the_readme_is_understood() {
    let readme = fs::read_to_string(nightkeep_tests::root().join("README.md")).unwrap();
    let example = readme.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let night = Night::watched(example).unwrap();
    let jobs = night.json(&["job", "list"]).unwrap();
    assert_eq!(
        (&jobs[0]["spec"]["name"], &jobs[0]["limits"]["stall_after_s"]),
        (&json!("articles"), &json!(480.0)),
        "{jobs:#}"
    );
}

#[test]
fn marks_need_no_engine_and_keep_what_others_wrote() {
    let night = Night::new("").unwrap();
    let marker = night.work().join("marker.json");
    fs::write(&marker, r#"{"step": 2, "model": "small"}"#).unwrap();
    let mark = |arguments: &[&str]| {
        let mut command = night.command(&[&["mark"], arguments].concat()).unwrap();
        assert!(command.env("NIGHTKEEP_PROGRESS", &marker).status().unwrap().success());
        serde_json::from_slice::<Value>(&fs::read(&marker).unwrap()).unwrap()
    };
    let next = mark(&["--note", "draft written"]);
    assert_eq!((&next["step"], &next["note"], &next["model"]), (&json!(3), &json!("draft written"), &json!("small")));
    assert_eq!(mark(&["7"])["step"], 7);
    assert!(!night.socket().exists());
}

#[test]
fn marks_from_inside_a_run_are_its_progress() {
    let night = Night::watched("").unwrap();
    let nightkeep = nightkeep_tests::binary("nightkeep").unwrap().display().to_string();
    let script = "\"$0\" mark --note one && \"$0\" mark --note two --total 2";
    let said = night.nightkeep(&["run", "--", "sh", "-c", script, &nightkeep]).unwrap();
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    let row = night.ended(1).unwrap();
    assert_eq!((row.last_step, row.last_note.as_deref()), (Some(2), Some("two")));
}

#[test]
fn a_command_that_ends_at_once_has_started_before_it_ended() {
    let night = Night::watched("").unwrap();
    for _ in 0..5 {
        assert_eq!(night.nightkeep(&["run", "--", "true"]).unwrap().code, Some(0));
    }
    for run in 1..=5 {
        let row = night.ended(run).unwrap();
        assert!(row.started_at <= row.ended_at, "{row:#?}");
        let kinds: Vec<String> = night.show(run).unwrap().timeline.into_iter().map(|event| event.kind).collect();
        assert_eq!(kinds, ["registered", "started", "ended"]);
    }
}
