//! The desktops of Linux and the BSDs.

use std::env;
use std::ffi::OsString;

use zbus::Connection;
use zbus::fdo::PropertiesProxy;
use zbus::names::InterfaceName;

/// Opens a path with the program that the user has for it.
pub(super) const OPENER: &str = "xdg-open";

/// What names the screen.
const SCREENS: [&str; 2] = ["WAYLAND_DISPLAY", "DISPLAY"];
/// What belongs to that.
const OF_THE_SCREEN: [&str; 4] = ["WAYLAND_DISPLAY", "DISPLAY", "XAUTHORITY", "XDG_CURRENT_DESKTOP"];

/// A program that was started before the desktop, or beside it, does not know its screen; the user's service manager does,
/// since desktops tell it.
pub(super) async fn display() -> Vec<(OsString, OsString)> {
    if SCREENS.into_iter().any(|name| env::var_os(name).is_some_and(|value| !value.is_empty())) {
        return Vec::new();
    }
    of_the_session().await.unwrap_or_else(|fault| {
        tracing::debug!(%fault, "nobody tells which screen the user has");
        Vec::new()
    })
}

async fn of_the_session() -> zbus::Result<Vec<(OsString, OsString)>> {
    let bus = Connection::session().await?;
    let manager = PropertiesProxy::builder(&bus)
        .destination("org.freedesktop.systemd1")?
        .path("/org/freedesktop/systemd1")?
        .build()
        .await?;
    let interface = InterfaceName::from_static_str("org.freedesktop.systemd1.Manager")?;
    let environment: Vec<String> = manager.get(interface, "Environment").await?.try_into()?;
    let pairs = environment.iter().filter_map(|pair| pair.split_once('='));
    let wanted = pairs.filter(|(name, _)| OF_THE_SCREEN.contains(name));
    Ok(wanted.map(|(name, value)| (OsString::from(name), OsString::from(value))).collect())
}
