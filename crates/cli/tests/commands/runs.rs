//! `run`, with a real keeper and a real command; only the engine is not real.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;

use nightkeep_engine::api::{HistoryRow, Method, Outcome, Phase, Reason, RunDetail, StartReply, Status};
use nightkeep_engine::rundir::RunDir;
use nightkeep_os::{ExitWatch, Signal};
use rustix::process::{Pid, kill_process};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

use crate::fake::{Fake, nightkeep, private_home, run};
use crate::samples;

#[tokio::test]
async fn output_and_exit_code_are_those_of_the_command() {
    let fake = watching(ended_row());
    let script = "printf 'a\\nno newline'; printf 'to stderr' >&2; exit 7";
    let ended = fake.run(&["run", "--", "sh", "-c", script]).await;
    assert_eq!((ended.code(), ended.stdout.as_str(), ended.stderr.as_str()), (7, "a\nno newline", "to stderr"));
}

#[tokio::test]
async fn a_large_output_arrives_whole() {
    let fake = watching(ended_row());
    let ended = fake.run(&["run", "--", "sh", "-c", "seq 1 200000"]).await;
    let wanted: String = (1..=200_000).map(|n| format!("{n}\n")).collect();
    assert_eq!(ended.code(), 0);
    assert!(ended.stdout == wanted, "{} of {} bytes arrived", ended.stdout.len(), wanted.len());
}

#[tokio::test]
async fn output_arrives_while_the_command_runs_and_stdin_reaches_it() {
    let fake = watching(ended_row());
    let mut command = nightkeep(fake.home.path());
    command.args(["run", "--", "cat"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for line in ["first", "second"] {
        stdin.write_all(format!("{line}\n").as_bytes()).await.unwrap();
        assert_eq!(lines.next_line().await.unwrap().unwrap(), line);
    }
    drop(stdin);
    assert!(child.wait().await.unwrap().success());
}

#[tokio::test]
async fn stdout_and_stderr_that_are_one_place_keep_their_order() {
    let fake = watching(ended_row());
    let script = format!(
        "exec {} run -- sh -c 'for i in 1 2 3; do echo out $i; echo err $i >&2; done' 2>&1",
        crate::fake::program().display()
    );
    let mut command = tokio::process::Command::new("sh");
    let output = command.args(["-c", &script]).env("NIGHTKEEP_HOME", fake.home.path()).output().await.unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text, "out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n");
}

#[tokio::test]
async fn a_command_that_cannot_be_started_has_the_code_of_a_shell() {
    let fake = watching(ended_row());
    let missing = fake.run(&["run", "--", "no-such-program-here"]).await;
    insta::assert_snapshot!("run_missing_program", missing.shown());
    let plain = fake.home.path().join("plain.txt");
    std::fs::write(&plain, "x").unwrap();
    let forbidden = fake.run(&["run", "--", plain.to_str().unwrap()]).await;
    insta::assert_snapshot!("run_not_executable", forbidden.shown());
}

#[tokio::test]
async fn an_interrupt_reaches_the_command_and_its_signal_is_told_as_shells_do() {
    let fake = watching(ended_row());
    for (signal, code) in [(rustix::process::Signal::INT, 130), (rustix::process::Signal::TERM, 143)] {
        let mut command = nightkeep(fake.home.path());
        command.args(["run", "--", "sh", "-c", "echo ready; sleep 60"]).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert_eq!(lines.next_line().await.unwrap().unwrap(), "ready");
        kill_process(pid(&child), signal).unwrap();
        assert_eq!(child.wait().await.unwrap().code(), Some(code));
    }
}

#[tokio::test]
async fn a_command_that_handles_the_interrupt_ends_as_it_likes() {
    let fake = watching(ended_row());
    let mut command = nightkeep(fake.home.path());
    let script = "trap 'echo cleaned; exit 3' INT; echo ready; while :; do sleep 0.05; done";
    command.args(["run", "--", "sh", "-c", script]).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).await.unwrap();
    kill_process(pid(&child), rustix::process::Signal::INT).unwrap();
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).await.unwrap();
    assert_eq!((child.wait().await.unwrap().code(), rest.as_str()), (Some(3), "cleaned\n"));
}

