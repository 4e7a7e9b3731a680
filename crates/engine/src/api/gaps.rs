//! How long past runs were quiet, and the limits that they speak for.

use serde::{Deserialize, Serialize};

use super::{Outcome, Reason};

/// `GET /v1/types/{type}/gaps` and `GET /v1/jobs/{job}/gaps`: the quiet times of runs that finished.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct GapsView {
    /// The last runs that finished, newest first, at most 200.
    pub runs: Vec<QuietRun>,
    /// So many of them are needed for a suggestion.
    pub needed: u32,
    /// Half of them were never quiet for longer; `null` of no runs.
    pub p50_s: Option<f64>,
    /// 95 of 100 were never quiet for longer.
    pub p95_s: Option<f64>,
    /// None was ever quiet for longer.
    pub max_s: Option<f64>,
    /// The warning that holds.
    pub warn_after_s: f64,
    /// The stop that holds.
    pub stall_after_s: f64,
    /// Limits that these runs speak for; `null` of too few runs, and when they are what holds.
    pub suggestion: Option<LimitsSuggestion>,
    /// All of that in a sentence or two.
    pub says: String,
}

/// A run that finished, and its longest quiet time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct QuietRun {
    /// Its number.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub run: u64,
    /// The job's name.
    pub job: String,
    /// When it ended.
    pub ended_at: String,
    /// The longest awake time without an advance, the time from the last one to the end included.
    pub longest_s: f64,
}

/// Limits that past runs speak for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct LimitsSuggestion {
    /// When to warn, as it is written in a job or a type.
    pub warn_after: String,
    /// When to stop, written the same way.
    pub stall_after: String,
    /// When to warn, in seconds.
    pub warn_after_s: f64,
    /// When to stop, in seconds.
    pub stall_after_s: f64,
}

/// One of the last runs of a job that are over, as a strip of them shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct RecentRun {
    /// Its number.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub run: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it was stopped, if it was.
    pub reason: Option<Reason>,
    /// When it ended.
    pub ended_at: String,
}
