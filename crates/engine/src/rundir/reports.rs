//! What holds for the reports of a run, as it is written down: in its spec and in the journal.

use nightkeep_core::reports::{Beats, Budget, Circles, EXPECT_CAP_MAX, Pace, Reports};
use nightkeep_core::time::Span;
use serde::{Deserialize, Serialize};

/// [`Reports`] in milliseconds. What is left out is what holds when nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(optional_fields))]
#[serde(default)]
pub struct ReportsMs {
    /// Degraded and unreachable after so long without a beat, and whether an unreachable run is stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beats: Option<BeatsMs>,
    /// Limits while a tool runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool: Option<PaceMs>,
    /// Limits while a sub-agent works.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subagent: Option<PaceMs>,
    /// Limits while the context is compacted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compacting: Option<PaceMs>,
    /// More time for one step is given up to so many times the stall limit.
    pub expect_cap: u32,
    /// So many calls in a row with the same result are going round in circles.
    pub repeats: u32,
    /// So many turns without a call are, too.
    pub empty_turns: u32,
    /// Whether a run that goes round in circles is stopped.
    pub stop_circling: bool,
    /// What it may cost, in millionths of a dollar.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(as = "Option<u32>", optional))]
    pub max_microusd: Option<u64>,
    /// What all runs of its job may cost within 24 hours, in millionths of a dollar.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(as = "Option<u32>", optional))]
    pub day_microusd: Option<u64>,
    /// Whether it is stopped when it has cost that much.
    pub stop_spent: bool,
}

/// What is expected of beats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(optional_fields))]
pub struct BeatsMs {
    /// Without a beat for this long: degraded.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub degraded_ms: u64,
    /// Without a beat for this long: unreachable.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub unreachable_ms: u64,
    /// Whether an unreachable run is stopped.
    #[serde(default)]
    pub stop: bool,
}

/// How long an activity may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(optional_fields))]
pub struct PaceMs {
    /// Until the warning.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub warn_ms: u64,
    /// Until the stop.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub stall_ms: u64,
}

impl Default for ReportsMs {
    fn default() -> Self {
        Reports::default().into()
    }
}

impl From<Reports> for ReportsMs {
    fn from(reports: Reports) -> Self {
        Self {
            beats: reports.beats.map(|beats| BeatsMs {
                degraded_ms: beats.degraded_after.as_ms(),
                unreachable_ms: beats.unreachable_after.as_ms(),
                stop: beats.stop,
            }),
            tool: reports.tool.map(PaceMs::from),
            subagent: reports.subagent.map(PaceMs::from),
            compacting: reports.compacting.map(PaceMs::from),
            expect_cap: reports.expect_cap,
            repeats: reports.circles.repeats,
            empty_turns: reports.circles.empty_turns,
            stop_circling: reports.circles.stop,
            max_microusd: reports.budget.and_then(|budget| budget.max_microusd),
            day_microusd: reports.budget.and_then(|budget| budget.day_microusd),
            stop_spent: reports.budget.is_some_and(|budget| budget.stop),
        }
    }
}

impl From<ReportsMs> for Reports {
    fn from(stored: ReportsMs) -> Self {
        Self {
            beats: stored.beats.map(|beats| Beats {
                degraded_after: Span::from_ms(beats.degraded_ms),
                unreachable_after: Span::from_ms(beats.unreachable_ms),
                stop: beats.stop,
            }),
            tool: stored.tool.map(Pace::from),
            subagent: stored.subagent.map(Pace::from),
            compacting: stored.compacting.map(Pace::from),
            expect_cap: stored.expect_cap.clamp(1, EXPECT_CAP_MAX),
            circles: Circles { repeats: stored.repeats, empty_turns: stored.empty_turns, stop: stored.stop_circling },
            budget: stored.max_microusd.or(stored.day_microusd).map(|_| Budget {
                max_microusd: stored.max_microusd,
                day_microusd: stored.day_microusd,
                stop: stored.stop_spent,
            }),
        }
    }
}

impl From<Pace> for PaceMs {
    fn from(pace: Pace) -> Self {
        Self { warn_ms: pace.warn_after.as_ms(), stall_ms: pace.stall_after.as_ms() }
    }
}

impl From<PaceMs> for Pace {
    fn from(stored: PaceMs) -> Self {
        Self { warn_after: Span::from_ms(stored.warn_ms), stall_after: Span::from_ms(stored.stall_ms) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_down_comes_back() {
        let reports = Reports {
            beats: Some(Beats { stop: true, ..Beats::default() }),
            tool: Some(Pace::of_secs(600, 1_800)),
            budget: Some(Budget { max_microusd: None, day_microusd: Some(5_000_000), stop: true }),
            circles: Circles { empty_turns: 9, ..Circles::default() },
            ..Reports::default()
        };
        let text = serde_json::to_string(&ReportsMs::from(reports)).expect("it is written");
        let read: ReportsMs = serde_json::from_str(&text).expect("it is read");
        assert_eq!(Reports::from(read), reports);
    }

    #[test]
    fn a_record_that_says_nothing_of_reports_means_the_usual() {
        let read: ReportsMs = serde_json::from_str("{}").expect("it is read");
        assert_eq!(Reports::from(read), Reports::default());
    }
}
