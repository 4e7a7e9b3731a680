//! The records in a run's directory.

use std::collections::BTreeMap;

use nightkeep_core::{
    limits::{LimitOverrides, Limits, OffOr},
    time::Span,
};
use nightkeep_os::{Clocks, FileStamp, Identity, Signal};
use serde::{Deserialize, Serialize};

use super::report_overrides::ReportOverridesMs;
use super::{OsText, ReportsMs, RunEnd};
use crate::api::{Leftovers, OnStall};

/// The format of the records. It grows when an old reader would misunderstand, not when a field is added.
pub const FORMAT: u32 = 1;

/// `spec.json`: what is to be run, and all that an engine needs which learns of the run later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spec {
    /// [`FORMAT`].
    pub format: u32,
    /// The name of the directory below `runs/`.
    pub tag: String,
    /// The job's name.
    pub job: String,
    /// The job's type.
    pub r#type: String,
    /// The program and its arguments; never empty.
    pub command: Vec<OsText>,
    /// Where it runs, absolute.
    pub cwd: OsText,
    /// What is set on top of the environment of whoever starts the keeper.
    #[serde(default)]
    pub env: BTreeMap<String, OsText>,
    /// Where its progress shows, absolute.
    pub marker: OsText,
    /// What stood at the marker's path before the start: it says nothing about this run.
    #[serde(default)]
    pub marker_before: Option<FileStamp>,
    /// Its sources beside the marker, as they are written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// The limits in force.
    pub limits: LimitsMs,
    /// What of them was said for this run or its job.
    #[serde(default)]
    pub overrides: LimitOverridesMs,
    /// Whether a stall is only recorded.
    #[serde(default)]
    pub observe: bool,
    /// Always `false`: an attached run has no keeper. Kept so that a list of runs can be read one way.
    #[serde(default)]
    pub attached: bool,
    /// Whether stderr goes into a file of its own.
    #[serde(default)]
    pub stderr_apart: bool,
    /// Where the command reads from.
    #[serde(default)]
    pub stdin: Stdin,
    /// The polite signal.
    #[serde(default = "term")]
    pub stop_signal: Signal,
    /// What becomes of processes that outlive the root.
    #[serde(default)]
    pub leftovers: Leftovers,
    /// How many bytes are kept of what it prints.
    #[serde(default = "output_max")]
    pub output_max: u64,
    /// What becomes of it when it stalls, for a run of a job as that stands in the configuration; `None` for any other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_job: Option<OnStall>,
    /// The how-manieth restart in a row of its job it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart: Option<u32>,
    /// Who asked for the run.
    pub started_by: StartedBy,
    /// When.
    pub clocks: Clocks,
}

/// Where the command reads from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stdin {
    /// From nowhere.
    #[default]
    Null,
    /// From where the one who starts the run reads.
    Inherit,
}

/// Who asked for a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartedBy {
    /// The surface: `cli`, `engine`, `window`, …
    pub surface: String,
    /// Its process.
    pub pid: u32,
    /// Its version.
    pub version: String,
}

/// Limits in force, in milliseconds of awake time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitsMs {
    /// Without an advance for this long: a warning.
    pub warn_after_ms: u64,
    /// Without an advance for this long: a stop.
    pub stall_after_ms: u64,
    /// From the polite signal to the forced one.
    pub grace_ms: u64,
    /// Before the first advance, the stall clock starts only after this long.
    #[serde(default)]
    pub start_allowance_ms: u64,
    /// The longest a run may take in all.
    #[serde(default)]
    pub max_runtime_ms: Option<u64>,
    /// What holds for whatever else it reports.
    #[serde(default)]
    pub reports: ReportsMs,
}

