//! The store for async callers: a thread that writes, a thread that reads, and a handle to both.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use jiff::tz::TimeZone;
use nightkeep_core::time::Wall;
use tokio::sync::{mpsc, oneshot, watch};

use super::entry::{Registration, Stamp, Stamped};
use super::error::StoreError;
use super::read::{JobSummary, LastOfJob, Reader};
use super::state::StoredRun;
use super::write::{Store, Write, Written};
use super::writer::{self, Job};
use crate::api::{HistoryQuery, HistoryRow, RunDetail};

/// Writes that may wait. At the maximum, [`StoreHandle::append`] waits and [`StoreHandle::try_append`] counts a failure.
const WRITES_MAX: usize = 4096;

/// Questions that may wait; whoever asks the next one waits.
const QUESTIONS_MAX: usize = 64;

type Question = Box<dyn FnOnce(&Reader) + Send>;

/// Whether the history is being written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageHealth {
    /// Whether the last write went well.
    pub ok: bool,
    /// Entries that were not written since the start.
    pub lost: u64,
    /// Why the last failed write failed, with its causes.
    pub last_error: Option<String>,
}

impl StorageHealth {
    pub(super) fn fail(&mut self, error: &StoreError, lost: usize) {
        self.ok = false;
        self.lost = self.lost.saturating_add(lost as u64);
        self.last_error = Some(error.with_causes());
    }
}

/// The history. Cheap to clone; the file is closed in order when the last clone is gone.
#[derive(Debug, Clone)]
pub struct StoreHandle {
    jobs: mpsc::Sender<Job>,
    questions: mpsc::Sender<Question>,
    health: Arc<watch::Sender<StorageHealth>>,
}

impl StoreHandle {
    /// Starts the threads. Times in sentences are those of the zone that `zone` returns (`TimeZone::system`).
    ///
    /// # Errors
    /// When the database cannot be opened for reading or a thread cannot be started.
    pub fn start(store: Store, zone: fn() -> TimeZone) -> Result<Self, StoreError> {
        let path = store.path().to_owned();
        let reader = Reader::open(&path, zone)?;
        let (questions, mut asked) = mpsc::channel::<Question>(QUESTIONS_MAX);
        let (jobs, waiting) = mpsc::channel(WRITES_MAX);
        let health = Arc::new(watch::Sender::new(StorageHealth { ok: true, lost: 0, last_error: None }));
        let failed = |source| StoreError::io("starting the threads of", &path, source);
        thread::Builder::new()
            .name("history-reader".to_owned())
            .spawn(move || {
                while let Some(question) = asked.blocking_recv() {
                    question(&reader);
                }
            })
            .map_err(failed)?;
        writer::start(store, waiting, Arc::clone(&health)).map_err(failed)?;
        Ok(Self { jobs, questions, health })
    }

    /// Gives a run its number. A tag that is known keeps its number. Survives a loss of power.
    ///
    /// # Errors
    /// When it was not written.
    pub async fn register(&self, at: Stamp, registration: Registration) -> Result<u64, StoreError> {
        match self.write(Write::Register(at, Box::new(registration))).await? {
            Written::Registered(run) => Ok(run),
            Written::Appended | Written::Seen(_) => unreachable!("a registration is answered with a number"),
        }
    }

    /// Journals entries of one run, all or none; returns when they are durable.
    ///
    /// # Errors
    /// When they were not written.
    pub async fn append(&self, run: u64, entries: Vec<Stamped>) -> Result<(), StoreError> {
        self.write(Write::Append(run, entries)).await.map(drop)
    }

    /// Journals entries of one run without waiting. A failure is counted and shown by [`StoreHandle::health`].
    /// Entries of one caller are written in the order in which it hands them over, by whichever way.
    pub fn try_append(&self, run: u64, entries: Vec<Stamped>) {
        let count = entries.len();
        let error = match self.jobs.try_send(Job::Write(Write::Append(run, entries), None)) {
            Ok(()) => return,
            Err(mpsc::error::TrySendError::Full(_)) => StoreError::QueueFull,
            Err(mpsc::error::TrySendError::Closed(_)) => StoreError::Closed,
        };
        self.health.send_modify(|health| health.fail(&error, count));
    }

