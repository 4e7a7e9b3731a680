//! The thread that writes: everything that is waiting goes into one transaction.

use std::sync::Arc;
use std::thread;

use tokio::sync::{mpsc, oneshot, watch};

use super::error::StoreError;
use super::handle::StorageHealth;
use super::write::{Store, Write, Written};

/// Entries in one transaction, at about which it is closed: large enough to be cheap, small enough that other
/// processes get their turn.
const BATCH_ENTRIES: usize = 512;

pub(super) type Reply = oneshot::Sender<Result<Written, StoreError>>;

/// What the thread is asked for.
pub(super) enum Job {
    /// Write it, and tell how it went, if anybody wants to know.
    Write(Write, Option<Reply>),
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
) -> std::io::Result<()> {
    let writer = Writer { store, health };
    thread::Builder::new().name("history-writer".to_owned()).spawn(move || writer.run(jobs)).map(drop)
}

struct Writer {
    store: Store,
    health: Arc<watch::Sender<StorageHealth>>,
}

impl Writer {
    fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        let mut next = jobs.blocking_recv();
        while let Some(job) = next.take() {
            match job {
                Job::Write(write, reply) => {
                    let (batch, after) = gather(write, reply, &mut jobs);
                    self.write(batch);
                    next = after;
                }
                Job::With(act) => act(&mut self.store),
                Job::Close(done) => {
                    // Who closes does not wait for this answer at all costs.
                    let _closed = done.send(self.store.close());
                    return;
                }
            }
            next = next.or_else(|| jobs.blocking_recv());
        }
        if let Err(error) = self.store.close() {
            tracing::warn!(error = error.with_causes(), "the history was not closed in order");
        }
    }

    fn write(&mut self, batch: Batch) {
        let Batch { writes, replies } = batch;
        match self.store.write(&writes) {
            Ok(results) => {
                self.note_success();
                for (result, reply) in results.into_iter().zip(replies) {
                    answer(reply, result);
                }
            }
            Err(error) => {
                let lost = writes.iter().map(Write::entries).sum();
                self.note_failure(&error, lost);
                for reply in replies {
                    answer(reply, Err(error.clone()));
                }
            }
        }
    }

    fn note_success(&self) {
        self.health.send_if_modified(|health| !std::mem::replace(&mut health.ok, true));
    }

    fn note_failure(&self, error: &StoreError, lost: usize) {
        tracing::error!(error = error.with_causes(), lost, "the history was not written");
        self.health.send_modify(|health| health.fail(error, lost));
    }
}

#[derive(Default)]
struct Batch {
    writes: Vec<Write>,
    replies: Vec<Option<Reply>>,
}

/// Takes what is waiting, up to the first thing that is no write.
fn gather(write: Write, reply: Option<Reply>, jobs: &mut mpsc::Receiver<Job>) -> (Batch, Option<Job>) {
    let mut batch = Batch::default();
    let mut entries = write.entries();
    batch.writes.push(write);
    batch.replies.push(reply);
    while entries < BATCH_ENTRIES {
        match jobs.try_recv() {
            Ok(Job::Write(write, reply)) => {
                entries += write.entries();
                batch.writes.push(write);
                batch.replies.push(reply);
            }
            Ok(other @ (Job::With(_) | Job::Close(_))) => return (batch, Some(other)),
            Err(_) => break,
        }
    }
    (batch, None)
}

fn answer(reply: Option<Reply>, result: Result<Written, StoreError>) {
    match (reply, result) {
        // An asker that has gone away does not need the answer.
        (Some(reply), result) => drop(reply.send(result)),
        (None, Ok(_)) => {}
        (None, Err(error)) => tracing::warn!(error = error.with_causes(), "an entry was not taken in"),
    }
}
