//! What happened: ended runs, and one run with all its evidence.

use serde::{Deserialize, Serialize};

use super::{ClaimView, LimitsView, Method, Outcome, Phase, QuietTimes, Reason, TotalsView};

/// A run that is over: one entry of `nightkeep history --json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct HistoryRow {
    /// Its number.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub run: u64,
    /// The job's name.
    pub job: String,
    /// The job's type.
    pub r#type: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it was stopped, if it was.
    pub reason: Option<Reason>,
    /// How it was stopped, if it was.
    pub method: Option<Method>,
    /// The root's exit code.
    pub exit_code: Option<i32>,
    /// The signal that ended the root.
    pub signal: Option<i32>,
    /// When it started.
    pub started_at: String,
    /// When it ended.
    pub ended_at: String,
    /// From start to end, sleep included; a clock that was set meanwhile changes nothing.
    pub duration_s: f64,
    /// The best step.
    #[cfg_attr(feature = "bindings", ts(type = "number | null"))]
    pub last_step: Option<i64>,
    /// The last note, cleaned for display.
    pub last_note: Option<String>,
    /// How often it advanced.
    pub advances: u32,
    /// The longest awake time without an advance: between two of them, or the one that ended in a stop for stalling.
    pub longest_gap_s: Option<f64>,
    /// Processes that were still alive after the forced stop.
    pub survivors: Vec<u32>,
    /// Whether its end was taken in later than it happened.
    pub recovered: bool,
    /// Whether somebody has looked at it.
    pub seen: bool,
    /// One sentence that says what happened.
    pub message: String,
    /// How many steps it said there are.
    #[serde(default)]
    #[cfg_attr(feature = "bindings", ts(type = "number | null"))]
    pub total: Option<i64>,
    /// After how long without an advance it was to be stopped.
    #[serde(default)]
    pub stall_after_s: Option<f64>,
}

/// One advance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct AdvanceView {
    /// When.
    pub at: String,
    /// To which step.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub step: i64,
    /// With which note.
    pub note: Option<String>,
    /// Awake seconds since the advance before it, or since the start.
    pub gap_s: f64,
    /// Who reported it, where that was not the marker.
    pub source: Option<String>,
}

/// A process, as it was seen just before the first signal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct EvidenceProcess {
    /// Its number.
    pub pid: u32,
    /// Its parent's number.
    pub parent: Option<u32>,
    /// How deep it hangs in the tree; the root is 0.
    pub depth: u32,
    /// Its name.
    pub name: String,
    /// Its command line, cut and cleaned for display.
    pub command: String,
    /// The system's word for its state ("sleeping", "running", "uninterruptible", "stopped", "zombie").
    pub state: String,
    /// Processor time since its start.
    pub cpu_s: f64,
    /// What it used in the moments before, 100 being one core.
    pub cpu_percent: Option<f64>,
    /// What it held.
    #[cfg_attr(feature = "bindings", ts(type = "number | null"))]
    pub memory_bytes: Option<u64>,
    /// How long it had been there.
    pub age_s: f64,
    /// What became of it, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub end: Option<ProcessEnd>,
}

/// What became of a process of a run that was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum ProcessEnd {
    /// It had ended before anybody asked it to.
    Gone,
    /// It ended within the grace, after it was asked to.
    Obeyed,
    /// It did not end within the grace, and was killed.
    Ignored,
    /// It was killed without having been asked.
    Killed,
    /// It outlived the forced stop.
    Alive,
}

/// The marker, as it was just before the first signal.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct MarkerSeen {
    /// Where it is.
    pub path: String,
    /// When it was last written, as its file system says.
    pub modified_at: Option<String>,
    /// How large it was.
    #[cfg_attr(feature = "bindings", ts(type = "number | null"))]
    pub size_bytes: Option<u64>,
    /// The step that stood in it.
    #[cfg_attr(feature = "bindings", ts(type = "number | null"))]
    pub step: Option<i64>,
    /// Why it could not be used, as a fragment.
    pub trouble: Option<String>,
}

