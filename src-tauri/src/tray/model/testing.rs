//! Documents for tests.

use nightkeep_engine::api::{
    API_VERSION, Activity, EngineInfo, Fault, FaultKind, HistoryRow, Live, Liveness, Method, Outcome, Phase, Progress,
    Quitting, Reason, RunView, Status, Summary,
};

/// When all documents here were made: 1,795,000,000 s after the epoch.
pub(crate) const AT: &str = "2026-11-18T10:26:40Z";

/// A document with these runs and counts that fit.
pub(crate) fn live(runs: Vec<RunView>) -> Live {
    let count = |wanted: fn(&RunView) -> bool| {
        u32::try_from(runs.iter().filter(|run| wanted(run)).count()).expect("tests have few runs")
    };
    let summary = Summary {
        running: count(|run| run.phase != Phase::Queued),
        queued: count(|run| run.phase == Phase::Queued),
        warning: count(|run| run.progress == Progress::Warning),
        unreachable: count(|run| run.liveness == Liveness::Unreachable),
        ..Summary::default()
    };
    let engine = EngineInfo { version: "0.1.0".to_owned(), api: API_VERSION, pid: 4711, started_at: AT.to_owned() };
    Live {
        revision: 1,
        at: AT.to_owned(),
        status: Status { engine, summary, runs, jobs: Vec::new(), paused: None, snoozed: Vec::new() },
        unseen: Vec::new(),
        leftovers: Vec::new(),
        faults: Vec::new(),
        morning: None,
        icon_style: nightkeep_engine::api::IconStyle::default(),
        quitting: Quitting::default(),
    }
}

/// A run that advanced a moment ago, at step 14 of 40.
pub(crate) fn run(job: &str) -> RunView {
    RunView {
        run: 41,
        job: job.to_owned(),
        r#type: "generic".to_owned(),
        pid: Some(4712),
        phase: Phase::Running,
        progress: Progress::Advancing,
        liveness: Liveness::Unknown,
        activity: Activity::Working,
        step: Some(14),
        total: Some(40),
        note: None,
        since_advance_s: 5.0,
        since_output_s: None,
        since_last_output_s: None,
        idle_for_s: 0.0,
        since_beat_s: None,
        warn_after_s: 300.0,
        stall_after_s: 600.0,
        observe: false,
        attached: false,
        processes: Some(4),
        cpu_percent: None,
        memory_bytes: None,
        started_at: AT.to_owned(),
        marker_note: None,
        queue: None,
        doing: None,
        waits_until: None,
        expected_s: None,
        claim: None,
        totals: None,
        circling: false,
        signals_dropped: 0,
        signals_foreign: 0,
        source_note: None,
    }
}

/// A run that was stopped for stalling after 45 minutes.
pub(crate) fn stopped(job: &str) -> HistoryRow {
    HistoryRow {
        run: 40,
        job: job.to_owned(),
        r#type: "generic".to_owned(),
        outcome: Outcome::Aborted,
        reason: Some(Reason::Stalled),
        method: Some(Method::Graceful),
        exit_code: None,
        signal: Some(15),
        started_at: AT.to_owned(),
        ended_at: AT.to_owned(),
        duration_s: 7200.0,
        last_step: Some(14),
        last_note: None,
        advances: 14,
        longest_gap_s: Some(2700.4),
        survivors: Vec::new(),
        recovered: false,
        seen: false,
        message: "No progress for 45 min.".to_owned(),
        total: None,
        stall_after_s: None,
    }
}

/// `live` with these runs stopped and unseen.
pub(crate) fn with_unseen(mut live: Live, unseen: Vec<HistoryRow>) -> Live {
    live.status.summary.stopped_unseen = u32::try_from(unseen.len()).expect("tests have few runs");
    live.unseen = unseen;
    live
}

/// `live` with a problem.
pub(crate) fn with_fault(mut live: Live, kind: FaultKind, message: &str) -> Live {
    live.faults.push(Fault { kind, message: message.to_owned() });
    live
}
