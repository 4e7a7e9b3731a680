//! What is journaled.
//!
//! This is a stored format: variants and fields may be added (a field with `#[serde(default)]`), none may be renamed,
//! removed or change its meaning. Every entry that was ever written must stay readable, because state is a fold of all
//! of them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::heard::HeardEntry;
use crate::api::{Evidence, Method, OnStall, Outcome, Reason};
use crate::rundir::ReportsMs;

/// When something happened, on both clocks; the awake clock is only comparable within one boot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Milliseconds since the Unix epoch.
    pub at_wall_ms: i64,
    /// Milliseconds on the awake clock.
    pub at_awake_ms: u64,
    /// The boot that the awake clock belongs to.
    pub boot: String,
}

/// An entry and when it happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Stamped {
    /// When.
    pub at: Stamp,
    /// What.
    pub entry: Entry,
}

/// Limits in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LimitsMs {
    /// Without an advance for this long: a warning.
    pub warn_ms: u64,
    /// Without an advance for this long: a stop.
    pub stall_ms: u64,
    /// From the polite signal to the forced one.
    pub grace_ms: u64,
    /// Before the first advance, the stall clock starts only after this long.
    pub start_allowance_ms: u64,
    /// The longest a run may take in all.
    pub max_runtime_ms: Option<u64>,
    /// What holds for whatever else it reports.
    #[serde(default)]
    pub reports: ReportsMs,
}

/// What a run is, from the moment in which it is known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Registration {
    /// The name of its directory below `runs/`; unique for ever.
    pub tag: String,
    /// The job's name.
    pub job: String,
    /// The job's type.
    pub job_type: String,
    /// The command and its arguments; empty for an attached run.
    pub command: Vec<String>,
    /// Where it runs.
    pub cwd: Option<String>,
    /// Its marker.
    pub marker: Option<String>,
    /// Whether the run was attached, not launched.
    pub attached: bool,
    /// Whether a stall is only recorded.
    pub observe: bool,
    /// The limits it is judged by.
    pub limits: LimitsMs,
    /// The identity of the root, known at once for an attached run.
    pub identity: Option<Value>,
    /// Its sources beside the marker, as they are written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// What becomes of it when it stalls, for a run of a job as that stands in the configuration; `None` for any other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_job: Option<OnStall>,
    /// The how-manieth restart in a row it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart: Option<u32>,
}

#[cfg(any(test, feature = "fuzz"))]
impl Registration {
    /// One that says no more than it has to.
    pub(crate) fn plain(tag: &str) -> Self {
        Self {
            tag: tag.to_owned(),
            job: "job".to_owned(),
            job_type: "generic".to_owned(),
            command: Vec::new(),
            cwd: None,
            marker: None,
            attached: false,
            observe: false,
            limits: LimitsMs::default(),
            identity: None,
            sources: Vec::new(),
            by_job: None,
            restart: None,
        }
    }
}

/// A process that is still there after the forced stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survivor {
    /// Its number.
    pub pid: u32,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Why it is still there, as a fragment ("not permitted", "uninterruptible").
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl From<u32> for Survivor {
    fn from(pid: u32) -> Self {
        Self { pid, name: None, why: None }
    }
}

/// How far a stop has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// The polite signal went to the root.
    PoliteRoot,
    /// The polite signal went to everything that was left.
    PoliteRest,
    /// What was left was killed.
    Forced,
}

/// How a run ended, once and for all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ending {
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
    /// Why the command could not be started, in the system's words.
    pub exec_error: Option<String>,
    /// What is still there.
    pub survivors: Vec<Survivor>,
    /// How many processes were found and stopped one by one, where nobody can know that these were all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identified: Option<u32>,
    /// Whether the end was taken in later than it happened.
    pub recovered: bool,
    /// Whether the computer was started anew between the last sign of the run and the moment its end was taken in.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rebooted: bool,
    /// When it ended, which may be before the entry was made.
    pub ended_wall_ms: i64,
    /// How long it took, sleep included, where its records tell by a clock that nobody can set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took_ms: Option<u64>,
}

