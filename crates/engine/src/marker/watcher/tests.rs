//! Markers that come, go, change and lie.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use notify::{Config, EventHandler, NullWatcher, RecursiveMode, Watcher, WatcherKind};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use super::*;
use crate::api::FaultKind;
use crate::marker::signals::Signals;
use crate::marker::{NoFile, replace_file};

/// No event takes this long; a test that waits for longer has failed.
const DEADLINE: Duration = Duration::from_secs(60);

struct Watched {
    watch: MarkerWatch,
    events: mpsc::Receiver<MarkerEvent>,
}

impl Watched {
    fn start() -> Self {
        Self::start_with(system_watcher())
    }

    fn start_with(open: OpenWatcher) -> Self {
        let (sender, events) = mpsc::channel(4);
        Self { watch: MarkerWatch::start_with(sender, open), events }
    }

    /// A file watch that never says anything, as on many network file systems.
    fn blind() -> Self {
        Self::start_with(Box::new(|_| Ok(Box::new(NullWatcher))))
    }

    async fn next(&mut self) -> MarkerEvent {
        timeout(DEADLINE, self.events.recv()).await.expect("an event comes").expect("the watch runs")
    }

    async fn next_step(&mut self) -> Option<i64> {
        self.next().await.result.unwrap().step
    }

    async fn next_trouble(&mut self) -> Trouble {
        self.next().await.result.unwrap_err()
    }

    /// Waits until `step` is read; what came before it.
    async fn until_step(&mut self, step: i64) -> Vec<Result<Reading, Trouble>> {
        let mut before = Vec::new();
        loop {
            let result = self.next().await.result;
            if result.as_ref().is_ok_and(|reading| reading.step == Some(step)) {
                return before;
            }
            before.push(result);
        }
    }
}

fn place() -> (tempfile::TempDir, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("progress.json");
    (home, path)
}

fn swap_in(path: &Path, step: i64) {
    replace_file(path, text(step).as_bytes(), None).unwrap();
}

fn text(step: i64) -> String {
    format!("{{\"step\": {step}, \"note\": \"step {step} of many\"}}\n")
}

#[tokio::test]
async fn the_first_reading_is_sent_at_once() {
    let (home, path) = place();
    swap_in(&path, 4);
    let mut watched = Watched::start();
    watched.watch.add(7, &path);
    let event = watched.next().await;
    assert_eq!((event.key, event.result.unwrap().step), (7, Some(4)));
    watched.watch.add(8, home.path());
    let event = watched.next().await;
    assert_eq!((event.key, event.result), (8, Err(Trouble::NotAFile(NoFile::Directory))));
}

#[tokio::test]
async fn every_one_of_a_hundred_swapped_in_markers_is_seen() {
    let (_home, path) = place();
    let mut watched = Watched::start();
    watched.watch.add(1, &path);
    assert_eq!(watched.next_trouble().await, Trouble::Missing);
    for step in 1..=100 {
        swap_in(&path, step);
        assert_eq!(watched.next_step().await, Some(step));
    }
}

#[tokio::test]
async fn a_marker_that_is_truncated_and_rewritten_all_the_time_is_never_in_trouble() {
    let (_home, path) = place();
    swap_in(&path, 0);
    let mut watched = Watched::start();
    watched.watch.add(1, &path);
    watched.until_step(0).await;
    let writer = {
        let path = path.clone();
        std::thread::spawn(move || (1..=400).for_each(|step| std::fs::write(&path, text(step)).unwrap()))
    };
    let before = watched.until_step(400).await;
    writer.join().unwrap();
    let steps: Vec<i64> = before.into_iter().map(|result| result.unwrap().step.unwrap()).collect();
    assert!(steps.is_sorted(), "{steps:?}");
}

#[tokio::test]
async fn a_marker_is_seen_after_its_directory_was_replaced() {
    let (home, _) = place();
    let directory = home.path().join("work");
    let path = directory.join("progress.json");
    std::fs::create_dir(&directory).unwrap();
    swap_in(&path, 1);
    let mut watched = Watched::start();
    watched.watch.add(1, &path);
    watched.until_step(1).await;
    for step in [2, 4, 6] {
        let other = home.path().join("other");
        std::fs::create_dir(&other).unwrap();
        swap_in(&other.join("progress.json"), step);
        std::fs::rename(&directory, home.path().join(format!("away {step}"))).unwrap();
        std::fs::rename(&other, &directory).unwrap();
        watched.until_step(step).await;
        swap_in(&path, step + 1);
        watched.until_step(step + 1).await;
    }
}

#[tokio::test]
async fn a_marker_is_seen_when_its_directories_come_later() {
    let (home, _) = place();
    let path = home.path().join("a/b/progress.json");
    let mut watched = Watched::start();
    watched.watch.add(1, &path);
    assert_eq!(watched.next_trouble().await, Trouble::NoDirectory);
    std::fs::create_dir(home.path().join("a")).unwrap();
    std::fs::create_dir(home.path().join("a/b")).unwrap();
    assert_eq!(watched.next_trouble().await, Trouble::Missing);
    swap_in(&path, 1);
    assert_eq!(watched.next_step().await, Some(1));
}

