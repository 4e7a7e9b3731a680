//! The store behind its threads, on a disk that fails.

use super::*;
use crate::store::entry::{Ending, Entry};

#[tokio::test]
async fn what_nobody_waits_for_is_held_while_the_disk_is_full_and_written_in_its_order() {
    let place = Place::new().await;
    let mut health = place.handle.health();
    place.fill_the_disk().await;
    place.handle.try_append(place.run, vec![advanced(1), advanced(2)]);
    health.wait_for(|health| !health.ok).await.unwrap();
    assert!(health.borrow().last_error.as_ref().unwrap().contains("full"), "{:?}", *health.borrow());
    let end = tokio::spawn({
        let (handle, run) = (place.handle.clone(), place.run);
        async move { handle.append_in_the_end(run, vec![advanced(3), ended()]).await }
    });
    assert!(place.stored().await.ended.is_none());

    place.free_the_disk().await;
    health.wait_for(|health| health.ok).await.unwrap();
    end.await.unwrap().unwrap();
    assert_eq!(health.borrow().lost, 0);
    let stored = place.stored().await;
    assert_eq!((stored.gaps.count, stored.best_step), (3, Some(3)), "nothing follows the end");
    assert!(!place.handle.row(place.run).await.unwrap().unwrap().recovered);
}

#[tokio::test]
async fn an_intent_that_cannot_be_written_is_refused_at_once_and_never_written_later() {
    let place = Place::new().await;
    place.fill_the_disk().await;
    place.handle.try_append(place.run, vec![advanced(1)]);
    let refusal = place.handle.append(place.run, vec![advanced(2)]).await.unwrap_err();
    assert!(matches!(refusal, StoreError::Full { .. }), "{refusal:?}");
    place.free_the_disk().await;
    place.handle.append(place.run, vec![advanced(3)]).await.unwrap();
    let steps: Vec<_> = place.handle.detail(place.run).await.unwrap().unwrap().advances;
    assert_eq!(steps.iter().map(|advance| advance.step).collect::<Vec<_>>(), [1, 3]);
    assert!(place.handle.health().borrow().ok);
}

#[tokio::test]
async fn whoever_waits_for_what_was_handed_in_reads_it() {
    let place = Place::new().await;
    let (release, held) = std::sync::mpsc::channel::<()>();
    let hold = move |_: &mut Store| assert!(held.recv().is_ok());
    assert!(place.handle.jobs.send(Job::With(Box::new(hold))).await.is_ok());
    place.handle.try_append(place.run, vec![advanced(1)]);
    let read = || async { place.handle.detail(place.run).await.unwrap().unwrap().advances.len() };
    assert_eq!(read().await, 0, "it is not written yet");
    let waited = place.handle.written(place.run);
    release.send(()).unwrap();
    waited.await;
    assert_eq!(read().await, 1);
}

#[tokio::test]
async fn a_disk_that_takes_something_again_is_noticed_with_nothing_to_write() {
    let place = Place::new().await;
    let mut health = place.handle.health();
    place.fill_the_disk().await;
    place.handle.append(place.run, vec![advanced(1)]).await.unwrap_err();
    assert!(!health.borrow().ok);
    place.free_the_disk().await;
    health.wait_for(|health| health.ok).await.unwrap();
    assert_eq!(health.borrow().lost, 0);
}

#[tokio::test]
async fn what_there_is_no_room_to_hold_is_counted_and_an_end_always_has_room() {
    let place = Place::with_room(Room { entries: 3, bytes: usize::MAX }).await;
    let mut health = place.handle.health();
    place.fill_the_disk().await;
    place.handle.try_append(place.run, vec![advanced(1), advanced(2)]);
    place.handle.try_append(place.run, vec![advanced(3), advanced(4)]);
    place.handle.try_append(place.run, vec![advanced(5)]);
    place.handle.try_append(place.run, vec![advanced(6), ended()]);
    health.wait_for(|health| health.lost == 2).await.unwrap();
    place.free_the_disk().await;
    health.wait_for(|health| health.ok).await.unwrap();
    let stored = place.stored().await;
    assert_eq!((stored.gaps.count, stored.best_step, stored.ended.is_some()), (4, Some(6), true));
    assert_eq!(health.borrow().lost, 2);
}

#[tokio::test]
async fn the_bytes_that_are_held_are_bounded_too() {
    let place = Place::with_room(Room { entries: usize::MAX, bytes: 100_000 }).await;
    let mut health = place.handle.health();
    place.fill_the_disk().await;
    for step in 1..=10 {
        place.handle.try_append(place.run, vec![advanced(step)]);
    }
    health.wait_for(|health| health.lost == 6).await.unwrap();
}

#[tokio::test]
async fn what_is_held_is_tried_once_more_before_the_file_is_closed() {
    let place = Place::new().await;
    let mut health = place.handle.health();
    place.fill_the_disk().await;
    place.handle.try_append(place.run, vec![advanced(1)]);
    health.wait_for(|health| !health.ok).await.unwrap();
    place.free_the_disk().await;
    place.handle.close().await.unwrap();
    assert_eq!(place.stored_later().best_step, Some(1));
}