impl Ending {
    /// An end of which nothing more is known.
    #[must_use]
    pub const fn new(outcome: Outcome, ended_wall_ms: i64) -> Self {
        Self {
            outcome,
            reason: None,
            method: None,
            exit_code: None,
            signal: None,
            exec_error: None,
            survivors: Vec::new(),
            identified: None,
            recovered: false,
            rebooted: false,
            ended_wall_ms,
            took_ms: None,
        }
    }
}

/// Everything that can be journaled about a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Entry {
    /// The run is known; always its first entry.
    Registered(Box<Registration>),
    /// Its command runs.
    Started {
        /// The root process.
        pid: u32,
        /// The root's identity.
        identity: Option<Value>,
    },
    /// It moved forward.
    Advanced {
        /// Which advance it is, from 1.
        n: u64,
        /// To which step.
        step: i64,
        /// How many steps there are.
        total: Option<i64>,
        /// With which note, as the agent wrote it.
        note: Option<String>,
        /// Awake time since the advance before it, or since the start.
        gap_ms: u64,
        /// Who says so; `None` is the marker.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<String>,
    },
    /// The marker shows a smaller step than before.
    WentBack {
        /// What it shows.
        step: i64,
        /// The best step so far.
        best: i64,
    },
    /// The marker cannot be used.
    MarkerTrouble {
        /// Why, as a fragment.
        what: String,
    },
    /// The marker can be used again.
    MarkerReadable,
    /// The marker claims a time in the future; the claim is ignored.
    ClaimIgnored {
        /// The time it claims.
        claimed_wall_ms: i64,
    },
    /// Past the warning limit.
    Warned {
        /// Awake time without an advance.
        since_ms: u64,
    },
    /// Would have been stopped, if it were not only observed.
    WouldStop {
        /// Why.
        reason: Reason,
        /// The time that was measured against the limit.
        since_ms: u64,
    },
    /// It is going to be stopped; durable before the first signal.
    StopIntended {
        /// Why.
        reason: Reason,
        /// The time that was measured against the limit.
        since_ms: u64,
        /// The best step at that moment.
        step: Option<i64>,
        /// The note at that moment, as the agent wrote it.
        note: Option<String>,
        /// Whether it is killed without a grace.
        force: bool,
    },
    /// It is not stopped after all.
    StopAbandoned {
        /// Why, as a fragment.
        why: String,
    },
    /// A signal of the stop was sent.
    Signalled {
        /// Which.
        stage: Stage,
    },
    /// Who was there when a signal of the stop was sent.
    Present {
        /// Which signal.
        stage: Stage,
        /// The processes of the run.
        pids: Vec<u32>,
    },
    /// The polite signal has reached it: from here its grace counts for whoever goes on with the stop.
    SignalDelivered,
    /// The root process is gone; others of the run may be there.
    RootEnded {
        /// Its exit code.
        code: Option<i32>,
        /// The signal that ended it.
        signal: Option<i32>,
    },
    /// The agent itself left an aborted note.
    Acknowledged {
        /// The note, as the agent wrote it.
        note: Option<String>,
    },
    /// Nightkeep left an aborted note in the marker.
    AbortedNoteWritten {
        /// The note.
        note: String,
    },
    /// The run was found again after a restart of the engine.
    Adopted {
        /// How, as a fragment ("its keeper is alive").
        how: String,
    },
    /// The forced stop did not end everything.
    CouldNotStop {
        /// What is still there.
        survivors: Vec<Survivor>,
    },
    /// The root ended by itself and left processes behind.
    Leftovers {
        /// Their numbers.
        pids: Vec<u32>,
        /// Their identities.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        identities: Vec<Value>,
    },
    /// What it left behind is going to be stopped.
    LeftoverStopIntended {
        /// Whether it is killed without a grace.
        force: bool,
    },
    /// A signal of the stop of what it left behind was sent.
    LeftoversSignalled {
        /// Which.
        stage: Stage,
    },
    /// Nothing is left of what it left behind.
    LeftoversGone {
        /// Whether it was stopped; otherwise it ended by itself.
        stopped: bool,
    },
    /// The computer slept while it was watched.
    Slept {
        /// For how long.
        ms: u64,
        /// When it fell asleep, as far as is known: the entry is made at the first look afterwards.
        from_wall_ms: i64,
    },
    /// The wall clock was set while it was watched.
    ClockJumped {
        /// By how much, forwards or backwards.
        by_ms: i64,
    },
    /// The engine came late, so that nothing was judged before a fresh look.
    Starved {
        /// By how much.
        ms: u64,
    },
    /// The watch is paused: it is not judged from here on.
    WatchPaused {
        /// Until when; `None` until a person resumes it.
        until_wall_ms: Option<i64>,
    },
    /// It is judged again: the time of the pause is on no limit.
    WatchResumed,
    /// It is over.
    Ended(Box<Ending>),
    /// Somebody has looked at it.
    Seen,
    /// It is to count as if nobody had looked at it.
    Unseen,
    /// What was seen just before the first signal.
    EvidenceTaken {
        /// All of it.
        evidence: Box<Evidence>,
    },
    /// There is no slot for it: it waits before it is started.
    Queued {
        /// Whether somebody waits for its turn and starts it himself, as `nightkeep run` does.
        by_caller: bool,
    },
    /// Its turn came, and it is started.
    SlotGiven,
    /// It was not started after all.
    Cancelled {
        /// Why, as a fragment; `None` when a person asked for it.
        why: Option<String>,
    },
    /// What is left of it is removed, because it is old or too much is kept. Written before it happens.
    Removing {
        /// Whether its whole folder goes, not only its output.
        folder: bool,
    },
    /// What was to be removed of it is still there.
    NotRemoved,
    /// Something that its sources said; stored under kinds of its own.
    #[serde(untagged)]
    Heard(HeardEntry),
}

