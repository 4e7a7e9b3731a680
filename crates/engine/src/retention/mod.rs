//! What is left of runs that ended long ago is removed: their directories after a number of days, and the outputs of the
//! oldest ones when all of them together are too much. The history of a run stays.
//!
//! Nothing is removed but of runs that the history calls ended and whose keeper is gone. A directory that is to be
//! removed gets another name first, so that a crash in between leaves nothing that could be taken for a run. While the clock
//! cannot be believed, nothing is too old.

mod belief;
mod broom;

use std::collections::BTreeMap;
use std::fs::{self, DirEntry};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use nightkeep_core::Belief;
use tokio::sync::mpsc;

pub(crate) use self::broom::Broom;
use self::broom::{Progress, Wish};
use crate::api::{ApiError, Cleaned, ErrorCode};
use crate::clock::Clock;
use crate::config::{ConfigFile, Settings};
use crate::places::Places;
use crate::rundir::RunDir;
use crate::store::StoreHandle;

/// From the engine's start to the first look: a start has other things to do.
const FIRST_AFTER: Duration = Duration::from_secs(5 * 60);
/// Between two looks.
const AGAIN_AFTER: Duration = Duration::from_hours(24);
/// Between two looks at the clock.
const CLOCK_EVERY: Duration = Duration::from_hours(1);

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// How the name of a directory begins that is being removed.
const GOING: &str = ".removed-";

/// What was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Removed {
    runs: u64,
    outputs: u64,
    bytes: u64,
    /// What should have been removed and could not be.
    failures: u64,
}

/// Whoever removes what is left of old runs.
#[derive(Debug)]
pub(crate) struct Tidier {
    pub(crate) places: Places,
    pub(crate) store: StoreHandle,
    pub(crate) clock: Clock,
    pub(crate) broom: Broom,
}

impl Tidier {
    /// Removes what is too old or too much, once a day and whenever somebody wants it. Ends with the task that runs it.
    pub(crate) async fn keep_small(self, config: Arc<ConfigFile>, mut wanted: mpsc::Receiver<Wish>) {
        let mut belief = belief::begin(&self.places, &self.clock);
        let mut left = FIRST_AFTER;
        loop {
            let pause = left.min(CLOCK_EVERY);
            let wish = tokio::select! {
                () = tokio::time::sleep(pause) => None,
                Some(wish) = wanted.recv() => Some(wish),
            };
            belief.take(self.clock.sample());
            belief::keep(&self.places, &belief);
            if let Some(wish) = wish {
                let _heard = wish.send(self.tidy(&config, &belief).await);
                continue;
            }
            left = left.saturating_sub(pause);
            if left.is_zero() {
                left = AGAIN_AFTER;
                drop(self.tidy(&config, &belief).await);
            }
        }
    }

    async fn tidy(&self, config: &ConfigFile, belief: &Belief) -> Result<Cleaned, ApiError> {
        let failed = |fault: String| {
            tracing::warn!(fault, "old runs are not removed");
            ApiError::new(ErrorCode::Storage, format!("old runs are not removed: {fault}"))
        };
        let ended = self.store.ended_runs().await.map_err(|fault| failed(fault.with_causes()))?;
        let (runs, config, now_ms) = (self.places.runs_dir(), config.current(), self.believed_ms(belief));
        let progress = self.broom.progress();
        progress.begin();
        let work = move || {
            let removed = remove_old(&runs, &ended, config.settings(), now_ms, &progress);
            progress.end();
            (removed, !progress.goes_on())
        };
        let (removed, is_cancelled) =
            tokio::task::spawn_blocking(work).await.map_err(|fault| failed(fault.to_string()))?;
        let removed = removed.map_err(|fault| failed(fault.to_string()))?;
        let Removed { runs, outputs, bytes, failures } = removed;
        if removed != Removed::default() {
            tracing::info!(runs, outputs, bytes, failures, "what was left of old runs was removed");
        }
        Ok(Cleaned { runs, outputs, bytes, failures, is_cancelled, is_clock_doubted: now_ms.is_none() })
    }

    /// This moment, if the clock can be believed.
    fn believed_ms(&self, belief: &Belief) -> Option<i64> {
        let is_firm = belief.is_firm();
        if !is_firm {
            tracing::debug!("the clock was set, or is not known for long: no run is too old");
        }
        is_firm.then(|| self.clock.now().wall.as_ms())
    }
}

