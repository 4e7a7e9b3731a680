//! The notification service of Linux and BSD desktops, over the session bus.

use std::sync::Arc;

use notify_rust::{Hint, Notification, NotificationHandle, NotificationResponse, Timeout};
use tokio::task::JoinHandle;
use zbus::Connection;
use zbus::fdo::DBusProxy;
use zbus::names::BusName;

use crate::clean::clean_text;
use crate::notify::{Button, Capabilities, Dressed, Text, Urgency, dressed};

/// The name that every notification service has on the session bus.
const SERVICE: BusName<'static> =
    BusName::WellKnown(zbus::names::WellKnownName::from_static_str_unchecked("org.freedesktop.Notifications"));

/// The longest name of a service, in characters.
const SERVER_MAX: usize = 60;

/// The object of the service, and its interface, which has the name of the service.
const OBJECT: &str = "/org/freedesktop/Notifications";
const INTERFACE: &str = "org.freedesktop.Notifications";

/// A notification on the screen, and the connection that it lives by. Whoever drops it does not hear of its buttons any
/// more.
pub(super) struct Shown {
    handle: Arc<NotificationHandle>,
    listens: Option<JoinHandle<()>>,
}

impl Drop for Shown {
    fn drop(&mut self) {
        if let Some(listens) = &self.listens {
            listens.abort();
        }
    }
}

/// Whether the session bus can be reached and has a notification service, or would start one.
pub(super) async fn service_is_there() -> bool {
    let Ok(bus) = Connection::session().await else { return false };
    let Ok(names) = DBusProxy::new(&bus).await else { return false };
    let startable = names.list_activatable_names().await.unwrap_or_default();
    startable.iter().any(|name| *name == SERVICE) || names.name_has_owner(SERVICE).await.unwrap_or(false)
}

/// What the service calls itself, with its version.
pub(super) async fn server() -> Option<String> {
    let bus = Connection::session().await.ok()?;
    let reply = bus.call_method(Some(SERVICE), OBJECT, Some(INTERFACE), "GetServerInformation", &()).await.ok()?;
    let (name, _vendor, version, _spec): (String, String, String, String) = reply.body().deserialize().ok()?;
    Some(clean_text(&format!("{name} {version}"), SERVER_MAX))
}

/// What the service can do. Asked before each notification, since it may have been replaced since the one before.
async fn capabilities() -> Option<Capabilities> {
    let bus = Connection::session().await.ok()?;
    let reply = bus.call_method(Some(SERVICE), OBJECT, Some(INTERFACE), "GetCapabilities", &()).await.ok()?;
    let named: Vec<String> = reply.body().deserialize().ok()?;
    let has = |name: &str| named.iter().any(|one| one == name);
    Some(Capabilities { actions: has("actions"), markup: has("body-markup") })
}

/// Shows `text` with its buttons, in the place of `former` where there is one. `on_key` is told the key of the first button
/// that is pressed.
pub(super) async fn show(
    text: &Text,
    buttons: &[Button],
    former: Option<&Shown>,
    on_key: impl FnOnce(String) + Send + 'static,
) -> Result<Shown, String> {
    let Dressed { body, actions } = dressed(text, buttons, capabilities().await.unwrap_or_default());
    let mut notification = notification(text, &body);
    for (key, label) in &actions {
        let _set = notification.action(key, label);
    }
    if let Some(former) = former {
        let _set = notification.id(former.handle.id());
    }
    let handle = Arc::new(notification.show_async().await.map_err(|fault| fault.to_string())?);
    let listens = (!actions.is_empty()).then(|| tokio::spawn(listen(Arc::clone(&handle), on_key)));
    Ok(Shown { handle, listens })
}

fn notification(text: &Text, body: &str) -> Notification {
    let mut notification = Notification::new();
    let _set = notification
        .appname("Nightkeep")
        .summary(&text.title)
        .body(body)
        .icon("nightkeep")
        .hint(Hint::DesktopEntry("nightkeep".to_owned()))
        .urgency(match text.urgency {
            Urgency::Low => notify_rust::Urgency::Low,
            Urgency::Normal => notify_rust::Urgency::Normal,
            Urgency::Critical => notify_rust::Urgency::Critical,
        })
        .timeout(match text.urgency {
            Urgency::Critical => Timeout::Never,
            Urgency::Low | Urgency::Normal => Timeout::Default,
        });
    if text.is_silent {
        let _set = notification.hint(Hint::SuppressSound(true));
    }
    notification
}

/// Waits until a button is pressed or the notification is gone.
async fn listen(handle: Arc<NotificationHandle>, on_key: impl FnOnce(String) + Send) {
    let answered = |response: &NotificationResponse| match response {
        NotificationResponse::Default => on_key("default".to_owned()),
        NotificationResponse::Action(key) => on_key(key.clone()),
        NotificationResponse::Reply(_) | NotificationResponse::Closed(_) => {}
    };
    handle.wait_for_action_async(answered).await;
}

/// Takes a notification away.
pub(super) async fn close(shown: Shown) {
    shown.handle.close_async().await;
}