    /// Notes that somebody has looked at a run. Returns whether that changed anything.
    ///
    /// # Errors
    /// When it was not written.
    pub async fn mark_seen(&self, run: u64, at: Stamp) -> Result<bool, StoreError> {
        self.write(Write::MarkSeen(run, at)).await.map(|written| written.seen() > 0)
    }

    /// Notes that somebody has looked at all runs that are over. Returns how many had not been looked at.
    ///
    /// # Errors
    /// When it was not written.
    pub async fn mark_all_seen(&self, at: Stamp) -> Result<u64, StoreError> {
        self.write(Write::MarkAllSeen(at)).await.map(Written::seen)
    }

    /// Copies the database beside itself. `now` names the copy.
    ///
    /// # Errors
    /// When the copy cannot be made.
    pub async fn back_up(&self, now: Wall) -> Result<PathBuf, StoreError> {
        let (reply, answer) = oneshot::channel();
        let act = move |store: &mut Store| drop(reply.send(store.back_up(now)));
        self.jobs.send(Job::With(Box::new(act))).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Writes what is waiting and closes the file in order. Later writes fail with [`StoreError::Closed`].
    ///
    /// # Errors
    /// When the file could not be closed in order; the history is safe all the same.
    pub async fn close(&self) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        self.jobs.send(Job::Close(reply)).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Whether the history is being written, and every change of it.
    #[must_use]
    pub fn health(&self) -> watch::Receiver<StorageHealth> {
        self.health.subscribe()
    }

    /// See [`Reader::history`].
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn history(&self, query: HistoryQuery) -> Result<Vec<HistoryRow>, StoreError> {
        self.ask(move |reader| reader.history(&query)).await
    }

    /// See [`Reader::unseen`].
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn unseen(&self, limit: u32) -> Result<Vec<HistoryRow>, StoreError> {
        self.ask(move |reader| reader.unseen(limit)).await
    }

    /// See [`Reader::unseen_count`].
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn unseen_count(&self) -> Result<u32, StoreError> {
        self.ask(Reader::unseen_count).await
    }

    /// See [`Reader::detail`].
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn detail(&self, run: u64) -> Result<Option<RunDetail>, StoreError> {
        self.ask(move |reader| reader.detail(run)).await
    }

    /// See [`Reader::row`].
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn row(&self, run: u64) -> Result<Option<HistoryRow>, StoreError> {
        self.ask(move |reader| reader.row(run)).await
    }

    /// See [`Reader::run`].
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn run(&self, run: u64) -> Result<Option<StoredRun>, StoreError> {
        self.ask(move |reader| reader.run(run)).await
    }

    /// See [`Reader::open_runs`].
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn open_runs(&self) -> Result<Vec<StoredRun>, StoreError> {
        self.ask(Reader::open_runs).await
    }

    /// See [`Reader::last_of_job`].
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn last_of_job(&self, job: String) -> Result<Option<LastOfJob>, StoreError> {
        self.ask(move |reader| reader.last_of_job(&job)).await
    }

    /// See [`Reader::job_summaries`].
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn job_summaries(&self) -> Result<Vec<JobSummary>, StoreError> {
        self.ask(Reader::job_summaries).await
    }

    /// See [`Reader::find_tag`].
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn find_tag(&self, tag: String) -> Result<Option<u64>, StoreError> {
        self.ask(move |reader| reader.find_tag(&tag)).await
    }

    /// See [`Reader::runs_with_leftovers`].
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn runs_with_leftovers(&self) -> Result<Vec<StoredRun>, StoreError> {
        self.ask(Reader::runs_with_leftovers).await
    }

    /// See [`Reader::open_numbers`].
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn open_numbers(&self) -> Result<Vec<u64>, StoreError> {
        self.ask(Reader::open_numbers).await
    }

    /// See [`Reader::unknown_tags`].
    ///
    /// # Errors
    /// When they cannot be looked up.
    pub async fn unknown_tags(&self, tags: Vec<String>) -> Result<Vec<String>, StoreError> {
        self.ask(move |reader| reader.unknown_tags(tags)).await
    }

    async fn write(&self, write: Write) -> Result<Written, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.jobs.send(Job::Write(write, Some(reply))).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        // Whoever went away in the meantime does not need the answer.
        let question = Box::new(move |reader: &Reader| drop(reply.send(question(reader))));
        self.questions.send(question).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::entry::{Entry, LimitsMs};

    #[tokio::test]
    async fn a_full_disk_is_reported_and_later_writes_are_tried_again() {
        let directory = tempfile::tempdir().unwrap();
        let opened = Store::open(&directory.path().join("nightkeep.db"), Wall::from_ms(0)).unwrap();
        let handle = StoreHandle::start(opened.store, || TimeZone::UTC).unwrap();
        let run = handle.register(at(), registration()).await.unwrap();
        let mut health = handle.health();

        set_pragma(&handle, "PRAGMA max_page_count = 1").await;
        let refusal = handle.append(run, vec![long_note()]).await.unwrap_err();
        assert!(matches!(refusal, StoreError::Full { .. }), "{refusal:?}");
        health.changed().await.unwrap();
        assert_eq!((health.borrow().ok, health.borrow().lost), (false, 1));

        handle.try_append(run, vec![long_note(), long_note()]);
        health.wait_for(|health| health.lost == 3).await.unwrap();
        assert!(health.borrow().last_error.as_ref().unwrap().contains("full"));

        set_pragma(&handle, "PRAGMA max_page_count = 1000000").await;
        handle.append(run, vec![long_note()]).await.unwrap();
        assert_eq!((health.borrow().ok, health.borrow().lost), (true, 3));
        assert_eq!(handle.run(run).await.unwrap().unwrap().gaps.count, 1);
    }

    #[tokio::test]
    async fn a_file_that_became_read_only_gives_a_typed_error() {
        let directory = tempfile::tempdir().unwrap();
        let opened = Store::open(&directory.path().join("nightkeep.db"), Wall::from_ms(0)).unwrap();
        let handle = StoreHandle::start(opened.store, || TimeZone::UTC).unwrap();
        let run = handle.register(at(), registration()).await.unwrap();
        set_pragma(&handle, "PRAGMA query_only = ON").await;
        let refusal = handle.append(run, vec![long_note()]).await.unwrap_err();
        assert!(matches!(refusal, StoreError::NotWritable { .. }), "{refusal:?}");
    }

    #[tokio::test]
    async fn what_waits_is_written_before_the_file_is_closed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("nightkeep.db");
        let opened = Store::open(&path, Wall::from_ms(0)).unwrap();
        let handle = StoreHandle::start(opened.store, || TimeZone::UTC).unwrap();
        let run = handle.register(at(), registration()).await.unwrap();
        for _ in 0..200 {
            handle.try_append(run, vec![long_note()]);
        }
        handle.close().await.unwrap();
        let late = handle.append(run, vec![long_note()]).await.unwrap_err();
        assert!(matches!(late, StoreError::Closed), "{late:?}");

        let reader = Reader::open(&path, || TimeZone::UTC).unwrap();
        assert_eq!(reader.run(run).unwrap().unwrap().gaps.count, 200);
    }

    async fn set_pragma(handle: &StoreHandle, pragma: &'static str) {
        let (reply, answer) = oneshot::channel();
        let act = move |store: &mut Store| drop(reply.send(store.db.execute_batch(pragma)));
        assert!(handle.jobs.send(Job::With(Box::new(act))).await.is_ok());
        answer.await.unwrap().unwrap();
    }

    fn long_note() -> Stamped {
        let note = Some("x".repeat(20_000));
        Stamped { at: at(), entry: Entry::Advanced { n: 1, step: 1, total: None, note, gap_ms: 1 } }
    }

    fn at() -> Stamp {
        Stamp { at_wall_ms: 1, at_awake_ms: 1, boot: "boot".to_owned() }
    }

    fn registration() -> Registration {
        Registration {
            tag: "tag".to_owned(),
            job: "job".to_owned(),
            job_type: "generic".to_owned(),
            command: Vec::new(),
            cwd: None,
            marker: None,
            attached: false,
            observe: false,
            limits: LimitsMs::default(),
            identity: None,
        }
    }
}
