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
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// Never taken by the thread that brings events: whoever asks for a watch, or lets go of one, waits for that thread.
    watcher: Mutex<Option<RecommendedWatcher>>,
    /// Never held while something is asked of the watcher.
    waiting: Mutex<Whom>,
}

/// Whom to wake where.
type Whom = HashMap<PathBuf, Vec<Weak<Notify>>>;

impl Places {
    /// Wakes `whom` whenever something happens in `place`, for as long as it lives. Where that cannot be had, nobody is
    /// woken.
    pub fn wait_in(&self, place: &Path, whom: &Arc<Notify>) -> Waiting {
        let known = Arc::downgrade(whom);
        if lock(&self.inner.waiting).get(place).is_some_and(|those| those.iter().any(|other| other.ptr_eq(&known))) {
            return Waiting::Already;
        }
        let mut watcher = lock(&self.inner.watcher);
        if watcher.is_none() {
            *watcher = self.watcher();
        }
        let Some(watcher) = watcher.as_mut() else { return Waiting::Impossible };
        self.let_go(watcher);
        let is_first = {
            let mut waiting = lock(&self.inner.waiting);
            let those = waiting.entry(place.to_owned()).or_default();
            those.push(known);
            those.len() == 1
        };
        if is_first && let Err(error) = watcher.watch(place, RecursiveMode::NonRecursive) {
            tracing::debug!(%error, place = %place.display(), "a directory cannot be watched");
            let _those = lock(&self.inner.waiting).remove(place);
            return Waiting::Impossible;
        }
        Waiting::Begun
    }

    fn watcher(&self) -> Option<RecommendedWatcher> {
        let woken = Arc::downgrade(&self.inner);
        notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            if let (Ok(event), Some(inner)) = (event, woken.upgrade()) {
                wake(&lock(&inner.waiting), &event);
            }
        })
        .inspect_err(
            |error| tracing::warn!(%error, "directories cannot be watched; sources are looked at now and then"),
        )
        .ok()
    }

    /// Lets go of the places in which nobody waits any more.
    fn let_go(&self, watcher: &mut RecommendedWatcher) {
        let left: Vec<PathBuf> = lock(&self.inner.waiting)
            .extract_if(|_, those| {
                those.retain(|whom| whom.strong_count() > 0);
                those.is_empty()
            })
            .map(|(place, _)| place)
            .collect();
        for place in left {
            // It may be gone, and its watch with it.
            let _gone = watcher.unwatch(&place);
        }
    }
}

fn wake(waiting: &Whom, event: &notify::Event) {
    if matches!(event.kind, EventKind::Access(access) if access != AccessKind::Close(AccessMode::Write)) {
        return;
    }
    for path in &event.paths {
        for place in [Some(path.as_path()), path.parent()].into_iter().flatten() {
            let those = waiting.get(place).into_iter().flatten();
            those.filter_map(Weak::upgrade).for_each(|whom| whom.notify_one());
        }
    }
}

fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    // A map of whom to wake: after a panic elsewhere it is at worst too large.
    what.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    const SOON: Duration = Duration::from_secs(20);

    async fn is_woken(whom: &Notify) {
        timeout(SOON, whom.notified()).await.unwrap();
    }

    /// Whoever waits for the thread that brings events waits beside the test.
    async fn waits_in(places: &Places, place: &Path, whom: &Arc<Notify>) -> Waiting {
        let (places, place, whom) = (places.clone(), place.to_owned(), Arc::clone(whom));
        timeout(SOON, tokio::task::spawn_blocking(move || places.wait_in(&place, &whom))).await.unwrap().unwrap()
    }

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

    #[tokio::test]
    async fn something_that_happens_where_nobody_waits_any_more_holds_nobody_up() {
        let [left, home] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let places = Places::default();
        let [gone, stays] = [Arc::new(Notify::new()), Arc::new(Notify::new())];
        assert_eq!(waits_in(&places, left.path(), &gone).await, Waiting::Begun);
        assert_eq!(waits_in(&places, home.path(), &stays).await, Waiting::Begun);
        drop(gone);
        std::fs::write(left.path().join("x"), "x").unwrap();
        std::fs::write(home.path().join("x"), "x").unwrap();
        is_woken(&stays).await;
        assert_eq!(waits_in(&places, home.path(), &Arc::new(Notify::new())).await, Waiting::Begun);
        assert!(!lock(&places.inner.waiting).contains_key(left.path()));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_flood_of_events_holds_nobody_up_who_begins_to_wait() {
        let [loud, home] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let (places, whom) = (Places::default(), Arc::new(Notify::new()));
        assert_eq!(waits_in(&places, loud.path(), &whom).await, Waiting::Begun);
        let (file, over) = (loud.path().join("x"), Arc::new(AtomicBool::new(false)));
        let told = Arc::clone(&over);
        let flood = tokio::task::spawn_blocking(move || {
            while !told.load(Ordering::Relaxed) {
                std::fs::write(&file, "x").unwrap();
            }
        });
        for n in 0..100 {
            let place = home.path().join(n.to_string());
            std::fs::create_dir(&place).unwrap();
            assert_eq!(waits_in(&places, &place, &whom).await, Waiting::Begun);
        }
        over.store(true, Ordering::Relaxed);
        flood.await.unwrap();
        is_woken(&whom).await;
    }
}
