//! The history as it is looked through: filters, pages, and what a night came to.

use serde::{Deserialize, Serialize};

use super::HistoryRow;

/// How a run ended, as somebody looks for it. A run may be of more than one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum ResultKind {
    /// By itself, and well.
    Finished,
    /// By itself, and not well.
    Failed,
    /// Stopped because it did not move forward.
    NoProgress,
    /// Stopped at another limit: its beats, its longest run time, its budget.
    OtherLimit,
    /// Stopped by force, whatever the reason.
    HardKill,
    /// Stopped by a person.
    ByYou,
    /// Nobody knows how.
    Lost,
    /// Its end was taken in later than it happened.
    Recovered,
    /// It waited for a slot and was never started.
    NotStarted,
}

/// What the history is narrowed by. What is left out or empty holds nothing back.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(optional_fields))]
#[serde(default)]
pub struct HistoryFilter {
    /// Words that all have to be in its number, its job, its type, its last note or its message.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[cfg_attr(feature = "bindings", ts(as = "Option<String>", optional))]
    pub text: String,
    /// Only runs of these jobs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "bindings", ts(as = "Option<Vec<String>>", optional))]
    pub jobs: Vec<String>,
    /// Only runs that ended in one of these ways.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "bindings", ts(as = "Option<Vec<ResultKind>>", optional))]
    pub results: Vec<ResultKind>,
    /// Only runs that ended at this moment or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Only runs that ended before this moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// What comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum HistoryOrder {
    /// What ended last.
    #[default]
    Ended,
    /// What was started last.
    Started,
    /// What took longest.
    Duration,
}

/// Where a page ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct HistoryKey {
    /// What the runs are ordered by, of its last run, in milliseconds.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub key: i64,
    /// Its last run.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub run: u64,
}

/// `POST /v1/history/page`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(optional_fields))]
#[serde(default)]
pub struct HistoryPageQuery {
    /// Which runs.
    #[cfg_attr(feature = "bindings", ts(as = "Option<HistoryFilter>", optional))]
    pub filter: HistoryFilter,
    /// In which order.
    #[cfg_attr(feature = "bindings", ts(as = "Option<HistoryOrder>", optional))]
    pub order: HistoryOrder,
    /// Whether that order is turned round.
    #[cfg_attr(feature = "bindings", ts(as = "Option<bool>", optional))]
    pub ascending: bool,
    /// Where the page before this one ended.
    pub after: Option<HistoryKey>,
    /// How many at the most; 100 when left out, at most 1,000.
    pub limit: Option<u32>,
}

/// Ended runs that match, a page of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct HistoryPage {
    /// The runs.
    pub rows: Vec<HistoryRow>,
    /// How many match, on this page and all others.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub total: u64,
    /// Where this page ends, if another one follows.
    pub next: Option<HistoryKey>,
    /// Every job of which a run has ended, whatever the filter.
    pub jobs: Vec<String>,
}

/// How the runs of a night ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct NightCounts {
    /// By themselves, and well.
    pub finished: u32,
    /// By themselves, and not well.
    pub failed: u32,
    /// Stopped.
    pub stopped: u32,
    /// Nobody knows how.
    pub lost: u32,
}

/// What ends the time that a stop saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum SparedUntil {
    /// The morning, when somebody would have looked.
    Morning,
    /// The moment of the report, for a night that is not over.
    Now,
    /// The run's own longest run time.
    MaxRuntime,
    /// The next start of the job.
    NextStart,
}

/// The time that a stop saved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Spared {
    /// The run that was stopped.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub run: u64,
    /// Its job.
    pub job: String,
    /// When it ended.
    pub from: String,
    /// Until when it is counted.
    pub until: String,
    /// What that moment is.
    pub because: SparedUntil,
    /// How much that is; 0 when it is not counted, as the job was started again at once.
    pub seconds: f64,
}

/// The longest quiet time in a run that finished.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct QuietTime {
    /// The run.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub run: u64,
    /// Its job.
    pub job: String,
    /// How long it was quiet.
    pub gap_s: f64,
    /// After how long it would have been stopped.
    pub stall_after_s: Option<f64>,
}

/// `GET /v1/history/night`: what the runs came to that ended between 18:00 and 10:00.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct NightReport {
    /// The day on whose evening it began, such as `2026-11-21`.
    pub date: String,
    /// Whether no later night has begun.
    pub is_last: bool,
    /// When it began.
    pub from: String,
    /// When it ends or ended.
    pub to: String,
    /// How its runs ended.
    pub counts: NightCounts,
    /// The sentence on top.
    pub headline: String,
    /// "About 3 h 12 min not wasted.", if a stop saved anything.
    pub not_wasted: Option<String>,
    /// How that is counted.
    pub rule: String,
    /// What it is made of, each stop by itself.
    pub spared: Vec<Spared>,
    /// The longest quiet time in a run that finished.
    pub longest_quiet: Option<QuietTime>,
    /// The other sentences: the longest quiet time, and what is still alive.
    pub sentences: Vec<String>,
    /// The runs that were stopped, newest first.
    pub stopped: Vec<HistoryRow>,
}

/// Which night.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema, utoipa::IntoParams)]
#[serde(default)]
pub struct NightQuery {
    /// The day on whose evening it began, such as `2026-11-21`; the last night when left out.
    pub date: Option<String>,
}