/// An open network socket of a process of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct SocketView {
    /// The process that holds it.
    pub pid: u32,
    /// `tcp`, `tcp6`, `udp` or `udp6`.
    pub protocol: String,
    /// Its own address and port.
    pub local: String,
    /// The other side's address and port.
    pub remote: String,
    /// The system's word for its state ("established", "listen", …).
    pub state: String,
}

/// The end of the captured output.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct OutputTail {
    /// The last lines, at most 200, with control and bidirectional characters neutralised.
    pub lines: Vec<String>,
    /// How many bytes were captured in all.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub bytes: u64,
    /// How many of them are gone from the beginning: what is kept of a run's output has a limit.
    #[serde(default)]
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub dropped_bytes: u64,
    /// Whether the whole of it was removed, as that of every run is in time.
    #[serde(default)]
    pub removed: bool,
    /// When that was, where it is on record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub removed_at: Option<String>,
    /// Where the rest of it is.
    pub path: Option<String>,
    /// Which of the lines, counted from 0, is the first of standard error, where that has a file of its own. Before it
    /// may stand a line that says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub stderr_from: Option<u32>,
}

/// What was seen just before the first signal.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Evidence {
    /// When.
    pub taken_at: String,
    /// The tree, parents before children.
    pub processes: Vec<EvidenceProcess>,
    /// Open network sockets.
    pub sockets: Vec<SocketView>,
    /// The end of the output.
    pub output: OutputTail,
    /// The marker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub marker: Option<MarkerSeen>,
    /// Parts that could not be had, each with its reason.
    pub missing: Vec<String>,
}

/// One line of the story of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct TimelineEvent {
    /// When.
    pub at: String,
    /// A stable word: `started`, `warned`, `stop-intended`, `signalled`, `ended`, …
    pub kind: String,
    /// One sentence.
    pub text: String,
    /// How long it had lasted by then, for what does (`slept`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub lasted_s: Option<f64>,
}

/// One run with all that is known of it: `nightkeep show RUN --json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct RunDetail {
    /// Its number.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub run: u64,
    /// The name of its directory below `runs/`.
    pub tag: String,
    /// The job's name.
    pub job: String,
    /// The job's type.
    pub r#type: String,
    /// Where it is in its life.
    pub phase: Phase,
    /// The command and its arguments; empty for an attached run.
    pub command: Vec<String>,
    /// Where it runs.
    pub cwd: Option<String>,
    /// Its marker.
    pub marker: Option<String>,
    /// When it started.
    pub started_at: String,
    /// The limits it is judged by.
    pub limits: LimitsView,
    /// Whether a stall is only recorded.
    pub observe: bool,
    /// The row of the history, once it is over.
    pub ended: Option<HistoryRow>,
    /// One sentence that says what is or was the case.
    pub message: String,
    /// The same at length, a sentence each: what is the case first, then how it came and how it went.
    #[serde(default)]
    pub cause: Vec<String>,
    /// How many steps there are, by its own word.
    #[serde(default)]
    #[cfg_attr(feature = "bindings", ts(type = "number | null"))]
    pub total: Option<i64>,
    /// What its work took, where it said so.
    #[serde(default)]
    pub totals: Option<TotalsView>,
    /// Its own word for its end.
    #[serde(default)]
    pub claim: Option<ClaimView>,
    /// How long it was quiet, and when.
    #[serde(default)]
    pub quiet: QuietTimes,
    /// What it handed back, where it did: any JSON, in which no text can steer a terminal.
    #[serde(default)]
    #[cfg_attr(feature = "bindings", ts(type = "unknown"))]
    pub result: Option<serde_json::Value>,
    /// The last 50 advances, oldest first.
    pub advances: Vec<AdvanceView>,
    /// What happened, oldest first.
    pub timeline: Vec<TimelineEvent>,
    /// What was seen before the first signal, for a run that was stopped.
    pub evidence: Option<Evidence>,
    /// The end of the output as it is at this moment.
    pub output: OutputTail,
}
