//! Output that is more than is kept.

use std::{fs::File, os::unix::fs::MetadataExt, path::Path, time::Duration};

use nightkeep_engine::{captured::Kept, keeper::protocol::Event};
use nightkeep_os::first_kept;

use crate::harness::{Home, exit_of, gone, printed, within};

/// What is kept of each file.
const MAX: u64 = 200_000;
/// What a file may hold at the most when nobody prints: a sixteenth more, and the rest of a block.
const HELD: u64 = MAX + MAX / 16 + 16_384;
/// What the script below prints at a time.
const PORTION: u64 = 2_000_000;

/// Prints portions of lines, and waits before each of them.
fn script(go: &str, portions: u32) -> String {
    format!(
        "i=0; while [ $i -lt {portions} ]; do read x < '{go}'; i=$((i+1)); seq 1000001 1250000 | head -c {PORTION}; done"
    )
}

#[tokio::test]
async fn what_is_not_kept_is_given_back_while_the_run_goes_on() {
    let mut home = Home::new();
    let go = home.meeting("go");
    let mut spec = home.shell("a", &script(&go.name(), 3));
    spec.output_max = MAX;
    let run = home.start(spec).await;
    let mut follower = Kept::from_start(File::open(run.dir.output()).expect("there is an output"));
    for portion in 1..=2 {
        go.release().await;
        within("the output to be held", held(&run.dir.output(), portion * PORTION)).await;
    }
    go.release().await;
    let dir = run.dir.clone();
    assert_eq!(gone(run.link).await.last(), Some(&Event::Empty));
    let kept = printed(dir.output());
    assert!(kept.len() as u64 <= MAX && kept.len() as u64 > MAX / 2, "{}", kept.len());
    assert!(kept.ends_with("1250000\n") && kept.lines().all(|line| line.len() == 7), "{kept:.50}");
    assert_eq!(exit_of(&dir).output_dropped + kept.len() as u64, 3 * PORTION);

    let (mut buffer, mut read) = (vec![0; 65_536], Vec::new());
    loop {
        let got = follower.read(&mut buffer).expect("it can be read");
        read.extend_from_slice(buffer.get(..got.count).expect("that many were read"));
        if got.count == 0 {
            break;
        }
    }
    assert!(read.ends_with(kept.as_bytes()), "who has the file open reads all that is kept");
    assert!(!read.contains(&0), "and nothing of the hole");
}

#[tokio::test]
async fn standard_error_apart_is_held_as_well() {
    let mut home = Home::new();
    let go = home.meeting("go");
    let mut spec = home.shell("a", &format!("echo out; {{ {}; }} >&2", script(&go.name(), 1)));
    (spec.output_max, spec.stderr_apart) = (MAX, true);
    let run = home.start(spec).await;
    go.release().await;
    let dir = run.dir.clone();
    gone(run.link).await;
    assert_eq!(printed(dir.output()), "out\n");
    let kept = printed(dir.stderr());
    assert!(kept.len() as u64 <= MAX && kept.ends_with("1250000\n"), "{}", kept.len());
    assert_eq!(exit_of(&dir).output_dropped + kept.len() as u64, PORTION);
}

#[tokio::test]
async fn little_output_is_kept_as_it_is() {
    let mut home = Home::new();
    let spec = home.shell("a", "seq 1 1000");
    let dir = home.complete(spec).await;
    assert_eq!(printed(dir.output()).lines().count(), 1000);
    assert_eq!(exit_of(&dir).output_dropped, 0);
}

/// Waits until a file is of this length, and holds no more than it may. Nobody tells when.
async fn held(path: &Path, length: u64) {
    loop {
        let file = File::open(path).expect("there is an output");
        let found = file.metadata().expect("it can be looked at");
        let begins = first_kept(&file, 0).expect("it can be looked at");
        if found.len() == length && length - begins <= HELD && found.blocks() * 512 <= HELD {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
