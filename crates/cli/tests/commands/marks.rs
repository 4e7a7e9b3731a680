//! `mark`: no engine anywhere.

use std::path::Path;

use serde_json::{Value, json};

use crate::fake::{Ended, private_home, run};

#[tokio::test]
async fn each_mark_is_one_step_further_unless_it_says_which() {
    let home = private_home();
    let marker = home.path().join("p.json");
    for (args, step) in
        [(vec!["mark"], 1), (vec!["mark"], 2), (vec!["mark", "9", "--note", "draft"], 9), (vec!["mark"], 10)]
    {
        let ended = mark(home.path(), &args).await;
        assert_eq!((ended.code(), ended.stdout.as_str(), ended.stderr.as_str()), (0, "", ""));
        assert_eq!(read(&marker)["step"], step);
    }
}

#[tokio::test]
async fn asking_for_time_is_no_step() {
    let home = private_home();
    let marker = home.path().join("p.json");
    mark(home.path(), &["mark", "4", "--note", "here", "--total", "12"]).await;
    mark(home.path(), &["mark", "--expect", "45m"]).await;
    let written = read(&marker);
    assert_eq!((&written["step"], &written["note"], &written["expect"]), (&json!(4), &json!("here"), &json!("45m")));
    assert_eq!(written["total"], 12);
}

#[tokio::test]
async fn other_fields_are_kept_and_steps_of_an_earlier_run_are_not_counted_on() {
    let home = private_home();
    let marker = home.path().join("p.json");
    std::fs::write(&marker, r#"{"step": 7, "run_id": "earlier", "mine": [1]}"#).unwrap();
    mark(home.path(), &["mark"]).await;
    let written = read(&marker);
    assert_eq!((&written["step"], &written["run_id"], &written["mine"]), (&json!(1), &json!("this"), &json!([1])));
}

#[tokio::test]
async fn without_a_marker_it_says_what_to_do() {
    let home = private_home();
    insta::assert_snapshot!("mark_without_marker", run(home.path(), &["mark"], &[]).await.shown());
    std::fs::write(home.path().join("mine.txt"), "my diary").unwrap();
    let refused = run(home.path(), &["mark", "--file", "mine.txt"], &[]).await;
    assert_eq!(refused.code(), 1);
    assert_eq!(std::fs::read_to_string(home.path().join("mine.txt")).unwrap(), "my diary");
}

async fn mark(home: &Path, args: &[&str]) -> Ended {
    let marker = home.join("p.json");
    run(home, args, &[("NIGHTKEEP_PROGRESS", marker.to_str().unwrap()), ("NIGHTKEEP_RUN", "this")]).await
}

fn read(marker: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(marker).unwrap()).unwrap()
}
