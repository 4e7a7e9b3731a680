//! What is journaled of what the sources of a run said. The rules of [`super::entry`] hold here as well.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::api::Liveness;

/// What a run waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WaitsOn {
    /// A person is to allow something.
    Permission,
    /// A person is to answer.
    Question,
    /// A person is to sign in.
    SignIn,
    /// A person is to say what to do next.
    Instructions,
    /// A usage limit has to pass.
    Limit,
}

/// What the work of a run took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Totals {
    /// How many calls went well.
    pub succeeded: u64,
    /// How many did not.
    pub failed: u64,
    /// How many turns the agent took.
    pub turns: u64,
    /// What all of it cost, in millionths of a dollar.
    pub cost_microusd: u64,
    /// How many calls said how long they took.
    pub timed: u64,
    /// How long these took together.
    pub latency_ms: u64,
    /// How long the last one of them took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_latency_ms: Option<u64>,
}

/// Something that the sources of a run said, or did not say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum HeardEntry {
    /// It waits: its stall clock stands still.
    Waits {
        /// For what.
        on: WaitsOn,
        /// The question, as the agent put it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        what: Option<String>,
        /// When a usage limit is said to pass.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until_wall_ms: Option<i64>,
        /// Who says so.
        source: String,
    },
    /// It no longer waits.
    Resumed,
    /// Beats came late, stayed away, or came again.
    Liveness {
        /// What is said of it from here on.
        liveness: Liveness,
        /// Awake time since the last sign of life.
        since_ms: u64,
    },
    /// It asked for more time for its present step.
    Expects {
        /// What the stall clock may show.
        until_ms: u64,
    },
    /// It said how it ends, before it did.
    Claimed {
        /// Whether it calls itself a success.
        succeeded: bool,
        /// In its own words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    },
    /// It went on: what it said of its end no longer holds.
    Unclaimed,
    /// What it handed back to whoever waits for it. The last one counts.
    Result {
        /// As JSON.
        document: String,
    },
    /// It is busy with the same thing again and again.
    Circling {
        /// So many times in a row.
        times: u32,
        /// It was turns without any call, not calls with the same result.
        #[serde(default)]
        empty_turns: bool,
    },
    /// It has cost most of what it may, or all of it.
    Spent {
        /// So many millionths of a dollar so far.
        cost_microusd: u64,
        /// Of so many.
        max_microusd: u64,
        /// These are for all runs of its job within 24 hours.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        per_day: bool,
    },
    /// What its work took so far.
    Totals(Totals),
    /// How far a source was read when it last said something.
    Read {
        /// Which source.
        source: String,
        /// Its own word for it.
        at: String,
    },
    /// A source cannot be read, or can be again.
    SourceTrouble {
        /// Which source.
        source: String,
        /// Why not, as a fragment; `None` when it can be read.
        what: Option<String>,
    },
    /// Somebody who is not the run spoke in its place, and was not heard.
    Stranger {
        /// At which source.
        source: String,
        /// The first one's process.
        pid: u32,
    },
}

impl HeardEntry {
    /// The stable word that the entry is stored and shown under.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Waits { .. } => "waits",
            Self::Resumed => "resumed",
            Self::Liveness { .. } => "liveness",
            Self::Expects { .. } => "expects",
            Self::Claimed { .. } => "claimed",
            Self::Unclaimed => "unclaimed",
            Self::Result { .. } => "result",
            Self::Circling { .. } => "circling",
            Self::Spent { .. } => "spent",
            Self::Totals(_) => "totals",
            Self::Read { .. } => "read",
            Self::SourceTrouble { .. } => "source-trouble",
            Self::Stranger { .. } => "stranger",
        }
    }
}

/// What the sources of a run said beside steps.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Heard {
    /// What it waits for, while it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits: Option<WaitsFor>,
    /// What the stall clock may show in the present step, where more time was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_ms: Option<u64>,
    /// Its own word for its end: whether it calls itself a success, and its message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claimed: Option<(bool, Option<String>)>,
    /// What its work took.
    pub totals: Totals,
    /// How far each source was read.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub read: BTreeMap<String, String>,
}

/// What a run waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitsFor {
    /// For what.
    pub on: WaitsOn,
    /// The question, as the agent put it.
    pub what: Option<String>,
    /// When a usage limit is said to pass.
    pub until_wall_ms: Option<i64>,
    /// Who says so.
    pub source: String,
}

impl Heard {
    pub(super) fn apply(&mut self, entry: &HeardEntry) {
        match entry {
            HeardEntry::Waits { on, what, until_wall_ms, source } => {
                let (what, source) = (what.clone(), source.clone());
                self.waits = Some(WaitsFor { on: *on, what, until_wall_ms: *until_wall_ms, source });
            }
            HeardEntry::Resumed => self.waits = None,
            HeardEntry::Expects { until_ms } => self.expected_ms = Some(*until_ms),
            HeardEntry::Claimed { succeeded, message } => self.claimed = Some((*succeeded, message.clone())),
            HeardEntry::Unclaimed => self.claimed = None,
            HeardEntry::Totals(totals) => self.totals = *totals,
            HeardEntry::Read { source, at } => {
                let _former = self.read.insert(source.clone(), at.clone());
            }
            HeardEntry::Result { .. }
            | HeardEntry::SourceTrouble { .. }
            | HeardEntry::Stranger { .. }
            | HeardEntry::Liveness { .. }
            | HeardEntry::Circling { .. }
            | HeardEntry::Spent { .. } => {}
        }
    }
}