#[tokio::test]
async fn a_removed_marker_is_missing_and_comes_back() {
    let (_home, path) = place();
    swap_in(&path, 1);
    let mut watched = Watched::start();
    watched.watch.add(1, &path);
    watched.until_step(1).await;
    std::fs::remove_file(&path).unwrap();
    assert_eq!(watched.next_trouble().await, Trouble::Missing);
    swap_in(&path, 2);
    assert_eq!(watched.next_step().await, Some(2));
}

#[tokio::test]
async fn a_trouble_is_sent_once_until_it_changes() {
    let (_home, path) = place();
    let mut watched = Watched::start();
    std::fs::write(&path, "{\"step\"").unwrap();
    watched.watch.add(1, &path);
    assert_eq!(watched.next_trouble().await, Trouble::NotJson);
    std::fs::write(&path, "{\"step\":").unwrap();
    assert_eq!(watched.watch.read_now(1).await, Err(Trouble::NotJson));
    std::fs::write(&path, "{}").unwrap();
    assert_eq!(watched.next_trouble().await, Trouble::NoStep("it has no `step`"));
}

#[tokio::test]
async fn a_written_marker_with_the_same_step_is_sent_for_its_time() {
    let (_home, path) = place();
    swap_in(&path, 1);
    let mut watched = Watched::start();
    watched.watch.add(1, &path);
    let first = watched.next().await.result.unwrap();
    swap_in(&path, 1);
    let second = watched.next().await.result.unwrap();
    assert_eq!(first.step, second.step);
    assert_ne!(first.stamp, second.stamp);
}

#[tokio::test]
async fn many_markers_in_one_directory_are_told_apart() {
    let (home, _) = place();
    let mut watched = Watched::start();
    let path = |key: u64| home.path().join(format!("{key}.json"));
    for key in 0..20 {
        swap_in(&path(key), 0);
        watched.watch.add(key, path(key));
        assert_eq!(watched.next().await.key, key);
    }
    for key in (0..20).rev() {
        swap_in(&path(key), 1);
        let event = watched.next().await;
        assert_eq!((event.key, event.result.unwrap().step), (key, Some(1)));
    }
}

#[tokio::test]
async fn more_markers_than_are_looked_at_at_once_are_all_read() {
    let (home, _) = place();
    let mut watched = Watched::start();
    for key in 0..100 {
        let path = home.path().join(format!("{key}.json"));
        swap_in(&path, 1);
        watched.watch.add(key, path);
    }
    let mut keys = Vec::new();
    for _ in 0..100 {
        keys.push(watched.next().await.key);
    }
    keys.sort_unstable();
    assert!(keys.into_iter().eq(0..100));
}

#[tokio::test]
async fn a_marker_that_was_removed_from_the_watch_is_not_heard_of_again() {
    let (home, path) = place();
    let other = home.path().join("other.json");
    let mut watched = Watched::start();
    for (key, path) in [(1, &path), (2, &other)] {
        swap_in(path, 0);
        watched.watch.add(key, path);
        watched.until_step(0).await;
    }
    watched.watch.remove(1);
    assert_eq!(watched.watch.read_now(1).await, Err(Trouble::NotWatched));
    swap_in(&path, 1);
    swap_in(&other, 1);
    assert_eq!(watched.next().await.key, 2);
}

#[tokio::test]
async fn reading_now_reads_from_disk_and_is_not_sent_as_well() {
    let (_home, path) = place();
    let mut watched = Watched::blind();
    watched.watch.add(1, &path);
    assert_eq!(watched.next_trouble().await, Trouble::Missing);
    for step in [1, 2] {
        swap_in(&path, step);
        assert_eq!(watched.watch.read_now(1).await.unwrap().step, Some(step));
    }
    watched.watch.add(2, &path);
    assert_eq!(watched.next().await.key, 2);
}

#[tokio::test(start_paused = true)]
async fn a_half_written_marker_is_reported_after_half_a_second() {
    let (_home, path) = place();
    std::fs::write(&path, "{\"step\"").unwrap();
    let mut watched = Watched::blind();
    let start = Instant::now();
    watched.watch.add(1, &path);
    assert_eq!(watched.next_trouble().await, Trouble::NotJson);
    assert_eq!(start.elapsed(), Duration::from_millis(500));
}

