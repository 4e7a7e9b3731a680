//! What is to be written, in its order, and what of it is held while nothing can be written.

use std::collections::VecDeque;
use std::io;

use serde::Serialize;
use tokio::sync::oneshot;

use super::entry::Entry;
use super::error::StoreError;
use super::job::JobEntries;
use super::write::{Write, Written};

pub(super) type Reply = oneshot::Sender<Result<Written, StoreError>>;

/// Who hears of a write, which also says whether it outlives a failure.
#[derive(Debug)]
pub(super) enum Answer {
    /// Nobody. Held until it can be written.
    Nobody,
    /// Somebody, once it is written. Held until then.
    WhenWritten(Reply),
    /// Somebody, at once. A write that failed is not made later: what it was for has been given up.
    AtOnce(Reply),
}

/// A write that was not made yet.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) write: Write,
    pub(super) answer: Answer,
    /// Counted once it is held.
    bytes: Option<usize>,
}

impl Pending {
    pub(super) const fn new(write: Write, answer: Answer) -> Self {
        Self { write, answer, bytes: None }
    }

    const fn is_asked(&self) -> bool {
        matches!(self.answer, Answer::AtOnce(_))
    }

    /// Tells whoever wants to know.
    pub(super) fn settle(self, result: Result<Written, StoreError>) {
        match (self.answer, result) {
            // An asker that has gone away does not need the answer.
            (Answer::WhenWritten(reply) | Answer::AtOnce(reply), result) => drop(reply.send(result)),
            (Answer::Nobody, Ok(_)) => {}
            (Answer::Nobody, Err(error)) => tracing::warn!(error = error.with_causes(), "an entry was not taken in"),
        }
    }
}

/// How much is held at the most. Ends of runs are held beyond it: nothing else tells how an attached run ended, and
/// while nothing can be written no run gets a number, so there are never many of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    pub(super) entries: usize,
    pub(super) bytes: usize,
}

impl Room {
    /// Hours of a hundred busy runs.
    pub(super) const USUAL: Self = Self { entries: 50_000, bytes: 16 << 20 };
}

/// All writes that were not made yet, oldest first.
#[derive(Debug)]
pub(super) struct Queue {
    waiting: VecDeque<Pending>,
    room: Room,
    /// Somebody waits for an answer now.
    is_asked: bool,
    /// Why nothing can be written, while that is so.
    held: Option<StoreError>,
    /// What the held writes take of the room.
    entries: usize,
    bytes: usize,
}

impl Queue {
    /// Entries in one transaction, at about which it is closed: large enough to be cheap, small enough that other
    /// processes get their turn.
    pub(super) const BATCH_ENTRIES: usize = 512;

    pub(super) const fn new(room: Room) -> Self {
        Self { waiting: VecDeque::new(), room, is_asked: false, held: None, entries: 0, bytes: 0 }
    }

    /// Queues a write. Returns how many entries found no room.
    pub(super) fn push(&mut self, pending: Pending) -> usize {
        self.is_asked |= pending.is_asked();
        match self.held.clone() {
            Some(error) if !pending.is_asked() => self.admit(pending, &error),
            Some(_) | None => {
                self.waiting.push_back(pending);
                0
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether somebody waits for an answer now.
    pub(super) const fn is_asked(&self) -> bool {
        self.is_asked
    }

    /// How many of the oldest writes fit into one transaction.
    pub(super) fn batch(&self) -> usize {
        let mut entries = 0;
        let fits = |pending: &&Pending| {
            let is_first = entries == 0;
            entries += pending.write.entries().max(1);
            is_first || entries <= Self::BATCH_ENTRIES
        };
        self.waiting.iter().take_while(fits).count()
    }

    /// The oldest writes.
    pub(super) fn first(&self, count: usize) -> impl Iterator<Item = &Write> {
        self.waiting.iter().take(count).map(|pending| &pending.write)
    }

    /// Takes the oldest write out.
    pub(super) fn pop(&mut self) -> Option<Pending> {
        let pending = self.waiting.pop_front()?;
        if let Some(bytes) = pending.bytes {
            self.entries -= pending.write.entries();
            self.bytes -= bytes;
        }
        Some(pending)
    }

    /// Nothing can be written: whoever asked hears so, the rest is held as far as there is room. Returns how many
    /// entries found none.
    pub(super) fn hold(&mut self, error: &StoreError) -> usize {
        self.held = Some(error.clone());
        (self.is_asked, self.entries, self.bytes) = (false, 0, 0);
        let mut lost = 0;
        for pending in std::mem::take(&mut self.waiting) {
            if pending.is_asked() {
                pending.settle(Err(error.clone()));
            } else {
                lost += self.admit(pending, error);
            }
        }
        lost
    }

    /// All was written.
    pub(super) fn release(&mut self) {
        (self.held, self.is_asked) = (None, false);
    }

    fn admit(&mut self, mut pending: Pending, error: &StoreError) -> usize {
        let entries = pending.write.entries();
        let bytes = *pending.bytes.get_or_insert_with(|| weight(&pending.write));
        let fits = self.entries + entries <= self.room.entries && self.bytes + bytes <= self.room.bytes;
        if fits || ends_a_run(&pending.write) {
            self.entries += entries;
            self.bytes += bytes;
            self.waiting.push_back(pending);
            0
        } else {
            pending.settle(Err(error.clone()));
            entries
        }
    }

    /// Why nothing can be written, while that is so.
    pub(super) const fn held(&self) -> Option<&StoreError> {
        self.held.as_ref()
    }

    /// Gives everything up. Returns how many entries that were.
    pub(super) fn abandon(&mut self, error: &StoreError) -> usize {
        let lost = self.waiting.iter().map(|pending| pending.write.entries()).sum();
        for pending in self.waiting.drain(..) {
            pending.settle(Err(error.clone()));
        }
        lost
    }
}

fn ends_a_run(write: &Write) -> bool {
    match write {
        Write::Append(_, entries) => entries.iter().any(|stamped| matches!(stamped.entry, Entry::Ended(_))),
        // Few, and nothing else tells them.
        Write::End(..) | Write::Job(_) => true,
        Write::Register(..) | Write::MarkSeen(..) | Write::MarkUnseen(..) | Write::MarkAllSeen(_) => false,
    }
}

/// About how much memory a write takes.
fn weight(write: &Write) -> usize {
    let of_entries: usize = match write {
        Write::Append(_, entries) => entries.iter().map(|stamped| json_len(&stamped.entry)).sum(),
        Write::Job(of_job) => json_len_of_job(of_job),
        Write::End(_, entries, of_job) => {
            entries.iter().map(|stamped| json_len(&stamped.entry)).sum::<usize>() + json_len_of_job(of_job)
        }
        Write::Register(_, registration) => json_len(registration),
        Write::MarkSeen(..) | Write::MarkUnseen(..) | Write::MarkAllSeen(_) => 0,
    };
    of_entries + size_of::<Pending>()
}

fn json_len_of_job(of_job: &JobEntries) -> usize {
    of_job.entries.iter().map(|stamped| json_len(&stamped.entry)).sum()
}

fn json_len(value: &impl Serialize) -> usize {
    let mut counter = Counter(0);
    // What cannot be written as JSON is found out when its turn comes.
    serde_json::to_writer(&mut counter, value).unwrap_or_default();
    counter.0
}

struct Counter(usize);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
