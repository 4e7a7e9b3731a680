//! Sends texts to the desktop's notification service, one after the other, in a task of its own.

use std::collections::BTreeMap;

use nightkeep_core::RunId;
use tokio::sync::mpsc;

use super::Text;

#[cfg_attr(all(unix, not(target_os = "macos")), path = "desktop/xdg.rs")]
#[cfg_attr(not(all(unix, not(target_os = "macos"))), path = "desktop/other.rs")]
mod imp;

/// Texts that wait at most; more are dropped, since a hint that comes late is none.
const QUEUE_MAX: usize = 64;
/// Notifications that are kept, so that a later text about the same run replaces the earlier one.
const KEPT_MAX: usize = 16;

/// Why a notification could not be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotShown {
    /// The desktop has no service for it, or there is no desktop.
    NoService,
    /// The service said this.
    Refused(String),
}

/// A way to the desktop's notification service. Never fails: what cannot be shown is logged and reported as a fault.
#[derive(Debug, Clone)]
pub struct Notifier {
    texts: mpsc::Sender<Text>,
}

impl Notifier {
    /// Starts the task that shows notifications. `on_result` is told after each one whether it could be shown.
    pub fn start(on_result: impl Fn(Result<(), NotShown>) + Send + 'static) -> Self {
        let (texts, queue) = mpsc::channel(QUEUE_MAX);
        let _task = tokio::spawn(show_all(queue, on_result));
        Self { texts }
    }

    /// Shows `text`, soon.
    pub fn show(&self, text: Text) {
        if self.texts.try_send(text).is_err() {
            tracing::warn!("a notification was dropped: too many are waiting");
        }
    }
}

async fn show_all(mut queue: mpsc::Receiver<Text>, on_result: impl Fn(Result<(), NotShown>) + Send) {
    // Some desktops close a notification when its sender lets go of it.
    let mut shown: BTreeMap<RunId, imp::Shown> = BTreeMap::new();
    while let Some(text) = queue.recv().await {
        match imp::show(&text, shown.get(&text.run)).await {
            Ok(handle) => {
                let _former = shown.insert(text.run, handle);
                if shown.len() > KEPT_MAX {
                    let _oldest = shown.pop_first();
                }
                on_result(Ok(()));
            }
            Err(fault) => {
                tracing::warn!(%fault, run = text.run.0, "a notification could not be shown");
                // What a bus says of a missing service is nothing that a person could use.
                let is_there = imp::service_is_there().await;
                on_result(Err(if is_there { NotShown::Refused(fault) } else { NotShown::NoService }));
            }
        }
    }
}
