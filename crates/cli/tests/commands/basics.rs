//! Help, errors, status, history and show.

use axum::http::StatusCode;
use nightkeep_engine::api::{
    ApiError, ErrorCode, HistoryRow, Live, NightReport, Outcome, RunDetail, RunEvent, RunEventKind, Status, StopReply,
};

use crate::fake::{Fake, private_home, run};
use crate::samples;

#[tokio::test]
async fn help_teaches_every_command() {
    let home = private_home();
    let commands: [&[&str]; 31] = [
        &[],
        &["run"],
        &["attach"],
        &["start"],
        &["stop"],
        &["resume"],
        &["pause"],
        &["quit"],
        &["mark"],
        &["beat"],
        &["mcp"],
        &["status"],
        &["history"],
        &["show"],
        &["wait"],
        &["events"],
        &["job"],
        &["job", "add"],
        &["job", "list"],
        &["job", "edit"],
        &["job", "remove"],
        &["job", "test"],
        &["type"],
        &["type", "set"],
        &["hook", "claude"],
        &["engine"],
        &["config", "reset"],
        &["doctor"],
        &["diagnostics"],
        &["completions"],
        &["open"],
    ];
    for command in commands {
        let mut args = command.to_vec();
        args.push("--help");
        let help = run(home.path(), &args, &[]).await;
        assert_eq!((help.code(), help.stderr.as_str()), (0, ""), "{args:?}");
        insta::assert_snapshot!(format!("help_{}", command.join("_")), help.stdout);
    }
}

#[tokio::test]
async fn a_line_that_cannot_be_understood_ends_with_2_and_says_what_to_do() {
    let home = private_home();
    let lines: [&[&str]; 6] = [
        &["run"],
        &["run", "--stall-after", "soon", "--", "true"],
        &["statsu"],
        &["attach", "--name", "x", "--progress", "p"],
        &["show", "forty"],
        &["keeper"],
    ];
    let mut shown = String::new();
    for line in lines {
        let refused = run(home.path(), line, &[]).await;
        assert_eq!((refused.code(), refused.stdout.as_str()), (2, ""), "{line:?}");
        shown.push_str(&format!("$ nightkeep {}\n{}\n", line.join(" "), refused.stderr));
    }
    insta::assert_snapshot!("usage_errors", shown);
}

#[tokio::test]
async fn status_shows_each_run_the_counts_and_what_nobody_has_looked_at() {
    let fake = Fake::start().says("GET /v1/live", &samples::live());
    let ended = fake.run(&["status"]).await;
    insta::assert_snapshot!(ended.shown());
    assert_eq!(fake.asked(), ["GET /v1/live"]);
}

#[tokio::test]
async fn status_says_in_words_that_nothing_runs() {
    let fake = Fake::start().says("GET /v1/live", &samples::idle());
    assert_eq!(fake.run(&["status"]).await.stdout, "nothing is running\n");
}

#[tokio::test]
async fn status_as_json_is_the_document_of_the_api() {
    let fake = Fake::start().says("GET /v1/status", &samples::status());
    let ended = fake.run(&["status", "--json"]).await;
    assert_eq!(serde_json::from_str::<Status>(&ended.stdout).unwrap(), samples::status());
}

#[tokio::test]
async fn history_asks_for_what_is_wanted_and_shows_it_newest_first() {
    let fake = Fake::start().says("GET /v1/history", &samples::history());
    let ended = fake.run(&["history", "--job", "my job", "--outcome", "aborted", "--limit", "5"]).await;
    insta::assert_snapshot!(ended.shown());
    assert_eq!(
        fake.asked(),
        ["GET /v1/history?limit=5&job=my%20job&outcome=aborted", "GET /v1/live"],
        "and what nobody has read at a terminal stays news"
    );
}

#[tokio::test]
async fn history_as_json_is_the_document_of_the_api() {
    let fake = Fake::start().says("GET /v1/history", &samples::history());
    let ended = fake.run(&["history", "--json"]).await;
    assert_eq!(serde_json::from_str::<Vec<HistoryRow>>(&ended.stdout).unwrap(), samples::history());
}

#[tokio::test]
async fn history_as_csv_is_a_table_with_the_fields_of_the_api() {
    let fake = Fake::start().says("GET /v1/history", &samples::history());
    let ended = fake.run(&["history", "--csv"]).await;
    let lines: Vec<&str> = ended.stdout.lines().collect();
    assert_eq!(lines.len(), 1 + samples::history().len());
    assert!(lines[0].starts_with("run,job,type,outcome,"), "{}", lines[0]);
    assert!(lines[1].starts_with("40,refactor-parser,agent,aborted,stalled,forced,,9,"), "{}", lines[1]);
}

