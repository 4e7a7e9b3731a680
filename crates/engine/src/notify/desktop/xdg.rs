//! The notification service of Linux and BSD desktops, over the session bus.

use notify_rust::{Hint, Notification, NotificationHandle, Timeout};

use zbus::Connection;
use zbus::fdo::DBusProxy;
use zbus::names::BusName;

use crate::clean::clean_text;
use crate::notify::{Text, Urgency};

/// The name that every notification service has on the session bus.
const SERVICE: BusName<'static> =
    BusName::WellKnown(zbus::names::WellKnownName::from_static_str_unchecked("org.freedesktop.Notifications"));

/// The longest name of a service, in characters.
const SERVER_MAX: usize = 60;

/// A notification on the screen, and the connection that it lives by.
pub(super) type Shown = NotificationHandle;

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
    let (path, interface) = ("/org/freedesktop/Notifications", "org.freedesktop.Notifications");
    let reply = bus.call_method(Some(SERVICE), path, Some(interface), "GetServerInformation", &()).await.ok()?;
    let (name, _vendor, version, _spec): (String, String, String, String) = reply.body().deserialize().ok()?;
    Some(clean_text(&format!("{name} {version}"), SERVER_MAX))
}

/// Shows `text`, in the place of `former` where there is one.
pub(super) async fn show(text: &Text, former: Option<&Shown>) -> Result<Shown, String> {
    let mut notification = Notification::new();
    let _set = notification
        .appname("Nightkeep")
        .summary(&text.title)
        .body(&text.body)
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
    if let Some(former) = former {
        let _set = notification.id(former.id());
    }
    notification.show_async().await.map_err(|fault| fault.to_string())
}

/// Takes a notification away.
pub(super) async fn close(shown: Shown) {
    shown.close_async().await;
}
