//! Noticing that something happens in a directory. An event is never more than "look again": what is true is read from
//! the disk, and whoever waits looks every now and then without any event.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use notify::event::{AccessKind, AccessMode};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;

/// Whether whoever wants to be woken will be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// From this moment on: what happened before was told to nobody.
    Begun,
    /// As before.
    Already,
    /// It cannot be had there, or there is no such place so far.
    Impossible,
}

/// All directories in which something is waited for; one watch of the system for all of them.
#[derive(Debug, Clone, Default)]
pub struct Places {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    watcher: Option<RecommendedWatcher>,
    waiting: HashMap<PathBuf, Vec<Weak<Notify>>>,
}

impl Places {
    /// Wakes `whom` whenever something happens in `place`, for as long as it lives. Where that cannot be had, nobody is
    /// woken.
    pub fn wait_in(&self, place: &Path, whom: &Arc<Notify>) -> Waiting {
        let mut inner = self.lock();
        if inner.watcher.is_none() {
            let woken = Arc::downgrade(&self.inner);
            inner.watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
                if let (Ok(event), Some(inner)) = (event, woken.upgrade()) {
                    inner.lock().unwrap_or_else(PoisonError::into_inner).wake(&event);
                }
            })
            .inspect_err(
                |error| tracing::warn!(%error, "directories cannot be watched; sources are looked at now and then"),
            )
            .ok();
        }
        let Inner { watcher, waiting } = &mut *inner;
        let those = waiting.entry(place.to_owned()).or_default();
        those.retain(|other| other.strong_count() > 0);
        if those.iter().any(|other| other.ptr_eq(&Arc::downgrade(whom))) {
            return Waiting::Already;
        }
        if those.is_empty()
            && let Some(Err(error)) = watcher.as_mut().map(|it| it.watch(place, RecursiveMode::NonRecursive))
        {
            tracing::debug!(%error, place = %place.display(), "a directory cannot be watched");
            waiting.remove(place);
            return Waiting::Impossible;
        }
        those.push(Arc::downgrade(whom));
        if watcher.is_some() { Waiting::Begun } else { Waiting::Impossible }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A map of whom to wake: after a panic elsewhere it is at worst too large.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn wake(&mut self, event: &notify::Event) {
        if matches!(event.kind, EventKind::Access(access) if access != AccessKind::Close(AccessMode::Write)) {
            return;
        }
        let mut left = Vec::new();
        for path in &event.paths {
            for place in [Some(path.as_path()), path.parent()].into_iter().flatten() {
                let Some(those) = self.waiting.get_mut(place) else { continue };
                those.retain(|whom| whom.upgrade().map(|whom| whom.notify_one()).is_some());
                if those.is_empty() {
                    left.push(place.to_owned());
                }
            }
        }
        for place in left {
            self.waiting.remove(&place);
            if let Some(watcher) = &mut self.watcher {
                // It may be gone, and its watch with it.
                let _gone = watcher.unwatch(&place);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_begins_once_and_when_there_is_such_a_place() {
        let (home, places, whom) = (tempfile::tempdir().unwrap(), Places::default(), Arc::new(Notify::new()));
        assert_eq!(places.wait_in(home.path(), &whom), Waiting::Begun);
        assert_eq!(places.wait_in(home.path(), &whom), Waiting::Already);
        assert_eq!(places.wait_in(home.path(), &Arc::new(Notify::new())), Waiting::Begun);
        let later = home.path().join("later");
        assert_eq!(places.wait_in(&later, &whom), Waiting::Impossible);
        std::fs::create_dir(&later).unwrap();
        assert_eq!(places.wait_in(&later, &whom), Waiting::Begun);
    }
}
