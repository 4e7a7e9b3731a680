use std::fmt::Write as _;

use jiff::tz::TimeZone;
use nightkeep_engine::api::{Activity, FaultKind, JobStatus, LeftoverView, Liveness, PauseView, QueuePlace, Reason};

use super::testing::{AT, live, run, stopped, with_fault, with_unseen};
use super::*;
use crate::tray::words::TOOLTIP_UNITS_MAX;

#[test]
fn with_nothing_to_tell_the_menu_has_only_its_commands() {
    insta::assert_snapshot!(drawn(&live(vec![])));
}

#[test]
fn a_run_tells_its_step_and_how_long_ago_it_was() {
    let quiet = RunView { since_advance_s: 725.0, progress: Progress::Quiet, ..run("refactor-parser") };
    let starting = RunView { progress: Progress::Starting, step: None, total: None, ..run("docs-sweep") };
    insta::assert_snapshot!(drawn(&live(vec![quiet, starting])));
}

#[test]
fn each_phase_and_progress_has_its_own_words() {
    let limited = RunView { warn_after_s: 2.0, stall_after_s: 4.0, since_advance_s: 3.0, ..run("seconds") };
    let runs = [
        RunView { phase: Phase::Queued, ..run("queued") },
        queued("held up"),
        RunView { phase: Phase::Starting, ..run("starting") },
        RunView { phase: Phase::Stopping, ..run("stopping") },
        RunView { total: None, ..run("no total") },
        RunView { step: None, total: None, ..run("no step") },
        RunView { progress: Progress::Warning, ..limited.clone() },
        RunView { progress: Progress::Warning, observe: true, ..limited.clone() },
        RunView { progress: Progress::Stalled, ..limited.clone() },
        RunView { progress: Progress::Stalled, observe: true, ..limited },
        RunView { progress: Progress::Waiting, activity: Activity::WaitingHuman, ..run("asks") },
        RunView { progress: Progress::Waiting, activity: Activity::WaitingLimit, ..run("limited") },
    ];
    let rows: Vec<String> = runs.iter().map(|run| running_row(run, 0.0).label).collect();
    insta::assert_snapshot!(rows.join("\n"));
}

#[test]
fn what_a_run_reports_is_told_in_its_row_and_unreachable_is_a_warning() {
    let late = |liveness| RunView { liveness, since_beat_s: Some(900.0), ..run("beats") };
    let asks = RunView {
        progress: Progress::Waiting,
        activity: Activity::WaitingHuman,
        doing: Some("Bash: rm -r build".to_owned()),
        ..run("asks")
    };
    let circles = RunView { circling: true, ..run("circles") };
    let runs = [late(Liveness::Unreachable), late(Liveness::Degraded), late(Liveness::Healthy), circles, asks.clone()];
    let rows: Vec<String> = runs.iter().map(|run| running_row(run, 0.0).label).collect();
    insta::assert_snapshot!(rows.join("\n"));
    let model = |runs| TrayModel::from(&live(runs), AT.parse().unwrap(), &TimeZone::UTC);
    let gone = model(vec![late(Liveness::Unreachable), asks.clone()]);
    assert_eq!(gone.state, TrayState::Warning);
    assert_eq!(gone.tooltip, "Nightkeep – 2 running, 1 waits for you, 1 unreachable");
    assert_eq!(model(vec![late(Liveness::Degraded)]).state, TrayState::Working);
    let waits = model(vec![asks]);
    assert_eq!((waits.state, waits.tooltip.as_str()), (TrayState::Paused, "Nightkeep – 1 running, 1 waits for you"));
}

