//! One look at one marker, or at the outside of all of them, on a thread that may wait for the disk.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::marker::dirs::{Armed, Dirs};
use crate::marker::place::{self, Stamp};
use crate::marker::reading::{Reading, read};
use crate::marker::signals::Id;
use crate::marker::trouble::Trouble;

/// What a look at a marker came to.
#[derive(Debug)]
pub(super) struct Looked {
    pub(super) id: Id,
    /// Whether events tell of it; only when that was asked for.
    pub(super) armed: Option<Armed>,
    /// The state of the file that was looked at, if there was one.
    pub(super) stamp: Option<Stamp>,
    pub(super) result: Result<Reading, Trouble>,
}

/// What the timer compares.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) id: Id,
    pub(super) path: PathBuf,
    pub(super) stamp: Option<Stamp>,
    pub(super) is_armed: bool,
}

/// Looks at a marker; with `arm`, after making sure that whatever happens next is told.
pub(super) fn look(dirs: &Mutex<Dirs>, id: Id, path: &Path, arm: bool) -> Looked {
    let armed = arm.then(|| lock(dirs).arm(id, path));
    let result = read(path);
    let stamp = result.as_ref().map_or_else(|_| place::stamp(path), |reading| Some(reading.stamp));
    Looked { id, armed, stamp, result }
}

/// Finds the markers that changed unnoticed: one `stat` for each. Where there is no file, the way to it may have
/// changed as well, which is another one.
pub(super) fn compare(dirs: &Mutex<Dirs>, known: &[Known]) -> Vec<Id> {
    let missed = known.iter().filter(|known| {
        let stamp = place::stamp(&known.path);
        let changed = stamp != known.stamp;
        if changed {
            // An event should have said so: the watch may be dead.
            lock(dirs).distrust(known.id);
        }
        changed || !known.is_armed || (stamp.is_none() && !lock(dirs).leads(known.id, &known.path))
    });
    missed.map(|known| known.id).collect()
}

pub(super) fn lock(dirs: &Mutex<Dirs>) -> MutexGuard<'_, Dirs> {
    // At worst a count is off by one after a panic, and a directory stays watched or is looked at on the timer.
    dirs.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::Arc;

    use super::*;
    use crate::marker::dirs::system_watcher;
    use crate::marker::signals::Signals;

    const MARKER: Id = Id(1);

    /// What the timer finds of a marker that was missing when it was looked at.
    fn found_of_missing(path: &Path, meanwhile: impl FnOnce()) -> Vec<Id> {
        let dirs = Mutex::new(Dirs::new(Arc::new(Signals::default()), system_watcher()));
        let looked = look(&dirs, MARKER, path, true);
        assert_eq!((looked.armed, looked.stamp), (Some(Armed::Yes), None));
        meanwhile();
        compare(&dirs, &[Known { id: MARKER, path: path.to_owned(), stamp: None, is_armed: true }])
    }

    #[test]
    fn a_missing_marker_is_left_alone_while_the_way_to_it_stays_as_it_is() {
        let home = tempfile::tempdir().unwrap();
        assert_eq!(found_of_missing(&home.path().join("progress.json"), || {}), []);
        assert_eq!(found_of_missing(&home.path().join("later/progress.json"), || {}), []);
    }

    #[test]
    fn a_missing_marker_is_looked_at_again_when_the_way_to_it_has_changed() {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        let came = || fs::create_dir(at("later")).unwrap();
        assert_eq!(found_of_missing(&at("later/progress.json"), came), [MARKER]);
        let replaced = || {
            fs::rename(at("later"), at("away")).unwrap();
            fs::create_dir(at("later")).unwrap();
        };
        assert_eq!(found_of_missing(&at("later/progress.json"), replaced), [MARKER]);
        let went = || fs::remove_dir(at("later")).unwrap();
        assert_eq!(found_of_missing(&at("later/progress.json"), went), [MARKER]);
    }
}
