//! What a job or its type says of reports. What it leaves out is inherited.

use super::{Beats, Budget, Cap, Circles, Pace, Reports};
use crate::limits::OffOr;
use crate::time::Span;

/// [`Reports`] of which each part may be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReportOverrides {
    /// How often a beat comes; what follows from it is said by [`Beats::every`].
    pub beat: Option<OffOr<Span>>,
    /// See [`Beats::degraded_after`]; declares beats.
    pub degraded_after: Option<Span>,
    /// See [`Beats::unreachable_after`]; declares beats.
    pub unreachable_after: Option<Span>,
    /// See [`Reports::tool`].
    pub tool: PaceOverrides,
    /// See [`Reports::subagent`].
    pub subagent: PaceOverrides,
    /// See [`Reports::compacting`].
    pub compacting: PaceOverrides,
    /// See [`Reports::expect_cap`].
    pub expect_cap: Option<u32>,
    /// See [`Circles::repeats`].
    pub repeats: Option<u32>,
    /// See [`Circles::empty_turns`].
    pub empty_turns: Option<u32>,
    /// What it may cost, in millionths of a dollar.
    pub max_microusd: Option<OffOr<u64>>,
    /// What all runs of the job may cost in a day, in millionths of a dollar.
    pub day_microusd: Option<OffOr<u64>>,
    /// Whether a run is stopped for what its reports say.
    pub stops: Stops,
}

/// [`Pace`] of which each part may be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PaceOverrides {
    /// See [`Pace::warn_after`].
    pub warn_after: Option<Span>,
    /// See [`Pace::stall_after`].
    pub stall_after: Option<Span>,
}

/// For what a run is stopped beside a stall; what is left out is inherited, and else it is only told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stops {
    /// When no beats come for long.
    pub unreachable: Option<bool>,
    /// When it goes round in circles.
    pub circling: Option<bool>,
    /// When it has cost all that it may.
    pub spent: Option<bool>,
}

impl ReportOverrides {
    /// These overrides, and where they leave something out, those of `other`.
    #[must_use]
    pub fn or(self, other: &Self) -> Self {
        Self {
            beat: self.beat.or(other.beat),
            degraded_after: self.degraded_after.or(other.degraded_after),
            unreachable_after: self.unreachable_after.or(other.unreachable_after),
            tool: self.tool.or(other.tool),
            subagent: self.subagent.or(other.subagent),
            compacting: self.compacting.or(other.compacting),
            expect_cap: self.expect_cap.or(other.expect_cap),
            repeats: self.repeats.or(other.repeats),
            empty_turns: self.empty_turns.or(other.empty_turns),
            max_microusd: self.max_microusd.or(other.max_microusd),
            day_microusd: self.day_microusd.or(other.day_microusd),
            stops: self.stops.or(other.stops),
        }
    }
}

impl PaceOverrides {
    fn or(self, other: Self) -> Self {
        Self { warn_after: self.warn_after.or(other.warn_after), stall_after: self.stall_after.or(other.stall_after) }
    }

    /// The limits of an activity. A run whose own stall limit was made longer (`longer` is what it is) is not stopped
    /// earlier by an inherited limit of something that it does.
    fn on(self, inherited: Option<Pace>, own: Pace, longer: Option<Pace>) -> Option<Pace> {
        if self == Self::default() {
            let kept = |pace: Pace| match longer {
                Some(longer) if pace.stall_after < longer.stall_after => {
                    Pace { warn_after: pace.warn_after.max(longer.warn_after), stall_after: longer.stall_after }
                }
                Some(_) | None => pace,
            };
            return inherited.map(kept);
        }
        let base = inherited.unwrap_or(own);
        let stall_after = self.stall_after.unwrap_or(base.stall_after);
        let inherited_warn = if base.warn_after < stall_after { base.warn_after } else { stall_after.half() };
        Some(Pace { warn_after: self.warn_after.unwrap_or(inherited_warn), stall_after })
    }
}

impl Stops {
    /// These, and where they leave something out, those of `other`.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            unreachable: self.unreachable.or(other.unreachable),
            circling: self.circling.or(other.circling),
            spent: self.spent.or(other.spent),
        }
    }
}

impl Reports {
    /// These with what `said` sets. `own` are the limits of a run that tells nothing; `longer` are the same where they
    /// were made longer than what was inherited.
    #[must_use]
    pub(crate) fn with(self, said: &ReportOverrides, own: Pace, longer: Option<Pace>) -> Self {
        let circles = self.circles;
        let cap = |said: Option<OffOr<u64>>, cap| match said {
            None => self.budget.and_then(|budget| budget.of(cap)),
            Some(max) => max.limit(),
        };
        let (max_microusd, day_microusd) = (cap(said.max_microusd, Cap::Run), cap(said.day_microusd, Cap::Day));
        let stop_spent = said.stops.spent.unwrap_or(self.budget.is_some_and(|budget| budget.stop));
        Self {
            beats: beats(self.beats, said),
            tool: said.tool.on(self.tool, own, longer),
            subagent: said.subagent.on(self.subagent, own, longer),
            compacting: said.compacting.on(self.compacting, own, longer),
            expect_cap: said.expect_cap.unwrap_or(self.expect_cap),
            circles: Circles {
                repeats: said.repeats.unwrap_or(circles.repeats),
                empty_turns: said.empty_turns.unwrap_or(circles.empty_turns),
                stop: said.stops.circling.unwrap_or(circles.stop),
            },
            budget: max_microusd.or(day_microusd).map(|_| Budget { max_microusd, day_microusd, stop: stop_spent }),
        }
    }
}

fn beats(inherited: Option<Beats>, said: &ReportOverrides) -> Option<Beats> {
    let stop = said.stops.unreachable.unwrap_or(inherited.is_some_and(|beats| beats.stop));
    let declared = said.degraded_after.is_some() || said.unreachable_after.is_some();
    let base = match said.beat {
        Some(OffOr::Off) => None,
        Some(OffOr::Is(every)) => Some(Beats::every(every)),
        None if declared => Some(inherited.unwrap_or_default()),
        None => inherited,
    }?;
    let unreachable_after = said.unreachable_after.unwrap_or(base.unreachable_after);
    let sooner = base.degraded_after < unreachable_after;
    let inherited_degraded = if sooner { base.degraded_after } else { unreachable_after.half() };
    Some(Beats { degraded_after: said.degraded_after.unwrap_or(inherited_degraded), unreachable_after, stop })
}