#[tokio::test]
async fn a_file_that_cannot_be_written_at_the_end_is_checked_at_the_next_start() {
    let place = Place::new().await;
    let mut health = place.handle.health();
    place.fill_the_disk().await;
    let end = tokio::spawn({
        let (handle, run) = (place.handle.clone(), place.run);
        async move { handle.append_in_the_end(run, vec![advanced(1), ended()]).await }
    });
    health.wait_for(|health| !health.ok).await.unwrap();
    place.handle.close().await.unwrap_err();
    end.await.unwrap().unwrap_err();
    let db = rusqlite::Connection::open(place.path()).unwrap();
    let closed: i64 = db.query_row("SELECT value FROM meta WHERE key = 'closed'", [], |row| row.get(0)).unwrap();
    assert_eq!(closed, 0);
}

#[tokio::test]
async fn a_run_that_is_registered_while_entries_are_held_has_the_next_number() {
    let place = Place::new().await;
    place.fill_the_disk().await;
    place.handle.try_append(place.run, vec![advanced(1)]);
    place.handle.register(at(), Registration::plain("b")).await.unwrap_err();
    place.free_the_disk().await;
    assert_eq!(place.handle.register(at(), Registration::plain("b")).await.unwrap(), place.run + 1);
    assert_eq!(place.stored().await.best_step, Some(1));
}

#[tokio::test]
async fn a_database_that_another_process_locks_is_written_once_it_is_free() {
    let place = Place::new().await;
    let mut health = place.handle.health();
    set_pragma(&place.handle, "PRAGMA busy_timeout = 10").await;
    let other = rusqlite::Connection::open(place.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    place.handle.try_append(place.run, vec![advanced(1)]);
    health.wait_for(|health| !health.ok).await.unwrap();
    other.execute_batch("ROLLBACK").unwrap();
    health.wait_for(|health| health.ok).await.unwrap();
    assert_eq!(place.stored().await.best_step, Some(1));
}

#[tokio::test]
async fn a_file_that_became_read_only_gives_a_typed_error() {
    let place = Place::new().await;
    set_pragma(&place.handle, "PRAGMA query_only = ON").await;
    let refusal = place.handle.append(place.run, vec![advanced(1)]).await.unwrap_err();
    assert!(matches!(refusal, StoreError::NotWritable { .. }), "{refusal:?}");
}

#[tokio::test]
async fn what_waits_is_written_before_the_file_is_closed() {
    let place = Place::new().await;
    for step in 0..200 {
        place.handle.try_append(place.run, vec![advanced(step)]);
    }
    place.handle.close().await.unwrap();
    let late = place.handle.append(place.run, vec![advanced(1)]).await.unwrap_err();
    assert!(matches!(late, StoreError::Closed), "{late:?}");
    assert_eq!(place.stored_later().gaps.count, 200);
}

struct Place {
    directory: tempfile::TempDir,
    handle: StoreHandle,
    run: u64,
}

impl Place {
    async fn new() -> Self {
        Self::with_room(Room::USUAL).await
    }

    async fn with_room(room: Room) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let opened = Store::open(&directory.path().join("nightkeep.db"), Wall::from_ms(0)).unwrap();
        let handle = StoreHandle::start_with(opened.store, || TimeZone::UTC, room).unwrap();
        let run = handle.register(at(), Registration::plain("a")).await.unwrap();
        Self { directory, handle, run }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("nightkeep.db")
    }

    async fn fill_the_disk(&self) {
        set_pragma(&self.handle, "PRAGMA max_page_count = 1").await;
    }

    async fn free_the_disk(&self) {
        set_pragma(&self.handle, "PRAGMA max_page_count = 1000000").await;
    }

    async fn stored(&self) -> StoredRun {
        self.handle.run(self.run).await.unwrap().unwrap()
    }

    fn stored_later(&self) -> StoredRun {
        Reader::open(&self.path(), || TimeZone::UTC).unwrap().run(self.run).unwrap().unwrap()
    }
}

async fn set_pragma(handle: &StoreHandle, pragma: &'static str) {
    let (reply, answer) = oneshot::channel();
    let act = move |store: &mut Store| drop(reply.send(store.db.execute_batch(pragma)));
    assert!(handle.jobs.send(Job::With(Box::new(act))).await.is_ok());
    answer.await.unwrap().unwrap();
}

/// An advance that does not fit into the pages that are there.
fn advanced(step: i64) -> Stamped {
    let note = Some("x".repeat(20_000));
    Stamped { at: at(), entry: Entry::Advanced { n: 1, step, total: None, note, gap_ms: 1, source: None } }
}

fn ended() -> Stamped {
    let ending = Ending { exit_code: Some(0), ..Ending::new(crate::api::Outcome::Succeeded, 1) };
    Stamped { at: at(), entry: Entry::Ended(Box::new(ending)) }
}

fn at() -> Stamp {
    Stamp { at_wall_ms: 1, at_awake_ms: 1, boot: "boot".to_owned() }
}