#[tokio::test]
async fn a_night_is_told_in_the_words_of_the_engine() {
    let fake = Fake::start().says("GET /v1/history/night", &samples::night());
    let ended = fake.run(&["history", "--night", "2020-11-21"]).await;
    insta::assert_snapshot!(ended.shown());
    assert_eq!(fake.asked().first().map(String::as_str), Some("GET /v1/history/night?date=2020-11-21"));
    let json = fake.run(&["history", "--night", "--json"]).await;
    assert_eq!(serde_json::from_str::<NightReport>(&json.stdout).unwrap(), samples::night());
}

#[tokio::test]
async fn a_history_that_cannot_be_written_is_told_beside_every_document() {
    let fake = Fake::start()
        .says("GET /v1/history", &samples::history())
        .says("GET /v1/status", &samples::status())
        .says("GET /v1/live", &samples::unwritable());
    for arguments in [&["history"][..], &["history", "--json"], &["status"], &["status", "--json"]] {
        let ended = fake.run(arguments).await;
        assert_eq!(ended.stderr, "warning: The history cannot be written.\n", "{arguments:?}");
        assert_eq!(ended.code(), 0, "{arguments:?}");
    }
    let checked = fake.run(&["doctor"]).await;
    assert!(checked.stdout.contains("✕ storage") && checked.stdout.contains("cannot be written"), "{}", checked.stdout);
    assert_eq!(checked.code(), 1);
}

#[tokio::test]
async fn an_empty_history_and_one_without_a_match_are_told_apart() {
    let fake = Fake::start().says("GET /v1/history", &Vec::<HistoryRow>::new());
    assert_eq!(fake.run(&["history"]).await.stdout, "no run has ended yet\n");
    assert_eq!(fake.run(&["history", "--job", "x"]).await.stdout, "no run matches\n");
}

#[tokio::test]
async fn show_tells_the_story_of_a_run() {
    let fake = Fake::start().says("GET /v1/runs/40", &samples::detail());
    insta::assert_snapshot!(fake.run(&["show", "40"]).await.shown());
    let json = fake.run(&["show", "40", "--json"]).await;
    assert_eq!(serde_json::from_str::<RunDetail>(&json.stdout).unwrap(), samples::detail());
}

#[tokio::test]
async fn show_output_prints_the_whole_file_as_it_is() {
    let fake = Fake::start();
    let path = fake.home.path().join("output.log");
    std::fs::write(&path, "a\n\u{1b}[31mred\n").unwrap();
    let mut detail = samples::detail();
    detail.output.path = Some(path.to_str().unwrap().to_owned());
    let fake = fake.says("GET /v1/runs/40", &detail);
    assert_eq!(fake.run(&["show", "40", "--output"]).await.stdout, "a\n\u{1b}[31mred\n");
}

#[tokio::test]
async fn a_refusal_is_one_line_and_one_hint() {
    let gone = ApiError::new(ErrorCode::NotFound, "no run 9");
    let ended = ApiError::new(ErrorCode::Conflict, "run 8 is over").with_hint("see `nightkeep show 8`");
    let taken = ApiError::new(ErrorCode::Storage, "the history cannot be written");
    let fake = Fake::start()
        .refuses("GET /v1/runs/9", StatusCode::NOT_FOUND, &gone)
        .refuses("POST /v1/runs/8/stop", StatusCode::CONFLICT, &ended)
        .refuses("POST /v1/jobs/x/start", StatusCode::INTERNAL_SERVER_ERROR, &taken);
    let mut shown = String::new();
    for line in [["show", "9"], ["stop", "8"], ["start", "x"]] {
        let refused = fake.run(&line).await;
        assert_eq!((refused.code(), refused.stdout.as_str()), (1, ""), "{line:?}");
        shown.push_str(&format!("$ nightkeep {}\n{}\n", line.join(" "), refused.stderr));
    }
    insta::assert_snapshot!("refusals", shown);
}

#[tokio::test]
async fn an_engine_of_another_version_is_not_guessed_at_and_can_be_stopped() {
    let fake = Fake::of_version(2).says("POST /v1/engine/stop", &());
    let refused = fake.run(&["status"]).await;
    insta::assert_snapshot!("other_version", refused.shown());
    let stopped = fake.run(&["engine", "--stop"]).await;
    assert_eq!((stopped.code(), stopped.stdout.as_str()), (0, "the engine ends; its runs go on\n"));
    assert_eq!(fake.asked(), ["POST /v1/engine/stop"]);
}

#[tokio::test]
async fn without_an_engine_there_is_none_to_stop() {
    let home = private_home();
    let ended = run(home.path(), &["engine", "--stop"], &[]).await;
    assert_eq!((ended.code(), ended.stdout.as_str()), (0, "no engine is running\n"));
}

