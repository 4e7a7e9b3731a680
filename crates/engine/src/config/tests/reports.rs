//! What a job and its type say of reports.

use super::*;
use crate::config::edit::{Edit, apply};
use crate::rundir::{BeatsMs, PaceMs, ReportsMs};

const WATCHED: &str = r#"[types.careful]
on_unreachable = "stop"
on_max_cost = "stop"
subagent_stall_after = "1h"

[jobs.a]
type = "careful"
command = ["x"]
beat = "20s"           # from a timer
tool_stall_after = 90
expect_cap = 6         # long proofs
repeats_max = "5"
empty_turns_max = 3
max_cost = 2.50        # dollars
max_cost_per_day = "20"
"#;

fn reports_of(text: &str, job: &str) -> ReportsMs {
    let config = Config::parse(text).unwrap();
    view(&config.limits_of(config.job(job).unwrap()).unwrap()).reports
}

fn pace(warn_s: u64, stall_s: u64) -> PaceMs {
    PaceMs { warn_ms: warn_s * 1000, stall_ms: stall_s * 1000 }
}

#[test]
fn limits_of_reports_come_from_the_job_then_its_type_and_a_type_says_what_is_done() {
    let wanted = ReportsMs {
        beats: Some(BeatsMs { degraded_ms: 60_000, unreachable_ms: 200_000, stop: true }),
        tool: Some(pace(45, 90)),
        subagent: Some(pace(300, 3_600)),
        compacting: None,
        expect_cap: 6,
        repeats: 5,
        empty_turns: 3,
        stop_circling: false,
        max_microusd: Some(2_500_000),
        day_microusd: Some(20_000_000),
        stop_spent: true,
    };
    assert_eq!(reports_of(WATCHED, "a"), wanted);
}

#[test]
fn agents_have_time_for_tools_and_what_is_inherited_can_be_switched_off() {
    let agent = reports_of("[jobs.a]\ncommand = 'x'\ntype = 'agent'\n", "a");
    let paces = [agent.tool, agent.subagent, agent.compacting];
    assert_eq!(paces, [pace(600, 1_800), pace(900, 2_700), pace(300, 900)].map(Some));
    let sentinel = reports_of("[jobs.a]\ncommand = 'x'\ntype = 'sentinel'\n", "a").beats.unwrap();
    assert_eq!((sentinel.degraded_ms, sentinel.unreachable_ms, sentinel.stop), (30_000, 60_000, true));
    let off =
        "[types.sentinel]\nmax_cost = 3\n[jobs.a]\ncommand = 'x'\ntype = 'sentinel'\nbeat = 'off'\nmax_cost = 'off'\n";
    assert_eq!((reports_of(off, "a").beats, reports_of(off, "a").max_microusd), (None, None));
}

#[test]
fn the_longest_run_time_of_a_sentinel_is_not_that_of_the_settings() {
    let config = Config::parse("[settings]\nmax_runtime = \"8h\"\n").unwrap();
    let longest = |kind| view(&config.limits_for(Some(kind), &LimitsSpec::default()).unwrap()).max_runtime_s;
    assert_eq!((longest("sentinel"), longest("llm")), (Some(1_800.0), Some(28_800.0)));
}

#[test]
fn what_cannot_be_meant_of_reports_is_named_with_its_place() {
    let lines = [
        "beat = \"often\"",
        "beat = 0",
        "degraded_after = \"10m\"",
        "beat = \"30s\"\nunreachable_after = 0",
        "on_unreachable = \"kill\"",
        "on_circling = true",
        "tool_stall_after = 0",
        "tool_warn_after = \"10m\"\ntool_stall_after = \"5m\"",
        "subagent_warn_after = \"2h\"",
        "expect_cap = 0",
        "expect_cap = 2.5",
        "repeats_max = 1",
        "empty_turns_max = \"many\"",
        "max_cost = 0",
        "max_cost = -1",
        "max_cost = \"5 euros\"",
        "max_cost = true",
    ];
    let text = |line: &str| format!("[jobs.a]\ncommand = [\"x\"]\n{line}\n");
    let said: Vec<String> = lines.iter().map(|line| format!("{line}\n  {}", fault_of(&text(line)))).collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn an_edit_leaves_limits_of_reports_as_they_are_written() {
    let config = Config::parse(WATCHED).unwrap();
    let mut job = config.job("a").unwrap().clone();
    let same = apply(WATCHED, &config, Edit::ReplaceJob { name: "a", job: &job }).unwrap();
    assert_eq!(same, WATCHED);
    job.limits.expect_cap = Some("8".into());
    job.limits.max_cost = Some("$4".into());
    job.limits.beat = None;
    let edited = apply(WATCHED, &config, Edit::ReplaceJob { name: "a", job: &job }).unwrap();
    let wanted = WATCHED
        .replace("expect_cap = 6 ", "expect_cap = 8 ")
        .replace("max_cost = 2.50 ", "max_cost = \"$4\" ")
        .replace("beat = \"20s\"           # from a timer\n", "");
    assert_eq!(edited, wanted);
    assert_eq!(Config::parse(&edited).unwrap().job("a"), Some(&job));
}

#[test]
fn what_is_to_be_done_about_something_that_there_is_not_is_a_remark() {
    let around = Surroundings { home: "/".into(), search: std::env::var_os("PATH").unwrap_or_default() };
    let mut job = JobSpec { name: "j".into(), command: vec!["sh".into()], ..JobSpec::default() };
    job.limits.on_unreachable = Some("stop".into());
    job.limits.on_max_cost = Some("stop".into());
    let remarks = |job: &JobSpec| validate(job, &sample(), None, &around).warnings;
    let fields: Vec<String> = remarks(&job).into_iter().map(|remark| remark.field).collect();
    assert_eq!(fields, ["limits.on_unreachable", "limits.on_max_cost"]);
    job.limits.beat = Some("30s".into());
    job.limits.max_cost = Some("5".into());
    assert_eq!(remarks(&job), []);
}
