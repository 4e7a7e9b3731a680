//! The watches on directories. A watch on the marker itself would die with the first swap, so it is the directory that
//! is watched: one watch for each, however many markers are in it. Where the directory is missing, the nearest one
//! above it is watched until it comes.
//!
//! Everything here may wait for the disk, and is called on threads where that harms nobody.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use notify::{ErrorKind, RecursiveMode, Watcher};

use super::place::{self, Identity, identity};
use super::signals::{Id, Signals};

/// How often arming starts again when directories come and go meanwhile. What is missed then, the timer sees.
const ARM_TRIES_MAX: u32 = 4;

/// Makes a file watch that reports to the signals.
pub(super) type OpenWatcher = Box<dyn Fn(Arc<Signals>) -> notify::Result<Box<dyn Watcher + Send>> + Send>;

/// The file watch of the system.
pub(super) fn system_watcher() -> OpenWatcher {
    Box::new(|signals| {
        let watcher = notify::recommended_watcher(move |event| signals.take_in(event))?;
        Ok(Box::new(watcher))
    })
}

/// Whether events tell of a marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Armed {
    /// They do.
    Yes,
    /// They may not tell of everything: its file system is not one of this computer, or a link is on the way to it.
    Partly,
    /// The system has no more watches to give.
    AtLimit,
    /// They do not, for another reason: the directory may not be read, or its file system cannot be watched.
    No,
}

/// All watches on directories.
pub(super) struct Dirs {
    signals: Arc<Signals>,
    open: OpenWatcher,
    /// Made with the first watch: it costs a thread.
    watcher: Option<Box<dyn Watcher + Send>>,
    watched: HashMap<PathBuf, Watched>,
    markers: HashMap<Id, Way>,
}

struct Watched {
    identity: Identity,
    markers: u32,
}

/// What leads to a marker.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Way {
    /// The nearest existing directory; canonical, since two paths to one directory are one watch under the last name.
    watched: PathBuf,
    identity: Identity,
    /// What is waited for in it.
    awaited: PathBuf,
    /// Whether that is the marker itself.
    is_marker: bool,
}

impl Dirs {
    pub(super) fn new(signals: Arc<Signals>, open: OpenWatcher) -> Self {
        Self { signals, open, watcher: None, watched: HashMap::new(), markers: HashMap::new() }
    }

    /// Brings the watch for a marker in place, or makes sure that it is.
    pub(super) fn arm(&mut self, id: Id, path: &Path) -> Armed {
        let mut armed = Armed::No;
        for _ in 0..ARM_TRIES_MAX {
            let Some(way) = way_to(path) else {
                self.release(id);
                return Armed::No;
            };
            armed = self.take(id, &way);
            // A directory that came after the look and before the watch has sent no event.
            if way_to(path).as_ref() == Some(&way) {
                break;
            }
        }
        if armed == Armed::Yes && !self.tells_all(id, path) { Armed::Partly } else { armed }
    }

    fn tells_all(&self, id: Id, path: &Path) -> bool {
        let is_straight = |way: &Way| path.starts_with(&way.watched) && !path.is_symlink();
        self.markers.get(&id).is_some_and(|way| is_straight(way) && place::tells_all(&way.watched))
    }

    /// Whether the watch for a marker is still on the way to `path`, as far as a look at the outside tells.
    pub(super) fn leads(&self, id: Id, path: &Path) -> bool {
        let nearest = nearest(path).map(|(_, identity, awaited)| (identity, awaited == path));
        let way = self.markers.get(&id);
        way.is_some_and(|way| !self.signals.is_stale(&way.watched) && nearest == Some((way.identity, way.is_marker)))
    }

    /// Has the watch for a marker made anew with the next [`Dirs::arm`].
    pub(super) fn distrust(&self, id: Id) {
        if let Some(way) = self.markers.get(&id) {
            self.signals.set_stale(&way.watched);
        }
    }

    /// Ends the watch for a marker.
    pub(super) fn release(&mut self, id: Id) {
        let Some(way) = self.markers.remove(&id) else { return };
        self.signals.unroute(id, &way.watched, &way.awaited);
        let Some(watched) = self.watched.get_mut(&way.watched) else { return };
        watched.markers = watched.markers.saturating_sub(1);
        if watched.markers == 0 {
            self.watched.remove(&way.watched);
            self.unwatch(&way.watched);
        }
    }

    fn take(&mut self, id: Id, way: &Way) -> Armed {
        let is_dead = self.signals.take_stale(&way.watched)
            || self.watched.get(&way.watched).is_some_and(|watched| watched.identity != way.identity);
        if is_dead {
            self.unwatch(&way.watched);
        }
        let needs_watch = is_dead || !self.watched.contains_key(&way.watched);
        if needs_watch && let Err(error) = self.watch(&way.watched) {
            // Other markers in it have lost their watch as well, and find out by this.
            self.signals.set_stale(&way.watched);
            self.release(id);
            return if is_limit(&error) { Armed::AtLimit } else { Armed::No };
        }
        let fresh = || Watched { identity: way.identity, markers: 0 };
        let watched = self.watched.entry(way.watched.clone()).or_insert_with(fresh);
        watched.identity = way.identity;
        if self.markers.get(&id) != Some(way) {
            // Taken before the old one is released, so that a directory that stays watched is not let go in between.
            watched.markers += 1;
            self.release(id);
            self.signals.route(id, &way.watched, &way.awaited, way.is_marker);
            self.markers.insert(id, way.clone());
        }
        Armed::Yes
    }

    fn watch(&mut self, directory: &Path) -> notify::Result<()> {
        let watcher = match &mut self.watcher {
            Some(watcher) => watcher,
            none => none.insert((self.open)(Arc::clone(&self.signals))?),
        };
        watcher.watch(directory, RecursiveMode::NonRecursive)
    }

    fn unwatch(&mut self, directory: &Path) {
        if let Some(watcher) = &mut self.watcher {
            // It fails when the directory is gone and its watch with it, which is what is wanted.
            drop(watcher.unwatch(directory));
        }
    }
}

/// The watch that is needed for `path`.
fn way_to(path: &Path) -> Option<Way> {
    let (directory, identity, awaited) = nearest(path)?;
    let watched = std::fs::canonicalize(directory).ok()?;
    let name = awaited.file_name()?;
    Some(Way { awaited: watched.join(name), identity, is_marker: awaited == path, watched })
}

/// The nearest existing directory on the way to `path`, what it is, and what is waited for in it.
fn nearest(path: &Path) -> Option<(&Path, Identity, &Path)> {
    let mut awaited = path;
    for directory in path.ancestors().skip(1) {
        if let Some(identity) = identity(directory) {
            return Some((directory, identity, awaited));
        }
        awaited = directory;
    }
    None
}

/// Whether the system has no more watches to give, or no more files to open.
fn is_limit(error: &notify::Error) -> bool {
    match &error.kind {
        ErrorKind::MaxFilesWatch => true,
        ErrorKind::Io(error) => place::is_out_of_handles(error),
        ErrorKind::Generic(_) | ErrorKind::PathNotFound | ErrorKind::WatchNotFound | ErrorKind::InvalidConfig(_) => {
            false
        }
    }
}
