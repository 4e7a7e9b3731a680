//! Sends texts to the desktop's notification service, one after the other, in a task of its own.

use std::time::Duration;

use tokio::sync::mpsc;

use super::buttons::pressed;
use super::policy::{ONCE_IN_MS, Slot};
use super::{Button, Press, Text};
use crate::store::StoreHandle;

#[cfg_attr(windows, path = "desktop/windows.rs")]
#[cfg_attr(target_os = "macos", path = "desktop/macos.rs")]
#[cfg_attr(not(any(windows, target_os = "macos")), path = "desktop/xdg.rs")]
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
    pub note: Option<Note>,
    /// What somebody can do about it.
    pub buttons: Vec<Button>,
}

/// What is remembered of what was told, so that a crash of the engine repeats nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// What, and when in milliseconds since the Unix epoch.
    Told(String, i64),
    /// What is to be told in the morning, and since when it waits for that.
    Held(String, i64),
    /// The night before this morning, a number such as `20261123`, with all that was held for it.
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
    Pressed { shown: u64, key: String },
}

/// A banner on the screen.
struct Standing {
    slot: Slot,
    /// The how-manieth it was.
    nth: u64,
    buttons: Vec<Button>,
    handle: imp::Shown,
}

/// A way to the desktop's notification service. Never fails: what cannot be shown is logged and reported as a fault.
#[derive(Debug, Clone)]
pub struct Notifier {
    queue: mpsc::Sender<Task>,
}

impl Notifier {
    /// Starts the task that shows notifications, and notes in `store` what was shown. `on_result` is told after each one
    /// whether it could be shown, and `on_press` of each button that somebody presses.
    pub fn start(
        store: StoreHandle,
        on_result: impl Fn(Result<(), NotShown>) + Send + 'static,
        on_press: impl Fn(Press) + Send + 'static,
    ) -> Self {
        let (sender, queue) = mpsc::channel(QUEUE_MAX);
        let presses = sender.downgrade();
        let _task = tokio::spawn(show_all(store, queue, presses, on_result, on_press));
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
    presses: mpsc::WeakSender<Task>,
    on_result: impl Fn(Result<(), NotShown>) + Send,
    on_press: impl Fn(Press) + Send,
) {
    // Some desktops close a notification when its sender lets go of it.
    let mut standing: Vec<Standing> = Vec::new();
    let mut count = 0;
    while let Some(task) = queue.recv().await {
        let (note, banner) = match task {
            Task::Close(seen) => {
                take_away(&mut standing, |banner| seen.covers(&banner.slot)).await;
                continue;
            }
            Task::Pressed { shown, key } => {
                let banner = standing.iter().find(|banner| banner.nth == shown);
                if let Some(press) = banner.and_then(|banner| pressed(&banner.buttons, &key)) {
                    on_press(press.clone());
                    // Most desktops have done that themselves.
                    take_away(&mut standing, |banner| banner.nth == shown).await;
                }
                continue;
            }
            Task::Remember(note) => (Some(note), None),
            Task::Show(mut banner) => (banner.note.take(), Some(banner)),
        };
        // First, so that a crash after it repeats nothing; but a disk that takes nothing keeps nobody from being told.
        if let Some(note) = note {
            drop(tokio::time::timeout(NOTED_WITHIN, remember(&store, note)).await);
        }
        let Some(Banner { text, closes, note: _, buttons }) = banner else { continue };
        count += 1;
        let former = standing.iter().find(|banner| banner.slot == text.slot).map(|banner| &banner.handle);
        match imp::show(&text, &buttons, former, on_key(presses.clone(), count)).await {
            Ok(handle) => {
                standing.retain(|banner| banner.slot != text.slot);
                standing.push(Standing { slot: text.slot, nth: count, buttons, handle });
                if standing.len() > KEPT_MAX {
                    let _oldest = standing.remove(0);
                }
                take_away(&mut standing, |banner| closes.contains(&banner.slot)).await;
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

/// What is done when somebody presses a button of the banner `shown`, whose key the desktop tells.
fn on_key(presses: mpsc::WeakSender<Task>, shown: u64) -> impl FnOnce(String) + Send + 'static {
    move |key| {
        let is_heard = presses.upgrade().is_some_and(|queue| queue.try_send(Task::Pressed { shown, key }).is_ok());
        if !is_heard {
            tracing::warn!("a button of a notification was pressed in vain");
        }
    }
}

async fn take_away(standing: &mut Vec<Standing>, which: impl Fn(&Standing) -> bool) {
    for banner in standing.extract_if(.., |banner| which(banner)) {
        imp::close(banner.handle).await;
    }
}

/// Shows `text` for a while, and names the service that did.
pub(super) async fn try_out(text: &Text, shown_for: Duration) -> Result<Option<String>, NotShown> {
    match imp::show(text, &[], None, drop).await {
        Ok(handle) => {
            let server = imp::server().await;
            let _task = tokio::spawn(async move {
                let _kept = handle;
                tokio::time::sleep(shown_for).await;
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
        Note::Held(what, at_ms) => store.note_held(what, at_ms).await,
        Note::Morning(morning) => store.note_morning(morning).await,
    }
}
