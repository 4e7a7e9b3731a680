//! The store for async callers: a thread that writes, a thread that reads, and a handle to both.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use jiff::tz::TimeZone;
use nightkeep_core::time::Wall;
use tokio::sync::{mpsc, oneshot, watch};

use super::entry::{Registration, Stamp, Stamped};
use super::error::StoreError;
use super::job::{JobEntries, StampedJob, StoredJob};
use super::queue::{Answer, Pending, Reply, Room};
use super::read::{EndedRun, JobSummary, LastOfJob, Reader};
use super::state::StoredRun;
use super::write::{Store, Write, Written};
use super::writer::{self, Job};
use super::{backup, open};
use crate::api::{HistoryQuery, HistoryRow, RunDetail};

/// How long somebody waits for a record who goes on without it in the end.
const WRITTEN_WITHIN: Duration = Duration::from_millis(500);

/// Writes that may wait. At the maximum, [`StoreHandle::append`] waits and [`StoreHandle::try_append`] counts a loss.
const WRITES_MAX: usize = 4096;

/// Questions that may wait; whoever asks the next one waits.
const QUESTIONS_MAX: usize = 64;

type Question = Box<dyn FnOnce(&Reader) + Send>;

/// Whether the history is being written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageHealth {
    /// Whether all that is known is written.
    pub ok: bool,
    /// Entries that were given up since the start: there was no room to hold them.
    pub lost: u64,
    /// Why the last failed write failed, with its causes.
    pub last_error: Option<String>,
}

impl StorageHealth {
    /// Returns whether that is news.
    pub(super) fn fail(&mut self, why: String) -> bool {
        let is_news = self.ok || self.last_error.as_ref() != Some(&why);
        self.ok = false;
        self.last_error = Some(why);
        is_news
    }

    pub(super) const fn lose(&mut self, entries: usize) {
        self.lost = self.lost.saturating_add(entries as u64);
    }
}

/// The history. Cheap to clone; the file is closed in order when the last clone is gone.
#[derive(Debug, Clone)]
pub struct StoreHandle {
    jobs: mpsc::Sender<Job>,
    questions: mpsc::Sender<Question>,
    health: Arc<watch::Sender<StorageHealth>>,
    path: Arc<Path>,
}

impl StoreHandle {
    /// Starts the threads. Times in sentences are those of the zone that `zone` returns (`TimeZone::system`).
    ///
    /// # Errors
    /// When the database cannot be opened for reading or a thread cannot be started.
    pub fn start(store: Store, zone: fn() -> TimeZone) -> Result<Self, StoreError> {
        Self::start_with(store, zone, Room::USUAL)
    }

