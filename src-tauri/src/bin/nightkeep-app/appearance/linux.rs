//! Linux: the desktop portal's `color-scheme`. The toolkit looks at the name of the GTK theme alone, and that says
//! nothing on a desktop whose switch is elsewhere.

use futures_util::StreamExt as _;
use tauri::{AppHandle, Theme};
use zbus::zvariant::{OwnedValue, Value};

const NAMESPACE: &str = "org.freedesktop.appearance";
const KEY: &str = "color-scheme";

#[zbus::proxy(
    interface = "org.freedesktop.portal.Settings",
    default_service = "org.freedesktop.portal.Desktop",
    default_path = "/org/freedesktop/portal/desktop"
)]
trait Settings {
    fn read(&self, namespace: &str, key: &str) -> zbus::Result<OwnedValue>;

    #[zbus(signal)]
    fn setting_changed(&self, namespace: &str, key: &str, value: Value<'_>) -> zbus::Result<()>;
}

/// Without a portal the toolkit's own guess stands.
pub(super) async fn follow(app: AppHandle) {
    if let Err(error) = listen(&app).await {
        tracing::info!(%error, "the desktop does not say whether it is dark");
    }
}

async fn listen(app: &AppHandle) -> zbus::Result<()> {
    let bus = zbus::Connection::session().await?;
    let settings = SettingsProxy::new(&bus).await?;
    let mut changes = settings.receive_setting_changed().await?;
    app.set_theme(theme_of(&Value::from(settings.read(NAMESPACE, KEY).await?)));
    while let Some(change) = changes.next().await {
        let told = change.args()?;
        if told.namespace == NAMESPACE && told.key == KEY {
            app.set_theme(theme_of(&told.value));
        }
    }
    Ok(())
}

/// The portal's number, however many variants it is wrapped in. No preference is the toolkit's own guess.
fn theme_of(value: &Value<'_>) -> Option<Theme> {
    if let Value::Value(inner) = value {
        return theme_of(inner);
    }
    match u32::try_from(value) {
        Ok(1) => Some(Theme::Dark),
        Ok(2) => Some(Theme::Light),
        Ok(_) | Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_portals_number_is_found_in_its_wrapping() {
        let wrapped = |number: u32| Value::Value(Box::new(Value::Value(Box::new(Value::U32(number)))));
        assert_eq!(theme_of(&wrapped(1)), Some(Theme::Dark));
        assert_eq!(theme_of(&wrapped(2)), Some(Theme::Light));
        assert_eq!(theme_of(&wrapped(0)), None);
        assert_eq!(theme_of(&Value::from("dark")), None);
    }
}