/// A directory of a run that has ended.
struct Ended {
    dir: RunDir,
    tag: String,
    ended_ms: i64,
}

/// Removes what is too old or too much below `runs`. `ended` says of each tag when its run ended. Without a clock that can
/// be believed nothing is too old.
fn remove_old(
    runs: &Path,
    ended: &BTreeMap<String, i64>,
    settings: &Settings,
    now_ms: Option<i64>,
    progress: &Progress,
) -> io::Result<Removed> {
    let mut removed = Removed::default();
    let mut over = Vec::new();
    for entry in fs::read_dir(runs)?.flatten() {
        // A link is no directory here.
        if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        if entry.file_name().to_string_lossy().starts_with(GOING) {
            removed.failures += u64::from(fs::remove_dir_all(entry.path()).is_err());
        } else {
            over.extend(ended_run(&entry, ended));
        }
    }
    over.sort_by_key(|run| run.ended_ms);
    let oldest_ms = now_ms.map(|now_ms| now_ms.saturating_sub(i64::from(settings.keep_days).saturating_mul(DAY_MS)));
    let is_old = |run: &Ended| oldest_ms.is_some_and(|oldest_ms| run.ended_ms < oldest_ms);
    let (old, kept): (Vec<Ended>, Vec<Ended>) = over.into_iter().partition(is_old);
    progress.expect(old.len());
    for run in &old {
        if !progress.goes_on() {
            return Ok(removed);
        }
        progress.step();
        let bytes = output_bytes(&run.dir);
        match remove_run(runs, run) {
            Ok(()) => removed = Removed { runs: removed.runs + 1, bytes: removed.bytes + bytes, ..removed },
            Err(_) => removed.failures += 1,
        }
    }
    remove_outputs(&kept, settings.output_total_max, &mut removed, progress);
    Ok(removed)
}

/// The run of a directory, if the history knows its end and no keeper is there.
fn ended_run(entry: &DirEntry, ended: &BTreeMap<String, i64>) -> Option<Ended> {
    let tag = entry.file_name().into_string().ok()?;
    let ended_ms = *ended.get(&tag)?;
    let dir = RunDir::at(entry.path());
    let is_kept = nightkeep_os::lock_is_held(&dir.lock());
    matches!(is_kept, Ok(false)).then_some(Ended { dir, tag, ended_ms })
}

fn remove_run(runs: &Path, run: &Ended) -> io::Result<()> {
    let going = runs.join(format!("{GOING}{}", run.tag));
    fs::rename(run.dir.path(), &going)?;
    fs::remove_dir_all(going)
}

/// Removes the outputs of the oldest of `runs`, which are in the order of their ends, until the rest is not too much.
fn remove_outputs(runs: &[Ended], max: u64, removed: &mut Removed, progress: &Progress) {
    let sizes: Vec<u64> = runs.iter().map(|run| output_bytes(&run.dir)).collect();
    let mut total: u64 = sizes.iter().sum();
    for (run, bytes) in runs.iter().zip(sizes) {
        if total <= max || !progress.goes_on() {
            return;
        }
        if bytes == 0 {
            continue;
        }
        let outputs = [run.dir.output(), run.dir.stderr()];
        if outputs.iter().all(|path| is_gone(fs::remove_file(path))) {
            total -= bytes;
            removed.outputs += 1;
            removed.bytes += bytes;
        } else {
            removed.failures += 1;
        }
    }
}

fn is_gone(result: io::Result<()>) -> bool {
    result.map_or_else(|fault| fault.kind() == io::ErrorKind::NotFound, |()| true)
}

