//! How long a run may stand still: limits of jobs, of job types, and the built-in ones.

mod built_in;

use crate::input::Activity;
use crate::reports::{Pace, ReportOverrides, Reports};
use crate::time::Span;

pub use built_in::built_in_types;

/// The limits a run is judged by. Lengths are awake time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Without an advance for this long: a warning.
    pub warn_after: Span,
    /// Without an advance for this long: a stop.
    pub stall_after: Span,
    /// From the polite signal to the forced one.
    pub grace: Span,
    /// Before the first advance, the stall clock starts only after this long.
    pub start_allowance: Span,
    /// The longest a run may take in all; `None` is no limit.
    pub max_runtime: Option<Span>,
    /// What holds for whatever else it reports.
    pub reports: Reports,
}

/// Limits of which each may be left out; what is left out comes from the next place in the row
/// job, job type, built-in default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LimitOverrides {
    /// See [`Limits::warn_after`].
    pub warn_after: Option<Span>,
    /// See [`Limits::stall_after`].
    pub stall_after: Option<Span>,
    /// See [`Limits::grace`].
    pub grace: Option<Span>,
    /// See [`Limits::start_allowance`].
    pub start_allowance: Option<Span>,
    /// See [`Limits::max_runtime`].
    pub max_runtime: Option<OffOr<Span>>,
    /// See [`Limits::reports`].
    pub reports: ReportOverrides,
}

/// A limit that there need not be, where something is said of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OffOr<T> {
    /// There is none, whatever would be inherited.
    Off,
    /// This much.
    Is(T),
}

impl<T> OffOr<T> {
    /// The limit.
    #[must_use]
    pub fn limit(self) -> Option<T> {
        match self {
            Self::Off => None,
            Self::Is(limit) => Some(limit),
        }
    }
}

/// Whether a stall is acted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// A stalled run is stopped.
    #[default]
    Enforce,
    /// What would have been done is recorded, and nothing is stopped.
    Observe,
    /// A stall is recorded and told to the owner, and the run is left alone; other limits are acted on.
    Notify,
}

/// A combination of limits that cannot be meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitFault {
    /// The warning would come at the stop or after it.
    WarnNotBeforeStall,
    /// A run without any time to advance.
    StallIsZero,
    /// The whole run would be shorter than one allowed pause; the stall limit could never be reached.
    MaxRuntimeIsZero,
    /// A beat without any time between one and the next.
    BeatIsZero,
    /// Unreachable at the moment at which it is degraded, or before it.
    DegradedNotBeforeUnreachable,
    /// Something that the run does, without any time to do it.
    ActivityIsZero(Activity),
    /// The warning of something that the run does would come at the stop or after it.
    ActivityWarnNotBeforeStall(Activity),
    /// A run that may cost nothing.
    BudgetIsZero,
}

/// The name of the type that a job has when it names none.
pub const DEFAULT_TYPE: &str = "generic";

impl Limits {
    /// The limits of a run that does nothing of which it has told.
    #[must_use]
    pub const fn pace(&self) -> Pace {
        Pace { warn_after: self.warn_after, stall_after: self.stall_after }
    }

    /// These limits with what `overrides` sets.
    ///
    /// When only the stall limit is overridden and the inherited warning would come too late for it, the warning
    /// moves to half of the stall limit, so that shortening one limit is enough.
    #[must_use]
    pub fn with(self, overrides: &LimitOverrides) -> Self {
        let stall_after = overrides.stall_after.unwrap_or(self.stall_after);
        let inherited_warn = if self.warn_after < stall_after { self.warn_after } else { stall_after.half() };
        let own = Pace { warn_after: overrides.warn_after.unwrap_or(inherited_warn), stall_after };
        let longer = (stall_after > self.stall_after).then_some(own);
        Self {
            warn_after: own.warn_after,
            stall_after,
            grace: overrides.grace.unwrap_or(self.grace),
            start_allowance: overrides.start_allowance.unwrap_or(self.start_allowance),
            max_runtime: overrides.max_runtime.map_or(self.max_runtime, OffOr::limit),
            reports: self.reports.with(&overrides.reports, own, longer),
        }
    }

    /// Checks that the limits can be meant.
    ///
    /// # Errors
    /// The first [`LimitFault`] found.
    pub fn check(&self) -> Result<(), LimitFault> {
        if self.stall_after == Span::ZERO {
            return Err(LimitFault::StallIsZero);
        }
        if self.warn_after >= self.stall_after {
            return Err(LimitFault::WarnNotBeforeStall);
        }
        if self.max_runtime == Some(Span::ZERO) {
            return Err(LimitFault::MaxRuntimeIsZero);
        }
        self.reports.check()
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::built_in(DEFAULT_TYPE).expect("the default type is a built-in one")
    }
}

