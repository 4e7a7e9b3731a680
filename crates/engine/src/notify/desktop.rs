//! Sends texts to the desktop's notification service, one after the other, in a task of its own.

use std::time::Duration;

use tokio::sync::mpsc;

use super::Text;
use super::policy::{ONCE_IN_MS, Slot};
use crate::store::StoreHandle;

#[cfg_attr(all(unix, not(target_os = "macos")), path = "desktop/xdg.rs")]
#[cfg_attr(not(all(unix, not(target_os = "macos"))), path = "desktop/other.rs")]
mod imp;

/// Texts that wait at most; more are dropped, since a hint that comes late is none.
const QUEUE_MAX: usize = 64;
/// A banner waits no longer for it to be remembered.
const NOTED_WITHIN: Duration = Duration::from_millis(500);
/// Notifications that are kept, so that a later text in the same place replaces the earlier one.
const KEPT_MAX: usize = 16;

/// Why a notification could not be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotShown {
    /// The desktop has no service for it, or there is no desktop.
    NoService,
    /// The service said this.
    Refused(String),
}

/// A text to show, and what goes with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Banner {
    /// The text.
    pub text: Text,
    /// What is taken away when it is shown.
    pub closes: Vec<Slot>,
    /// What is remembered of it.
    pub note: Note,
}

/// What is remembered of what was told, so that a crash of the engine repeats nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// What, and when in milliseconds since the Unix epoch.
    Told(String, i64),
    /// The night before this morning, a number such as `20261123`.
    Morning(i64),
}

/// Whose banners are taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// That of one run.
    Run(u64),
    /// Those of all runs.
    All,
}

/// What is asked of the task, in its order.
#[derive(Debug)]
enum Task {
    Close(Seen),
    Show(Banner),
    Remember(Note),
}

/// A way to the desktop's notification service. Never fails: what cannot be shown is logged and reported as a fault.
#[derive(Debug, Clone)]
pub struct Notifier {
    queue: mpsc::Sender<Task>,
}

impl Notifier {
    /// Starts the task that shows notifications, and notes in `store` what was shown. `on_result` is told after each one
    /// whether it could be shown.
    pub fn start(store: StoreHandle, on_result: impl Fn(Result<(), NotShown>) + Send + 'static) -> Self {
        let (sender, queue) = mpsc::channel(QUEUE_MAX);
        let _task = tokio::spawn(show_all(store, queue, on_result));
        Self { queue: sender }
    }

    /// Shows a banner, soon.
    pub fn show(&self, banner: Banner) {
        self.send(Task::Show(banner));
    }

    /// Remembers something that was told together with the banner before.
    pub fn note(&self, note: Note) {
        self.send(Task::Remember(note));
    }

    /// Takes away what somebody has looked at.
    pub fn close(&self, seen: Seen) {
        self.send(Task::Close(seen));
    }

    fn send(&self, task: Task) {
        if self.queue.try_send(task).is_err() {
            tracing::warn!("a notification was dropped: too many are waiting");
        }
    }
}

async fn show_all(
    store: StoreHandle,
    mut queue: mpsc::Receiver<Task>,
    on_result: impl Fn(Result<(), NotShown>) + Send,
) {
    // Some desktops close a notification when its sender lets go of it.
    let mut shown: Vec<(Slot, imp::Shown)> = Vec::new();
    while let Some(task) = queue.recv().await {
        let (note, text) = match task {
            Task::Close(seen) => {
                for (_, handle) in shown.extract_if(.., |(slot, _)| seen.covers(slot)) {
                    imp::close(handle).await;
                }
                continue;
            }
            Task::Remember(note) => (note, None),
            Task::Show(Banner { text, closes, note }) => (note, Some((text, closes))),
        };
        // First, so that a crash after it repeats nothing; but a disk that takes nothing keeps nobody from being told.
        drop(tokio::time::timeout(NOTED_WITHIN, remember(&store, note)).await);
        let Some((text, closes)) = text else { continue };
        let former = shown.iter().find(|(slot, _)| *slot == text.slot).map(|(_, handle)| handle);
        match imp::show(&text, former).await {
            Ok(handle) => {
                shown.retain(|(slot, _)| *slot != text.slot);
                shown.push((text.slot, handle));
                if shown.len() > KEPT_MAX {
                    let _oldest = shown.remove(0);
                }
                for (_, handle) in shown.extract_if(.., |(slot, _)| closes.contains(slot)) {
                    imp::close(handle).await;
                }
                on_result(Ok(()));
            }
            Err(fault) => {
                tracing::warn!(%fault, slot = ?text.slot, "a notification could not be shown");
                // What a bus says of a missing service is nothing that a person could use.
                let is_there = imp::service_is_there().await;
                on_result(Err(if is_there { NotShown::Refused(fault) } else { NotShown::NoService }));
            }
        }
    }
}

/// Shows `text` for a while, and names the service that did.
pub(super) async fn try_out(text: &Text, shown_for: Duration) -> Result<Option<String>, NotShown> {
    match imp::show(text, None).await {
        Ok(handle) => {
            let server = imp::server().await;
            let _kept = tokio::spawn(async move {
                tokio::time::sleep(shown_for).await;
                drop(handle);
            });
            Ok(server)
        }
        Err(fault) => Err(if imp::service_is_there().await { NotShown::Refused(fault) } else { NotShown::NoService }),
    }
}

impl Seen {
    /// What is not about ended runs stays.
    const fn covers(self, slot: &Slot) -> bool {
        match (self, slot) {
            (Self::Run(seen), Slot::Run(run)) => seen == *run,
            (Self::All, Slot::Run(_) | Slot::Many | Slot::Morning | Slot::Recovered) => true,
            (Self::Run(_), Slot::Breaker(_) | Slot::Recovered | Slot::Watch | Slot::Many | Slot::Morning)
            | (Self::All, Slot::Breaker(_) | Slot::Watch) => false,
        }
    }
}

async fn remember(store: &StoreHandle, note: Note) {
    match note {
        Note::Told(what, at_ms) => store.note_told(what, at_ms, at_ms.saturating_sub(ONCE_IN_MS)).await,
        Note::Morning(morning) => store.note_morning(morning).await,
    }
}
