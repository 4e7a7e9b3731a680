//! The part of a desktop that says whether it is dark.

use zbus::zvariant::{OwnedValue, Value};

use super::SessionBus;

const NAME: &str = "org.freedesktop.portal.Desktop";
const PATH: &str = "/org/freedesktop/portal/desktop";
/// What the portal calls a dark desktop.
const DARK: u32 = 1;

/// A desktop that is dark. Dropping it takes the portal away.
#[derive(Debug)]
pub struct DarkPortal {
    _connection: zbus::Connection,
}

impl DarkPortal {
    /// Offers the portal on `bus`.
    ///
    /// # Errors
    /// The bus has ended, or has a portal already.
    pub async fn start(bus: &SessionBus) -> anyhow::Result<Self> {
        let connection =
            zbus::connection::Builder::address(bus.address())?.serve_at(PATH, Settings)?.name(NAME)?.build().await?;
        Ok(Self { _connection: connection })
    }
}

struct Settings;

#[zbus::interface(name = "org.freedesktop.portal.Settings")]
impl Settings {
    fn read(&self, namespace: &str, key: &str) -> zbus::fdo::Result<OwnedValue> {
        if (namespace, key) == ("org.freedesktop.appearance", "color-scheme") {
            return Ok(OwnedValue::try_from(Value::U32(DARK)).map_err(zbus::Error::from)?);
        }
        Err(zbus::fdo::Error::Failed(format!("there is no setting `{key}`")))
    }
}