impl LimitOverrides {
    /// These overrides, and where they leave something out, those of `other`.
    #[must_use]
    pub fn or(self, other: &Self) -> Self {
        Self {
            warn_after: self.warn_after.or(other.warn_after),
            stall_after: self.stall_after.or(other.stall_after),
            grace: self.grace.or(other.grace),
            start_allowance: self.start_allowance.or(other.start_allowance),
            max_runtime: self.max_runtime.or(other.max_runtime),
            reports: self.reports.or(&other.reports),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reports::{Beats, PaceOverrides, Stops};

    #[test]
    fn every_built_in_type_has_limits_that_can_be_meant() {
        for name in built_in_types() {
            let limits = Limits::built_in(name).expect("listed types exist");
            assert_eq!(limits.check(), Ok(()), "{name}");
        }
    }

    #[test]
    fn a_job_overrides_one_limit_and_keeps_the_others_of_its_type() {
        let overrides = LimitOverrides { grace: Some(Span::from_secs(3)), ..LimitOverrides::default() };
        let limits = Limits::built_in("llm").expect("llm is built in").with(&overrides);
        assert_eq!(limits.grace, Span::from_secs(3));
        assert_eq!(limits.stall_after, Span::from_mins(15));
    }

    #[test]
    fn shortening_the_stall_limit_alone_moves_the_warning_before_it() {
        let overrides = LimitOverrides { stall_after: Some(Span::from_secs(30)), ..LimitOverrides::default() };
        let limits = Limits::default().with(&overrides);
        assert_eq!(limits.warn_after, Span::from_secs(15));
        assert_eq!(limits.check(), Ok(()));
    }

    #[test]
    fn a_longest_run_time_that_is_inherited_can_be_switched_off() {
        let night = LimitOverrides { max_runtime: Some(OffOr::Is(Span::from_mins(480))), ..LimitOverrides::default() };
        let inherited = Limits::default().with(&night);
        assert_eq!(inherited.max_runtime, Some(Span::from_mins(480)));
        assert_eq!(inherited.with(&LimitOverrides::default()).max_runtime, inherited.max_runtime);
        let off = LimitOverrides { max_runtime: Some(OffOr::Off), ..LimitOverrides::default() };
        assert_eq!(inherited.with(&off).max_runtime, None);
    }

    fn reports(said: ReportOverrides) -> LimitOverrides {
        LimitOverrides { reports: said, ..LimitOverrides::default() }
    }

    #[test]
    fn a_beat_that_is_declared_is_missed_three_times_before_it_counts() {
        let beat = |secs| Some(OffOr::Is(Span::from_secs(secs)));
        let limits = Limits::default().with(&reports(ReportOverrides { beat: beat(20), ..Default::default() }));
        let beats = limits.reports.beats.expect("beats were declared");
        assert_eq!((beats.degraded_after, beats.unreachable_after), (Span::from_secs(60), Span::from_secs(200)));
        assert!(!beats.stop);
        let off = limits.with(&reports(ReportOverrides { beat: Some(OffOr::Off), ..Default::default() }));
        assert_eq!(off.reports.beats, None);
    }

    #[test]
    fn a_sentinel_that_is_stale_for_a_minute_is_stopped_and_a_job_may_soften_that() {
        let sentinel = Limits::built_in("sentinel").expect("sentinel is built in");
        let beats = sentinel.reports.beats.expect("sentinels beat");
        assert_eq!((beats.unreachable_after, beats.stop), (Span::from_secs(60), true));
        let stops = Stops { unreachable: Some(false), ..Stops::default() };
        let said = ReportOverrides { degraded_after: Some(Span::from_secs(45)), stops, ..Default::default() };
        let softer = sentinel.with(&reports(said)).reports.beats.expect("it still beats");
        assert_eq!(softer, Beats { degraded_after: Span::from_secs(45), stop: false, ..beats });
    }

    #[test]
    fn a_longer_stall_limit_is_not_undone_by_an_inherited_limit_of_a_tool() {
        let patient = LimitOverrides { stall_after: Some(Span::from_mins(40)), ..LimitOverrides::default() };
        let agent = Limits::built_in("agent").expect("agent is built in");
        let limits = agent.with(&patient).reports;
        let stalls = [limits.tool, limits.subagent, limits.compacting].map(|pace| pace.map(|pace| pace.stall_after));
        assert_eq!(stalls, [40, 45, 40].map(|mins| Some(Span::from_mins(mins))));
        let hasty = LimitOverrides { stall_after: Some(Span::from_mins(5)), ..LimitOverrides::default() };
        assert_eq!(agent.with(&hasty).reports, agent.reports);
    }

    #[test]
    fn a_limit_of_a_tool_that_is_said_holds_and_brings_its_warning_along() {
        let tool = PaceOverrides { stall_after: Some(Span::from_mins(3)), ..PaceOverrides::default() };
        let said = ReportOverrides { tool, ..Default::default() };
        let limits = Limits::default().with(&reports(said)).reports;
        assert_eq!(limits.tool, Some(Pace::of_secs(90, 180)));
        assert_eq!(limits.subagent, None);
    }

    #[test]
    fn what_cannot_be_meant_of_reports_is_refused() {
        let faulty = |said| Limits::default().with(&reports(said)).check().expect_err("it cannot be meant");
        let none = ReportOverrides::default();
        assert_eq!(faulty(ReportOverrides { beat: Some(OffOr::Is(Span::ZERO)), ..none }), LimitFault::BeatIsZero);
        let late = ReportOverrides { degraded_after: Some(Span::from_mins(9)), ..none };
        assert_eq!(faulty(late), LimitFault::DegradedNotBeforeUnreachable);
        let zero = PaceOverrides { stall_after: Some(Span::ZERO), ..PaceOverrides::default() };
        assert_eq!(
            faulty(ReportOverrides { compacting: zero, ..none }),
            LimitFault::ActivityIsZero(Activity::Compacting)
        );
        let late = PaceOverrides { warn_after: Some(Span::from_mins(10)), ..PaceOverrides::default() };
        assert_eq!(
            faulty(ReportOverrides { tool: late, ..none }),
            LimitFault::ActivityWarnNotBeforeStall(Activity::Tool)
        );
        let free = ReportOverrides { max_microusd: Some(OffOr::Is(0)), ..none };
        assert_eq!(faulty(free), LimitFault::BudgetIsZero);
    }

    #[test]
    fn a_warning_at_the_stop_is_refused() {
        let limits = Limits { warn_after: Span::from_secs(9), stall_after: Span::from_secs(9), ..Limits::default() };
        assert_eq!(limits.check(), Err(LimitFault::WarnNotBeforeStall));
    }
}