/// Limits of which each may be left out, in milliseconds of awake time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct LimitOverridesMs {
    /// See [`LimitsMs::warn_after_ms`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warn_after_ms: Option<u64>,
    /// See [`LimitsMs::stall_after_ms`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stall_after_ms: Option<u64>,
    /// See [`LimitsMs::grace_ms`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grace_ms: Option<u64>,
    /// See [`LimitsMs::start_allowance_ms`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_allowance_ms: Option<u64>,
    /// See [`LimitsMs::max_runtime_ms`]; 0 is none, whatever would be inherited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_runtime_ms: Option<u64>,
    /// See [`LimitsMs::reports`].
    #[serde(skip_serializing_if = "ReportOverridesMs::is_empty")]
    pub reports: ReportOverridesMs,
}

/// `run.json`: the command was started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    /// [`FORMAT`].
    pub format: u32,
    /// The keeper.
    pub keeper: Identity,
    /// The command.
    pub root: Identity,
    /// The boot in which it runs.
    pub boot: String,
    /// When it was started.
    pub clocks: Clocks,
}

/// `exit.json`: the command has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    /// [`FORMAT`].
    pub format: u32,
    /// How.
    #[serde(flatten)]
    pub end: RunEnd,
    /// When.
    pub clocks: Clocks,
    /// The signal with which a person interrupted it.
    #[serde(default)]
    pub interrupted_by: Option<Signal>,
    /// Whether everything was killed.
    #[serde(default)]
    pub killed: bool,
    /// Processes that were alive when the command had ended.
    #[serde(default)]
    pub leftovers: Vec<u32>,
    /// When the kernel said that nothing of the run was left. `None`: the keeper still held leftovers when it wrote this.
    #[serde(default)]
    pub all_gone: Option<Clocks>,
    /// How many bytes of its output are gone from the beginning of the files.
    #[serde(default)]
    pub output_dropped: u64,
}

const fn output_max() -> u64 {
    crate::captured::OUTPUT_BYTES_MAX
}

const fn term() -> Signal {
    Signal::Term
}

impl From<Limits> for LimitsMs {
    fn from(limits: Limits) -> Self {
        Self {
            warn_after_ms: limits.warn_after.as_ms(),
            stall_after_ms: limits.stall_after.as_ms(),
            grace_ms: limits.grace.as_ms(),
            start_allowance_ms: limits.start_allowance.as_ms(),
            max_runtime_ms: limits.max_runtime.map(Span::as_ms),
            reports: limits.reports.into(),
        }
    }
}

impl From<LimitsMs> for Limits {
    fn from(limits: LimitsMs) -> Self {
        Self {
            warn_after: Span::from_ms(limits.warn_after_ms),
            stall_after: Span::from_ms(limits.stall_after_ms),
            grace: Span::from_ms(limits.grace_ms),
            start_allowance: Span::from_ms(limits.start_allowance_ms),
            max_runtime: limits.max_runtime_ms.map(Span::from_ms),
            reports: limits.reports.into(),
        }
    }
}

impl From<LimitOverrides> for LimitOverridesMs {
    fn from(overrides: LimitOverrides) -> Self {
        Self {
            warn_after_ms: overrides.warn_after.map(Span::as_ms),
            stall_after_ms: overrides.stall_after.map(Span::as_ms),
            grace_ms: overrides.grace.map(Span::as_ms),
            start_allowance_ms: overrides.start_allowance.map(Span::as_ms),
            max_runtime_ms: overrides.max_runtime.map(|longest| longest.limit().map_or(0, Span::as_ms)),
            reports: overrides.reports.into(),
        }
    }
}

impl From<LimitOverridesMs> for LimitOverrides {
    fn from(overrides: LimitOverridesMs) -> Self {
        Self {
            warn_after: overrides.warn_after_ms.map(Span::from_ms),
            stall_after: overrides.stall_after_ms.map(Span::from_ms),
            grace: overrides.grace_ms.map(Span::from_ms),
            start_allowance: overrides.start_allowance_ms.map(Span::from_ms),
            max_runtime: overrides.max_runtime_ms.map(|ms| match ms {
                0 => OffOr::Off,
                ms => OffOr::Is(Span::from_ms(ms)),
            }),
            reports: overrides.reports.into(),
        }
    }
}
