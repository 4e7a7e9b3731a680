//! The table `[notifications]`: when banners are shown, and which.

use super::Config;
use crate::api::{BannersSpec, FieldFault, SettingsSpec, Show, ShowSpec};
use crate::notify::policy::{Days, Nights, QuietHours, Report, Wants};

/// From eleven to seven: eight hours of sleep for somebody who is at work at nine.
const QUIET_HOURS: &str = "23:00-07:00";

/// The table `[notifications]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notifications {
    /// When only what cannot wait is shown, and when the night is told. Quiet every day, because jobs that run at night
    /// run on any of them; told at the end of the quiet hours, because in these nothing else is told.
    pub nights: Nights,
    /// Whether banners make a sound. They do: the desktop has a switch for it as well, and knows which sound.
    pub sound: bool,
    /// Where each event is told.
    pub show: ShowSpec,
}

impl Default for Notifications {
    fn default() -> Self {
        let quiet = QuietHours::parse(QUIET_HOURS).expect("it was written by us");
        let nights = Nights { quiet, days: Days::EVERY, report: Report::On };
        Self { nights, sound: true, show: ShowSpec::default() }
    }
}

impl Config {
    /// What its owner wants told.
    #[must_use]
    pub fn wants(&self) -> Wants {
        let Notifications { nights, sound: _, show } = self.notifications;
        Wants { is_on: self.settings.notifications, has_report: nights.report != Report::Off, show }
    }
}

impl Notifications {
    /// As it stands in the settings, but for the quiet hours.
    pub(super) fn banners(&self) -> BannersSpec {
        BannersSpec {
            sound: self.sound,
            quiet_days: self.nights.days.to_string(),
            morning_report: self.nights.report.to_string(),
            show: self.show,
        }
    }

    /// The quiet hours, as they stand in the settings.
    pub(super) fn quiet_hours(&self) -> String {
        self.nights.quiet.map_or_else(|| "off".to_owned(), |hours| hours.to_string())
    }

    /// As the settings want it.
    pub(super) fn with(&self, wanted: &SettingsSpec) -> Result<Self, FieldFault> {
        let at = |field: &str, message: String| FieldFault { field: field.to_owned(), message };
        let had = self.banners();
        let banners = wanted.banners.as_ref().unwrap_or(&had);
        let nights = Nights {
            quiet: QuietHours::parse(&wanted.quiet_hours).map_err(|fault| at("quiet_hours", fault.to_string()))?,
            days: Days::parse(&banners.quiet_days).map_err(|fault| at("quiet_days", fault.to_string()))?,
            report: Report::parse(&banners.morning_report).map_err(|fault| at("morning_report", fault.to_string()))?,
        };
        let warning = self.warning(wanted.warnings, banners.show.warning);
        Ok(Self { nights, sound: banners.sound, show: ShowSpec { warning, ..banners.show } })
    }

    /// Where warnings are told, of the two ways to say it: the one that was changed counts.
    fn warning(&self, in_short: bool, show: Show) -> Show {
        let had = self.show.warning;
        match (show == had && in_short != (had == Show::Banner), in_short) {
            (false, _) => show,
            (true, true) => Show::Banner,
            (true, false) => Show::Off,
        }
    }
}
