//! A report is one form, whatever is in the run.

use super::*;
use crate::api::{AdvanceView, LimitsView, Phase, QuietTimes, SocketView, TimelineEvent};

fn process(pid: u32, depth: u32, end: ProcessEnd) -> EvidenceProcess {
    EvidenceProcess {
        pid,
        parent: None,
        depth,
        name: "sh".to_owned(),
        command: format!("sh -c /home/ann/work/step{pid}"),
        state: "sleeping".to_owned(),
        cpu_s: 1.0,
        cpu_percent: Some(0.0),
        memory_bytes: Some(18_400_000),
        age_s: 60.0,
        end: Some(end),
    }
}

fn evidence() -> Evidence {
    Evidence {
        taken_at: "2026-11-22T02:16:11.000Z".to_owned(),
        processes: vec![process(48_190, 0, ProcessEnd::Obeyed), process(48_211, 1, ProcessEnd::Ignored)],
        sockets: Vec::<SocketView>::new(),
        output: OutputTail::default(),
        marker: Some(MarkerSeen {
            path: "/home/ann/work/progress.json".to_owned(),
            modified_at: Some("2026-11-22T01:31:12.000Z".to_owned()),
            size_bytes: Some(74),
            step: Some(14),
            trouble: None,
        }),
        missing: vec!["the open sockets: permission denied".to_owned()],
    }
}

fn row() -> HistoryRow {
    HistoryRow {
        run: 41,
        job: "refactor-parser".to_owned(),
        r#type: "agent".to_owned(),
        outcome: Outcome::Aborted,
        reason: Some(Reason::Stalled),
        method: Some(Method::Forced),
        exit_code: None,
        signal: Some(9),
        started_at: "2026-11-21T23:58:04.000Z".to_owned(),
        ended_at: "2026-11-22T02:16:43.000Z".to_owned(),
        duration_s: 8_319.0,
        last_step: Some(14),
        last_note: None,
        advances: 12,
        longest_gap_s: Some(2_700.0),
        total: None,
        stall_after_s: Some(2_700.0),
        survivors: Vec::new(),
        recovered: false,
        seen: false,
        message: "No progress for 45 min.".to_owned(),
    }
}

fn stopped() -> RunDetail {
    let event = |at: &str, text: &str| TimelineEvent {
        at: at.to_owned(),
        kind: "signalled".to_owned(),
        text: text.to_owned(),
        lasted_s: None,
    };
    RunDetail {
        run: 41,
        tag: "tag".to_owned(),
        job: "refactor-parser".to_owned(),
        r#type: "agent".to_owned(),
        phase: Phase::Ended,
        command: vec!["claude".to_owned(), "-p".to_owned(), "keep the tests green".to_owned()],
        cwd: Some("/home/ann/work".to_owned()),
        marker: Some("/home/ann/work/progress.json".to_owned()),
        started_at: "2026-11-21T23:58:04.000Z".to_owned(),
        limits: LimitsView {
            warn_after_s: 1_800.0,
            stall_after_s: 2_700.0,
            grace_s: 30.0,
            start_allowance_s: 0.0,
            max_runtime_s: None,
            reports: crate::rundir::ReportsMs::default(),
        },
        observe: false,
        ended: Some(row()),
        message: "No progress for 45 min.".to_owned(),
        cause: vec![
            "The marker stopped advancing at 01:31:12.".to_owned(),
            "It stayed at step 14 for 45 min.".to_owned(),
        ],
        total: Some(40),
        totals: None,
        claim: None,
        quiet: QuietTimes::default(),
        result: None,
        advances: vec![AdvanceView {
            at: "2026-11-22T01:31:12.000Z".to_owned(),
            step: 14,
            note: None,
            gap_s: 600.0,
            source: None,
        }],
        timeline: vec![
            event("2026-11-22T02:16:12.000Z", "It was asked to stop."),
            event("2026-11-22T02:16:42.000Z", "What was left of it was killed."),
        ],
        evidence: Some(evidence()),
        output: OutputTail {
            lines: vec!["running 212 tests".to_owned(), "```rust".to_owned(), "API_TOKEN=abcd1234efgh".to_owned()],
            bytes: 60,
            ..OutputTail::default()
        },
    }
}

#[test]
fn a_run_is_a_report_that_can_be_pasted() {
    insta::assert_snapshot!(markdown(&stopped(), &TimeZone::UTC));
}

#[test]
fn an_output_that_was_removed_is_said_to_be_with_the_day_where_that_is_known() {
    let mut run = stopped();
    run.output = OutputTail { removed: true, ..OutputTail::default() };
    let said = |run: &RunDetail, zone| {
        markdown(run, &zone).rsplit("### Last output\n\n").next().unwrap().trim_end().to_owned()
    };
    assert_eq!(said(&run, TimeZone::UTC), "It was removed.");
    run.output.removed_at = Some("2026-11-20T23:30:00.000Z".to_owned());
    let east = TimeZone::fixed(jiff::tz::offset(1));
    assert_eq!(said(&run, east), "It was removed by retention on 21 Nov 2026.");
}

#[test]
fn a_fence_is_longer_than_any_row_of_backticks_within() {
    assert_eq!(fenced("plain"), "```\nplain\n```");
    assert_eq!(fenced("a ``` b"), "````\na ``` b\n````");
    assert_eq!(fenced("`````"), "``````\n`````\n``````");
}

#[test]
fn a_report_has_a_bound_keeps_the_end_of_the_output_and_closes_its_fences() {
    let mut run = stopped();
    run.output.lines = (0..200).map(|n| format!("{n} {}", "ä".repeat(1_000))).collect();
    run.timeline = vec![run.timeline[0].clone(); 400];
    let text = markdown(&run, &TimeZone::UTC);
    assert!(text.len() <= BYTES_MAX, "{}", text.len());
    assert!(text.contains("\n199 ä"), "the last line is there");
    assert!(!text.contains("\n5 ä"), "the first ones are not");
    run.evidence.as_mut().unwrap().processes = vec![process(1, 20, ProcessEnd::Alive); 100];
    run.evidence.as_mut().unwrap().processes.iter_mut().for_each(|process| process.command = "x".repeat(900));
    let text = markdown(&run, &TimeZone::UTC);
    assert!(text.len() <= BYTES_MAX, "{}", text.len());
    assert_eq!(text.lines().filter(|line| line.starts_with("```")).count() % 2, 0, "{}", &text[text.len() - 200..]);
}

#[test]
fn nobody_s_home_is_named() {
    for (path, shown) in [
        ("/home/ann/work", "~/work"),
        ("/Users/ann/work", "~/work"),
        (r"C:\Users\ann\work", r"~\work"),
        ("/srv/x", "/srv/x"),
    ] {
        assert_eq!(homeless(path), shown);
    }
}
