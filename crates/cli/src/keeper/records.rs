//! The records of a run on their way to the disk, which may be full.

use std::{
    fs, io, thread,
    time::{Duration, Instant},
};

use nightkeep_engine::rundir::{Exit, RunDir, RunDirError, Started};

/// The wait after the first failure; it doubles up to the longest one.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// How often [`Records::settle`] tries: a minute and a half in all.
const SETTLE_TRIES: u32 = 10;

/// What is to be written and what of it is not yet. A failure never holds up the run.
pub(super) struct Records {
    run: RunDir,
    started: Option<Started>,
    exit: Option<Exit>,
    pause: Duration,
    due: Option<Instant>,
}

impl Records {
    pub(super) const fn of(run: RunDir) -> Self {
        Self { run, started: None, exit: None, pause: PAUSE_MIN, due: None }
    }

    /// Writes who runs, at once if the disk lets it be.
    pub(super) fn put_started(&mut self, started: Started) {
        self.started = Some(started);
        self.write();
    }

    /// Nobody runs after all.
    pub(super) fn take_started_back(&mut self) {
        self.started = None;
        // What cannot be removed is explained by the record of the end that follows.
        drop(self.run.remove_started());
    }

    /// Writes how it ended, at once if the disk lets it be. A later one replaces an earlier one.
    pub(super) fn put_exit(&mut self, exit: Exit) {
        self.exit = Some(exit);
        self.write();
    }

    /// When the next try is due; `None` when everything is written.
    pub(super) const fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Tries again, if it is time.
    pub(super) fn retry(&mut self, now: Instant) {
        if self.due.is_some_and(|due| due <= now) {
            self.write();
        }
    }

    /// Waits until everything is written, or there is no more hope.
    pub(super) fn settle(&mut self) {
        for _ in 0..SETTLE_TRIES {
            let Some(due) = self.due else { return };
            thread::sleep(due.saturating_duration_since(Instant::now()));
            self.write();
        }
    }

    fn write(&mut self) {
        let done = self.write_started().and_then(|()| self.write_exit());
        if done.is_ok() || self.is_unwanted() {
            (self.pause, self.due) = (PAUSE_MIN, None);
        } else {
            self.due = Some(Instant::now() + self.pause);
            self.pause = (self.pause * 2).min(PAUSE_MAX);
        }
    }

    fn write_started(&mut self) -> Result<(), RunDirError> {
        if let Some(started) = &self.started {
            self.run.write_started(started)?;
            self.started = None;
        }
        Ok(())
    }

    fn write_exit(&mut self) -> Result<(), RunDirError> {
        if let Some(exit) = &self.exit {
            self.run.write_exit(exit)?;
            self.exit = None;
        }
        Ok(())
    }

    /// Whether somebody has removed the run's directory: then nobody waits for its records.
    fn is_unwanted(&self) -> bool {
        fs::metadata(self.run.path()).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
    }
}
