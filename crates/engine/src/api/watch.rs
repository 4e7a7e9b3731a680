//! The watch as a whole: its pause, its end, and whether there is a tray to show it.

use serde::{Deserialize, Serialize};

/// `POST /v1/pause`: until when nothing is judged and nothing started again. With neither of both, until a person resumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(optional_fields))]
#[serde(default)]
pub struct PauseRequest {
    /// For so many seconds.
    #[cfg_attr(feature = "bindings", ts(as = "Option<u32>", optional))]
    pub for_s: Option<u64>,
    /// Until the morning: the end of the quiet hours, or 8:00 where there are none.
    #[cfg_attr(feature = "bindings", ts(as = "Option<bool>", optional))]
    pub morning: bool,
}

/// A pause of the watch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct PauseView {
    /// Since when.
    pub since: String,
    /// Until when; `null` until a person resumes the watch.
    pub until: Option<String>,
}

/// The reply to `POST /v1/resume`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct ResumedReply {
    /// The pause that is over; `null` when there was none.
    pub was: Option<PauseView>,
}

/// A time without notifications of a job. What cannot wait for a person is shown all the same, without a sound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct SnoozeView {
    /// The job's name.
    pub job: String,
    /// Until when.
    pub until: String,
}

/// The reply to `DELETE /v1/jobs/{job}/snooze`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct UnsnoozedReply {
    /// The time that is over; `null` when there was none.
    pub was: Option<SnoozeView>,
}

/// What is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum QuitChoice {
    /// The tray alone; runs stay watched.
    Tray,
    /// The tray and the engine; runs go on, and nobody watches them.
    Watching,
    /// All runs, and after them the tray and the engine.
    Runs,
}

/// `POST /v1/quit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct QuitRequest {
    /// What is to end.
    pub choice: QuitChoice,
}

/// How far it has come with ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Quitting {
    /// How often a person has asked the tray to end. A tray ends when this grows.
    pub tray: u32,
    /// All runs are being stopped; the engine ends after them.
    pub runs: bool,
}

/// `POST /v1/tray`: what the tray finds on its desktop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TrayReport {
    /// Whether the desktop has a place where the tray is shown.
    pub has_place: bool,
}