#[tokio::test]
async fn an_engine_that_cannot_be_started_is_said_with_what_to_do() {
    let home = private_home();
    let ended = run(home.path(), &["status"], &[("NIGHTKEEP_BIN", "/nowhere/nightkeep")]).await;
    insta::assert_snapshot!(ended.shown());
}

#[tokio::test]
async fn stop_takes_a_run_by_number_and_a_job_by_name() {
    let fake = Fake::start()
        .says("POST /v1/runs/41/stop", &StopReply { runs: vec![41], stays_stopped: false })
        .says("POST /v1/jobs/nightly/stop", &StopReply { runs: vec![41, 42], stays_stopped: true })
        .says("POST /v1/jobs/idle/stop", &StopReply { runs: vec![], stays_stopped: false });
    assert_eq!(fake.run(&["stop", "41"]).await.stdout, "stopping run 41\n");
    assert_eq!(fake.run(&["stop", "nightly", "--force"]).await.stdout, "stopping run 41\nstopping run 42\n");
    let nothing = fake.run(&["stop", "idle"]).await;
    assert_eq!((nothing.code(), nothing.stderr.lines().next()), (1, Some("error: no run of `idle` is going on")));
    let asked = [
        r#"POST /v1/runs/41/stop {"force":false}"#,
        r#"POST /v1/jobs/nightly/stop {"force":true}"#,
        r#"POST /v1/jobs/idle/stop {"force":false}"#,
    ];
    assert_eq!(fake.asked(), asked);
}

#[tokio::test]
async fn wait_prints_what_came_of_the_run_and_says_by_its_code_whether_it_succeeded() {
    let fake = Fake::start().says("GET /v1/runs/40", &samples::detail()).says("GET /v1/events", &samples::idle());
    insta::assert_snapshot!("wait_for_a_stopped_run", fake.run(&["wait", "40"]).await.shown());
    for (outcome, exit_code, code) in [(Outcome::Succeeded, 0, 0), (Outcome::Failed, 7, 1)] {
        let row = HistoryRow { outcome, exit_code: Some(exit_code), ..samples::succeeded(40) };
        let fake = Fake::start()
            .says("GET /v1/runs/40", &RunDetail { ended: Some(row), ..samples::detail() })
            .says("GET /v1/events", &samples::idle());
        let ended = fake.run(&["wait", "40"]).await;
        let report: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
        assert_eq!((ended.code(), &report["exit_code"], ended.stderr.as_str()), (code, &exit_code.into(), ""));
    }
}

#[tokio::test]
async fn wait_for_a_job_means_its_latest_run() {
    let fake = Fake::start()
        .says("GET /v1/jobs/docs-sweep/latest-run", &samples::detail())
        .says("GET /v1/events", &samples::idle())
        .says("GET /v1/runs/40", &samples::detail());
    assert_eq!(fake.run(&["wait", "docs-sweep"]).await.code(), 1);
    assert_eq!(fake.asked(), ["GET /v1/events", "GET /v1/jobs/docs-sweep/latest-run", "GET /v1/runs/40"]);
}

#[tokio::test]
async fn events_are_one_object_a_line_until_the_engine_ends() {
    let event = RunEvent::of(RunEventKind::Liveness, "2026-11-22T05:00:00Z".into(), &samples::running(41, "nightly"));
    let fake = Fake::start().says("GET /v1/events/runs", &event).says("GET /v1/events", &samples::live());
    let ended = fake.run(&["events", "--json", "--every", "2s"]).await;
    assert_eq!(serde_json::from_str::<RunEvent>(&ended.stdout).unwrap(), event);
    assert_eq!((ended.code(), ended.stdout.lines().count()), (1, 1));
    assert!(ended.stderr.starts_with("error: the engine has ended\n"), "{}", ended.stderr);
    assert_eq!(fake.asked()[0], "GET /v1/events/runs?every_s=2");
    let whole = fake.run(&["events", "--whole"]).await;
    assert_eq!(serde_json::from_str::<Live>(&whole.stdout).unwrap(), samples::live());
}

#[tokio::test]
async fn watching_prints_each_picture_and_says_when_the_engine_is_away() {
    use tokio::io::{AsyncBufReadExt, BufReader};
    let fake = Fake::start().says("GET /v1/events", &samples::idle());
    let mut command = crate::fake::nightkeep(fake.home.path());
    let mut watching = command.args(["status", "--watch"]).stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines();
    assert_eq!(lines.next_line().await.unwrap().unwrap(), "nothing is running");
    assert_eq!(lines.next_line().await.unwrap().unwrap(), "");
    assert_eq!(lines.next_line().await.unwrap().unwrap(), "not watching: the engine is away");
    watching.kill().await.unwrap();
}
