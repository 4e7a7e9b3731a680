//! What the user wants: jobs, job types, and what is said of them before they are saved.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{CheckView, Outcome, RecentRun, TimelineEvent};
use crate::rundir::ReportsMs;

/// Limits as people write them: durations are text like `90s`, `10m`, `1h30m`; what is left out is inherited.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(optional_fields))]
#[serde(deny_unknown_fields, default)]
pub struct LimitsSpec {
    /// Without an advance for this long: a warning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warn_after: Option<String>,
    /// Without an advance for this long: a stop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stall_after: Option<String>,
    /// From the polite signal to the forced one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grace: Option<String>,
    /// Before the first advance, the stall clock starts only after this long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_allowance: Option<String>,
    /// The longest a run may take in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_runtime: Option<String>,
    /// How often a beat comes; `off` for none. Degraded after three of them, unreachable after ten.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beat: Option<String>,
    /// Without a beat for this long: degraded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub degraded_after: Option<String>,
    /// Without a beat for this long: unreachable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreachable_after: Option<String>,
    /// What is done about an unreachable run: `notify` or `stop`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_unreachable: Option<String>,
    /// While a tool runs, without an advance for this long: a warning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_warn_after: Option<String>,
    /// While a tool runs, without an advance for this long: a stop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_stall_after: Option<String>,
    /// The same while a sub-agent works.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subagent_warn_after: Option<String>,
    /// The same while a sub-agent works.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subagent_stall_after: Option<String>,
    /// The same while the context is compacted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compacting_warn_after: Option<String>,
    /// The same while the context is compacted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compacting_stall_after: Option<String>,
    /// More time for one step is given up to so many times the stall limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expect_cap: Option<String>,
    /// So many calls in a row with the same result are going round in circles; `0` for never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeats_max: Option<String>,
    /// So many turns in a row of which nothing came but words are, too; `0` for never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub empty_turns_max: Option<String>,
    /// What is done about a run that goes round in circles: `notify` or `stop`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_circling: Option<String>,
    /// What it may cost, in dollars; `off` for no cap.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_cost: Option<String>,
    /// What all runs of its job may cost within 24 hours, in dollars; `off` for no cap.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_cost_per_day: Option<String>,
    /// What is done when it has cost that much: `notify` or `stop`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_max_cost: Option<String>,
}

/// Limits in force, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct LimitsView {
    /// Without an advance for this long: a warning.
    pub warn_after_s: f64,
    /// Without an advance for this long: a stop.
    pub stall_after_s: f64,
    /// From the polite signal to the forced one.
    pub grace_s: f64,
    /// Before the first advance, the stall clock starts only after this long.
    pub start_allowance_s: f64,
    /// The longest a run may take in all.
    pub max_runtime_s: Option<f64>,
    /// What holds for whatever else a run reports.
    #[serde(default)]
    pub reports: ReportsMs,
}

/// What becomes of processes that outlive the root of their run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum Leftovers {
    /// They are stopped, gently and then by force.
    Stop,
    /// They are meant to live on.
    Keep,
    /// They are shown, and a person decides.
    #[default]
    Report,
}

impl Leftovers {
    /// The word in `config.toml`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Keep => "keep",
            Self::Report => "report",
        }
    }
}

impl From<Leftovers> for nightkeep_core::LeftoverPolicy {
    fn from(leftovers: Leftovers) -> Self {
        match leftovers {
            Leftovers::Stop => Self::Stop,
            Leftovers::Keep => Self::Keep,
            Leftovers::Report => Self::Report,
        }
    }
}

/// What a success is that is pinged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum PingMode {
    /// The end when a start was pinged before it, else a sign of life.
    #[default]
    Auto,
    /// Always the end.
    Job,
    /// Always a sign of life.
    Heartbeat,
}

impl PingMode {
    /// The word in `config.toml`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Job => "job",
            Self::Heartbeat => "heartbeat",
        }
    }
}

/// What becomes of a run that stalls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum OnStall {
    /// It is stopped.
    #[default]
    Abort,
    /// It is stopped, and its job is started again after a pause.
    Restart,
    /// Its owner is told, and it is left alone.
    Notify,
}

impl OnStall {
    /// The word in `config.toml`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Abort => "abort",
            Self::Restart => "restart",
            Self::Notify => "notify",
        }
    }
}

/// Why a job is not started as usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum JobCondition {
    /// A person stopped it, and it stays stopped.
    Killed,
    /// Too many of its runs failed or were aborted in a row.
    BreakerOpen,
    /// It stalled and is started again after a pause.
    Restarting,
}

/// A job that is not started as usual.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct JobStatus {
    /// The job's name.
    pub job: String,
    /// Why.
    pub state: JobCondition,
    /// Since when; `null` for a restart.
    pub since: Option<String>,
    /// How many runs failed or were aborted in a row.
    pub failures: u32,
    /// When it is started again, unless the computer sleeps meanwhile; `null` when it is not, or is at this moment.
    pub next_start: Option<String>,
}

/// The reply to `POST /v1/jobs/{job}/resume`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct ResumeReply {
    /// What was the case with the job; `null` when nothing kept it from being started.
    pub was: Option<JobStatus>,
}

