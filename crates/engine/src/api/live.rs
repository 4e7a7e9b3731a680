//! What is the case at this moment: the engine, its runs, and what is wrong.

use serde::{Deserialize, Serialize};

use super::{ClaimView, HistoryRow, IconStyle, JobStatus, PauseView, Quitting, SnoozeView, TotalsView};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
        #[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
        #[serde(rename_all = "kebab-case")]
        pub enum $name { $($(#[$vdoc])* $variant),+ }
    };
}

words! {
    /// Where a run is in its life.
    Phase {
        /// Waits for a free place.
        Queued,
        /// Its command is being started.
        Starting,
        /// Its command runs.
        Running,
        /// It is being stopped.
        Stopping,
        /// It is over.
        Ended,
    }
}

words! {
    /// Whether the work moves forward. Only this is ever acted on.
    Progress {
        /// No advance yet, and within the start allowance or the first part of the limit.
        Starting,
        /// Advanced a short while ago.
        Advancing,
        /// No advance for half of the warning limit or longer.
        Quiet,
        /// Past the warning limit.
        Warning,
        /// Past the stall limit.
        Stalled,
        /// Waits for a person or for a usage limit; the stall clock stands still.
        Waiting,
    }
}

words! {
    /// Whether beats arrive, for a job that declares them.
    Liveness {
        /// Beats arrive as declared.
        Healthy,
        /// Beats are late.
        Degraded,
        /// No beats for a long time.
        Unreachable,
        /// The job declares no beats.
        Unknown,
    }
}

words! {
    /// What a run says it is doing.
    Activity {
        /// Works.
        Working,
        /// Waits for a tool that it called.
        Tool,
        /// Waits for a sub-agent.
        Subagent,
        /// Compacts its context.
        Compacting,
        /// Waits for a person.
        WaitingHuman,
        /// Waits for a usage limit to pass.
        WaitingLimit,
        /// The computer sleeps.
        Asleep,
    }
}

words! {
    /// How a run ended.
    Outcome {
        /// By itself, with exit code 0.
        Succeeded,
        /// By itself, with another exit code or by a signal that nobody here sent.
        Failed,
        /// Stopped by Nightkeep or its user.
        Aborted,
        /// Its end was not seen, and nothing tells how it was.
        Lost,
    }
}

words! {
    /// Why a run was stopped.
    Reason {
        /// No advance for the stall limit.
        Stalled,
        /// No beats for the unreachable limit.
        Unresponsive,
        /// Longer than its longest run time.
        MaxRuntime,
        /// A person asked for it.
        User,
        /// Busy with the same thing again and again.
        Circling,
        /// It had cost all that it may.
        Budget,
    }
}

words! {
    /// How a run was stopped.
    Method {
        /// It ended within the grace after the polite signal.
        Graceful,
        /// It had to be killed.
        Forced,
    }
}

words! {
    /// What is wrong with the watch itself.
    FaultKind {
        /// `config.toml` cannot be used; the last good one is in force.
        Config,
        /// The history cannot be written.
        Storage,
        /// A damaged database was set aside.
        Quarantine,
        /// File watching is not to be had; markers are re-read on a timer only.
        Watch,
        /// Notifications cannot be shown.
        Notifications,
        /// The computer is not kept awake, which the settings want.
        Awake,
        /// The port for pings cannot be opened.
        Pings,
        /// The desktop has no place for the tray.
        Tray,
    }
}

/// The engine itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct EngineInfo {
    /// The program's version.
    pub version: String,
    /// The version of the API ([`super::API_VERSION`]).
    pub api: u32,
    /// Its process.
    pub pid: u32,
    /// When it started.
    pub started_at: String,
}

/// How many runs are in which state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Summary {
    /// Runs that are not over, those that wait for a slot left out.
    pub running: u32,
    /// Runs past their warning limit.
    pub warning: u32,
    /// Aborted runs that nobody has looked at.
    pub stopped_unseen: u32,
    /// Runs by liveness.
    pub healthy: u32,
    /// Runs by liveness.
    pub degraded: u32,
    /// Runs by liveness.
    pub unreachable: u32,
    /// Jobs that a person stopped and that stay stopped.
    pub killed: u32,
    /// Runs that wait for a free slot.
    #[serde(default)]
    pub queued: u32,
}

/// What a run waits for that is to be started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct QueuePlace {
    /// The type whose slots are all taken; `null` when those of all types together are.
    pub r#type: Option<String>,
    /// How many runs hold one of these slots.
    pub running: u32,
    /// How many of these slots there are.
    pub slots: u32,
    /// How many runs that wait for the same come before it.
    pub ahead: u32,
}

