//! What runs report, and the limits of that.

use nightkeep_engine::api::{
    Activity, ClaimView, LimitsSpec, LimitsView, Liveness, Progress, RunView, Status, Summary, TotalsView, TypeView,
};
use nightkeep_engine::rundir::{BeatsMs, PaceMs, ReportsMs};

use crate::fake::Fake;
use crate::samples;

/// A type whose runs beat, call tools and cost money.
fn watched() -> TypeView {
    let reports = ReportsMs {
        beats: Some(BeatsMs { degraded_ms: 90_000, unreachable_ms: 300_000, stop: true }),
        tool: Some(PaceMs { warn_ms: 600_000, stall_ms: 2_700_000 }),
        expect_cap: 6,
        empty_turns: 9,
        stop_circling: true,
        max_microusd: Some(5_000_000),
        ..ReportsMs::default()
    };
    TypeView {
        name: "watched".into(),
        built_in: false,
        overrides: LimitsSpec {
            tool_stall_after: Some("45m".into()),
            expect_cap: Some("6".into()),
            on_circling: Some("stop".into()),
            max_cost: Some("5".into()),
            ..LimitsSpec::default()
        },
        limits: LimitsView { reports, ..samples::limits() },
        max_running: None,
        jobs: 0,
    }
}

#[tokio::test]
async fn limits_of_reports_are_set_and_shown_in_words() {
    let fake = Fake::start().says("GET /v1/types", &vec![watched()]).says("PUT /v1/types/watched", &());
    insta::assert_snapshot!("type_show_reports", fake.run(&["type", "show", "watched"]).await.shown());
    let ended = fake.run(&["type", "set", "watched", "--beat", "10s", "--max-cost", "$2.50"]).await;
    assert_eq!(ended.code(), 0, "{}", ended.stderr);
    let wanted = r#"PUT /v1/types/watched {"beat":"10s","tool_stall_after":"45m","expect_cap":"6","on_circling":"stop","max_cost":"$2.50"}"#;
    assert_eq!(fake.asked().pop().unwrap(), wanted, "what is not given stays");
    let wrong = fake.run(&["type", "set", "watched", "--max-cost", "much"]).await;
    assert_eq!(wrong.code(), 2);
    assert!(wrong.stderr.contains("`much` is no amount of dollars; write `5` or `2.50`"), "{}", wrong.stderr);
}

#[tokio::test]
async fn status_says_what_runs_report_where_they_report_anything() {
    let tool = RunView {
        liveness: Liveness::Healthy,
        activity: Activity::Tool,
        doing: Some("Bash: cargo test".into()),
        expected_s: Some(1_500.0),
        totals: Some(totals(false)),
        ..samples::running(41, "refactor")
    };
    let late = RunView {
        liveness: Liveness::Degraded,
        since_beat_s: Some(130.0),
        circling: true,
        signals_dropped: 7,
        signals_foreign: 3,
        totals: Some(totals(true)),
        ..samples::running(42, "crawl")
    };
    let gone = RunView {
        liveness: Liveness::Unreachable,
        since_beat_s: Some(900.0),
        claim: Some(ClaimView { succeeded: true, message: Some("all done".into()) }),
        ..samples::running(43, "import")
    };
    let asks = RunView {
        progress: Progress::Waiting,
        activity: Activity::WaitingHuman,
        doing: Some("Bash: rm -r build".into()),
        ..samples::running(44, "sweep")
    };
    let limit = RunView {
        progress: Progress::Waiting,
        activity: Activity::WaitingLimit,
        waits_until: Some("2020-11-22T06:00:00Z".into()),
        ..samples::running(45, "draft")
    };
    let runs = vec![tool, late, gone, asks, limit];
    let summary = Summary { running: 5, healthy: 1, degraded: 1, unreachable: 1, killed: 1, ..Summary::default() };
    let mut live = samples::live();
    live.status = Status { runs, summary, ..live.status };
    (live.unseen, live.leftovers, live.faults) = Default::default();
    let fake = Fake::start().says("GET /v1/live", &live);
    insta::assert_snapshot!(fake.run(&["status"]).await.shown());
}

fn totals(slow: bool) -> TotalsView {
    TotalsView {
        succeeded: 9,
        failed: 1,
        success_rate: Some(0.9),
        mean_latency_s: Some(2.5),
        last_latency_s: Some(60.0),
        slow,
        cost_usd: 1.234_5,
        turns: 12,
    }
}
