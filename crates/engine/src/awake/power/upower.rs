//! Linux: UPower tells of every change. Where there is none, what the kernel says is looked at now and then.

use std::time::Duration;

use futures_util::StreamExt;
use zbus::message::Type;
use zbus::zvariant::OwnedValue;
use zbus::{Connection, MatchRule, MessageStream};

use super::{LOOK_EVERY, as_the_system_says};

const UPOWER: &str = "org.freedesktop.UPower";
const PATH: &str = "/org/freedesktop/UPower";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// Whoever is asked for longer than this is not there.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);
/// Signals that wait at most; each means no more than that it is time to look.
const SIGNALS_MAX: usize = 64;

#[derive(Debug)]
pub(super) struct Changes {
    upower: Option<Upower>,
}

#[derive(Debug)]
struct Upower {
    bus: Connection,
    signals: MessageStream,
}

impl Changes {
    pub(super) async fn find() -> Self {
        match tokio::time::timeout(ANSWERS_WITHIN, Upower::find()).await {
            Ok(Ok(upower)) => Self { upower: Some(upower) },
            Ok(Err(fault)) => {
                tracing::debug!(%fault, "there is no UPower; the power supplies are looked at every minute");
                Self { upower: None }
            }
            Err(_) => Self { upower: None },
        }
    }

    pub(super) async fn is_plugged_in(&self) -> bool {
        if let Some(upower) = &self.upower
            && let Ok(Ok(is_on_battery)) = tokio::time::timeout(ANSWERS_WITHIN, upower.is_on_battery()).await
        {
            return !is_on_battery;
        }
        as_the_system_says().await
    }

    /// Waits until there may be something else to be told.
    pub(super) async fn wait(&mut self) {
        if let Some(upower) = &mut self.upower {
            if upower.signals.next().await.is_some() {
                return;
            }
            // The bus has ended.
            self.upower = None;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

impl Upower {
    /// The one of this computer, if it answers. Its signals are heard before it is asked, so that none is missed.
    async fn find() -> zbus::Result<Self> {
        let bus = Connection::system().await?;
        let changed = MatchRule::builder()
            .msg_type(Type::Signal)
            .sender(UPOWER)?
            .path(PATH)?
            .interface(PROPERTIES)?
            .member("PropertiesChanged")?
            .build();
        let signals = MessageStream::for_match_rule(changed, &bus, Some(SIGNALS_MAX)).await?;
        let upower = Self { bus, signals };
        upower.is_on_battery().await.map(|_| upower)
    }

    async fn is_on_battery(&self) -> zbus::Result<bool> {
        let wanted = (UPOWER, "OnBattery");
        let answer = self.bus.call_method(Some(UPOWER), PATH, Some(PROPERTIES), "Get", &wanted).await?;
        Ok(bool::try_from(answer.body().deserialize::<OwnedValue>()?)?)
    }
}
