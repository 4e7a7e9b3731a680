//! From file system events to "look at this marker again". An event is never more than that: what is true is read from
//! the disk.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use notify::EventKind;
use notify::event::{AccessKind, AccessMode};
use tokio::sync::Notify;

/// Names one watched marker for as long as it is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Id(pub(super) u64);

/// What events have asked for. Never larger than the number of markers.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// Markers that may have changed.
    pub(super) look: HashSet<Id>,
    /// Markers whose directory came, went or was replaced.
    pub(super) arm: HashSet<Id>,
    /// Events were lost: everything may have changed.
    pub(super) everything: bool,
}

/// Where the thread of the file watch and the marker watch meet.
#[derive(Debug, Default)]
pub(super) struct Signals {
    inner: Mutex<Inner>,
    woken: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    routes: HashMap<PathBuf, Vec<Route>>,
    asked: Asked,
    /// Watched directories of which the watch may be dead.
    stale: HashSet<PathBuf>,
}

/// Whom an event at a path concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Route {
    /// It is the marker itself.
    Marker(Id),
    /// It is a directory on the way to the marker that is waited for.
    Way(Id),
    /// It is the watched directory.
    Watched(Id),
}

impl Signals {
    /// Waits for something to be asked for.
    pub(super) async fn asked(&self) -> Asked {
        loop {
            let woken = self.woken.notified();
            let asked = std::mem::take(&mut self.lock().asked);
            if asked.everything || !asked.look.is_empty() || !asked.arm.is_empty() {
                return asked;
            }
            woken.await;
        }
    }

    /// Routes events to a marker whose nearest existing directory is `watched`. What is waited for there is `awaited`:
    /// the marker, or the next directory on the way to it.
    pub(super) fn route(&self, id: Id, watched: &Path, awaited: &Path, is_marker: bool) {
        let mut inner = self.lock();
        let first = if is_marker { Route::Marker(id) } else { Route::Way(id) };
        inner.routes.entry(awaited.to_owned()).or_default().push(first);
        inner.routes.entry(watched.to_owned()).or_default().push(Route::Watched(id));
    }

    /// Undoes [`Signals::route`].
    pub(super) fn unroute(&self, id: Id, watched: &Path, awaited: &Path) {
        let mut inner = self.lock();
        for path in [watched, awaited] {
            if let Some(routes) = inner.routes.get_mut(path) {
                routes.retain(|route| route.id() != id);
                if routes.is_empty() {
                    inner.routes.remove(path);
                }
            }
        }
        inner.asked.look.remove(&id);
        inner.asked.arm.remove(&id);
    }

    /// Whether the watch on `directory` may be dead; asked once.
    pub(super) fn take_stale(&self, directory: &Path) -> bool {
        self.lock().stale.remove(directory)
    }

    /// The same, without taking note that it was asked.
    pub(super) fn is_stale(&self, directory: &Path) -> bool {
        self.lock().stale.contains(directory)
    }

    /// Notes that the watch on `directory` may be dead.
    pub(super) fn set_stale(&self, directory: &Path) {
        self.lock().stale.insert(directory.to_owned());
    }

    /// Takes in an event, on the thread of the file watch.
    pub(super) fn take_in(&self, event: notify::Result<notify::Event>) {
        let mut inner = self.lock();
        match event {
            Ok(event) if is_reading(event.kind) => return,
            Ok(event) if !event.need_rescan() => {
                if !inner.note(&event.paths) {
                    return;
                }
            }
            Ok(_) | Err(_) => inner.asked.everything = true,
        }
        drop(inner);
        self.woken.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Sets of things to look at: after a panic elsewhere they are at worst too large.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Notes whom events at `paths` concern; whether there is anybody.
    fn note(&mut self, paths: &[PathBuf]) -> bool {
        let mut concerns = false;
        for path in paths {
            for route in self.routes.get(path).into_iter().flatten() {
                concerns = true;
                match route {
                    Route::Marker(id) => self.asked.look.insert(*id),
                    Route::Way(id) => self.asked.arm.insert(*id),
                    Route::Watched(id) => {
                        self.stale.insert(path.clone());
                        self.asked.arm.insert(*id)
                    }
                };
            }
        }
        concerns
    }
}

impl Route {
    fn id(self) -> Id {
        match self {
            Self::Marker(id) | Self::Way(id) | Self::Watched(id) => id,
        }
    }
}

/// Whether it only says that somebody reads: our own readings are events too, and must not lead to more of them.
fn is_reading(kind: EventKind) -> bool {
    matches!(kind, EventKind::Access(access) if access != AccessKind::Close(AccessMode::Write))
}
