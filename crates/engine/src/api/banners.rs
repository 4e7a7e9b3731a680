//! How events are told: what `config.toml` says in `[notifications]` beside the quiet hours.
//!
//! The defaults follow what GNOME's guidelines ask of whoever has many events to tell
//! (<https://developer.gnome.org/hig/patterns/feedback/notifications.html>): no needless distraction, a summary from time to
//! time instead of each one, a way to have fewer, and no fact that is told in a notification alone.

use serde::{Deserialize, Serialize};

/// Where an event is told. The tray and the history show it anyway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum Show {
    /// In a banner at once; in quiet hours in the report of the morning.
    Banner,
    /// In the report of the morning alone.
    Digest,
    /// Nowhere.
    Off,
}

/// Where the end of a run by itself is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum ShowEnd {
    /// In a banner for jobs with `notify_end`; for all others in the report of the morning, if it was in the night.
    PerJob,
    /// In a banner at once, for every job; in quiet hours in the report of the morning.
    Banner,
    /// In the report of the morning alone.
    Digest,
    /// Nowhere.
    Off,
}

/// `[notifications.show]`: where each event is told. What could not be stopped, and that runs are not watched, is always
/// told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(deny_unknown_fields, default)]
pub struct ShowSpec {
    /// A run is past its warning limit. Off: most runs move on by themselves, and the icon in the tray shows it.
    pub warning: Show,
    /// A run was stopped. A banner: it is what Nightkeep is there for, and somebody at the computer can run it again.
    pub stopped: Show,
    /// A job is not started again. A banner: nothing of it happens before a person has decided.
    pub breaker: Show,
    /// A run was found again, or found to be over. A banner: it was not watched for a while.
    pub recovered: Show,
    /// A run waits for a person, gives no sign of life, goes round in circles, has spent what it may, cannot be judged, or
    /// stalls and is left alone. A banner: the longer it waits, the more is lost.
    pub needs_you: Show,
    /// A run finished. As its job wants it: of many jobs the good ends are many, and no news.
    pub finished: ShowEnd,
    /// A run failed by itself. As its job wants it: whoever starts one by hand sees how it ends.
    pub failed: ShowEnd,
}

impl Default for ShowSpec {
    fn default() -> Self {
        Self {
            warning: Show::Off,
            stopped: Show::Banner,
            breaker: Show::Banner,
            recovered: Show::Banner,
            needs_you: Show::Banner,
            finished: ShowEnd::PerJob,
            failed: ShowEnd::PerJob,
        }
    }
}

/// `[notifications]`, but for the quiet hours themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct BannersSpec {
    /// Whether banners make a sound, where the desktop has one.
    pub sound: bool,
    /// The days on which quiet hours begin, such as `Sun-Thu` or `Mon, Wed`; or `every day`.
    pub quiet_days: String,
    /// When the night is told: from `on`, the end of the quiet hours, or from a time of the day such as `08:00`; or `off`.
    pub morning_report: String,
    /// Where each event is told.
    pub show: ShowSpec,
}

impl Show {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Banner, Self::Digest, Self::Off];

    /// The word in `config.toml`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Banner => "banner",
            Self::Digest => "digest",
            Self::Off => "off",
        }
    }
}

impl ShowEnd {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::PerJob, Self::Banner, Self::Digest, Self::Off];

    /// The word in `config.toml`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::PerJob => "per-job",
            Self::Banner => "banner",
            Self::Digest => "digest",
            Self::Off => "off",
        }
    }
}