fn queued(job: &str) -> RunView {
    let place = QueuePlace { r#type: Some("llm".to_owned()), running: 2, slots: 2, ahead: 1 };
    RunView { phase: Phase::Queued, queue: Some(place), ..run(job) }
}

#[test]
fn a_run_that_waits_for_a_slot_is_counted_apart_and_does_not_work() {
    let told = |runs| TrayModel::from(&live(runs), AT.parse().unwrap(), &TimeZone::UTC).tooltip;
    assert_eq!(told(vec![run("a"), queued("b")]), "Nightkeep – 1 running, 1 queued");
    let waits = RunView { progress: Progress::Waiting, ..run("a") };
    assert_eq!(told(vec![waits, queued("b")]), "Nightkeep – 1 running, waiting, 1 queued");
    assert_eq!(told(vec![queued("b")]), "Nightkeep – 1 queued");
}

#[test]
fn stopped_runs_can_be_opened_and_marked_as_seen() {
    let document = with_unseen(live(vec![run("docs-sweep")]), vec![stopped("nightly-fuzz")]);
    insta::assert_snapshot!(drawn(&document));
}

#[test]
fn what_runs_left_behind_is_listed_and_wants_a_look() {
    let left = |job: &str, pids: &[u32], stopping| LeftoverView {
        run: 41,
        job: job.to_owned(),
        pids: pids.to_vec(),
        stopping,
        ended_at: AT.to_owned(),
    };
    let leftovers = vec![left("web", &[811, 812], false), left("hopper", &[], true), left("third", &[1], false)];
    insta::assert_snapshot!(drawn(&Live { leftovers, ..live(vec![run("docs-sweep")]) }));
}

#[test]
fn jobs_that_are_not_started_as_usual_have_a_row_that_resumes_them() {
    let job = |job: &str, state, failures| JobStatus {
        job: job.to_owned(),
        state,
        since: Some(AT.to_owned()),
        failures,
        next_start: None,
    };
    let mut document = live(vec![]);
    document.status.jobs = vec![job("weekly", JobCondition::Killed, 0), job("sweep", JobCondition::Restarting, 1)];
    let model = |document: &Live| TrayModel::from(document, AT.parse().unwrap(), &TimeZone::UTC);
    assert_eq!(
        (model(&document).state, model(&document).tooltip.as_str()),
        (TrayState::Idle, "Nightkeep – nothing is running")
    );
    document.status.jobs.push(job("nightly-fuzz", JobCondition::BreakerOpen, 3));
    assert_eq!(model(&document).state, TrayState::Warning);
    insta::assert_snapshot!(drawn(&document));
}

#[test]
fn each_reason_of_a_stop_has_its_own_words() {
    let rows = [
        stopped("a"),
        HistoryRow { longest_gap_s: Some(4.2), ..stopped("seconds") },
        HistoryRow { longest_gap_s: None, ..stopped("b") },
        HistoryRow { reason: Some(Reason::Unresponsive), ..stopped("c") },
        HistoryRow { reason: Some(Reason::MaxRuntime), survivors: vec![7], ..stopped("d") },
        HistoryRow { reason: Some(Reason::User), survivors: vec![7, 8], ..stopped("e") },
        HistoryRow { reason: None, ..stopped("f") },
    ];
    let rows: Vec<String> = rows.iter().map(|row| stopped_row(row).label).collect();
    insta::assert_snapshot!(rows.join("\n"));
}

#[test]
fn many_runs_are_counted_and_those_with_a_warning_keep_their_place() {
    let mut runs: Vec<RunView> = (1..=9).map(|n| RunView { run: n, ..run(&format!("job-{n}")) }).collect();
    runs[7].progress = Progress::Warning;
    let unseen = (1..=5).map(|n| stopped(&format!("old-{n}"))).collect();
    insta::assert_snapshot!(drawn(&with_unseen(live(runs), unseen)));
}

#[test]
fn runs_that_all_wait_show_the_paused_icon() {
    let waiting = |job| RunView { progress: Progress::Waiting, activity: Activity::WaitingLimit, ..run(job) };
    insta::assert_snapshot!(drawn(&live(vec![waiting("a"), waiting("b")])));
    assert_eq!(at_once(&live(vec![waiting("a"), run("b")])).state, TrayState::Working);
}

#[test]
fn a_problem_is_told_above_the_runs() {
    let document = with_fault(
        live(vec![run("docs-sweep")]),
        FaultKind::Config,
        "Line 7 of `config.toml` cannot be read; the last good configuration is in force.",
    );
    insta::assert_snapshot!(drawn(&document));
}

#[test]
fn without_an_engine_the_tray_says_that_nothing_is_watched() {
    insta::assert_snapshot!(text(&TrayModel::away("the engine cannot be started: no such file")));
    insta::assert_snapshot!(text(&TrayModel::connecting()));
}

#[test]
fn a_problem_of_the_tray_itself_is_told_first() {
    let document = with_fault(live(vec![]), FaultKind::Watch, "File watching is not to be had.");
    let model = at_once(&document);
    assert_eq!(model.clone().with_problem(None), model);
    let rows = &model.with_problem(Some("failed to open the window: no such file")).menu.sections[FAULTS].rows;
    let labels: Vec<&str> = rows.iter().map(|row| row.label.as_str()).collect();
    assert_eq!(labels, ["Problem: failed to open the window: no such file", "Problem: file watching is not to be had"]);
}

#[test]
fn the_most_urgent_state_wins() {
    let mut document = live(vec![]);
    let mut seen = vec![at_once(&document).state];
    document = live(vec![RunView { progress: Progress::Waiting, ..run("a") }]);
    seen.push(at_once(&document).state);
    document = live(vec![run("a")]);
    seen.push(at_once(&document).state);
    document = live(vec![RunView { progress: Progress::Warning, ..run("a") }]);
    seen.push(at_once(&document).state);
    document = with_unseen(document, vec![stopped("b")]);
    seen.push(at_once(&document).state);
    document = with_fault(document, FaultKind::Storage, "The disk is full.");
    seen.push(at_once(&document).state);
    seen.reverse();
    assert_eq!(seen, TrayState::ALL);
}

#[test]
fn what_a_desktop_can_never_do_is_told_without_a_warning_icon() {
    let document = with_fault(live(vec![]), FaultKind::Notifications, "No notification service answers.");
    let model = at_once(&document);
    assert_eq!(model.state, TrayState::Idle);
    assert!(text(&model).contains("Problem: no notification service answers"), "{}", text(&model));
}

#[test]
fn times_go_on_from_when_the_document_was_made() {
    let document = live(vec![RunView { since_advance_s: 50.0, ..run("a") }]);
    let later = AT.parse::<Timestamp>().expect("a time") + jiff::SignedDuration::from_secs(75);
    let label = |model: &TrayModel| model.menu.sections[2].rows[0].label.clone();
    assert_eq!(label(&at_once(&document)), "a – step 14/40, under a minute since last step");
    assert_eq!(label(&TrayModel::from(&document, later, &TimeZone::UTC)), "a – step 14/40, 2 min since last step");
}

#[test]
fn a_clock_that_was_set_back_makes_nothing_younger() {
    let document = live(vec![RunView { since_advance_s: 130.0, ..run("a") }]);
    let earlier = AT.parse::<Timestamp>().expect("a time") - jiff::SignedDuration::from_hours(3);
    assert_eq!(TrayModel::from(&document, earlier, &TimeZone::UTC), at_once(&document));
}

#[test]
fn no_section_ever_outgrows_its_places_and_no_tooltip_its_units() {
    let runs = (0..50).map(|_| run(&"long-name-".repeat(20))).collect();
    let mut document = with_unseen(live(runs), (0..20).map(|_| stopped(&"🌙".repeat(99))).collect());
    document.status.summary.stopped_unseen = u32::MAX;
    for _ in 0..9 {
        document = with_fault(document, FaultKind::Storage, &"disk full ".repeat(30));
    }
    let model = at_once(&document);
    for section in &model.menu.sections {
        assert!(section.rows.len() <= section.places, "{section:?}");
    }
    assert!(model.tooltip.encode_utf16().count() <= TOOLTIP_UNITS_MAX);
}

fn at_once(document: &Live) -> TrayModel {
    TrayModel::from(document, document.at.parse().expect("test documents carry a time"), &TimeZone::UTC)
}

fn drawn(document: &Live) -> String {
    text(&at_once(document))
}

fn text(model: &TrayModel) -> String {
    let mut text = format!("{:?} | {}\n", model.state, model.tooltip);
    for section in model.menu.shown() {
        text.push_str("--\n");
        for row in section.seen() {
            let action = row.action.as_ref().map_or_else(|| "(disabled)".to_owned(), |action| action.to_string());
            match row.rows.as_slice() {
                [] => writeln!(text, "{}  -> {action}", row.label).expect("writing to a string"),
                _ => writeln!(text, "{} ▸", row.label).expect("writing to a string"),
            }
            for row in row.shown_rows() {
                let action = row.action.as_ref().expect("what opens beside a row can be clicked");
                writeln!(text, "    {}  -> {action}", row.label).expect("writing to a string");
            }
        }
    }
    text
}

#[test]
fn a_pause_is_told_first_stands_still_and_can_be_ended_in_its_place() {
    let mut document = live(vec![RunView { since_advance_s: 50.0, progress: Progress::Warning, ..run("docs-sweep") }]);
    document.morning = Some("2026-11-19T07:00:00Z".to_owned());
    let watched = at_once(&document);
    document.status.paused = Some(PauseView { since: AT.to_owned(), until: Some("2026-11-18T11:26:40Z".to_owned()) });
    insta::assert_snapshot!(drawn(&document));
    let paused = at_once(&document);
    let later = AT.parse::<Timestamp>().expect("a time") + jiff::SignedDuration::from_hours(1);
    assert_eq!(TrayModel::from(&document, later, &TimeZone::UTC), paused);
    let places = |model: &TrayModel| model.menu.sections.iter().map(|section| section.rows.len()).collect::<Vec<_>>();
    assert_eq!(places(&watched), places(&paused), "nothing of the menu moves");
    document.status.paused = Some(PauseView { since: AT.to_owned(), until: None });
    assert_eq!(at_once(&document).tooltip, "Nightkeep – paused, 1 running, 1 warning");
    let document = with_unseen(document, vec![stopped("b")]);
    assert_eq!(at_once(&document).state, TrayState::Stopped, "what was stopped is not hidden by a pause");
}

#[test]
fn with_nothing_running_quitting_asks_nothing_and_otherwise_the_window_asks() {
    let quit = |document: &Live| {
        let model = at_once(document);
        model.menu.sections.last().and_then(|section| section.rows.last()).and_then(|row| row.action.clone())
    };
    assert_eq!(quit(&live(vec![])), Some(MenuAction::Quit));
    assert_eq!(quit(&live(vec![queued("held up")])), Some(MenuAction::AskToQuit));
}

#[test]
fn runs_of_one_name_are_told_apart_by_their_numbers_when_one_is_to_be_stopped() {
    let document = live(vec![RunView { run: 41, ..run("docs") }, RunView { run: 42, ..run("docs") }, run("other")]);
    insta::assert_snapshot!(drawn(&document));
}

#[test]
fn a_desktop_without_a_place_for_the_tray_is_no_warning_icon() {
    let document = with_fault(live(vec![]), FaultKind::Tray, "This desktop shows no tray icons.");
    assert_eq!(at_once(&document).state, TrayState::Idle);
}
