//! A desktop that records what it is asked to show.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use super::Night;
use crate::dbus::{FakeLogind, FakeNotifications, Notification, SessionBus};
use crate::eventually;

/// A session bus, with or without a notification service on it.
#[derive(Debug)]
pub struct Desktop {
    notifications: Option<FakeNotifications>,
    logind: Option<FakeLogind>,
    bus: SessionBus,
}

impl Desktop {
    pub(super) async fn start() -> Result<Self> {
        let bus = SessionBus::start()?;
        let notifications = Some(FakeNotifications::start(&bus).await?);
        Ok(Self { notifications, logind: None, bus })
    }

    pub(super) fn bare() -> Result<Self> {
        Ok(Self { notifications: None, logind: None, bus: SessionBus::start()? })
    }

    /// Its logind.
    ///
    /// # Errors
    /// When it has none.
    pub fn logind(&self) -> Result<&FakeLogind> {
        self.logind.as_ref().context("this desktop has no logind")
    }

    /// Its session bus, which stands for the one of the system too.
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

    /// Waits until so many notifications were taken away by whoever showed them, and says which.
    ///
    /// # Errors
    /// When they were not in time, or this desktop shows none.
    pub async fn closed(&self, count: usize) -> Result<Vec<u32>> {
        self.notifications.as_ref().context("this desktop shows no notifications")?.wait_for_closed(count).await
    }

    /// A person presses a button of a notification.
    ///
    /// # Errors
    /// When nobody hears of it, or this desktop shows none.
    pub async fn press(&self, shown: &Notification, button: &str) -> Result<()> {
        let (key, _) =
            shown.actions.iter().find(|(_, label)| label == button).with_context(|| format!("{shown:#?}"))?;
        self.choose(shown, key).await
    }

    /// A person clicks on a notification itself.
    ///
    /// # Errors
    /// When nobody hears of it, or this desktop shows none.
    pub async fn click(&self, shown: &Notification) -> Result<()> {
        self.choose(shown, "default").await
    }

    async fn choose(&self, shown: &Notification, key: &str) -> Result<()> {
        let notifications = self.notifications.as_ref().context("this desktop shows no notifications")?;
        notifications.choose(shown.id, key).await
    }

    pub(super) fn address(&self) -> &str {
        self.bus.address()
    }

    pub(super) async fn shown(&self, title: &str) -> Result<Notification> {
        let notifications = self.notifications.as_ref().context("this desktop shows no notifications")?;
        notifications.wait_for(title, |shown| shown.summary == title).await
    }
}

/// Seconds of a day.
const DAY_S: i64 = 24 * 60 * 60;

impl Night {
    /// One whose engine runs on a desktop that records notifications, at noon.
    ///
    /// # Errors
    /// When the engine or the bus does not come up.
    pub fn on_a_desktop(config: &str) -> Result<Self> {
        Self::on_a_desktop_at("12:00:00", config)
    }

    /// One whose engine starts at this time of the day (`HH:MM:SS`), on a desktop that records notifications.
    ///
    /// # Errors
    /// When the engine or the bus does not come up, or there is no such time.
    pub fn on_a_desktop_at(time_of_day: &str, config: &str) -> Result<Self> {
        let mut night = Self::new(config)?;
        night.make_it(time_of_day)?;
        night.add_desktop()?;
        night.start_engine()?;
        Ok(night)
    }

    /// Gives this night a desktop that records notifications, before its engine is started.
    ///
    /// # Errors
    /// When the bus does not come up.
    pub fn add_desktop(&mut self) -> Result<()> {
        self.desktop = Some(self.runtime.block_on(Desktop::start())?);
        Ok(())
    }

    /// One whose engine runs on a desktop that can be kept awake, at noon.
    ///
    /// # Errors
    /// When the engine or the bus does not come up.
    pub fn on_a_desktop_with_logind(config: &str) -> Result<Self> {
        let mut night = Self::new(config)?;
        night.make_it("12:00:00")?;
        let mut desktop = night.runtime.block_on(Desktop::start())?;
        desktop.logind = Some(night.runtime.block_on(FakeLogind::start(&desktop.bus))?);
        night.desktop = Some(desktop);
        night.start_engine()?;
        Ok(night)
    }

    /// One whose engine runs on a desktop that has no place for notifications.
    ///
    /// # Errors
    /// When the engine or the bus does not come up.
    pub fn on_a_bare_desktop(config: &str) -> Result<Self> {
        let mut night = Self::new(config)?;
        night.desktop = Some(Desktop::bare()?);
        night.start_engine()?;
        Ok(night)
    }

    /// A notification that the desktop of this night is asked to show.
    ///
    /// # Errors
    /// When it is not in time, or when this night has no desktop.
    pub fn notification(&self, title: &str) -> Result<Notification> {
        self.see(async |desktop| desktop.shown(title).await)
    }

    /// A window that only writes down at which pages it was opened.
    ///
    /// # Errors
    /// When its program cannot be written.
    pub fn furnish_window(&self) -> Result<()> {
        let program = self.window_program();
        let script = format!("#!/bin/sh\necho \"$*\" >> '{}'\n", self.opened_pages().display());
        std::fs::write(&program, script)?;
        Ok(std::fs::set_permissions(&program, PermissionsExt::from_mode(0o700))?)
    }

    /// Waits until the window was opened so often, and says at which pages.
    ///
    /// # Errors
    /// When it was not in time.
    pub fn opened(&self, count: usize) -> Result<Vec<String>> {
        let pages = || {
            let text = std::fs::read_to_string(self.opened_pages()).ok()?;
            let pages: Vec<String> = text.lines().map(str::to_owned).collect();
            (pages.len() >= count).then_some(pages)
        };
        eventually("the window to be opened", pages).map_err(|error| self.explained(error))
    }

    pub(super) fn window_program(&self) -> PathBuf {
        self.user().join("nightkeep-app")
    }

    fn opened_pages(&self) -> PathBuf {
        self.user().join("opened-pages")
    }

    /// Looks at the desktop of this night.
    ///
    /// # Errors
    /// What `look` finds wrong, or when this night has no desktop.
    pub fn see<T>(&self, look: impl AsyncFnOnce(&Desktop) -> Result<T>) -> Result<T> {
        let desktop = self.desktop.as_ref().context("this night has no desktop")?;
        self.runtime.block_on(look(desktop)).map_err(|error| self.explained(error))
    }

    /// From here on, programs are started in a time zone in which it is this time of the day (`HH:MM:SS`).
    ///
    /// # Errors
    /// When there is no such time.
    pub fn make_it(&mut self, time_of_day: &str) -> Result<()> {
        let wanted: jiff::civil::Time = time_of_day.parse()?;
        let wanted = i64::from(wanted.hour()) * 3600 + i64::from(wanted.minute()) * 60 + i64::from(wanted.second());
        let east = (wanted - jiff::Timestamp::now().as_second()).rem_euclid(DAY_S);
        let east = if east > DAY_S / 2 { east - DAY_S } else { east };
        // POSIX counts the seconds to the west.
        let (sign, length) = (if east < 0 { '+' } else { '-' }, east.abs());
        self.zone = Some(format!("NKT{sign}{:02}:{:02}:{:02}", length / 3600, length / 60 % 60, length % 60));
        Ok(())
    }
}
