//! The marker watch: looks at a marker whenever an event says that it may have changed, and at all of them now and then
//! for what events did not say (network file systems, containers, lost events).
//!
//! One task owns the list. Everything that touches the disk happens on other threads, one look at a time for each
//! marker, so that a file on a hanging network holds up nothing but itself.

mod look;
mod net;
mod task;

use std::path::PathBuf;

use tokio::sync::{mpsc, oneshot, watch};

use super::dirs::{OpenWatcher, system_watcher};
use super::reading::Reading;
use super::trouble::Trouble;
use crate::api::Fault;

/// What a look at a marker came to. Equal results in a row are sent once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkerEvent {
    /// The key under which the marker was added.
    pub key: u64,
    /// What it says, or why it cannot be read.
    pub result: Result<Reading, Trouble>,
}

/// Watches many markers. Ends when it is dropped, or when nobody receives the events any more.
#[derive(Debug)]
pub struct MarkerWatch {
    // Unbounded: it holds what one caller asks for, once per run that begins or ends or is about to be judged.
    commands: mpsc::UnboundedSender<Command>,
    fault: watch::Receiver<Option<Fault>>,
}

#[derive(Debug)]
enum Command {
    Add { key: u64, path: PathBuf },
    Remove { key: u64 },
    ReadNow { key: u64, reply: oneshot::Sender<Result<Reading, Trouble>> },
}

impl MarkerWatch {
    /// Starts the watch on the present tokio runtime.
    #[must_use]
    pub fn start(events: mpsc::Sender<MarkerEvent>) -> Self {
        Self::start_with(events, system_watcher())
    }

    fn start_with(events: mpsc::Sender<MarkerEvent>, open: OpenWatcher) -> Self {
        let (commands, asked) = mpsc::unbounded_channel();
        let (fault_sender, fault) = watch::channel(None);
        tokio::spawn(task::Task::new(events, fault_sender, open).run(asked));
        Self { commands, fault }
    }

    /// Watches the marker at `path`, which has to be absolute, under `key`; what was watched under it before is not any
    /// more. What it says at this moment is sent at once.
    pub fn add(&self, key: u64, path: impl Into<PathBuf>) {
        self.ask(Command::Add { key, path: path.into() });
    }

    /// Ends the watch of a marker.
    pub fn remove(&self, key: u64) {
        self.ask(Command::Remove { key });
    }

    /// Reads a marker from disk at this moment, and again for up to half a second while it is half-written. What is
    /// returned here is not sent as an event; events that were sent before are older, and may still be in the channel.
    ///
    /// A file system that hangs lets this wait without end: whoever cannot wait sets a time limit.
    ///
    /// # Errors
    /// Why it cannot be read; [`Trouble::NotWatched`] when nothing is watched under `key`.
    pub async fn read_now(&self, key: u64) -> Result<Reading, Trouble> {
        let (reply, answer) = oneshot::channel();
        self.ask(Command::ReadNow { key, reply });
        answer.await.unwrap_or(Err(Trouble::NotWatched))
    }

    /// What is wrong with the watch itself, as it changes: markers that are only looked at on a timer.
    #[must_use]
    pub fn fault(&self) -> watch::Receiver<Option<Fault>> {
        self.fault.clone()
    }

    fn ask(&self, command: Command) {
        // It fails only when nobody receives the events any more: then there is nobody to tell either.
        drop(self.commands.send(command));
    }
}

#[cfg(test)]
mod tests;
