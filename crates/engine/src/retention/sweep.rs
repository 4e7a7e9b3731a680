//! What is removed, and in which order.
//!
//! A directory that is to be removed gets another name first, so that a crash in between leaves nothing that could be taken
//! for a run. That something is removed is on record before it is: a crash in between leaves a record of what is still
//! there, which nobody tells as long as it is there.

use std::collections::BTreeMap;
use std::fs::{self, DirEntry};
use std::io;
use std::path::Path;

use super::broom::Progress;
use crate::config::Settings;
use crate::rundir::RunDir;
use crate::store::entry::Entry;
use crate::store::{EndedRun, StoreError};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// How the name of a directory begins that is being removed.
const GOING: &str = ".removed-";

/// What was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Removed {
    pub(super) runs: u64,
    pub(super) outputs: u64,
    pub(super) bytes: u64,
    /// What should have been removed and could not be.
    pub(super) failures: u64,
}

/// A directory of a run that has ended.
struct Ended {
    dir: RunDir,
    tag: String,
    run: u64,
    ended_ms: i64,
    /// What its outputs hold.
    bytes: u64,
}

/// Puts on record what becomes of a run.
pub(super) type Note<'n> = dyn Fn(u64, Entry) -> Result<(), StoreError> + 'n;

/// One removal of what is too old or too much.
pub(super) struct Sweep<'s> {
    /// Where the directories are.
    pub(super) runs: &'s Path,
    pub(super) settings: &'s Settings,
    /// This moment, if the clock can be believed. Without it nothing is too old.
    pub(super) now_ms: Option<i64>,
    pub(super) progress: &'s Progress,
    pub(super) note: &'s Note<'s>,
}

impl Sweep<'_> {
    /// Removes it. `ended` has each run that is over, by its tag.
    pub(super) fn remove_old(&self, ended: &BTreeMap<String, EndedRun>) -> io::Result<Removed> {
        let mut removed = Removed::default();
        let mut over = Vec::new();
        for entry in fs::read_dir(self.runs)?.flatten() {
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
        let (old, kept): (Vec<Ended>, Vec<Ended>) =
            over.into_iter().partition(|run| self.is_older(run, self.settings.keep_days));
        let stale = kept.iter().filter(|run| self.is_stale(run)).count();
        self.progress.expect(old.len() + stale);
        for run in &old {
            if !self.progress.goes_on() {
                return Ok(removed);
            }
            self.progress.step();
            if self.on_record(run, true, || self.remove_dir(run)) {
                removed = Removed { runs: removed.runs + 1, bytes: removed.bytes + run.bytes, ..removed };
            } else {
                removed.failures += 1;
            }
        }
        self.remove_outputs(&kept, &mut removed);
        Ok(removed)
    }

    fn is_older(&self, run: &Ended, days: u32) -> bool {
        let oldest_ms = self.now_ms.map(|now_ms| now_ms.saturating_sub(i64::from(days).saturating_mul(DAY_MS)));
        oldest_ms.is_some_and(|oldest_ms| run.ended_ms < oldest_ms)
    }

    /// Whether its output is too old.
    fn is_stale(&self, run: &Ended) -> bool {
        run.bytes > 0 && self.is_older(run, self.settings.keep_output_days)
    }

    /// Whether it went. A link in it is not followed.
    fn remove_dir(&self, run: &Ended) -> bool {
        let going = self.runs.join(format!("{GOING}{}", run.tag));
        fs::rename(run.dir.path(), &going).and_then(|()| fs::remove_dir_all(going)).is_ok()
    }

    /// Removes the outputs of those of `runs`, which are in the order of their ends, that are too old, and then of the
    /// oldest until the rest is not too much.
    fn remove_outputs(&self, runs: &[Ended], removed: &mut Removed) {
        let mut total: u64 = runs.iter().map(|run| run.bytes).sum();
        for run in runs.iter().filter(|run| run.bytes > 0) {
            let is_stale = self.is_stale(run);
            if !(is_stale || total > self.settings.output_total_max) || !self.progress.goes_on() {
                return;
            }
            if is_stale {
                self.progress.step();
            }
            if self.on_record(run, false, || remove_output(run)) {
                total -= run.bytes;
                removed.outputs += 1;
                removed.bytes += run.bytes;
            } else {
                removed.failures += 1;
            }
        }
    }

    /// Removes something of a run with a record of it. Returns whether it went.
    fn on_record(&self, run: &Ended, folder: bool, remove: impl FnOnce() -> bool) -> bool {
        let noted = (self.note)(run.run, Entry::Removing { folder });
        if let Err(StoreError::Closed) = noted {
            // The engine ends.
            self.progress.cancel();
            return false;
        }
        let went = remove();
        // What has left its place went, as whoever looks for it sees it.
        let is_there = if folder { run.dir.path().exists() } else { run.dir.output().exists() };
        let more = match noted {
            Ok(()) if is_there => Some(Entry::NotRemoved),
            // A disk that is full is no reason to keep what fills it. There may be room afterwards.
            Err(_) if !is_there => Some(Entry::Removing { folder }),
            Ok(()) | Err(_) => None,
        };
        if let Some(Err(fault)) = more.map(|entry| (self.note)(run.run, entry)) {
            tracing::warn!(run = run.run, fault = fault.with_causes(), "what was removed is not on record");
        }
        went
    }
}

/// The run of a directory, if the history knows its end and no keeper is there.
fn ended_run(entry: &DirEntry, ended: &BTreeMap<String, EndedRun>) -> Option<Ended> {
    let tag = entry.file_name().into_string().ok()?;
    let EndedRun { run, ended_wall_ms } = *ended.get(&tag)?;
    let dir = RunDir::at(entry.path());
    let is_kept = nightkeep_os::lock_is_held(&dir.lock());
    let bytes = output_bytes(&dir);
    matches!(is_kept, Ok(false)).then_some(Ended { dir, tag, run, ended_ms: ended_wall_ms, bytes })
}

/// Whether it went.
fn remove_output(run: &Ended) -> bool {
    [run.dir.output(), run.dir.stderr()].iter().all(|path| is_gone(fs::remove_file(path)))
}

fn is_gone(result: io::Result<()>) -> bool {
    result.map_or_else(|fault| fault.kind() == io::ErrorKind::NotFound, |()| true)
}

/// What the outputs of a run hold.
pub(super) fn output_bytes(dir: &RunDir) -> u64 {
    [dir.output(), dir.stderr()].iter().filter_map(|path| crate::captured::bytes_kept(path).ok()).sum()
}

#[cfg(test)]
mod tests;
