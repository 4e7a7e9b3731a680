//! The notification services of macOS and Windows. Never run.

use notify_rust::Notification;

use crate::notify::Text;

/// A notification on the screen; these systems keep it by themselves.
pub(super) type Shown = ();

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

/// Shows `text`. These systems offer no way to replace a former one.
pub(super) async fn show(text: &Text, _former: Option<&Shown>) -> Result<Shown, String> {
    let (title, body) = (text.title.clone(), text.body.clone());
    let shown = tokio::task::spawn_blocking(move || {
        Notification::new().appname("Nightkeep").summary(&title).body(&body).show().map(drop)
    });
    match shown.await {
        Ok(result) => result.map_err(|fault| fault.to_string()),
        Err(fault) => Err(fault.to_string()),
    }
}

/// These systems offer no way to take a notification away.
#[expect(clippy::unused_async, reason = "other systems have to ask")]
pub(super) async fn close(_shown: Shown) {}
