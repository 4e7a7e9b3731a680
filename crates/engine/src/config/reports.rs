//! Limits of what a run reports, read from their texts.

use nightkeep_core::reports::{EXPECT_CAP_MAX, PaceOverrides, ReportOverrides, Stops};

use super::limits::{length, or_off, parse_length, read};
use super::money;
use crate::api::{FieldFault, LimitsSpec};

/// What is done about something, as it is written.
const NOTIFY: &str = "notify";
const STOP: &str = "stop";

/// Reads what `spec` says of reports.
///
/// # Errors
/// The first text that cannot be read, as the field `limits.KEY`.
pub(super) fn overrides(spec: &LimitsSpec) -> Result<ReportOverrides, FieldFault> {
    let pace = |activity: &str| -> Result<PaceOverrides, FieldFault> {
        Ok(PaceOverrides {
            warn_after: length(spec, &format!("{activity}_warn_after"))?,
            stall_after: length(spec, &format!("{activity}_stall_after"))?,
        })
    };
    Ok(ReportOverrides {
        beat: or_off(spec, "beat", parse_length)?,
        degraded_after: length(spec, "degraded_after")?,
        unreachable_after: length(spec, "unreachable_after")?,
        tool: pace("tool")?,
        subagent: pace("subagent")?,
        compacting: pace("compacting")?,
        expect_cap: read(spec, "expect_cap", cap)?,
        repeats: read(spec, "repeats_max", repeats)?,
        empty_turns: read(spec, "empty_turns_max", count)?,
        max_microusd: or_off(spec, "max_cost", money::parse)?,
        day_microusd: or_off(spec, "max_cost_per_day", money::parse)?,
        stops: Stops {
            unreachable: read(spec, "on_unreachable", is_stop)?,
            circling: read(spec, "on_circling", is_stop)?,
            spent: read(spec, "on_max_cost", is_stop)?,
        },
    })
}

fn count(text: &str) -> Result<u32, String> {
    text.trim().parse().map_err(|_| format!("`{text}` is no whole number; write `12`, or `0` for never"))
}

/// A call that comes once repeats nothing.
fn repeats(text: &str) -> Result<u32, String> {
    match count(text)? {
        1 => Err("a call that comes once repeats nothing; it is at least 2, or 0 for never".to_owned()),
        times => Ok(times),
    }
}

fn cap(text: &str) -> Result<u32, String> {
    let cap = text.trim().parse().ok().filter(|cap| (1..=EXPECT_CAP_MAX).contains(cap));
    cap.ok_or_else(|| {
        format!("`{text}` is no whole number within 1 and {EXPECT_CAP_MAX}: so many times the stall limit")
    })
}

fn is_stop(text: &str) -> Result<bool, String> {
    match text.trim() {
        NOTIFY => Ok(false),
        STOP => Ok(true),
        other => Err(format!("has to be `{NOTIFY}` or `{STOP}`, not `{other}`")),
    }
}
