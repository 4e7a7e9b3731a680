//! What is not about one job: the settings, and what Nightkeep itself takes up on the disk.

use serde::{Deserialize, Serialize};

use super::{BannersSpec, IconStyle, KeepAwake};
use crate::config::KEEP_OUTPUT_DAYS;

/// `PUT /v1/settings`: what `config.toml` says in `[settings]`, `[notifications]` and `[pings]`, as it is written there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct SettingsSpec {
    /// Whether system notifications are shown.
    pub notifications: bool,
    /// Whether a banner is shown when a run is past its warning limit, too: `show.warning` of the banners in short.
    pub warnings: bool,
    /// When what can wait is told in the morning: `23:00-07:00`, or `off`.
    pub quiet_hours: String,
    /// What else is said of banners, and where each event is told. Whoever leaves it out changes nothing of it but for
    /// `warnings`.
    #[serde(default)]
    #[cfg_attr(feature = "bindings", ts(as = "BannersSpec"))]
    pub banners: Option<BannersSpec>,
    /// For how many days the folders of ended runs are kept.
    pub keep_days: u32,
    /// For how many days their outputs are kept.
    #[serde(default = "keep_output_days")]
    pub keep_output_days: u32,
    /// How much is kept of the output of a run, such as `20MB`.
    pub output_max: String,
    /// How much is kept of the outputs of all runs that have ended.
    pub output_total_max: String,
    /// The longest run time where neither job nor type names one; `null` for none.
    pub max_runtime: Option<String>,
    /// How many runs may run side by side; `null` for any number.
    pub max_running: Option<u32>,
    /// When the computer is kept awake while runs are active.
    #[serde(default)]
    pub keep_awake: KeepAwake,
    /// How the icon in the tray is coloured.
    #[serde(default)]
    pub icon_style: IconStyle,
    /// Where pings are listened for, such as `127.0.0.1:0`; `null` for nowhere.
    pub listen: Option<String>,
}

const fn keep_output_days() -> u32 {
    KEEP_OUTPUT_DAYS
}

/// `GET /v1/settings`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct SettingsView {
    /// What is in force.
    pub spec: SettingsSpec,
    /// The settings as they come.
    #[serde(default)]
    pub defaults: SettingsSpec,
    /// The file in which it stands.
    pub file: String,
    /// The folder with the history and the outputs.
    pub data_dir: String,
    /// Why the file cannot be used, while it cannot; then the last good one is in force.
    pub fault: Option<String>,
}

/// `POST /v1/notifications/test`: what became of a notification that only says that it is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct NotificationTest {
    /// Whether the desktop took it.
    pub sent: bool,
    /// What there is to say of it, in sentences.
    pub message: String,
}

/// `GET /v1/storage`: what is taken up on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct StorageView {
    /// The history.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub database_bytes: u64,
    /// What is kept of the outputs of all runs.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub output_bytes: u64,
    /// Runs that have a folder.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub runs: u64,
    /// How far a removal of old runs is, while there is one.
    pub cleaning: Option<CleaningView>,
}

/// How far a removal of old runs is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct CleaningView {
    /// Runs that are done with.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub done: u64,
    /// Runs that are too old.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub total: u64,
}

/// `POST /v1/storage/clean`: what was removed. The history of a run stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Cleaned {
    /// Runs that were too old, with all that they left.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub runs: u64,
    /// Runs whose output alone was removed.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub outputs: u64,
    /// How many bytes that were.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub bytes: u64,
    /// What should have been removed and could not be.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub failures: u64,
    /// Somebody called it off.
    pub is_cancelled: bool,
    /// Nothing was removed for its age, because the clock was set or is not known for long.
    pub is_clock_doubted: bool,
}
