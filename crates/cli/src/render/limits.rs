//! Limits in words.

use nightkeep_engine::api::{LimitsSpec, LimitsView};
use nightkeep_engine::rundir::{PaceMs, ReportsMs};
use nightkeep_engine::words::dollars;

use super::length;

/// All limits in one line; those that are said here and not inherited carry a star.
pub(super) fn limits_line(limits: &LimitsView, own: &LimitsSpec) -> String {
    let mut parts = vec![
        format!("warn after {}{}", length(limits.warn_after_s), star(&[&own.warn_after])),
        format!("stall after {}{}", length(limits.stall_after_s), star(&[&own.stall_after])),
        format!("grace {}{}", length(limits.grace_s), star(&[&own.grace])),
    ];
    if limits.start_allowance_s > 0.0 {
        parts.push(format!("start allowance {}{}", length(limits.start_allowance_s), star(&[&own.start_allowance])));
    }
    if let Some(max) = limits.max_runtime_s {
        parts.push(format!("at most {}{}", length(max), star(&[&own.max_runtime])));
    }
    parts.join(", ")
}

/// What holds for reports, each thing with its name; what is as it is for everybody is left out.
pub(super) fn report_facts(reports: &ReportsMs, own: &LimitsSpec) -> Vec<(&'static str, String)> {
    let usual = ReportsMs::default();
    let mut facts = Vec::new();
    if let Some(beats) = reports.beats {
        let (degraded, unreachable) = (span(beats.degraded_ms), span(beats.unreachable_ms));
        let said = [&own.beat, &own.degraded_after, &own.unreachable_after, &own.on_unreachable];
        let stop = if beats.stop { ", and then stopped" } else { "" };
        facts.push((
            "beats",
            format!("degraded after {degraded}, unreachable after {unreachable}{stop}{}", star(&said)),
        ));
    }
    let paces = [
        ("in a tool", reports.tool, [&own.tool_warn_after, &own.tool_stall_after]),
        ("in a sub-agent", reports.subagent, [&own.subagent_warn_after, &own.subagent_stall_after]),
        ("compacting", reports.compacting, [&own.compacting_warn_after, &own.compacting_stall_after]),
    ];
    let paces = paces.into_iter().filter_map(|(name, limits, said)| Some((name, pace(limits?, &said))));
    facts.extend(paces);
    if reports.expect_cap != usual.expect_cap || own.expect_cap.is_some() {
        let text = format!("up to {} times the stall limit{}", reports.expect_cap, star(&[&own.expect_cap]));
        facts.push(("more time", text));
    }
    let said = [&own.repeats_max, &own.empty_turns_max, &own.on_circling];
    let is_usual = (reports.repeats, reports.empty_turns, reports.stop_circling)
        == (usual.repeats, usual.empty_turns, usual.stop_circling);
    if !is_usual || said.iter().any(|said| said.is_some()) {
        facts.push(("circling", format!("{}{}", circling(reports), star(&said))));
    }
    let deed = if reports.stop_spent { "stopped" } else { "told" };
    let caps = [
        ("costs", reports.max_microusd, &own.max_cost),
        ("costs in 24 h", reports.day_microusd, &own.max_cost_per_day),
    ];
    let cost = |max, said| format!("{deed} at {}{}", dollars(max), star(&[said, &own.on_max_cost]));
    facts.extend(caps.into_iter().filter_map(|(name, max, said)| Some((name, cost(max?, said)))));
    facts
}

fn circling(reports: &ReportsMs) -> String {
    let mut after = Vec::new();
    if reports.repeats > 0 {
        after.push(format!("{} calls with the same result", reports.repeats));
    }
    if reports.empty_turns > 0 {
        after.push(format!("{} turns without a call", reports.empty_turns));
    }
    match (after.is_empty(), reports.stop_circling) {
        (true, _) => "not looked for".to_owned(),
        (false, true) => format!("stopped after {}", after.join(" or ")),
        (false, false) => format!("told after {}", after.join(" or ")),
    }
}

fn pace(pace: PaceMs, said: &[&Option<String>]) -> String {
    format!("warn after {}, stall after {}{}", span(pace.warn_ms), span(pace.stall_ms), star(said))
}

fn span(ms: u64) -> String {
    nightkeep_engine::time::Span::from_ms(ms).to_string()
}

fn star(said: &[&Option<String>]) -> &'static str {
    if said.iter().any(|said| said.is_some()) { "*" } else { "" }
}
