//! Limits as text, as the core judges by them, and in seconds: the one place that knows all three.

use nightkeep_core::Activity;
use nightkeep_core::limits::{LimitFault, LimitOverrides, Limits, OffOr};
use nightkeep_core::time::Span;

use super::duration;
use super::reports;
use crate::api::{FieldFault, LimitsSpec, LimitsView};

macro_rules! keys {
    ($($key:ident),+ $(,)?) => {
        /// The keys of limits, in the order in which they are written.
        pub(super) const KEYS: &[&str] = &[$(stringify!($key)),+];

        /// The text of the limit of that key.
        pub(super) fn get<'s>(spec: &'s LimitsSpec, key: &str) -> Option<&'s String> {
            $(if key == stringify!($key) {
                return spec.$key.as_ref();
            })+
            None
        }

        /// Where the text of the limit of that key is kept.
        pub(super) fn slot<'s>(spec: &'s mut LimitsSpec, key: &str) -> Option<&'s mut Option<String>> {
            $(if key == stringify!($key) {
                return Some(&mut spec.$key);
            })+
            None
        }
    };
}

keys!(
    warn_after,
    stall_after,
    grace,
    start_allowance,
    max_runtime,
    beat,
    degraded_after,
    unreachable_after,
    on_unreachable,
    tool_warn_after,
    tool_stall_after,
    subagent_warn_after,
    subagent_stall_after,
    compacting_warn_after,
    compacting_stall_after,
    expect_cap,
    repeats_max,
    empty_turns_max,
    on_circling,
    max_cost,
    max_cost_per_day,
    on_max_cost,
);

/// What is written as the value of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A length of time.
    Length,
    /// A whole number.
    Count,
    /// An amount of money.
    Dollars,
    /// What is done about something.
    Deed,
}

/// What is written as the value of that key.
pub(super) fn form(key: &str) -> Form {
    match key {
        "expect_cap" | "repeats_max" | "empty_turns_max" => Form::Count,
        "max_cost" | "max_cost_per_day" => Form::Dollars,
        "on_unreachable" | "on_circling" | "on_max_cost" => Form::Deed,
        _ => Form::Length,
    }
}

/// Reads the texts of `spec`.
///
/// # Errors
/// The first one that cannot be read, as the field `limits.KEY`.
pub fn overrides(spec: &LimitsSpec) -> Result<LimitOverrides, FieldFault> {
    Ok(LimitOverrides {
        warn_after: length(spec, "warn_after")?,
        stall_after: length(spec, "stall_after")?,
        grace: length(spec, "grace")?,
        start_allowance: length(spec, "start_allowance")?,
        max_runtime: or_off(spec, "max_runtime", parse_length)?,
        reports: reports::overrides(spec)?,
    })
}

/// The length of time at `key`.
pub(super) fn length(spec: &LimitsSpec, key: &str) -> Result<Option<Span>, FieldFault> {
    read(spec, key, parse_length)
}

pub(super) fn parse_length(text: &str) -> Result<Span, String> {
    duration::parse(text).map_err(|fault| fault.to_string())
}

/// What stands at `key`, or that there is to be none.
pub(super) fn or_off<T>(
    spec: &LimitsSpec,
    key: &str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Option<OffOr<T>>, FieldFault> {
    read(spec, key, |text| if is_off(text) { Ok(OffOr::Off) } else { parse(text).map(OffOr::Is) })
}

/// What stands at `key`; the fault is placed there.
pub(super) fn read<T>(
    spec: &LimitsSpec,
    key: &str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Option<T>, FieldFault> {
    let value = get(spec, key).map(|text| parse(text)).transpose();
    value.map_err(|message| FieldFault { field: format!("limits.{key}"), message })
}

/// The word that says of a limit that there is none, whatever would be inherited.
pub(super) const OFF: &str = "off";

/// Whether a text says that there is no limit.
#[must_use]
pub fn is_off(text: &str) -> bool {
    let text = text.trim();
    text.eq_ignore_ascii_case(OFF) || text.eq_ignore_ascii_case("none")
}

/// Limits in seconds, for surfaces.
#[must_use]
pub fn view(limits: &Limits) -> LimitsView {
    LimitsView {
        warn_after_s: limits.warn_after.as_secs_f64(),
        stall_after_s: limits.stall_after.as_secs_f64(),
        grace_s: limits.grace.as_secs_f64(),
        start_allowance_s: limits.start_allowance.as_secs_f64(),
        max_runtime_s: limits.max_runtime.map(Span::as_secs_f64),
        reports: limits.reports.into(),
    }
}

/// Whether `limits` can be meant; the fault is placed at the field of `own` that brought it about.
pub(super) fn check(limits: &Limits, own: &LimitsSpec) -> Result<(), FieldFault> {
    let Err(fault) = limits.check() else { return Ok(()) };
    let blamed = |first: &str, other: &str| if get(own, first).is_some() { first } else { other }.to_owned();
    let (key, message) = match fault {
        LimitFault::StallIsZero => ("stall_after".to_owned(), "a run needs some time to advance".to_owned()),
        LimitFault::MaxRuntimeIsZero => {
            ("max_runtime".to_owned(), format!("a run needs some time; write `{OFF}` for no limit"))
        }
        LimitFault::WarnNotBeforeStall => {
            (blamed("warn_after", "stall_after"), too_late(limits.warn_after, limits.stall_after))
        }
        LimitFault::BeatIsZero => {
            let never = limits.reports.beats.is_some_and(|beats| beats.unreachable_after == Span::ZERO);
            let key = if never { blamed("unreachable_after", "beat") } else { blamed("degraded_after", "beat") };
            (key, format!("a beat needs some time until the next; `beat = \"{OFF}\"` says that there are none"))
        }
        LimitFault::DegradedNotBeforeUnreachable => {
            let beats = limits.reports.beats.unwrap_or_default();
            let (sooner, later) = (duration::format(beats.degraded_after), duration::format(beats.unreachable_after));
            let message = format!("degraded (after {sooner}) has to come before unreachable (after {later})");
            (blamed("degraded_after", "unreachable_after"), message)
        }
        LimitFault::ActivityIsZero(activity) => {
            (format!("{}_stall_after", word(activity)), "it needs some time to be done".to_owned())
        }
        LimitFault::ActivityWarnNotBeforeStall(activity) => {
            let word = word(activity);
            let pace = limits.reports.pace(activity).unwrap_or(limits.pace());
            let key = blamed(&format!("{word}_warn_after"), &format!("{word}_stall_after"));
            (key, too_late(pace.warn_after, pace.stall_after))
        }
        LimitFault::BudgetIsZero => {
            ("max_cost".to_owned(), format!("a run that may cost nothing can do nothing; write `{OFF}` for no cap"))
        }
    };
    Err(FieldFault { field: format!("limits.{key}"), message })
}

fn too_late(warn: Span, stall: Span) -> String {
    let (warn, stall) = (duration::format(warn), duration::format(stall));
    format!("the warning (after {warn}) has to come before the stop (after {stall})")
}

/// The word with which the keys of an activity begin.
const fn word(activity: Activity) -> &'static str {
    match activity {
        Activity::Working => "working",
        Activity::Tool => "tool",
        Activity::Subagent => "subagent",
        Activity::Compacting => "compacting",
        Activity::WaitingHuman => "waiting_human",
        Activity::WaitingLimit => "waiting_limit",
    }
}
