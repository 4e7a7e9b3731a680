//! How a command ended is never lost.

use std::{env, process::Stdio};

use nightkeep_engine::{
    keeper::{link::KeeperLink, protocol::Event},
    rundir::{RunEnd, RunState},
};
use nightkeep_os::{Process, Signal};
use tokio::io::AsyncBufReadExt;

use crate::harness::{Home, dead, exit_of, gone, within};

#[tokio::test]
async fn the_exit_code_is_recorded() {
    let mut home = Home::new();
    let dir = home.complete(home.shell("a", "exit 7")).await;
    let exit = exit_of(&dir);
    assert_eq!(exit.end, RunEnd::Code(7));
    assert!(!exit.killed);
    assert!(exit.all_gone.is_some());
    assert_eq!(dir.state().expect("the state can be read"), RunState::Ended { exit, kept: false });
}

#[tokio::test]
async fn the_signal_that_ended_the_command_is_recorded() {
    let mut home = Home::new();
    let dir = home.complete(home.shell("a", "kill -SEGV $$")).await;
    assert_eq!(exit_of(&dir).end, RunEnd::Signal(11));
}

#[tokio::test]
async fn everybody_who_is_connected_hears_of_the_end() {
    let mut home = Home::new();
    let go = home.meeting("go");
    let run = home.start(home.shell("a", &format!("read x < '{}'; exit 3", go.name()))).await;
    let other = KeeperLink::connect(&run.dir).await.expect("the keeper answers two");
    go.release().await;
    let expected = vec![Event::RootEnded { end: RunEnd::Code(3), leftovers: Vec::new() }, Event::Empty];
    assert_eq!(gone(run.link).await, expected);
    assert_eq!(gone(other).await, expected);
    assert!(!run.dir.socket().exists(), "the socket is removed");
}

#[tokio::test]
async fn what_the_command_leaves_behind_is_reported_and_held() {
    let mut home = Home::new();
    let go = home.meeting("go");
    let script = format!("read x < '{}'; sleep 1000 & exit 3", go.name());
    let mut run = home.start(home.shell("a", &script)).await;
    go.release().await;

    let Event::RootEnded { end, leftovers } = run.hear().await else { panic!("the command's end comes first") };
    assert_eq!(end, RunEnd::Code(3));
    let [left] = leftovers[..] else { panic!("one process is left behind, not {leftovers:?}") };
    assert_eq!(run.members().await, [left]);
    let RunState::Ended { exit, kept } = run.dir.state().expect("the state can be read") else {
        panic!("the command has ended")
    };
    assert!(kept, "the keeper holds what is left");
    assert_eq!(exit.leftovers, [left]);
    assert_eq!(exit.all_gone, None);

    let late = KeeperLink::connect(&run.dir).await.expect("the keeper answers");
    let dir = run.dir.clone();
    assert_eq!(run.kill_all().await, [Event::Empty]);
    let told_late = gone(late).await;
    assert_eq!(told_late, [Event::RootEnded { end: RunEnd::Code(3), leftovers: vec![left] }, Event::Empty]);
    let exit = exit_of(&dir);
    assert_eq!(exit.end, RunEnd::Code(3), "the kill does not change how the command itself ended");
    assert_eq!(exit.leftovers, [left]);
    assert!(exit.killed && exit.all_gone.is_some());
}

/// The name of the next test, which starts itself a second time to have something to kill.
const SELF: &str = "ends::a_run_outlives_the_killed_process_that_started_it";
const ENGINE_SIDE: &str = "NIGHTKEEP_TEST_ENGINE_SIDE";

#[tokio::test]
async fn a_run_outlives_the_killed_process_that_started_it() {
    let mut home = Home::new();
    if let Some(go) = env::var_os(ENGINE_SIDE) {
        let script = format!("read x < '{}'; exit 5", go.to_string_lossy());
        let run = home.start(home.shell("a", &script)).await;
        println!("\nup {}", run.dir.path().display());
        return std::future::pending().await;
    }
    let go = home.meeting("go");
    let mut engine_side = tokio::process::Command::new(env::current_exe().expect("a test has a path"))
        .args(["--exact", SELF, "--nocapture"])
        .env(ENGINE_SIDE, go.name())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the test can start itself");
    let mut lines = tokio::io::BufReader::new(engine_side.stdout.take().expect("piped")).lines();
    let dir = loop {
        let line = within("the launch", lines.next_line()).await.expect("readable").expect("not over");
        if let Some(dir) = line.strip_prefix("up ") {
            break nightkeep_engine::rundir::RunDir::at(dir);
        }
    };
    engine_side.kill().await.expect("SIGKILL");

    let link = KeeperLink::connect(&dir).await.expect("the keeper is there");
    go.release().await;
    gone(link).await;
    assert_eq!(exit_of(&dir).end, RunEnd::Code(5));
    std::fs::remove_dir_all(dir.path().ancestors().nth(2).expect("runs/a below the home")).expect("cleaned up");
}

#[tokio::test]
async fn each_row_of_the_decision_table_is_told_from_the_directory_alone() {
    let mut home = Home::new();
    let spec = home.shell("never", "true");
    let never = nightkeep_engine::rundir::RunDir::create(home.places.run_dir("never")).expect("a run's directory");
    never.write_spec(&spec).expect("the spec can be written");
    assert_eq!(never.state().expect("readable"), RunState::NeverStarted);

    let run = home.start(home.spec("a", &["sleep", "1000"])).await;
    assert_eq!(run.dir.state().expect("readable"), RunState::Kept(Some(run.started.clone())));

    let keeper = Process::open(&run.started.keeper).expect("readable").expect("the keeper is there");
    keeper.signal(Signal::Kill).expect("it is ours");
    dead(&run.started.keeper).await;
    assert_eq!(gone(run.link).await, [], "a killed keeper says nothing more");
    assert_eq!(run.dir.state().expect("readable"), RunState::Orphaned(run.started.clone()));

    let root = Process::open(&run.started.root).expect("readable").expect("the command is alive");
    root.signal(Signal::Kill).expect("it is ours");
    dead(&run.started.root).await;
    assert_eq!(run.dir.state().expect("readable"), RunState::Lost);
}