/// What the outputs of a run hold.
fn output_bytes(dir: &RunDir) -> u64 {
    [dir.output(), dir.stderr()].iter().filter_map(|path| crate::captured::bytes_kept(path).ok()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 100 * DAY_MS;

    #[test]
    fn runs_that_ended_long_ago_are_removed_and_no_others() {
        let home = Home::new();
        for tag in ["old", "young", "not in the history", "living"] {
            home.run(tag, 100);
        }
        let held = nightkeep_os::Lock::exclusive(&home.dir("living").lock()).unwrap().unwrap();
        let ended = [("old", 60), ("young", 80), ("living", 50), ("without a directory", 1)];
        let removed = home.remove_old(&ended, &Settings::default());
        assert_eq!(removed, Removed { runs: 1, bytes: 100, ..Removed::default() });
        assert_eq!(home.left(), ["living", "not in the history", "young"]);
        drop(held);
        assert_eq!(home.remove_old(&ended, &Settings::default()).runs, 1);
        assert_eq!(home.left(), ["not in the history", "young"]);
    }

    #[test]
    fn the_outputs_of_the_oldest_runs_go_first_and_their_records_stay() {
        let home = Home::new();
        for tag in ["c", "a", "b"] {
            home.run(tag, 400_000);
        }
        home.run("silent", 0);
        fs::write(home.dir("a").stderr(), vec![b'e'; 100_000]).unwrap();
        let settings = Settings { output_total_max: 900_000, ..Settings::default() };
        let ended = [("a", 90), ("b", 91), ("c", 92), ("silent", 89)];
        let removed = home.remove_old(&ended, &settings);
        assert_eq!(removed, Removed { outputs: 1, bytes: 500_000, ..Removed::default() });
        assert!(!home.dir("a").output().exists() && !home.dir("a").stderr().exists());
        assert!(home.dir("a").path().join("spec.json").exists(), "the records stay");
        assert!(home.dir("b").output().exists() && home.dir("c").output().exists());
        assert_eq!(home.remove_old(&ended, &settings), Removed::default(), "the rest is not too much");
    }

    #[test]
    fn without_a_clock_that_can_be_believed_no_run_is_too_old() {
        let home = Home::new();
        for tag in ["old", "older"] {
            home.run(tag, 100);
        }
        let ended = BTreeMap::from([("old".to_owned(), 60), ("older".to_owned(), 1)]);
        let removed = |max| {
            let settings = Settings { output_total_max: max, ..Settings::default() };
            remove_old(home.runs.path(), &ended, &settings, None, &Progress::default())
                .expect("the directory can be read")
        };
        assert_eq!(removed(1_000), Removed::default());
        let too_much = Removed { outputs: 1, bytes: 100, ..Removed::default() };
        assert_eq!(removed(100), too_much, "their order and their sizes are known without a clock");
        assert_eq!(home.left(), ["old", "older"]);
    }

    #[test]
    fn what_a_crash_has_left_half_removed_is_removed_at_the_next_look() {
        let home = Home::new();
        home.run(".removed-x", 100);
        assert_eq!(home.remove_old(&[], &Settings::default()), Removed::default());
        assert_eq!(home.left(), Vec::<String>::new());
    }

    #[cfg(unix)]
    #[test]
    fn no_link_is_followed() {
        let (home, elsewhere) = (Home::new(), tempfile::tempdir().unwrap());
        fs::write(elsewhere.path().join("precious"), "x").unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), home.dir("linked").path()).unwrap();
        home.run("old", 10);
        std::os::unix::fs::symlink(elsewhere.path(), home.dir("old").path().join("link")).unwrap();
        assert_eq!(home.remove_old(&[("linked", 1), ("old", 1)], &Settings::default()).runs, 1);
        assert_eq!(home.left(), ["linked"]);
        assert!(elsewhere.path().join("precious").exists());
    }

    struct Home {
        runs: tempfile::TempDir,
    }

    impl Home {
        fn new() -> Self {
            Self { runs: tempfile::tempdir().expect("a temporary directory") }
        }

        fn dir(&self, tag: &str) -> RunDir {
            RunDir::at(self.runs.path().join(tag))
        }

        fn run(&self, tag: &str, bytes: usize) {
            let dir = RunDir::create(self.runs.path().join(tag)).expect("it can be made");
            fs::write(dir.output(), vec![b'x'; bytes]).expect("it can be written");
            fs::write(dir.path().join("spec.json"), "{}").expect("it can be written");
        }

        fn remove_old(&self, ended: &[(&str, i64)], settings: &Settings) -> Removed {
            let ended = ended.iter().map(|(tag, day)| ((*tag).to_owned(), day * DAY_MS)).collect();
            remove_old(self.runs.path(), &ended, settings, Some(NOW), &Progress::default())
                .expect("the directory can be read")
        }

        fn left(&self) -> Vec<String> {
            let entries = fs::read_dir(self.runs.path()).expect("it can be read").flatten();
            let mut names: Vec<String> =
                entries.map(|entry| entry.file_name().into_string().expect("these are texts")).collect();
            names.sort();
            names
        }
    }
}
