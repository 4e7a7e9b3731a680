//! A disk that does not take the records holds nothing up.

use nightkeep_engine::{keeper::protocol::Event, rundir::RunEnd};

use crate::harness::{Home, exit_of, gone};

#[tokio::test]
async fn an_end_that_cannot_be_written_is_told_at_once_and_written_later() {
    let mut home = Home::new();
    let go = home.meeting("go");
    let mut run = home.start(home.shell("a", &format!("read x < '{}'; exit 4", go.name()))).await;
    // No file can take the place of a directory that holds something.
    let obstacle = run.dir.path().join("exit.json");
    std::fs::create_dir_all(obstacle.join("x")).expect("the obstacle can be made");
    go.release().await;
    assert_eq!(run.hear().await, Event::RootEnded { end: RunEnd::Code(4), leftovers: Vec::new() });
    assert_eq!(run.hear().await, Event::Empty);
    assert_eq!(run.members().await, Vec::<u32>::new(), "the keeper waits for the disk and can be asked");

    std::fs::remove_dir_all(&obstacle).expect("the obstacle can be removed");
    let dir = run.dir.clone();
    assert_eq!(gone(run.link).await, []);
    assert_eq!(exit_of(&dir).end, RunEnd::Code(4));
}

#[tokio::test]
async fn a_keeper_whose_directory_is_removed_ends_with_its_run() {
    let mut home = Home::new();
    let run = home.start(home.spec("a", &["sleep", "1000"])).await;
    std::fs::remove_dir_all(run.dir.path()).expect("the directory can be removed");
    let told = run.kill_all().await;
    assert_eq!(told.last(), Some(&Event::Empty));
}