/// A run that is not over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct RunView {
    /// Its number.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub run: u64,
    /// The job's name.
    pub job: String,
    /// The job's type.
    pub r#type: String,
    /// Its root process.
    pub pid: Option<u32>,
    /// Where it is in its life.
    pub phase: Phase,
    /// Whether the work moves forward.
    pub progress: Progress,
    /// Whether beats arrive.
    pub liveness: Liveness,
    /// What it says it is doing.
    pub activity: Activity,
    /// The best step so far.
    #[cfg_attr(feature = "bindings", ts(type = "number | null"))]
    pub step: Option<i64>,
    /// How many steps the marker says there are.
    #[cfg_attr(feature = "bindings", ts(type = "number | null"))]
    pub total: Option<i64>,
    /// The note of the last reading, cleaned for display.
    pub note: Option<String>,
    /// The stall clock: awake seconds since the last advance, or since the start.
    pub since_advance_s: f64,
    /// Seconds since its output last grew.
    pub since_output_s: Option<f64>,
    /// The same as `since_output_s`, under the name that it has in every event.
    #[serde(default)]
    pub since_last_output_s: Option<f64>,
    /// Seconds since its last beat.
    pub since_beat_s: Option<f64>,
    /// Seconds since it last gave any sign: the least of `since_advance_s`, `since_last_output_s` and `since_beat_s`. How
    /// busy its processes are is no sign: a run that hangs can keep a processor busy.
    #[serde(default)]
    pub idle_for_s: f64,
    /// The limit for the warning.
    pub warn_after_s: f64,
    /// The limit for the stop.
    pub stall_after_s: f64,
    /// Whether a stall is only recorded.
    pub observe: bool,
    /// Whether the run was attached, not launched.
    pub attached: bool,
    /// How many processes it has; `null` where they could not be read.
    pub processes: Option<u32>,
    /// What they use, together; 100 is one core.
    pub cpu_percent: Option<f64>,
    /// What they hold, together.
    #[cfg_attr(feature = "bindings", ts(type = "number | null"))]
    pub memory_bytes: Option<u64>,
    /// When it started.
    pub started_at: String,
    /// What is odd about its marker, as a sentence ("the marker cannot be read: …").
    pub marker_note: Option<String>,
    /// What it waits for, while its phase is `queued`.
    #[serde(default)]
    pub queue: Option<QueuePlace>,
    /// A word for what it says it is doing: the tool, the question. Cleaned for display.
    #[serde(default)]
    pub doing: Option<String>,
    /// When the usage limit is said to pass that it waits for.
    #[serde(default)]
    pub waits_until: Option<String>,
    /// What the stall clock may show in the present step, where more time was asked for.
    #[serde(default)]
    pub expected_s: Option<f64>,
    /// What it says of its own end; the end of its process decides.
    #[serde(default)]
    pub claim: Option<ClaimView>,
    /// What its work took, where it says so.
    #[serde(default)]
    pub totals: Option<TotalsView>,
    /// It is busy with the same thing again and again.
    #[serde(default)]
    pub circling: bool,
    /// Which of its sources cannot be read, and since when, as a sentence.
    #[serde(default)]
    pub source_note: Option<String>,
    /// So many signals of it were left out because they came too fast.
    #[serde(default)]
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub signals_dropped: u64,
    /// So many signals were left out because they came from processes that are not its own.
    #[serde(default)]
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub signals_foreign: u64,
}

/// `nightkeep status --json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Status {
    /// The engine.
    pub engine: EngineInfo,
    /// The counts.
    pub summary: Summary,
    /// Runs that are not over, oldest first.
    pub runs: Vec<RunView>,
    /// Jobs that are not started as usual, by name.
    #[serde(default)]
    pub jobs: Vec<JobStatus>,
    /// The pause of the watch: nothing is judged and nothing started again while there is one.
    #[serde(default)]
    pub paused: Option<PauseView>,
    /// The jobs whose notifications somebody does not want for a while, by name.
    #[serde(default)]
    pub snoozed: Vec<SnoozeView>,
}

/// Processes that a run left behind when its root ended by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct LeftoverView {
    /// The run, which is over.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub run: u64,
    /// The job's name.
    pub job: String,
    /// Those that could be seen; something else may be there.
    pub pids: Vec<u32>,
    /// Whether they are being stopped.
    pub stopping: bool,
    /// When the run ended.
    pub ended_at: String,
}

/// Something that is wrong with the watch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Fault {
    /// What kind.
    pub kind: FaultKind,
    /// One sentence.
    pub message: String,
}

/// All that a surface needs to draw itself. Sent whole at every change: it replaces, it never patches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Live {
    /// Grows with every change of anything shown, the history and the configuration included.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub revision: u64,
    /// When it was made.
    pub at: String,
    /// Engine, counts, runs.
    pub status: Status,
    /// The newest aborted runs that nobody has looked at, at most 20, newest first.
    pub unseen: Vec<HistoryRow>,
    /// What runs that are over left behind, and what is not meant to live on.
    pub leftovers: Vec<LeftoverView>,
    /// What is wrong with the watch.
    pub faults: Vec<Fault>,
    /// When a pause "until the morning" would end.
    #[serde(default)]
    pub morning: Option<String>,
    /// What a person wants to end.
    #[serde(default)]
    pub quitting: Quitting,
    /// How the icon in the tray is coloured.
    #[serde(default)]
    pub icon_style: IconStyle,
}