/// What a blind watch sees of a marker in `folder`, which comes later; each time within `longest`.
async fn check_what_no_event_tells(folder: &Path, longest: Duration) {
    let path = folder.join("later/progress.json");
    let mut watched = Watched::blind();
    watched.watch.add(1, &path);
    assert_eq!(watched.next_trouble().await, Trouble::NoDirectory);
    std::fs::create_dir(folder.join("later")).unwrap();
    for step in 1..=3 {
        swap_in(&path, step);
        let start = Instant::now();
        assert_eq!(watched.next_step().await, Some(step));
        assert!(start.elapsed() <= longest, "{:?}", start.elapsed());
    }
    assert_eq!(*watched.watch.fault().borrow(), None);
}

#[tokio::test(start_paused = true)]
async fn what_no_event_tells_is_seen_within_half_a_minute() {
    let (home, _) = place();
    check_what_no_event_tells(home.path(), Duration::from_secs(30)).await;
}

#[cfg(unix)]
#[tokio::test(start_paused = true)]
async fn where_events_may_not_tell_all_it_is_seen_within_ten_seconds() {
    let (home, _) = place();
    std::fs::create_dir(home.path().join("real")).unwrap();
    std::os::unix::fs::symlink("real", home.path().join("link")).unwrap();
    check_what_no_event_tells(&home.path().join("link"), Duration::from_secs(10)).await;
}

#[tokio::test(start_paused = true)]
async fn without_any_watch_to_have_markers_are_read_every_two_seconds_and_the_fault_is_told() {
    let (home, path) = place();
    let mut watched = Watched::start_with(Box::new(|_| Ok(Box::new(Exhausted))));
    let mut fault = watched.watch.fault();
    watched.watch.add(1, &path);
    assert_eq!(watched.next_trouble().await, Trouble::Missing);
    assert!(fault.wait_for(Option::is_some).await.unwrap().as_ref().is_some_and(|f| f.kind == FaultKind::Watch));
    for step in 1..=8 {
        swap_in(&path, step);
        let start = Instant::now();
        assert_eq!(watched.next_step().await, Some(step));
        assert!(start.elapsed() <= Duration::from_secs(2), "{:?}", start.elapsed());
    }
    watched.watch.add(2, home.path().join("other.json"));
    let message = |fault: &Option<Fault>| fault.as_ref().map(|fault| fault.message.clone());
    let both = fault.wait_for(|fault| message(fault).is_some_and(|text| text.contains("2 markers"))).await;
    insta::assert_snapshot!(message(&both.unwrap()).unwrap());
    watched.watch.remove(1);
    watched.watch.remove(2);
    fault.wait_for(Option::is_none).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn when_the_system_cannot_open_a_file_watch_at_all_that_is_told_as_well() {
    let (_home, path) = place();
    let refused = || notify::Error::io(std::io::Error::from_raw_os_error(24));
    let watched = Watched::start_with(Box::new(move |_| Err(refused())));
    watched.watch.add(1, &path);
    watched.watch.fault().wait_for(Option::is_some).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn after_lost_events_everything_is_read_again() {
    let (home, path) = place();
    let signals: Arc<Mutex<Option<Arc<Signals>>>> = Arc::default();
    let kept = Arc::clone(&signals);
    let mut watched = Watched::start_with(Box::new(move |signals| {
        *kept.lock().unwrap() = Some(signals);
        Ok(Box::new(NullWatcher))
    }));
    let other = home.path().join("other.json");
    watched.watch.add(1, &path);
    watched.watch.add(2, &other);
    assert_eq!(watched.next_trouble().await, Trouble::Missing);
    assert_eq!(watched.next_trouble().await, Trouble::Missing);
    swap_in(&path, 1);
    swap_in(&other, 1);
    let start = Instant::now();
    let lost = notify::Event::new(notify::EventKind::Other).set_flag(notify::event::Flag::Rescan);
    signals.lock().unwrap().as_ref().unwrap().take_in(Ok(lost));
    assert_eq!((watched.next_step().await, watched.next_step().await), (Some(1), Some(1)));
    assert_eq!(start.elapsed(), Duration::ZERO, "no timer was needed");
}

#[tokio::test]
async fn the_watch_ends_when_nobody_listens() {
    let (_home, path) = place();
    let watched = Watched::start();
    watched.watch.add(1, &path);
    drop(watched.events);
    timeout(DEADLINE, watched.watch.commands.closed()).await.unwrap();
    assert_eq!(watched.watch.read_now(1).await, Err(Trouble::NotWatched));
}

/// A file watch of a system whose watches are used up.
#[derive(Debug)]
struct Exhausted;

impl Watcher for Exhausted {
    fn new<F: EventHandler>(_handler: F, _config: Config) -> notify::Result<Self> {
        Ok(Self)
    }

    fn watch(&mut self, _path: &Path, _mode: RecursiveMode) -> notify::Result<()> {
        Err(notify::Error::new(notify::ErrorKind::MaxFilesWatch))
    }

    fn unwatch(&mut self, _path: &Path) -> notify::Result<()> {
        Err(notify::Error::watch_not_found())
    }

    fn kind() -> WatcherKind {
        WatcherKind::NullWatcher
    }
}
