//! How long a run may stand still: limits of jobs, of job types, and the built-in ones.

use crate::reports::{Pace, Reports};
use crate::time::Span;

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
    pub max_runtime: Option<Longest>,
}

/// The longest run time, where something is said of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Longest {
    /// There is none, whatever would be inherited.
    Off,
    /// This long.
    Is(Span),
}

impl Longest {
    /// The limit.
    #[must_use]
    pub const fn limit(self) -> Option<Span> {
        match self {
            Self::Off => None,
            Self::Is(span) => Some(span),
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
}

/// The name of the type that a job has when it names none.
pub const DEFAULT_TYPE: &str = "generic";

/// The built-in job types: name, warn after, stall after, grace (seconds). Source: the design's section 4.
const BUILT_IN: [(&str, u64, u64, u64); 6] = [
    ("generic", 5 * 60, 10 * 60, 20),
    ("quick", 60, 2 * 60, 10),
    ("llm", 5 * 60, 15 * 60, 20),
    ("agent", 10 * 60, 30 * 60, 30),
    ("build", 20 * 60, 60 * 60, 30),
    ("research", 30 * 60, 120 * 60, 30),
];

/// Names of the built-in job types, in the order in which they are shown.
pub fn built_in_types() -> impl Iterator<Item = &'static str> {
    BUILT_IN.iter().map(|(name, ..)| *name)
}

impl Limits {
    /// The limits of the built-in type `name`, if there is one.
    #[must_use]
    pub fn built_in(name: &str) -> Option<Self> {
        let (_, warn, stall, grace) = BUILT_IN.iter().find(|(known, ..)| *known == name)?;
        Some(Self {
            warn_after: Span::from_secs(*warn),
            stall_after: Span::from_secs(*stall),
            grace: Span::from_secs(*grace),
            start_allowance: Span::ZERO,
            max_runtime: None,
            reports: Reports::default(),
        })
    }

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
        Self {
            warn_after: overrides.warn_after.unwrap_or(inherited_warn),
            stall_after,
            grace: overrides.grace.unwrap_or(self.grace),
            start_allowance: overrides.start_allowance.unwrap_or(self.start_allowance),
            max_runtime: overrides.max_runtime.map_or(self.max_runtime, Longest::limit),
            reports: self.reports,
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
        Ok(())
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
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let night =
            LimitOverrides { max_runtime: Some(Longest::Is(Span::from_mins(480))), ..LimitOverrides::default() };
        let inherited = Limits::default().with(&night);
        assert_eq!(inherited.max_runtime, Some(Span::from_mins(480)));
        assert_eq!(inherited.with(&LimitOverrides::default()).max_runtime, inherited.max_runtime);
        let off = LimitOverrides { max_runtime: Some(Longest::Off), ..LimitOverrides::default() };
        assert_eq!(inherited.with(&off).max_runtime, None);
    }

    #[test]
    fn a_warning_at_the_stop_is_refused() {
        let limits = Limits { warn_after: Span::from_secs(9), stall_after: Span::from_secs(9), ..Limits::default() };
        assert_eq!(limits.check(), Err(LimitFault::WarnNotBeforeStall));
    }
}
