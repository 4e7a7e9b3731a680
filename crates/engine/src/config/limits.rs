//! Limits as text, as the core judges by them, and in seconds: the one place that knows all three.

use nightkeep_core::limits::{LimitFault, LimitOverrides, Limits, Longest};
use nightkeep_core::time::Span;

use super::duration;
use crate::api::{FieldFault, LimitsSpec, LimitsView};

/// The keys of limits, in the order in which they are written.
pub(super) const KEYS: [&str; 5] = ["warn_after", "stall_after", "grace", "start_allowance", "max_runtime"];

/// The text of the limit of that key.
pub(super) fn get<'s>(spec: &'s LimitsSpec, key: &str) -> Option<&'s String> {
    match key {
        "warn_after" => spec.warn_after.as_ref(),
        "stall_after" => spec.stall_after.as_ref(),
        "grace" => spec.grace.as_ref(),
        "start_allowance" => spec.start_allowance.as_ref(),
        "max_runtime" => spec.max_runtime.as_ref(),
        _ => None,
    }
}

/// Where the text of the limit of that key is kept.
pub(super) fn slot<'s>(spec: &'s mut LimitsSpec, key: &str) -> Option<&'s mut Option<String>> {
    match key {
        "warn_after" => Some(&mut spec.warn_after),
        "stall_after" => Some(&mut spec.stall_after),
        "grace" => Some(&mut spec.grace),
        "start_allowance" => Some(&mut spec.start_allowance),
        "max_runtime" => Some(&mut spec.max_runtime),
        _ => None,
    }
}

/// Reads the durations of `spec`.
///
/// # Errors
/// The first one that is no duration, as the field `limits.KEY`.
pub fn overrides(spec: &LimitsSpec) -> Result<LimitOverrides, FieldFault> {
    let read = |key: &str| -> Result<Option<Span>, FieldFault> {
        let span = get(spec, key).map(|text| duration::parse(text)).transpose();
        span.map_err(|fault| FieldFault { field: format!("limits.{key}"), message: fault.to_string() })
    };
    Ok(LimitOverrides {
        warn_after: read("warn_after")?,
        stall_after: read("stall_after")?,
        grace: read("grace")?,
        start_allowance: read("start_allowance")?,
        max_runtime: match &spec.max_runtime {
            Some(text) if is_off(text) => Some(Longest::Off),
            Some(_) | None => read("max_runtime")?.map(Longest::Is),
        },
    })
}

/// The word that says of a longest run time that there is none, whatever would be inherited.
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
    let (key, message) = match fault {
        LimitFault::StallIsZero => ("stall_after", "a run needs some time to advance".to_owned()),
        LimitFault::MaxRuntimeIsZero => ("max_runtime", format!("a run needs some time; write `{OFF}` for no limit")),
        LimitFault::WarnNotBeforeStall => (
            if own.warn_after.is_some() { "warn_after" } else { "stall_after" },
            format!(
                "the warning (after {}) has to come before the stop (after {})",
                duration::format(limits.warn_after),
                duration::format(limits.stall_after)
            ),
        ),
    };
    Err(FieldFault { field: format!("limits.{key}"), message })
}
