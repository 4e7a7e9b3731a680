//! What a job says of reports, as it is written down in the spec of a run.

use nightkeep_core::limits::OffOr;
use nightkeep_core::reports::{PaceOverrides, ReportOverrides, Stops};
use nightkeep_core::time::Span;
use serde::{Deserialize, Serialize};

/// [`ReportOverrides`] in milliseconds. Where a limit may be switched off, 0 does so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the fields bear the names of `ReportOverrides`")]
pub struct ReportOverridesMs {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beat_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub degraded_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreachable_ms: Option<u64>,
    #[serde(skip_serializing_if = "PaceOverridesMs::is_empty")]
    pub tool: PaceOverridesMs,
    #[serde(skip_serializing_if = "PaceOverridesMs::is_empty")]
    pub subagent: PaceOverridesMs,
    #[serde(skip_serializing_if = "PaceOverridesMs::is_empty")]
    pub compacting: PaceOverridesMs,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expect_cap: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeats: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub empty_turns: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_microusd: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day_microusd: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_unreachable: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_circling: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_spent: Option<bool>,
}

/// [`PaceOverrides`] in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PaceOverridesMs {
    /// See [`PaceOverrides::warn_after`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warn_ms: Option<u64>,
    /// See [`PaceOverrides::stall_after`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stall_ms: Option<u64>,
}

impl ReportOverridesMs {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl PaceOverridesMs {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl From<ReportOverrides> for ReportOverridesMs {
    fn from(said: ReportOverrides) -> Self {
        let cap = |said: Option<OffOr<u64>>| said.map(|max| max.limit().unwrap_or(0));
        Self {
            beat_ms: said.beat.map(|beat| beat.limit().map_or(0, Span::as_ms)),
            degraded_ms: said.degraded_after.map(Span::as_ms),
            unreachable_ms: said.unreachable_after.map(Span::as_ms),
            tool: said.tool.into(),
            subagent: said.subagent.into(),
            compacting: said.compacting.into(),
            expect_cap: said.expect_cap,
            repeats: said.repeats,
            empty_turns: said.empty_turns,
            max_microusd: cap(said.max_microusd),
            day_microusd: cap(said.day_microusd),
            stop_unreachable: said.stops.unreachable,
            stop_circling: said.stops.circling,
            stop_spent: said.stops.spent,
        }
    }
}

impl From<ReportOverridesMs> for ReportOverrides {
    fn from(stored: ReportOverridesMs) -> Self {
        let cap = |stored: Option<u64>| stored.map(|max| if max == 0 { OffOr::Off } else { OffOr::Is(max) });
        Self {
            beat: stored.beat_ms.map(|ms| if ms == 0 { OffOr::Off } else { OffOr::Is(Span::from_ms(ms)) }),
            degraded_after: stored.degraded_ms.map(Span::from_ms),
            unreachable_after: stored.unreachable_ms.map(Span::from_ms),
            tool: stored.tool.into(),
            subagent: stored.subagent.into(),
            compacting: stored.compacting.into(),
            expect_cap: stored.expect_cap,
            repeats: stored.repeats,
            empty_turns: stored.empty_turns,
            max_microusd: cap(stored.max_microusd),
            day_microusd: cap(stored.day_microusd),
            stops: Stops {
                unreachable: stored.stop_unreachable,
                circling: stored.stop_circling,
                spent: stored.stop_spent,
            },
        }
    }
}

impl From<PaceOverrides> for PaceOverridesMs {
    fn from(said: PaceOverrides) -> Self {
        Self { warn_ms: said.warn_after.map(Span::as_ms), stall_ms: said.stall_after.map(Span::as_ms) }
    }
}

impl From<PaceOverridesMs> for PaceOverrides {
    fn from(stored: PaceOverridesMs) -> Self {
        Self { warn_after: stored.warn_ms.map(Span::from_ms), stall_after: stored.stall_ms.map(Span::from_ms) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_down_comes_back_and_what_was_not_said_is_not_written() {
        let said = ReportOverrides {
            beat: Some(OffOr::Off),
            unreachable_after: Some(Span::from_secs(60)),
            subagent: PaceOverrides { stall_after: Some(Span::from_mins(9)), ..PaceOverrides::default() },
            max_microusd: Some(OffOr::Is(5_000_000)),
            day_microusd: Some(OffOr::Off),
            stops: Stops { spent: Some(true), ..Stops::default() },
            ..ReportOverrides::default()
        };
        let text = serde_json::to_string(&ReportOverridesMs::from(said)).expect("it is written");
        let wanted = r#"{"beat_ms":0,"unreachable_ms":60000,"subagent":{"stall_ms":540000},"max_microusd":5000000,"day_microusd":0,"stop_spent":true}"#;
        assert_eq!(text, wanted);
        let read: ReportOverridesMs = serde_json::from_str(&text).expect("it is read");
        assert_eq!(ReportOverrides::from(read), said);
    }
}
