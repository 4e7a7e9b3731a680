//! Answers of an engine.

use nightkeep_engine::api::{
    Activity, AdvanceView, CheckView, EngineInfo, Evidence, EvidenceProcess, Fault, FaultKind, HistoryRow, JobSpec,
    JobView, LeftoverView, Leftovers, LimitsSpec, LimitsView, Live, Liveness, Method, NightCounts, NightReport,
    Outcome, OutputTail, Phase, PingMode, PingView, Progress, QueuePlace, QuietTimes, Quitting, Reason, RunDetail,
    RunView, SocketView, Status, Summary, TimelineEvent, TypeView,
};

pub(crate) fn engine() -> EngineInfo {
    EngineInfo { version: "0.1.0".into(), api: 1, pid: 4000, started_at: "2026-11-21T20:00:00Z".into() }
}

pub(crate) fn running(run: u64, job: &str) -> RunView {
    RunView {
        run,
        job: job.into(),
        r#type: "llm".into(),
        pid: Some(4711),
        phase: Phase::Running,
        progress: Progress::Advancing,
        liveness: Liveness::Unknown,
        activity: Activity::Working,
        step: Some(14),
        total: Some(40),
        note: Some("draft written".into()),
        since_advance_s: 130.0,
        since_output_s: Some(3.2),
        since_last_output_s: Some(3.2),
        since_beat_s: None,
        idle_for_s: 3.2,
        warn_after_s: 300.0,
        stall_after_s: 900.0,
        observe: false,
        attached: false,
        processes: Some(4),
        cpu_percent: Some(12.5),
        memory_bytes: Some(210_400_000),
        started_at: "2026-11-22T01:00:00Z".into(),
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

pub(crate) fn status() -> Status {
    let quiet = RunView {
        progress: Progress::Warning,
        step: None,
        total: None,
        note: None,
        since_advance_s: 420.0,
        since_output_s: None,
        memory_bytes: None,
        observe: true,
        marker_note: Some("the marker cannot be read: it is not JSON".into()),
        ..running(42, "docs-sweep")
    };
    let waiting = RunView { progress: Progress::Waiting, activity: Activity::WaitingHuman, ..running(43, "refactor") };
    let place = QueuePlace { r#type: Some("llm".into()), running: 1, slots: 1, ahead: 1 };
    let queued = RunView { phase: Phase::Queued, pid: None, queue: Some(place), ..running(44, "weekly") };
    let queued = RunView { step: None, processes: None, since_output_s: None, memory_bytes: None, ..queued };
    let summary = Summary { running: 3, queued: 1, warning: 1, stopped_unseen: 1, ..Summary::default() };
    Status {
        engine: engine(),
        summary,
        runs: vec![running(41, "nightly"), quiet, waiting, queued],
        jobs: Vec::new(),
        paused: None,
        snoozed: Vec::new(),
    }
}

pub(crate) fn idle() -> Live {
    let status = Status {
        engine: engine(),
        summary: Summary::default(),
        runs: Vec::new(),
        jobs: Vec::new(),
        paused: None,
        snoozed: Vec::new(),
    };
    Live {
        revision: 1,
        at: "2026-11-22T05:00:00Z".into(),
        status,
        unseen: Vec::new(),
        leftovers: Vec::new(),
        faults: Vec::new(),
        morning: None,
        icon_style: nightkeep_engine::api::IconStyle::default(),
        quitting: Quitting::default(),
    }
}

pub(crate) fn live() -> Live {
    let message = "`config.toml` cannot be used; the last good one is in force".to_owned();
    let faults = vec![Fault { kind: FaultKind::Config, message }];
    let leftovers = vec![LeftoverView {
        run: 38,
        job: "web".into(),
        pids: vec![811, 812],
        stopping: false,
        ended_at: "2026-11-22T04:00:00Z".into(),
    }];
    Live { status: status(), unseen: vec![stalled(40)], leftovers, faults, ..idle() }
}

/// Nothing runs, and nothing can be written down.
pub(crate) fn unwritable() -> Live {
    let fault = Fault { kind: FaultKind::Storage, message: "The history cannot be written.".to_owned() };
    Live { faults: vec![fault], ..idle() }
}

pub(crate) fn stalled(run: u64) -> HistoryRow {
    HistoryRow {
        run,
        job: "refactor-parser".into(),
        r#type: "agent".into(),
        outcome: Outcome::Aborted,
        reason: Some(Reason::Stalled),
        method: Some(Method::Forced),
        exit_code: None,
        signal: Some(9),
        started_at: "2020-11-21T23:10:00Z".into(),
        ended_at: "2020-11-22T02:16:04Z".into(),
        duration_s: 11_164.0,
        last_step: Some(14),
        last_note: Some("tests green".into()),
        advances: 14,
        longest_gap_s: Some(1260.0),
        survivors: vec![],
        recovered: false,
        seen: false,
        message: "No progress for 45 min; it stayed at step 14. All 4 processes ended.".into(),
        total: Some(40),
        stall_after_s: Some(2700.0),
    }
}

pub(crate) fn succeeded(run: u64) -> HistoryRow {
    HistoryRow {
        job: "docs-sweep".into(),
        outcome: Outcome::Succeeded,
        reason: None,
        method: None,
        exit_code: Some(0),
        signal: None,
        message: "Finished by itself.".into(),
        seen: true,
        ..stalled(run)
    }
}

pub(crate) fn night() -> NightReport {
    NightReport {
        date: "2020-11-21".into(),
        is_last: false,
        from: "2020-11-21T17:00:00Z".into(),
        to: "2020-11-22T09:00:00Z".into(),
        counts: NightCounts { finished: 1, stopped: 1, ..NightCounts::default() },
        headline: "Night of Sat 21 Nov 2020: 2 runs – 1 finished, 1 stopped.".into(),
        not_wasted: Some("About 4 h 44 min not wasted.".into()),
        rule: "Counted for each run that Nightkeep stopped.".into(),
        spared: vec![],
        longest_quiet: None,
        sentences: vec!["Longest quiet time in a good run: 21 min (docs-sweep, limit 45 min).".into()],
        stopped: vec![stalled(40)],
    }
}

pub(crate) fn history() -> Vec<HistoryRow> {
    let failed = HistoryRow {
        outcome: Outcome::Failed,
        exit_code: Some(101),
        last_step: None,
        message: "Exit code 101 after 3 h 06 min.".into(),
        ..succeeded(38)
    };
    let by_you = HistoryRow { reason: Some(Reason::User), method: Some(Method::Graceful), seen: true, ..stalled(37) };
    let lost = HistoryRow {
        outcome: Outcome::Lost,
        exit_code: None,
        message: "Nobody saw how it ended.".into(),
        ..succeeded(36)
    };
    vec![stalled(40), succeeded(39), failed, by_you, lost]
}

fn evidence() -> Evidence {
    let process = |pid, depth, command: &str, state: &str| EvidenceProcess {
        pid,
        parent: None,
        depth,
        name: "sh".into(),
        command: command.into(),
        state: state.into(),
        cpu_s: 1.5,
        cpu_percent: Some(0.0),
        memory_bytes: Some(3_200_000),
        age_s: 11_160.0,
        end: None,
    };
    Evidence {
        taken_at: "2020-11-22T02:15:30Z".into(),
        processes: vec![
            process(4711, 0, "sh -c stuck", "sleeping"),
            process(4712, 1, "node server.js", "uninterruptible"),
        ],
        sockets: vec![SocketView {
            pid: 4712,
            protocol: "tcp".into(),
            local: "127.0.0.1:50112".into(),
            remote: "93.184.216.34:443".into(),
            state: "established".into(),
        }],
        output: OutputTail::default(),
        marker: None,
        missing: vec!["the environment: permission denied".into()],
    }
}

pub(crate) fn detail() -> RunDetail {
    let at = |time: &str| format!("2020-11-22T{time}Z");
    let event = |time: &str, kind: &str, text: &str| TimelineEvent {
        at: at(time),
        kind: kind.into(),
        text: text.into(),
        lasted_s: None,
    };
    RunDetail {
        run: 40,
        tag: "0193-tag".into(),
        job: "refactor-parser".into(),
        r#type: "agent".into(),
        phase: Phase::Ended,
        command: vec!["sh".into(), "-c".into(), "it's stuck".into()],
        cwd: Some("/srv/parser".into()),
        marker: Some("/srv/parser/progress.json".into()),
        started_at: "2020-11-21T23:10:00Z".into(),
        limits: limits(),
        observe: false,
        ended: Some(HistoryRow { survivors: vec![4712], ..stalled(40) }),
        message: "The marker stopped advancing at 01:31:12. It stayed at step 14 for 45 min, the limit for this job."
            .into(),
        cause: Vec::new(),
        total: None,
        totals: None,
        claim: None,
        quiet: QuietTimes::default(),
        result: None,
        advances: vec![AdvanceView {
            at: at("01:31:12"),
            step: 14,
            note: Some("tests green".into()),
            gap_s: 720.0,
            source: None,
        }],
        timeline: vec![
            event("01:46:12", "warned", "No progress for 15 min."),
            event("02:16:04", "ended", "Killed after 30 s."),
        ],
        evidence: Some(evidence()),
        output: OutputTail {
            lines: vec!["step 14".into(), "waiting for the model".into()],
            bytes: 2_345,
            ..OutputTail::default()
        },
    }
}

pub(crate) fn limits() -> LimitsView {
    LimitsView {
        warn_after_s: 900.0,
        stall_after_s: 2700.0,
        grace_s: 30.0,
        start_allowance_s: 0.0,
        max_runtime_s: Some(28_800.0),
        reports: Default::default(),
    }
}

pub(crate) fn job(name: &str) -> JobView {
    JobView {
        spec: JobSpec {
            name: name.into(),
            r#type: Some("llm".into()),
            command: vec!["python3".into(), "gen.py".into(), "--all of it".into()],
            cwd: Some("~/articles".into()),
            env: [("MODE".to_owned(), "night".to_owned())].into(),
            progress: Some("progress.json".into()),
            observe: false,
            leftovers: Some(Leftovers::Stop),
            stop_signal: Some("INT".into()),
            output_max: None,
            ping: Some("5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278".into()),
            ping_mode: Some(PingMode::Heartbeat),
            export_ping_env: true,
            notify_end: false,
            may_wake: false,
            check_url: None,
            on_stall: None,
            limits: LimitsSpec { stall_after: Some("45m".into()), ..LimitsSpec::default() },
            sources: Vec::new(),
        },
        limits: limits(),
        running: Some(41),
        last_outcome: Some(Outcome::Aborted),
        last_run: Some(40),
        last_ended_at: Some("2020-11-22T02:16:04Z".into()),
        condition: None,
        snoozed_until: None,
        story: Vec::new(),
        recent: Vec::new(),
        check: Some(CheckView {
            job: Some(name.into()),
            slug: Some(name.into()),
            url: Some("http://127.0.0.1:8765/5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278".into()),
            last: Some(PingView {
                said: "exit 3".into(),
                rid: None,
                at: "2020-11-22T02:10:00Z".into(),
                late: true,
                body: "no such file\n\u{1b}[31mred".into(),
                client: Some("curl/8.5.0".into()),
            }),
        }),
    }
}

pub(crate) fn types() -> Vec<TypeView> {
    let own = LimitsSpec { stall_after: Some("45m".into()), ..LimitsSpec::default() };
    vec![
        TypeView {
            name: "generic".into(),
            built_in: true,
            overrides: LimitsSpec::default(),
            limits: limits(),
            max_running: None,
            jobs: 0,
        },
        TypeView {
            name: "llm".into(),
            built_in: true,
            overrides: own.clone(),
            limits: limits(),
            max_running: Some(1),
            jobs: 2,
        },
        TypeView {
            name: "sweep".into(),
            built_in: false,
            overrides: own,
            limits: limits(),
            max_running: None,
            jobs: 1,
        },
    ]
}
