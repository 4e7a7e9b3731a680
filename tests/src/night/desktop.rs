//! A desktop that records what it is asked to show.

use anyhow::{Context as _, Result};

use crate::dbus::{FakeNotifications, Notification, SessionBus};

/// A session bus, with or without a notification service on it.
#[derive(Debug)]
pub struct Desktop {
    notifications: Option<FakeNotifications>,
    bus: SessionBus,
}

impl Desktop {
    pub(super) async fn start() -> Result<Self> {
        let bus = SessionBus::start()?;
        let notifications = Some(FakeNotifications::start(&bus).await?);
        Ok(Self { notifications, bus })
    }

    pub(super) fn bare() -> Result<Self> {
        Ok(Self { notifications: None, bus: SessionBus::start()? })
    }

    /// Its session bus.
    #[must_use]
    pub fn bus(&self) -> &SessionBus {
        &self.bus
    }

    /// All notifications so far, replaced ones included.
    ///
    /// # Errors
    /// When this desktop shows none.
    pub fn all_shown(&self) -> Result<Vec<Notification>> {
        Ok(self.notifications.as_ref().context("this desktop shows no notifications")?.shown())
    }

    pub(super) fn address(&self) -> &str {
        self.bus.address()
    }

    pub(super) async fn shown(&self, title: &str) -> Result<Notification> {
        let notifications = self.notifications.as_ref().context("this desktop shows no notifications")?;
        notifications.wait_for(title, |shown| shown.summary == title).await
    }
}
