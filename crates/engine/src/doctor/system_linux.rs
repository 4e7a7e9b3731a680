//! What is checked on Linux alone: the limits of file watching, and what the desktop offers.

use std::env;
use std::time::Duration;

use zbus::Connection;
use zbus::fdo::DBusProxy;
use zbus::names::BusName;

use super::Check;

/// Below these, file watching may run out before the runs do.
const INSTANCES_MIN: u64 = 128;
const WATCHES_MIN: u64 = 8192;
/// How long the session bus may take.
const BUS_WITHIN: Duration = Duration::from_secs(2);
/// Shows notifications.
const NOTIFICATIONS: &str = "org.freedesktop.Notifications";
/// Shows tray icons.
const TRAY_HOST: &str = "org.kde.StatusNotifierWatcher";

pub(super) fn limits() -> Vec<Check> {
    let limit = |name: &str| -> Option<u64> {
        std::fs::read_to_string(format!("/proc/sys/fs/inotify/{name}")).ok()?.trim().parse().ok()
    };
    let (Some(instances), Some(watches)) = (limit("max_user_instances"), limit("max_user_watches")) else {
        return vec![Check::remark(
            "file watching",
            "its limits cannot be read",
            "markers are re-read on a timer where watching fails",
        )];
    };
    let found = format!("{instances} instances and {watches} watches are allowed");
    if instances < INSTANCES_MIN || watches < WATCHES_MIN {
        let wanted = format!(
            "sysctl fs.inotify.max_user_instances={INSTANCES_MIN} fs.inotify.max_user_watches={WATCHES_MIN} as root"
        );
        vec![Check::remark("file watching", found, wanted)]
    } else {
        vec![Check::good("file watching", found)]
    }
}

pub(super) async fn desktop() -> Vec<Check> {
    if env::var_os("DBUS_SESSION_BUS_ADDRESS").is_none() {
        return vec![Check::good("desktop", "there is no session bus here, so no notifications and no tray")];
    }
    match tokio::time::timeout(BUS_WITHIN, ask_bus()).await {
        Ok(Ok(checks)) => checks,
        Ok(Err(cause)) => vec![unreachable(&cause.to_string())],
        Err(_elapsed) => vec![unreachable("it does not answer")],
    }
}

fn unreachable(cause: &str) -> Check {
    Check::remark(
        "desktop",
        format!("the session bus cannot be reached: {cause}"),
        "notifications and the tray need it; the engine and the commands do not",
    )
}

async fn ask_bus() -> zbus::Result<Vec<Check>> {
    let bus = Connection::session().await?;
    let names = DBusProxy::new(&bus).await?;
    let startable = names.list_activatable_names().await?;
    let notifications =
        has_owner(&names, NOTIFICATIONS).await? || startable.iter().any(|name| name.as_str() == NOTIFICATIONS);
    let tray = has_owner(&names, TRAY_HOST).await?;
    Ok(vec![
        if notifications {
            Check::good("notifications", "can be shown")
        } else {
            Check::remark(
                "notifications",
                "nothing shows them",
                "install a notification service, such as `dunst` or `mako`",
            )
        },
        if tray {
            Check::good("tray host", "shows tray icons")
        } else {
            Check::remark(
                "tray host",
                "nothing shows tray icons",
                "on GNOME, install the AppIndicator extension; the window opens with `nightkeep open`",
            )
        },
    ])
}

async fn has_owner(names: &DBusProxy<'_>, name: &'static str) -> zbus::Result<bool> {
    let name = BusName::try_from(name)?;
    Ok(names.name_has_owner(name).await?)
}
