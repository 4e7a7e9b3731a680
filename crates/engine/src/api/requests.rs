//! What clients ask for.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{LimitsSpec, Outcome, QueuePlace};

/// `POST /v1/runs`: a run directory with a `spec.json` was made and its keeper started; watch it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RegisterRequest {
    /// The name of the directory below `runs/`.
    pub tag: String,
}

/// `POST /v1/attach`: watch a process that somebody else started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AttachRequest {
    /// The job's name.
    pub name: String,
    /// The job type.
    pub r#type: Option<String>,
    /// The process; this or `pidfile`.
    pub pid: Option<u32>,
    /// A file with the process's number; this or `pid`.
    #[schema(value_type = Option<String>)]
    pub pidfile: Option<PathBuf>,
    /// A folder with sentinel files, absolute. It is a source of the run, and where neither `pid` nor `pidfile` is given,
    /// they tell the process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub sentinel: Option<PathBuf>,
    /// Its marker, absolute; this or a source.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub progress: Option<PathBuf>,
    /// What the paths in its sources are relative to, absolute.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub cwd: Option<PathBuf>,
    /// Its sources beside the marker, as they are written in a job.
    #[serde(default)]
    pub sources: Vec<String>,
    /// Its own limits.
    pub limits: LimitsSpec,
    /// Whether a stall is only recorded.
    pub observe: bool,
}

/// The reply to everything that begins a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct StartReply {
    /// The run's number.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub run: u64,
    /// The name of its directory below `runs/`.
    pub tag: String,
    /// What it waits for, when there is no slot for it: it starts by itself when its turn comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub queued: Option<QueuePlace>,
}

impl StartReply {
    /// A run that has begun.
    #[must_use]
    pub const fn begun(run: u64, tag: String) -> Self {
        Self { run, tag, queued: None }
    }
}

/// `PUT /v1/types/{type}/capacity`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CapacityRequest {
    /// How many runs of the type may run side by side; `null` for any number.
    pub max_running: Option<u32>,
}

/// `POST /v1/slots`: what somebody is told who asked for a slot and starts the run himself when he has it. The request
/// stays open from the question until the run is registered; whoever closes it before gives his place up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum SlotNews {
    /// There is no slot for the run so far.
    Queued {
        /// The run's number.
        run: u64,
        /// What it waits for.
        place: QueuePlace,
    },
    /// The run has a slot and is to be started.
    Go {
        /// The run's number.
        run: u64,
    },
    /// Somebody called its start off.
    Cancelled {
        /// The run's number.
        run: u64,
    },
}

/// `POST /v1/runs/{run}/stop`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct StopRequest {
    /// Without a grace.
    #[serde(default)]
    pub force: bool,
}

/// The reply to a stop: it has begun. Its end is told by the events and by the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct StopReply {
    /// The runs that are being stopped.
    #[cfg_attr(feature = "bindings", ts(type = "Array<number>"))]
    pub runs: Vec<u64>,
    /// The job stays stopped until somebody resumes it.
    #[serde(default)]
    pub stays_stopped: bool,
}

/// `POST /v1/runs/{run}/extend`: a person gives the present step more time than its limit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtendRequest {
    /// So many seconds beyond the limit that is in force.
    pub by_s: f64,
}

/// The reply to [`ExtendRequest`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct ExtendReply {
    /// The limit of the present step, in seconds. It is held to a cap, and the next step has its usual limit again.
    pub stall_after_s: f64,
    /// By how many seconds it grew; 0 where the cap was reached before.
    pub given_s: f64,
}

/// The reply to `POST /v1/reconcile`: what came of comparing the history with what really runs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Reconciled {
    /// How many runs are watched.
    pub watched: u32,
    /// Runs that were found again, or taken in with their end.
    pub recovered: Vec<u64>,
    /// Runs that do not fit and are looked at once more in ten seconds, since an end may be on its way.
    pub doubtful: Vec<u64>,
}

/// `POST /v1/engine/hand-over`: a later version asks to take over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct HandOverRequest {
    /// The version that takes over; an engine that is not older refuses.
    pub version: String,
    /// Its `nightkeep` program, absolute: this engine starts it as its last act.
    #[schema(value_type = String)]
    pub program: PathBuf,
}

/// `POST /v1/probe`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct ProbeRequest {
    /// The marker's path as written.
    pub path: String,
    /// What it is relative to.
    pub cwd: Option<String>,
}

/// `GET /v1/history`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema, utoipa::IntoParams)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(optional_fields))]
#[serde(default)]
pub struct HistoryQuery {
    /// How many at the most; 100 when left out, at most 1,000.
    pub limit: Option<u32>,
    /// Only runs with a smaller number: the way to the next page.
    #[cfg_attr(feature = "bindings", ts(as = "Option<u32>", optional))]
    pub before: Option<u64>,
    /// Only runs of this job.
    pub job: Option<String>,
    /// Only runs that ended so.
    pub outcome: Option<Outcome>,
}