/// A job as it stands in `config.toml`, below `[jobs.NAME]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(optional_fields))]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of its own in the file, and none excludes another")]
#[serde(deny_unknown_fields, default)]
pub struct JobSpec {
    /// Its name: 1 to 60 characters. The table's name in the file, so not written into it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The job type; `generic` when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// The program and its arguments.
    pub command: Vec<String>,
    /// Where it runs; the home directory when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// Added to the environment.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "bindings", ts(as = "Option<BTreeMap<String, String>>", optional))]
    pub env: BTreeMap<String, String>,
    /// Its marker, relative to `cwd`; a file of the run's own directory when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<String>,
    /// Its sources beside the marker, such as `claude-stream` or `pattern:step (\\d+)`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "bindings", ts(as = "Option<Vec<String>>", optional))]
    pub sources: Vec<String>,
    /// Whether a stall is only recorded.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "bindings", ts(as = "Option<bool>", optional))]
    pub observe: bool,
    /// What becomes of processes that outlive its root; `report` when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leftovers: Option<Leftovers>,
    /// The signal with which it is asked to end: `TERM` when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_signal: Option<String>,
    /// How much of its output is kept, such as `20MB`; what the settings say when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_max: Option<String>,
    /// The UUID under which it takes pings, besides the slug that its name makes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ping: Option<String>,
    /// What a success is that is pinged; `auto` when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ping_mode: Option<PingMode>,
    /// Whether its runs are told where to ping, as clients of Healthchecks look it up.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "bindings", ts(as = "Option<bool>", optional))]
    pub export_ping_env: bool,
    /// Whether its owner is told when a run of it finishes or fails by itself.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "bindings", ts(as = "Option<bool>", optional))]
    pub notify_end: bool,
    /// Whether its notifications are shown in quiet hours, too.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "bindings", ts(as = "Option<bool>", optional))]
    pub may_wake: bool,
    /// A service that it needs, as `http://host:port/path` or `tcp://host:port`. Asked only when the job is tested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check_url: Option<String>,
    /// What becomes of a run that stalls; `abort` when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_stall: Option<OnStall>,
    /// Its own limits.
    pub limits: LimitsSpec,
}

/// A job type as it stands in `config.toml`, below `[types.NAME]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(deny_unknown_fields, default)]
pub struct JobType {
    /// Its limits; what is left out is that of the built-in type of the same name, else of `generic`.
    pub limits: LimitsSpec,
    /// How many of its runs may run side by side; any number when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_running: Option<u32>,
}

/// A job with what is known of it: `nightkeep job list --json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct JobView {
    /// What stands in the file.
    pub spec: JobSpec,
    /// The limits that come out of job, type and defaults.
    pub limits: LimitsView,
    /// The run that is not over, if there is one.
    #[cfg_attr(feature = "bindings", ts(type = "number | null"))]
    pub running: Option<u64>,
    /// How its last run ended.
    pub last_outcome: Option<Outcome>,
    /// The number of its last run.
    #[cfg_attr(feature = "bindings", ts(type = "number | null"))]
    pub last_run: Option<u64>,
    /// When its last run ended.
    pub last_ended_at: Option<String>,
    /// Why it is not started as usual; `null` when it is.
    #[serde(default)]
    pub condition: Option<JobStatus>,
    /// Until when no notifications of it are shown; `null` when they are.
    #[serde(default)]
    pub snoozed_until: Option<String>,
    /// What happened to it beyond its runs: the last of it, oldest first.
    #[serde(default)]
    pub story: Vec<TimelineEvent>,
    /// Where it can be pinged, and its last ping; `null` while nobody listens and none was heard.
    #[serde(default)]
    pub check: Option<CheckView>,
    /// Its last 30 runs that are over, newest first.
    #[serde(default)]
    pub recent: Vec<RecentRun>,
}

/// A job type with the limits that come out: `nightkeep type list --json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct TypeView {
    /// Its name.
    pub name: String,
    /// Whether Nightkeep brings it.
    pub built_in: bool,
    /// What `config.toml` says of it.
    pub overrides: LimitsSpec,
    /// The limits in force.
    pub limits: LimitsView,
    /// How many of its runs may run side by side; `null` for any number.
    #[serde(default)]
    pub max_running: Option<u32>,
    /// How many jobs are of this type.
    pub jobs: u32,
}

/// `POST /v1/preflight/type`: a job type as it would be saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct TypeDraft {
    /// Its name.
    pub name: String,
    /// Whether it is to be made, so that there must be none of its name.
    pub adding: bool,
    /// What would be said of it.
    pub limits: LimitsSpec,
    /// How many of its runs could run side by side; `null` for any number.
    pub max_running: Option<u32>,
}

/// A field that is at fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct FieldFault {
    /// The field's path (`name`, `command`, `limits.warn_after`, …).
    pub field: String,
    /// One sentence.
    pub message: String,
}

/// What is said of a job before it is saved.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Validation {
    /// What must be mended first.
    pub errors: Vec<FieldFault>,
    /// What may be meant, and should be known.
    pub warnings: Vec<FieldFault>,
}

/// What a look at a marker's path found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum ProbeState {
    /// It is a marker.
    Readable,
    /// There is no file yet.
    Missing,
    /// There is no directory for it.
    NoDirectory,
    /// It is a directory, a pipe or something else that is no file.
    NotAFile,
    /// It may not be read.
    NotPermitted,
    /// It is no marker (half-written, not JSON, without a step, too large).
    Unreadable,
}

/// `probe`: what a look at a marker's path found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct ProbeReport {
    /// What was found.
    pub state: ProbeState,
    /// One sentence.
    pub message: String,
    /// The path that was looked at, absolute.
    pub path: String,
    /// The step in it.
    #[cfg_attr(feature = "bindings", ts(type = "number | null"))]
    pub step: Option<i64>,
    /// The note in it.
    pub note: Option<String>,
    /// Seconds since it was written.
    pub age_s: Option<f64>,
}
