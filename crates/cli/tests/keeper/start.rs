//! From a spec to a running command, or to a word on why not.

use std::{
    io::Write,
    os::unix::fs::PermissionsExt,
    process::{Command, Stdio},
};

use nightkeep_engine::{
    keeper::launch::{LaunchError, Launched, launch},
    rundir::{OsText, RunDir, RunEnd, RunState, Stdin},
};

use crate::harness::{Home, NIGHTKEEP, exit_of, printed};

#[tokio::test]
async fn a_missing_program_is_an_exec_error_and_not_an_exit_code() {
    let mut home = Home::new();
    let (dir, launched) = home.launch(home.spec("a", &["/nonexistent/program"])).await;
    let Launched::NotStarted(error) = launched else { panic!("nothing can run: {launched:?}") };
    assert_eq!(error.errno, Some(2));
    assert_eq!(exit_of(&dir).end, RunEnd::ExecError(error));
    assert!(matches!(dir.state().expect("readable"), RunState::Ended { .. }));
}

#[tokio::test]
async fn a_missing_directory_is_named() {
    let mut home = Home::new();
    let mut spec = home.spec("a", &["true"]);
    spec.cwd = OsText::from("/nonexistent/directory");
    let (_, launched) = home.launch(spec).await;
    let Launched::NotStarted(error) = launched else { panic!("nothing can run: {launched:?}") };
    assert!(error.message.contains("/nonexistent/directory"), "{}", error.message);
}

#[tokio::test]
async fn the_output_holds_both_streams_in_their_order_and_is_private() {
    let mut home = Home::new();
    let script = "echo one; echo two >&2; echo three; echo four >&2";
    let dir = home.complete(home.shell("a", script)).await;
    assert_eq!(printed(dir.output()), "one\ntwo\nthree\nfour\n");
    for path in [dir.output(), dir.path().join("spec.json"), dir.path().join("run.json"), dir.path().join("exit.json")]
    {
        let mode = std::fs::metadata(&path).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", path.display());
    }
    let mode = std::fs::metadata(dir.path()).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[tokio::test]
async fn stderr_is_kept_apart_when_the_spec_says_so() {
    let mut home = Home::new();
    let mut spec = home.shell("a", "echo out; echo err >&2");
    spec.stderr_apart = true;
    let dir = home.complete(spec).await;
    assert_eq!((printed(dir.output()), printed(dir.stderr())), ("out\n".to_owned(), "err\n".to_owned()));
}

#[tokio::test]
async fn the_command_learns_its_run_its_marker_and_what_its_job_adds() {
    let mut home = Home::new();
    let mut spec = home.shell("a", "echo $NIGHTKEEP_RUN $NIGHTKEEP_PROGRESS $COLOR; pwd");
    spec.env.insert("COLOR".to_owned(), OsText::from("green"));
    let dir = home.complete(spec).await;
    let expected = format!("a {} green\n{}\n", dir.marker().display(), home.path().display());
    assert_eq!(printed(dir.output()), expected);
}

#[tokio::test]
async fn a_second_keeper_on_the_same_run_is_refused_by_the_lock() {
    let mut home = Home::new();
    let mut run = home.start(home.spec("a", &["sleep", "1000"])).await;
    let second = Command::new(NIGHTKEEP).arg("keeper").arg(run.dir.path()).output().expect("it can be started");
    let said = String::from_utf8_lossy(&second.stderr);
    assert!(!second.status.success());
    assert!(said.contains("another keeper holds it"), "{said}");
    assert_eq!(run.members().await, [run.started.root.pid], "the first keeper goes on with the one command");
    run.kill_all().await;
}

#[tokio::test]
async fn a_command_is_never_started_a_second_time() {
    let mut home = Home::new();
    let dir = home.complete(home.shell("a", "echo once")).await;
    let again = Command::new(NIGHTKEEP).arg("keeper").arg(dir.path()).output().expect("it can be started");
    let said = String::from_utf8_lossy(&again.stderr);
    assert!(!again.status.success());
    assert!(said.contains("it was started before"), "{said}");
    assert_eq!(printed(dir.output()), "once\n");
}

#[tokio::test]
async fn a_launch_into_a_run_that_exists_is_refused() {
    let mut home = Home::new();
    let spec = home.shell("a", "true");
    let dir = home.complete(spec.clone()).await;
    let again = launch(dir.path(), spec, NIGHTKEEP.as_ref()).await;
    assert!(matches!(again, Err(LaunchError::RunDir(_))), "{again:?}");
}

#[tokio::test]
async fn a_launch_hears_why_the_keeper_gives_up() {
    let home = Home::new();
    let mut spec = home.shell("a", "true");
    spec.command.clear();
    let refused = launch(&home.places.run_dir("a"), spec, NIGHTKEEP.as_ref()).await;
    let message = refused.expect_err("there is nothing to run").to_string();
    assert!(message.contains("it has no command"), "{message}");
}

#[tokio::test]
async fn the_command_reads_what_the_one_who_starts_it_is_given() {
    let home = Home::new();
    let mut spec = home.spec("a", &["cat"]);
    spec.stdin = Stdin::Inherit;
    let dir = RunDir::create(home.places.run_dir("a")).expect("a run's directory");
    dir.write_spec(&spec).expect("the spec can be written");
    let mut keeper =
        Command::new(NIGHTKEEP).arg("keeper").arg(dir.path()).stdin(Stdio::piped()).spawn().expect("it can be started");
    keeper.stdin.take().expect("piped").write_all(b"from a pipe\n").expect("somebody reads");
    assert!(keeper.wait().expect("it ends").success());
    assert_eq!(printed(dir.output()), "from a pipe\n");
}