impl Entry {
    /// The stable word that the entry is stored and shown under.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Registered(_) => "registered",
            Self::Started { .. } => "started",
            Self::Advanced { .. } => "advanced",
            Self::WentBack { .. } => "went-back",
            Self::MarkerTrouble { .. } => "marker-trouble",
            Self::MarkerReadable => "marker-readable",
            Self::ClaimIgnored { .. } => "claim-ignored",
            Self::Warned { .. } => "warned",
            Self::WouldStop { .. } => "would-stop",
            Self::StopIntended { .. } => "stop-intended",
            Self::StopAbandoned { .. } => "stop-abandoned",
            Self::Signalled { .. } => "signalled",
            Self::Present { .. } => "present",
            Self::SignalDelivered => "signal-delivered",
            Self::RootEnded { .. } => "root-ended",
            Self::Acknowledged { .. } => "acknowledged",
            Self::AbortedNoteWritten { .. } => "aborted-note-written",
            Self::Adopted { .. } => "adopted",
            Self::CouldNotStop { .. } => "could-not-stop",
            Self::Leftovers { .. } => "leftovers",
            Self::LeftoverStopIntended { .. } => "leftover-stop-intended",
            Self::LeftoversSignalled { .. } => "leftovers-signalled",
            Self::LeftoversGone { .. } => "leftovers-gone",
            Self::Slept { .. } => "slept",
            Self::ClockJumped { .. } => "clock-jumped",
            Self::Starved { .. } => "starved",
            Self::WatchPaused { .. } => "watch-paused",
            Self::WatchResumed => "watch-resumed",
            Self::Ended(_) => "ended",
            Self::Seen => "seen",
            Self::Unseen => "unseen",
            Self::EvidenceTaken { .. } => "evidence-taken",
            Self::Queued { .. } => "queued",
            Self::SlotGiven => "slot-given",
            Self::Cancelled { .. } => "cancelled",
            Self::Removing { .. } => "removing",
            Self::NotRemoved => "not-removed",
            Self::Heard(heard) => heard.kind(),
        }
    }

    /// Whether the entry has to outlive a loss of power, not only the end of the engine: decisions and facts that
    /// nothing else on the disk tells.
    pub(super) const fn is_weighty(&self) -> bool {
        matches!(
            self,
            Self::Registered(_)
                | Self::StopIntended { .. }
                | Self::LeftoverStopIntended { .. }
                | Self::Ended(_)
                | Self::Queued { .. }
        )
    }
}
