//! The thread that writes: everything that is waiting goes into one transaction, and what could not be written is held
//! and tried again.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, timeout_at};

use super::error::StoreError;
use super::handle::StorageHealth;
use super::queue::{Pending, Queue, Room};
use super::write::Store;

/// After a failure it is tried again this soon, then after twice as long each time, up to the second.
const TRY_AGAIN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// What the thread is asked for.
pub(super) enum Job {
    /// Write it.
    Write(Pending),
    /// Do something with the store between two transactions.
    With(Box<dyn FnOnce(&mut Store) + Send>),
    /// Write what is waiting, then end.
    Close(oneshot::Sender<Result<(), StoreError>>),
}

/// Starts the thread. It ends when it is asked to, or when every sender is gone, and then closes the file in order.
pub(super) fn start(
    store: Store,
    jobs: mpsc::Receiver<Job>,
    health: Arc<watch::Sender<StorageHealth>>,
    room: Room,
) -> std::io::Result<()> {
    let retry = (!health.borrow().ok).then(Retry::soon);
    let writer = Writer { store, health, queue: Queue::new(room), retry };
    thread::Builder::new().name("history-writer".to_owned()).spawn(move || writer.run(jobs)).map(drop)
}

struct Writer {
    store: Store,
    health: Arc<watch::Sender<StorageHealth>>,
    queue: Queue,
    /// When it is tried again, while nothing can be written.
    retry: Option<Retry>,
}

/// The next attempt, and what waits for it: a clock of its own, that is there only while it is needed.
struct Retry {
    at: Instant,
    pause: Duration,
    timer: Option<Runtime>,
}

enum Next {
    Job(Job),
    TryAgain,
    Nobody,
}

impl Writer {
    fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        let mut after = None;
        loop {
            match after.take().map_or_else(|| self.next(&mut jobs), Next::Job) {
                Next::Job(Job::Write(pending)) => {
                    after = self.gather(pending, &mut jobs);
                    // What nobody waits for does not go to a disk that is known to be full at every single entry.
                    if self.retry.as_ref().is_none_or(Retry::is_due) || self.queue.is_asked() {
                        self.write();
                    }
                }
                Next::TryAgain => self.write(),
                Next::Job(Job::With(act)) => act(&mut self.store),
                Next::Job(Job::Close(done)) => {
                    // Who closes does not wait for this answer at all costs.
                    return drop(done.send(self.close()));
                }
                Next::Nobody => break,
            }
        }
        if let Err(error) = self.close() {
            tracing::warn!(error = error.with_causes(), "the history was not closed in order");
        }
    }

    fn next(&self, jobs: &mut mpsc::Receiver<Job>) -> Next {
        match &self.retry {
            Some(Retry { at, pause: _, timer: Some(timer) }) => {
                match timer.block_on(async { timeout_at(*at, jobs.recv()).await }) {
                    Ok(job) => job.map_or(Next::Nobody, Next::Job),
                    Err(_elapsed) => Next::TryAgain,
                }
            }
            Some(Retry { timer: None, .. }) | None => jobs.blocking_recv().map_or(Next::Nobody, Next::Job),
        }
    }

    /// Takes what is waiting, up to about one transaction or to the first thing that is no write.
    fn gather(&mut self, pending: Pending, jobs: &mut mpsc::Receiver<Job>) -> Option<Job> {
        let mut room = Queue::BATCH_ENTRIES.saturating_sub(pending.write.entries());
        self.push(pending);
        while room > 0 {
            match jobs.try_recv() {
                Ok(Job::Write(pending)) => {
                    room = room.saturating_sub(pending.write.entries());
                    self.push(pending);
                }
                Ok(other @ (Job::With(_) | Job::Close(_))) => return Some(other),
                Err(_) => break,
            }
        }
        None
    }

    fn push(&mut self, pending: Pending) {
        let lost = self.queue.push(pending);
        if lost > 0 {
            self.health.send_modify(|health| health.lose(lost));
        }
    }

    /// Writes all that waits, in its order; after a failure it is held.
    fn write(&mut self) {
        let mut one_by_one = false;
        if self.retry.is_some() && self.queue.is_empty() {
            // Whether the disk takes something again is found out even when there is nothing to be written.
            if let Err(error) = self.store.mark_in_use() {
                return self.failed(&error);
            }
        }
        while !self.queue.is_empty() {
            let count = if one_by_one { 1 } else { self.queue.batch() };
            match self.store.write_all(self.queue.first(count)) {
                Ok(results) => {
                    for result in results {
                        if let Some(pending) = self.queue.pop() {
                            pending.settle(result);
                        }
                    }
                }
                Err(error) if !error.is_of_the_entry() => return self.failed(&error),
                // One entry that can never be written must not hold up the others.
                Err(_) if count > 1 => one_by_one = true,
                Err(error) => {
                    let Some(pending) = self.queue.pop() else { break };
                    self.lose(&error, pending.write.entries());
                    pending.settle(Err(error));
                }
            }
        }
        self.succeeded();
    }

    fn succeeded(&mut self) {
        self.queue.release();
        if self.retry.take().is_some() {
            tracing::info!("the history is written again, with all that was held");
        }
        self.health.send_if_modified(|health| !std::mem::replace(&mut health.ok, true));
    }

    fn failed(&mut self, error: &StoreError) {
        let why = error.with_causes();
        if self.retry.is_none() {
            tracing::error!(error = why, "the history cannot be written");
        }
        self.retry = Some(self.retry.take().map_or_else(Retry::soon, Retry::later));
        // Whoever is refused below can see in the health that it was not for the moment only.
        self.health.send_if_modified(|health| health.fail(why));
        let lost = self.queue.hold(error);
        if lost > 0 {
            self.health.send_modify(|health| health.lose(lost));
        }
    }

    fn lose(&self, error: &StoreError, entries: usize) {
        tracing::error!(error = error.with_causes(), entries, "an entry cannot be written at all");
        self.health.send_modify(|health| health.lose(entries));
    }

    fn close(mut self) -> Result<(), StoreError> {
        if self.retry.is_some() || !self.queue.is_empty() {
            self.write();
        }
        // A file that could not be written is not said to be in order: the next start looks at every page.
        let Some(error) = self.queue.held().cloned() else { return self.store.close() };
        let lost = self.queue.abandon(&error);
        if lost > 0 {
            tracing::error!(lost, "what was held could not be written before the end");
        }
        Err(error)
    }
}

impl Retry {
    fn soon() -> Self {
        // Without a clock it is tried again with the next write.
        let timer = Builder::new_current_thread().enable_time().build().ok();
        Self { at: Instant::now() + TRY_AGAIN.0, pause: TRY_AGAIN.0, timer }
    }

    fn later(self) -> Self {
        if !self.is_due() {
            return self;
        }
        let pause = (self.pause * 2).min(TRY_AGAIN.1);
        Self { at: Instant::now() + pause, pause, timer: self.timer }
    }

    fn is_due(&self) -> bool {
        Instant::now() >= self.at
    }
}
