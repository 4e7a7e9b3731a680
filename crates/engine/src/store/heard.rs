//! What is journaled of what the sources of a run said. The rules of [`super::entry`] hold here as well.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::entry::Stamp;
use crate::api::{Liveness, OpenActivity};

/// What its owner was told of what a run cost: by each cap, whether all of it was spent by then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ToldCost {
    /// By the cap of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<bool>,
    /// By that of all runs of its job within 24 hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<bool>,
}

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

/// What a run does that has limits of its own, and what such things took.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Doing {
    /// What is open.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<Open>,
    /// Time on the stall clock that such things took which are over.
    pub apart_ms: u64,
    /// What the stall clock showed when the first of those began that are open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub apart_from_ms: Option<u64>,
    /// The sources that say that it waits.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<String>,
}

/// Something that has begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    /// Who says so.
    pub source: String,
    /// Its name.
    pub id: String,
    /// What kind of thing it is.
    pub activity: OpenActivity,
    /// What it is, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub what: Option<String>,
    /// What the stall clock showed then, or 0 when the run advanced since.
    pub at_ms: u64,
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
    /// What it does that has limits of its own, all of it.
    Doing(Doing),
    /// Beats came late, stayed away, or came again.
    Liveness {
        /// What is said of it from here on.
        liveness: Liveness,
        /// Awake time since the last sign of life.
        since_ms: u64,
    },
    /// It asked for more time for its present step, or a person gave it.
    Expects {
        /// What the stall clock may show.
        until_ms: u64,
        /// A person gave it, unasked.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        by_person: bool,
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
            Self::Doing(_) => "doing",
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
    /// What else it waits for, by who says so.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub waits_too: BTreeMap<String, WaitsFor>,
    /// Since when it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits_since: Option<Stamp>,
    /// Awake time for which it had waited before, since its last advance.
    pub waited_ms: u64,
    /// What it does that has limits of its own.
    pub doing: Doing,
    /// Whether it ever told of such things.
    pub tells_what_it_does: bool,
    /// What the stall clock may show in the present step, where more time was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_ms: Option<u64>,
    /// Its own word for its end: whether it calls itself a success, and its message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claimed: Option<(bool, Option<String>)>,
    /// What its work took.
    pub totals: Totals,
    /// What its owner was told of what it cost.
    pub told_cost: ToldCost,
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
    /// Takes in what was said at `at`, and when the run last advanced before.
    pub(super) fn apply(&mut self, entry: &HeardEntry, at: &Stamp, last_advance: Option<&Stamp>) {
        match entry {
            HeardEntry::Waits { on, what, until_wall_ms, source } => {
                let (what, source) = (what.clone(), source.clone());
                let _same = self.waits_too.remove(&source);
                let wait = WaitsFor { on: *on, what, until_wall_ms: *until_wall_ms, source };
                if let Some(other) = self.waits.replace(wait).filter(|other| self.waits_on_another(other)) {
                    let _former = self.waits_too.insert(other.source.clone(), other);
                }
                let _since = self.waits_since.get_or_insert_with(|| at.clone());
            }
            HeardEntry::Resumed => self.resumed(at, last_advance),
            HeardEntry::Doing(doing) => {
                self.tells_what_it_does = true;
                self.waits_too.retain(|source, _| doing.waiting.contains(source));
                if self.waits.as_ref().is_some_and(|wait| !doing.waiting.contains(&wait.source)) {
                    self.waits = self.waits_too.pop_first().map(|(_, wait)| wait);
                }
                self.doing = doing.clone();
            }
            HeardEntry::Expects { until_ms, .. } => self.expected_ms = Some(*until_ms),
            HeardEntry::Claimed { succeeded, message } => self.claimed = Some((*succeeded, message.clone())),
            HeardEntry::Unclaimed => self.claimed = None,
            HeardEntry::Totals(totals) => self.totals = *totals,
            HeardEntry::Read { source, at } => {
                let _former = self.read.insert(source.clone(), at.clone());
            }
            HeardEntry::Spent { cost_microusd, max_microusd, per_day } => {
                let ToldCost { run, day } = &mut self.told_cost;
                let is_spent = if *per_day { day } else { run }.get_or_insert_default();
                *is_spent |= cost_microusd >= max_microusd;
            }
            HeardEntry::Result { .. }
            | HeardEntry::SourceTrouble { .. }
            | HeardEntry::Stranger { .. }
            | HeardEntry::Liveness { .. }
            | HeardEntry::Circling { .. } => {}
        }
    }

    fn waits_on_another(&self, other: &WaitsFor) -> bool {
        self.waits.as_ref().is_some_and(|wait| wait.source != other.source)
    }

    /// It no longer waits: so long its stall clock stood still, since its last advance at most.
    fn resumed(&mut self, at: &Stamp, last_advance: Option<&Stamp>) {
        (self.waits, self.waits_too) = (None, BTreeMap::new());
        let Some(since) = self.waits_since.take().filter(|since| since.boot == at.boot) else { return };
        let advance_ms =
            last_advance.filter(|advance| advance.boot == at.boot).map_or(0, |advance| advance.at_awake_ms);
        let from_ms = since.at_awake_ms.max(advance_ms);
        self.waited_ms = self.waited_ms.saturating_add(at.at_awake_ms.saturating_sub(from_ms));
    }

    /// The run advanced: nothing of before counts.
    pub(super) fn advanced(&mut self) {
        self.expected_ms = None;
        self.waited_ms = 0;
        let Doing { open, apart_ms, apart_from_ms, waiting: _ } = &mut self.doing;
        *apart_ms = 0;
        *apart_from_ms = apart_from_ms.map(|_| 0);
        open.iter_mut().for_each(|open| open.at_ms = 0);
    }
}
