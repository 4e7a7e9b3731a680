//! The notifications of Windows. Never run.

use std::thread;

use notify_rust::{Notification, NotificationResponse};
use tokio::sync::oneshot;

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

/// Shows `text` with its buttons; `on_key` is told which one is pressed while the notification is on the screen. The
/// system offers no way to replace a former one.
pub(super) async fn show(
    text: &Text,
    buttons: &[Button],
    _former: Option<&Shown>,
    on_key: impl FnOnce(String) + Send + 'static,
) -> Result<Shown, String> {
    let Dressed { body, actions } = dressed(text, buttons, Capabilities { actions: true, markup: false });
    let mut notification = Notification::new();
    let _set = notification.appname("Nightkeep").summary(&text.title).body(&body);
    // A click on the notification itself needs no button here.
    for (key, label) in actions.iter().filter(|(key, _)| *key != "default") {
        let _set = notification.action(key, label);
    }
    let (shown, result) = oneshot::channel();
    // The system tells of the press, and that there will be none, whenever that is.
    let listens = thread::Builder::new().name("notification".to_owned()).spawn(move || {
        let handle = match notification.show() {
            Ok(handle) => handle,
            Err(fault) => {
                let _heard = shown.send(Err(fault.to_string()));
                return;
            }
        };
        let _heard = shown.send(Ok(Shown));
        let answered = |response: &NotificationResponse| match response {
            NotificationResponse::Default => on_key("default".to_owned()),
            NotificationResponse::Action(key) => on_key(key.clone()),
            NotificationResponse::Reply(_) | NotificationResponse::Closed(_) => {}
        };
        if let Err(fault) = handle.wait_for_response(answered) {
            tracing::debug!(%fault, "nobody will tell of a press");
        }
    });
    let _thread = listens.map_err(|fault| fault.to_string())?;
    result.await.map_err(|fault| fault.to_string())?
}

/// The system offers no way to take a notification away.
#[expect(clippy::unused_async, reason = "other systems have to ask")]
pub(super) async fn close(_shown: Shown) {}
