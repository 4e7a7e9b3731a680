//! The job types that are there without any configuration.

use super::Limits;
use crate::reports::{Beats, Pace, Reports};
use crate::time::Span;

/// A built-in job type. Limits are in minutes, but for the grace.
struct BuiltIn {
    name: &'static str,
    warn: u64,
    stall: u64,
    grace_secs: u64,
    more: fn(Limits) -> Limits,
}

/// The built-in job types. Source: the design's section 4.
const BUILT_IN: [BuiltIn; 7] = [
    BuiltIn { name: "generic", warn: 5, stall: 10, grace_secs: 20, more: nothing_more },
    BuiltIn { name: "quick", warn: 1, stall: 2, grace_secs: 10, more: nothing_more },
    BuiltIn { name: "llm", warn: 5, stall: 15, grace_secs: 20, more: of_agents },
    BuiltIn { name: "agent", warn: 10, stall: 30, grace_secs: 30, more: of_agents },
    BuiltIn { name: "build", warn: 20, stall: 60, grace_secs: 30, more: nothing_more },
    BuiltIn { name: "research", warn: 30, stall: 120, grace_secs: 30, more: nothing_more },
    BuiltIn { name: "sentinel", warn: 20, stall: 30, grace_secs: 20, more: of_sentinels },
];

const fn nothing_more(limits: Limits) -> Limits {
    limits
}

/// What agents do takes longer than a turn of the model. Source: measured pauses of agents that were well.
fn of_agents(limits: Limits) -> Limits {
    let pace = |warn, stall| Some(Pace { warn_after: Span::from_mins(warn), stall_after: Span::from_mins(stall) });
    let reports = Reports { tool: pace(10, 30), subagent: pace(15, 45), compacting: pace(5, 15), ..limits.reports };
    Limits { reports, ..limits }
}

/// Beats every 10 s, stale at 60 s, at most 30 minutes.
fn of_sentinels(limits: Limits) -> Limits {
    let beats = Beats { unreachable_after: Span::from_secs(60), stop: true, ..Beats::every(Span::from_secs(10)) };
    let reports = Reports { beats: Some(beats), ..limits.reports };
    Limits { max_runtime: Some(Span::from_mins(30)), reports, ..limits }
}

/// Names of the built-in job types, in the order in which they are shown.
pub fn built_in_types() -> impl Iterator<Item = &'static str> {
    BUILT_IN.iter().map(|kind| kind.name)
}

impl Limits {
    /// The limits of the built-in type `name`, if there is one.
    #[must_use]
    pub fn built_in(name: &str) -> Option<Self> {
        let kind = BUILT_IN.iter().find(|kind| kind.name == name)?;
        Some((kind.more)(Self {
            warn_after: Span::from_mins(kind.warn),
            stall_after: Span::from_mins(kind.stall),
            grace: Span::from_secs(kind.grace_secs),
            start_allowance: Span::ZERO,
            max_runtime: None,
            reports: Reports::default(),
        }))
    }
}