    fn start_with(mut store: Store, zone: fn() -> TimeZone, room: Room) -> Result<Self, StoreError> {
        let path = store.path().to_owned();
        let reader = Reader::open(&path, zone)?;
        let (questions, mut asked) = mpsc::channel::<Question>(QUESTIONS_MAX);
        let (jobs, waiting) = mpsc::channel(WRITES_MAX);
        let trouble = store.mark_in_use().err().map(|error| error.with_causes());
        let health = StorageHealth { ok: trouble.is_none(), lost: 0, last_error: trouble };
        let health = Arc::new(watch::Sender::new(health));
        let failed = |source| StoreError::io("starting the threads of", &path, source);
        thread::Builder::new()
            .name("history-reader".to_owned())
            .spawn(move || {
                while let Some(question) = asked.blocking_recv() {
                    question(&reader);
                }
            })
            .map_err(failed)?;
        writer::start(store, waiting, Arc::clone(&health), room).map_err(failed)?;
        Ok(Self { jobs, questions, health, path: path.into() })
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

    /// Journals entries of one run, all or none; returns when they are durable. What could not be written is given up.
    ///
    /// # Errors
    /// When they were not written.
    pub async fn append(&self, run: u64, entries: Vec<Stamped>) -> Result<(), StoreError> {
        self.write(Write::Append(run, entries)).await.map(drop)
    }

    /// Journals entries of one run, all or none; returns when they are durable, which may take as long as nothing can
    /// be written: until then they are held, as those of [`StoreHandle::try_append`].
    ///
    /// # Errors
    /// When they cannot be written any more.
    pub async fn append_in_the_end(&self, run: u64, entries: Vec<Stamped>) -> Result<(), StoreError> {
        self.ask_to_write(Write::Append(run, entries), Answer::WhenWritten).await.map(drop)
    }

    /// Journals the end of a run with what it means for its job, all or none; otherwise as
    /// [`StoreHandle::append_in_the_end`].
    ///
    /// # Errors
    /// When they cannot be written any more.
    pub async fn end_in_the_end(&self, run: u64, entries: Vec<Stamped>, of_job: JobEntries) -> Result<(), StoreError> {
        self.ask_to_write(Write::End(run, entries, of_job), Answer::WhenWritten).await.map(drop)
    }

    /// Journals entries of one job without waiting. They are in their place in the queue when this returns; what it
    /// returns is done when they are durable, which may take as long as nothing can be written.
    pub fn try_append_job(&self, of_job: JobEntries) -> impl Future<Output = Result<(), StoreError>> + Send + use<> {
        let (reply, answer) = oneshot::channel();
        let count = of_job.entries.len();
        let pending = Pending::new(Write::Job(of_job), Answer::WhenWritten(reply));
        if self.jobs.try_send(Job::Write(pending)).is_err() {
            tracing::error!(count, "too much waits to be written, or nothing is written any more");
            self.health.send_modify(|health| health.lose(count));
        }
        async move { answer.await.map_err(|_| StoreError::Closed)?.map(drop) }
    }

    /// Journals entries of one run without waiting. While nothing can be written they are held and tried again, as
    /// far as there is room; [`StoreHandle::health`] tells.
    /// Entries of one caller are written in the order in which it hands them over, by whichever way.
    pub fn try_append(&self, run: u64, entries: Vec<Stamped>) {
        let count = entries.len();
        let pending = Pending::new(Write::Append(run, entries), Answer::Nobody);
        if self.jobs.try_send(Job::Write(pending)).is_err() {
            tracing::error!(run, count, "too much waits to be written, or nothing is written any more");
            self.health.send_modify(|health| health.lose(count));
        }
    }

    /// Waits until all that was handed in for a run is written, but no longer than half a second: what has been
    /// acknowledged, and what nobody else remembers, outlives a crash.
    pub async fn written(&self, run: u64) {
        drop(tokio::time::timeout(WRITTEN_WITHIN, self.append(run, Vec::new())).await);
    }

    /// Notes that somebody has looked at a run. Returns whether that changed anything.
    ///
    /// # Errors
    /// When it was not written.
    pub async fn mark_seen(&self, run: u64, at: Stamp) -> Result<bool, StoreError> {
        self.write(Write::MarkSeen(run, at)).await.map(|written| written.seen() > 0)
    }

    /// Takes back that somebody has looked at a run that is over. Returns whether somebody had.
    ///
    /// # Errors
    /// When it was not written.
    pub async fn mark_unseen(&self, run: u64, at: Stamp) -> Result<bool, StoreError> {
        self.write(Write::MarkUnseen(run, at)).await.map(|written| written.seen() > 0)
    }

    /// Notes that somebody has looked at all runs that are over. Returns how many had not been looked at.
    ///
    /// # Errors
    /// When it was not written.
    pub async fn mark_all_seen(&self, at: Stamp) -> Result<u64, StoreError> {
        self.write(Write::MarkAllSeen(at)).await.map(Written::seen)
    }

    /// Copies the database beside itself, on a connection of its own, so that nothing has to wait to be written. `now`
    /// names the copy.
    ///
    /// # Errors
    /// When the copy cannot be made.
    pub async fn back_up(&self, now: Wall) -> Result<PathBuf, StoreError> {
        let path = Arc::clone(&self.path);
        let made =
            tokio::task::spawn_blocking(move || backup::make(&open::read_only(&path)?, &path, &open::utc_stamp(now)));
        made.await.map_err(|_| StoreError::Closed)?
    }

    /// Writes the log back into the file and cuts it off.
    ///
    /// # Errors
    /// When it cannot be done.
    pub(super) async fn cut_log(&self) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        let act = move |store: &mut Store| drop(reply.send(store.cut_log()));
        self.jobs.send(Job::With(Box::new(act))).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Where the database is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
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

    /// See [`Reader::latest_of_job`].
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn latest_of_job(&self, job: String) -> Result<Option<u64>, StoreError> {
        self.ask(move |reader| reader.latest_of_job(&job)).await
    }

    /// See [`Reader::job_summaries`].
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn job_summaries(&self) -> Result<Vec<JobSummary>, StoreError> {
        self.ask(Reader::job_summaries).await
    }

    /// See [`Reader::job_states`].
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn job_states(&self) -> Result<BTreeMap<String, StoredJob>, StoreError> {
        self.ask(Reader::job_states).await
    }

    /// See [`Reader::spent_since`].
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn spent_since(&self, since_wall_ms: i64) -> Result<Vec<(String, i64, u64)>, StoreError> {
        self.ask(move |reader| reader.spent_since(since_wall_ms)).await
    }

    /// See [`Reader::job_story`].
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn job_story(&self, job: String, limit: u32) -> Result<Vec<StampedJob>, StoreError> {
        self.ask(move |reader| reader.job_story(&job, limit)).await
    }

    /// See [`Reader::ended_runs`].
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn ended_runs(&self) -> Result<BTreeMap<String, EndedRun>, StoreError> {
        self.ask(Reader::ended_runs).await
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
        self.ask_to_write(write, Answer::AtOnce).await
    }

    async fn ask_to_write(&self, write: Write, how: fn(Reply) -> Answer) -> Result<Written, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.jobs.send(Job::Write(Pending::new(write, how(reply)))).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Does something with the store between two transactions, and waits for it.
    pub(super) async fn with(&self, act: impl FnOnce(&mut Store) + Send + 'static) {
        let (reply, done) = oneshot::channel();
        let act = move |store: &mut Store| {
            act(store);
            // Whoever does not wait any longer does not hear of it.
            let _heard = reply.send(());
        };
        if self.jobs.send(Job::With(Box::new(act))).await.is_ok() {
            drop(done.await);
        }
    }

    pub(super) async fn ask<T: Send + 'static>(
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
mod tests;