#[tokio::test]
async fn a_lost_terminal_ends_this_process_and_not_the_run() {
    let fake = watching(ended_row());
    let mut command = nightkeep(fake.home.path());
    command.args(["run", "--", "sh", "-c", "echo ready; read line; echo $line > heard"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next_line().await.unwrap().unwrap(), "ready");
    let gone = end_of_the_only_run(&fake);
    kill_process(pid(&child), rustix::process::Signal::HUP).unwrap();
    assert_eq!(child.wait().await.unwrap().code(), Some(129));
    stdin.write_all(b"still here\n").await.unwrap();
    gone.await.unwrap();
    assert_eq!(std::fs::read_to_string(fake.home.path().join("heard")).unwrap(), "still here\n");
}

#[tokio::test]
async fn a_run_that_nightkeep_stopped_ends_with_124_and_says_why() {
    let fake = watching(samples::stalled(41));
    let ended = fake.run(&["run", "--", "sh", "-c", "exit 0"]).await;
    insta::assert_snapshot!("run_stopped", ended.shown());
}

#[tokio::test]
async fn a_run_that_its_user_stopped_ends_with_its_own_code() {
    let by_user = HistoryRow { reason: Some(Reason::User), method: Some(Method::Graceful), ..samples::stalled(41) };
    let fake = watching(by_user);
    assert_eq!(fake.run(&["run", "--", "sh", "-c", "exit 9"]).await.code(), 9);
}

#[tokio::test]
async fn a_detached_run_says_where_it_is_and_is_registered() {
    let fake = watching(ended_row());
    let ended = fake.run(&["run", "--detach", "--name", "x", "--", "true"]).await;
    let tag = ended.stdout.trim_end().strip_prefix("run 41 ").unwrap().to_owned();
    assert_eq!(ended.code(), 0);
    assert!(fake.asked().contains(&format!(r#"POST /v1/runs {{"tag":"{tag}"}}"#)));
    assert!(fake.places.run_dir(&tag).join("spec.json").exists());
}

#[tokio::test]
async fn the_command_is_told_its_run_its_marker_and_how_the_last_one_ended() {
    let last =
        [("NIGHTKEEP_LAST_OUTCOME", "aborted"), ("NIGHTKEEP_LAST_STEP", "14"), ("NIGHTKEEP_LAST_NOTE", "gave up")];
    let fake = watching(ended_row()).says("GET /v1/jobs/sh/last-run", &BTreeMap::from(last));
    let script = "echo $NIGHTKEEP_RUN $NIGHTKEEP_PROGRESS $NIGHTKEEP_SOCKET $NIGHTKEEP_LAST_OUTCOME $NIGHTKEEP_LAST_STEP $NIGHTKEEP_LAST_NOTE";
    let ended = fake.run(&["run", "--", "sh", "-c", script]).await;
    let tag = the_only_run(&fake).path().file_name().unwrap().to_str().unwrap().to_owned();
    assert_eq!(ended.stdout, format!("{tag} [HOME]/runs/{tag}/progress.json [HOME]/engine.sock aborted 14 gave up\n"));
}

#[tokio::test]
async fn flags_become_the_spec_of_the_run() {
    let fake = watching(ended_row());
    let line =
        "run --type llm --name nightly --progress out/p.json --stall-after 45m --max-runtime 8h --observe -- true";
    assert_eq!(fake.run(&line.split(' ').collect::<Vec<_>>()).await.code(), 0);
    let spec = the_only_run(&fake).read_spec().unwrap().unwrap();
    assert_eq!((spec.job.as_str(), spec.r#type.as_str(), spec.observe), ("nightly", "llm", true));
    assert_eq!(spec.marker.as_path(), fake.home.path().join("out/p.json"));
    assert_eq!((spec.limits.warn_after_ms, spec.limits.stall_after_ms), (300_000, 2_700_000));
    assert_eq!((spec.overrides.stall_after_ms, spec.overrides.warn_after_ms), (Some(2_700_000), None));
    assert_eq!((spec.limits.max_runtime_ms, spec.stop_signal), (Some(28_800_000), Signal::Term));
}

#[tokio::test]
async fn a_limit_that_cannot_be_meant_starts_nothing() {
    let fake = watching(ended_row());
    let refused = fake.run(&["run", "--warn-after", "2h", "--stall-after", "1h", "--", "true"]).await;
    assert_eq!((refused.code(), refused.stdout.as_str()), (1, ""), "{}", refused.stderr);
    assert!(refused.stderr.starts_with("error: `limits.warn_after`"), "{}", refused.stderr);
    assert_eq!(std::fs::read_dir(fake.places.runs_dir()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_job_brings_its_command_its_directory_and_its_marker() {
    let mut job = samples::job("nightly");
    job.spec.command = vec!["sh".into(), "-c".into(), "echo $MODE; pwd".into()];
    let fake = watching(ended_row()).says("GET /v1/jobs", &vec![job]);
    std::fs::create_dir(fake.home.path().join("articles")).unwrap();
    let ended = fake.run(&["run", "--job", "nightly"]).await;
    assert_eq!((ended.code(), ended.stdout.as_str()), (0, "night\n[HOME]/articles\n"));
    let spec = the_only_run(&fake).read_spec().unwrap().unwrap();
    assert_eq!(spec.marker.as_path(), fake.home.path().join("articles/progress.json"));
    assert_eq!(fake.run(&["run", "--job", "other"]).await.code(), 1);
}

#[tokio::test]
async fn an_engine_that_refuses_to_watch_is_a_warning_and_with_require_watch_an_end() {
    let fake = Fake::start();
    let warned = fake.run(&["run", "--", "sh", "-c", "echo ran"]).await;
    assert_eq!((warned.code(), warned.stdout.as_str()), (0, "ran\n"));
    assert!(warned.stderr.starts_with("warning: not watched: "), "{}", warned.stderr);
    let refused = fake.run(&["run", "--require-watch", "--", "sleep", "60"]).await;
    assert_eq!(refused.code(), 1);
    assert!(refused.stderr.contains("error: the command was ended again"), "{}", refused.stderr);
}

#[tokio::test]
async fn without_any_engine_the_command_still_runs_and_with_require_watch_it_does_not() {
    let home = private_home();
    let no_engine = [("NIGHTKEEP_BIN", "/nowhere/nightkeep")];
    let warned = run(home.path(), &["run", "--", "sh", "-c", "echo ran; exit 4"], &no_engine).await;
    insta::assert_snapshot!("run_unwatched", warned.shown());
    let refused = run(home.path(), &["run", "--require-watch", "--", "touch", "trace"], &no_engine).await;
    assert_eq!(refused.code(), 1);
    assert!(!home.path().join("trace").exists());
}

#[tokio::test]
async fn without_any_engine_a_job_comes_from_the_file() {
    let home = private_home();
    std::fs::write(home.path().join("config.toml"), "[jobs.x]\ncommand = [\"echo\", \"from the file\"]\n").unwrap();
    let ended = run(home.path(), &["run", "--job", "x"], &[("NIGHTKEEP_BIN", "/nowhere/nightkeep")]).await;
    assert_eq!((ended.code(), ended.stdout.as_str()), (0, "from the file\n"));
}

#[tokio::test]
async fn with_a_broken_configuration_a_run_still_starts() {
    let fake = watching(ended_row()).says("GET /v1/types", &samples::types());
    std::fs::write(fake.places.config_file(), "nonsense = ").unwrap();
    let ended = fake.run(&["run", "--type", "sweep", "--", "echo", "ran"]).await;
    assert_eq!((ended.code(), ended.stdout.as_str()), (0, "ran\n"), "{}", ended.stderr);
    assert!(ended.stderr.starts_with("warning: `[HOME]/config.toml` cannot be used: line 1"), "{}", ended.stderr);
    assert_eq!(the_only_run(&fake).read_spec().unwrap().unwrap().limits.stall_after_ms, 2_700_000);
}

/// An engine that takes every run for number 41, which ends as `row` says.
fn watching(row: HistoryRow) -> Fake {
    let status = Status { runs: Vec::new(), ..samples::status() };
    let detail = RunDetail { run: 41, phase: Phase::Ended, ended: Some(row), ..samples::detail() };
    Fake::start()
        .says("POST /v1/runs", &StartReply::begun(41, "any".into()))
        .says("GET /v1/history", &Vec::<HistoryRow>::new())
        .says("GET /v1/status", &status)
        .says("GET /v1/events", &samples::idle())
        .says("GET /v1/runs/41", &detail)
}

fn ended_row() -> HistoryRow {
    HistoryRow { outcome: Outcome::Failed, ..samples::succeeded(41) }
}

fn the_only_run(fake: &Fake) -> RunDir {
    let runs: Vec<PathBuf> =
        std::fs::read_dir(fake.places.runs_dir()).unwrap().map(|run| run.unwrap().path()).collect();
    assert_eq!(runs.len(), 1);
    RunDir::at(&runs[0])
}

/// Hears when the keeper of the only run is gone.
fn end_of_the_only_run(fake: &Fake) -> tokio::sync::oneshot::Receiver<()> {
    let keeper = the_only_run(fake).read_started().unwrap().unwrap().keeper;
    let (sender, ended) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let (say, heard) = std::sync::mpsc::channel();
        let watch = ExitWatch::start(move |_, _| say.send(()).unwrap()).unwrap();
        if watch.watch(&keeper).unwrap() {
            heard.recv().unwrap();
        }
        sender.send(()).unwrap();
    });
    ended
}

fn pid(child: &tokio::process::Child) -> Pid {
    Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()).unwrap()
}
