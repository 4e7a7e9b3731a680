//! The notifications of macOS. Never run.

use notify_rust::Notification;

use crate::notify::{Button, Capabilities, Dressed, Text, dressed};

/// A notification on the screen; the system keeps it by itself.
#[derive(Debug)]
pub(super) struct Shown;

/// Whether anything could show a notification: the system itself does.
#[expect(clippy::unused_async, reason = "other systems have to ask")]
pub(super) async fn service_is_there() -> bool {
    true
}

/// What shows notifications here needs no name.
#[expect(clippy::unused_async, reason = "other systems have to ask")]
pub(super) async fn server() -> Option<String> {
    None
}

/// Shows `text`. The system offers no way to replace a former one, and tells of a press only to the main thread of an
/// application, which the engine is not: its text says where to look instead of the buttons.
pub(super) async fn show(
    text: &Text,
    buttons: &[Button],
    _former: Option<&Shown>,
    _on_key: impl FnOnce(String) + Send + 'static,
) -> Result<Shown, String> {
    let Dressed { body, actions: _ } = dressed(text, buttons, Capabilities::default());
    let title = text.title.clone();
    let shown = tokio::task::spawn_blocking(move || {
        Notification::new().appname("Nightkeep").summary(&title).body(&body).show().map(drop)
    });
    match shown.await {
        Ok(result) => result.map(|()| Shown).map_err(|fault| fault.to_string()),
        Err(fault) => Err(fault.to_string()),
    }
}

/// The system offers no way to take a notification away.
#[expect(clippy::unused_async, reason = "other systems have to ask")]
pub(super) async fn close(_shown: Shown) {}
