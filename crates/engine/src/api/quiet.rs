//! How long a run was quiet, ready to be drawn: time since the last advance over the time of day.

use serde::{Deserialize, Serialize};

/// The chart "time since the last advance" of one run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct QuietTimes {
    /// Stretches that an advance ended, oldest first; at most 1,000, neighbours being merged where there were more.
    pub teeth: Vec<QuietTooth>,
    /// Stretches that are on no limit or of which nothing could be seen, oldest first.
    pub bands: Vec<QuietBand>,
    /// Moments that matter to the judgement, oldest first.
    pub marks: Vec<QuietMark>,
}

/// A stretch without an advance, and the advance that ended it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct QuietTooth {
    /// When it ended.
    pub at: String,
    /// The step that ended it.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub step: i64,
    /// How long it was, in awake seconds: the longest one, where it stands for several.
    pub gap_s: f64,
    /// For how many advances it stands.
    pub advances: u32,
}

/// A stretch of time that explains a quiet one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct QuietBand {
    /// What was the case.
    pub kind: BandKind,
    /// From when.
    pub from: String,
    /// Until when; `null` while it goes on.
    pub to: Option<String>,
}

/// What was the case during a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum BandKind {
    /// The computer slept.
    Asleep,
    /// The marker could not be read.
    Unreadable,
    /// The run had said that it waits.
    Waiting,
}

/// A moment that matters to the judgement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct QuietMark {
    /// When.
    pub at: String,
    /// Which.
    pub kind: MarkKind,
}

/// What happened at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum MarkKind {
    /// It was quiet for too long.
    Warning,
    /// It would have been stopped, if it were not only observed.
    WouldStop,
    /// It was asked to end.
    Asked,
    /// What was left of it was killed.
    Killed,
}
