//! What the command prints is held to what is kept of it.
//!
//! One thread looks at the files. It has no wake-up while nothing is printed, and while something is, it looks at a pace
//! that follows the speed, so that what is printed between two looks stays small.

mod pace;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use nightkeep_engine::{
    captured::{Captured, Look},
    rundir::RunDir,
};
use nightkeep_os::WriteWatch;

use super::{connections::spawn, start::StartError};
use pace::{Pace, REST_MIN};

/// How often somebody looks at silent files where the system does not tell of writes.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The files of a run, shared with the thread that looks at them. None when nobody writes any longer.
pub(super) struct Output {
    files: Arc<Mutex<Vec<Captured>>>,
}

impl Output {
    /// The output of a run whose files are there, to be held to `max` bytes each.
    pub(super) fn of(run: &RunDir, max: u64) -> Self {
        Self { files: Arc::new(Mutex::new(Captured::of(run, max))) }
    }

    /// Holds the files to their limit from here on.
    pub(super) fn hold(&self) -> Result<(), StartError> {
        let files = Arc::clone(&self.files);
        spawn(move || hold(&files))
    }

    /// Whether it takes a while to make plain files of what is kept.
    pub(super) fn is_long(&self) -> bool {
        lock(&self.files).iter().any(Captured::is_long)
    }

    /// Nobody writes any longer: makes plain files of what is kept, and returns how many bytes are gone.
    pub(super) fn settle(&self) -> u64 {
        let files = std::mem::take(&mut *lock(&self.files));
        // Where a plain file cannot be made, the file with its hole stays, and tells by itself what is gone.
        files.into_iter().map(|mut file| file.settle().unwrap_or(0)).sum()
    }
}

/// A panic at a look leaves nothing that the next one could not go on from.
fn lock(files: &Mutex<Vec<Captured>>) -> MutexGuard<'_, Vec<Captured>> {
    files.lock().unwrap_or_else(PoisonError::into_inner)
}

fn hold(files: &Mutex<Vec<Captured>>) {
    let paths: Vec<PathBuf> = lock(files).iter().map(|file| file.path().to_owned()).collect();
    let paths: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
    let watch = WriteWatch::of(&paths).ok();
    let mut pace = Pace::from(Instant::now());
    while let Some(found) = look(files) {
        match (pace.after(Instant::now(), found), &watch) {
            (Some(rest), _) => thread::sleep(rest),
            (None, Some(watch)) if watch.arm().is_ok() => {
                // What was printed before the watch was armed is not told.
                if look(files).is_some_and(|again| again.length == found.length) {
                    watch.wait();
                }
                pace.goes_on(Instant::now());
                thread::sleep(REST_MIN);
            }
            (None, _) => {
                thread::sleep(LOOK_EVERY);
                pace.goes_on(Instant::now());
            }
        }
    }
}

/// One look at all files together. `None`: nobody writes any longer.
fn look(files: &Mutex<Vec<Captured>>) -> Option<Look> {
    let mut files = lock(files);
    // What cannot be looked at cannot be held, and is no reason to give the others up.
    let found = files.iter_mut().map(|file| file.look().unwrap_or(Look { length: 0, room: u64::MAX }));
    found.reduce(|one, other| Look { length: one.length + other.length, room: one.room.min(other.room) })
}
