//! What is made of the reports of a run beside its steps: beats, activities, more time, circles, costs.

mod overrides;

use crate::input::Activity;
use crate::limits::LimitFault;
use crate::time::Span;

pub use overrides::{PaceOverrides, ReportOverrides, Stops};

/// How often a beat is expected when nothing is said (design, section 4).
pub const BEAT_EVERY: Span = Span::from_secs(30);
/// How often a call with the same result comes in a row before it is called going round in circles.
pub const REPEATS_MAX: u32 = 12;
/// More time for one step is given up to so many times the stall limit.
pub const EXPECT_CAP: u32 = 4;
/// No job gives more time than this many times its stall limit.
pub const EXPECT_CAP_MAX: u32 = 25 * EXPECT_CAP;
/// A person is told of a question that has been open for this long.
pub const TELL_WAITING_AFTER: Span = Span::from_mins(10);
/// A usage limit that was to pass at some time has this long to do so before the stall clock runs again.
pub const LIMIT_SLACK: Span = Span::from_mins(2);

/// What holds for the reports of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reports {
    /// What is expected of its beats; `None` for a job that declares none.
    pub beats: Option<Beats>,
    /// Limits while a tool runs.
    pub tool: Option<Pace>,
    /// Limits while a sub-agent works.
    pub subagent: Option<Pace>,
    /// Limits while the context is compacted.
    pub compacting: Option<Pace>,
    /// More time for one step is given up to so many times the stall limit.
    pub expect_cap: u32,
    /// When it goes round in circles.
    pub circles: Circles,
    /// What it may cost.
    pub budget: Option<Budget>,
}

/// What is expected of beats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beats {
    /// Without a beat for this long: degraded.
    pub degraded_after: Span,
    /// Without a beat for this long: unreachable.
    pub unreachable_after: Span,
    /// Whether an unreachable run is stopped.
    pub stop: bool,
}

/// How long an activity may take without an advance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Until the warning.
    pub warn_after: Span,
    /// Until the stop.
    pub stall_after: Span,
}

/// When a run that is busy is said to go round in circles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Circles {
    /// After so many calls in a row that were the same and had the same result; 0 is never.
    pub repeats: u32,
    /// After so many turns in a row of which nothing came but words; 0 is never.
    pub empty_turns: u32,
    /// Whether the run is stopped then.
    pub stop: bool,
}

/// What a run may cost, and what all runs of its job may cost in a day. At least one of them is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// The run, in millionths of a dollar.
    pub max_microusd: Option<u64>,
    /// All runs of the job within 24 hours, in millionths of a dollar.
    pub day_microusd: Option<u64>,
    /// Whether the run is stopped when it has cost that much.
    pub stop: bool,
}

/// Which cap of a [`Budget`] is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cap {
    /// That of the run.
    Run,
    /// That of all runs of its job within 24 hours.
    Day,
}

impl Reports {
    /// The limits of `activity`, where it has its own.
    #[must_use]
    pub const fn pace(&self, activity: Activity) -> Option<Pace> {
        match activity {
            Activity::Tool => self.tool,
            Activity::Subagent => self.subagent,
            Activity::Compacting => self.compacting,
            Activity::Working | Activity::WaitingHuman | Activity::WaitingLimit => None,
        }
    }
}

impl Reports {
    /// Checks that all of it can be meant.
    ///
    /// # Errors
    /// The first [`LimitFault`] found.
    pub(crate) fn check(&self) -> Result<(), LimitFault> {
        if let Some(beats) = self.beats {
            if beats.degraded_after == Span::ZERO {
                return Err(LimitFault::BeatIsZero);
            }
            if beats.degraded_after >= beats.unreachable_after {
                return Err(LimitFault::DegradedNotBeforeUnreachable);
            }
        }
        for activity in [Activity::Tool, Activity::Subagent, Activity::Compacting] {
            let Some(pace) = self.pace(activity) else { continue };
            if pace.stall_after == Span::ZERO {
                return Err(LimitFault::ActivityIsZero(activity));
            }
            if pace.warn_after >= pace.stall_after {
                return Err(LimitFault::ActivityWarnNotBeforeStall(activity));
            }
        }
        if self.budget.is_some_and(|budget| [budget.max_microusd, budget.day_microusd].contains(&Some(0))) {
            return Err(LimitFault::BudgetIsZero);
        }
        Ok(())
    }
}

impl Default for Reports {
    fn default() -> Self {
        Self {
            beats: None,
            tool: None,
            subagent: None,
            compacting: None,
            expect_cap: EXPECT_CAP,
            circles: Circles::default(),
            budget: None,
        }
    }
}

impl Beats {
    /// What is expected of a run that beats so often: three beats may be missing before it is degraded, ten before it is
    /// unreachable.
    #[must_use]
    pub fn every(beat: Span) -> Self {
        Self { degraded_after: beat.times(3), unreachable_after: beat.times(10), stop: false }
    }
}

impl Default for Beats {
    fn default() -> Self {
        Self::every(BEAT_EVERY)
    }
}

impl Default for Circles {
    fn default() -> Self {
        Self { repeats: REPEATS_MAX, empty_turns: 0, stop: false }
    }
}

impl Pace {
    /// Limits of so many seconds.
    #[must_use]
    pub const fn of_secs(warn: u64, stall: u64) -> Self {
        Self { warn_after: Span::from_secs(warn), stall_after: Span::from_secs(stall) }
    }

    /// These limits when the stop comes at `stall_after` or later, with the warning as long before it as ever.
    #[must_use]
    pub fn until(self, stall_after: Span) -> Self {
        let stall_after = stall_after.max(self.stall_after);
        Self { warn_after: self.warn_after.plus(stall_after.minus(self.stall_after)), stall_after }
    }
}

impl Budget {
    /// What may be spent under `cap`.
    #[must_use]
    pub const fn of(&self, cap: Cap) -> Option<u64> {
        match cap {
            Cap::Run => self.max_microusd,
            Cap::Day => self.day_microusd,
        }
    }

    /// The cost at which a person is told: four fifths of all of `max`.
    #[must_use]
    pub const fn told_at(max: u64) -> u64 {
        max / 5 * 4
    }
}
