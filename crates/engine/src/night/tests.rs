//! Nights in the made-up winter of 2026, in a zone without summer time.

use jiff::civil::date;

use super::*;
use crate::api::Method;

/// One hour east of Greenwich.
fn zone() -> TimeZone {
    TimeZone::fixed(jiff::tz::offset(1))
}

fn now(text: &str) -> Zoned {
    text.parse::<jiff::civil::DateTime>().unwrap().to_zoned(zone()).unwrap()
}

fn ms(text: &str) -> i64 {
    now(text).timestamp().as_millisecond()
}

/// The night from Saturday to Sunday.
fn night() -> Night {
    Night::of(date(2026, 11, 21), &zone()).unwrap()
}

fn ended(run: u64, job: &str, outcome: Outcome, at: &str) -> NightRun {
    let ended_ms = ms(at);
    let reason = (outcome == Outcome::Aborted).then_some(Reason::Stalled);
    NightRun {
        row: HistoryRow {
            run,
            job: job.to_owned(),
            r#type: "llm".to_owned(),
            outcome,
            reason,
            method: reason.map(|_| Method::Graceful),
            exit_code: None,
            signal: None,
            started_at: rfc3339(ended_ms - 3_600_000),
            ended_at: rfc3339(ended_ms),
            duration_s: 3600.0,
            last_step: None,
            last_note: None,
            advances: 3,
            longest_gap_s: None,
            survivors: Vec::new(),
            recovered: false,
            seen: false,
            message: String::new(),
            total: None,
            stall_after_s: Some(2700.0),
        },
        started_ms: ended_ms - 3_600_000,
        ended_ms,
        max_runtime_ms: None,
        next_start_ms: None,
    }
}

fn stopped(at: &str) -> NightRun {
    ended(41, "refactor-parser", Outcome::Aborted, at)
}

fn at_noon(runs: &[NightRun]) -> NightReport {
    report(&night(), runs, Others::default(), &now("2026-11-22T12:00"))
}

/// What is counted for one stop: so many minutes, and until what.
fn counted(run: NightRun) -> Option<(f64, SparedUntil)> {
    let report = at_noon(&[run]);
    report.spared.first().map(|spared| (spared.seconds / 60.0, spared.because))
}

#[test]
fn a_night_goes_from_six_in_the_evening_to_ten_in_the_morning_and_the_last_one_is_shown_all_day() {
    let night = night();
    assert_eq!((night.from_ms, night.to_ms), (ms("2026-11-21T18:00"), ms("2026-11-22T10:00")));
    assert_eq!(night.morning_ms, ms("2026-11-22T08:00"));
    let latest = |at: &str| Night::latest(&now(at)).unwrap().date;
    assert_eq!(latest("2026-11-22T07:00"), date(2026, 11, 21));
    assert_eq!(latest("2026-11-22T17:59"), date(2026, 11, 21));
    assert_eq!(latest("2026-11-22T18:00"), date(2026, 11, 22));
}

#[test]
fn a_night_is_named_as_people_name_it() {
    let label = |at: &str| night().label(&now(at));
    assert_eq!(label("2026-11-21T23:00"), "Tonight so far");
    assert_eq!(label("2026-11-22T07:00"), "Last night");
    assert_eq!(label("2026-11-22T21:00"), "Last night");
    assert_eq!(label("2026-11-24T07:00"), "Night of Sat 21 Nov");
    assert_eq!(label("2027-01-02T07:00"), "Night of Sat 21 Nov 2026");
}

#[test]
fn the_headline_counts_how_the_runs_ended() {
    let of = |finished, failed, stopped, lost| headline("Last night", NightCounts { finished, failed, stopped, lost });
    assert_eq!(of(0, 0, 0, 0), "Last night: no runs.");
    assert_eq!(of(1, 0, 0, 0), "Last night: 1 run, finished.");
    assert_eq!(of(0, 0, 2, 0), "Last night: 2 runs, both stopped.");
    assert_eq!(of(3, 0, 0, 0), "Last night: 3 runs, all finished.");
    assert_eq!(of(4, 1, 2, 1), "Last night: 8 runs – 4 finished, 1 failed, 2 stopped, 1 lost.");
}

#[test]
fn a_stop_saves_the_time_until_eight_in_the_morning() {
    assert_eq!(counted(stopped("2026-11-22T04:48")), Some((192.0, SparedUntil::Morning)));
    assert_eq!(at_noon(&[stopped("2026-11-22T04:48")]).not_wasted.as_deref(), Some("About 3 h 12 min not wasted."));
    assert_eq!(counted(stopped("2026-11-22T08:30")), None, "somebody would have looked by then");
}

#[test]
fn no_time_is_counted_that_has_not_passed_yet() {
    let report = report(&night(), &[stopped("2026-11-22T04:48")], Others::default(), &now("2026-11-22T05:00"));
    let spared = report.spared.first().unwrap();
    assert_eq!((spared.seconds, spared.because), (720.0, SparedUntil::Now));
}

#[test]
fn a_stop_saves_no_more_than_the_run_might_have_taken() {
    // It started an hour before.
    let run = NightRun { max_runtime_ms: Some(90 * 60_000), ..stopped("2026-11-22T04:00") };
    assert_eq!(counted(run), Some((30.0, SparedUntil::MaxRuntime)));
    let at_its_end = NightRun { max_runtime_ms: Some(60 * 60_000), ..stopped("2026-11-22T04:00") };
    assert_eq!(counted(at_its_end), None, "stopped because it took too long");
}

#[test]
fn a_stop_saves_nothing_when_the_job_was_started_again_at_once_and_little_when_soon() {
    let again = |minutes: i64| {
        let run = stopped("2026-11-22T04:00");
        counted(NightRun { next_start_ms: Some(run.ended_ms + minutes * 60_000), ..run })
    };
    assert_eq!(again(5), Some((0.0, SparedUntil::NextStart)));
    assert_eq!(again(6), Some((6.0, SparedUntil::NextStart)));
    assert_eq!(again(600), Some((240.0, SparedUntil::Morning)));
}

#[test]
fn what_a_person_stopped_and_what_ended_by_itself_saves_nothing() {
    let mut by_you = stopped("2026-11-22T04:00");
    by_you.row.reason = Some(Reason::User);
    assert_eq!(counted(by_you), None);
    assert_eq!(counted(ended(1, "a", Outcome::Failed, "2026-11-22T04:00")), None);
}

#[test]
fn the_longest_quiet_time_is_that_of_a_run_that_finished() {
    let quiet = |run, outcome, gap_s| {
        let mut run = ended(run, "docs-sweep", outcome, "2026-11-22T04:00");
        run.row.longest_gap_s = Some(gap_s);
        run
    };
    let runs =
        [quiet(1, Outcome::Succeeded, 300.0), quiet(2, Outcome::Succeeded, 1260.0), quiet(3, Outcome::Aborted, 2700.0)];
    let report = at_noon(&runs);
    assert_eq!(report.longest_quiet.map(|quiet| quiet.run), Some(2));
    assert_eq!(report.sentences, ["Longest quiet time in a good run: 21 min (docs-sweep, limit 45 min)."]);
}

#[test]
fn what_is_still_alive_and_what_still_goes_on_is_said() {
    let mut run = stopped("2026-11-22T04:00");
    run.row.survivors = vec![48_211];
    let others = Others { running: 2, through: 2 };
    let report = report(&night(), &[run], others, &now("2026-11-22T07:00"));
    assert_eq!(
        report.sentences,
        ["Processes of refactor-parser were still alive after the stop.", "2 runs are still going on."]
    );
    assert_eq!(report.stopped.len(), 1);
}

#[test]
fn a_night_without_runs_says_so_and_does_not_deny_what_ran_through_it() {
    assert_eq!(at_noon(&[]).sentences, ["Nothing ran between 18:00 and 10:00."]);
    let through = Others { running: 1, through: 1 };
    let report = report(&night(), &[], through, &now("2026-11-22T07:00"));
    assert_eq!(report.sentences, ["No run ended between 18:00 and 10:00.", "1 run is still going on."]);
}

#[test]
fn a_day_is_written_with_year_month_and_day() {
    assert_eq!(date_of("2026-11-21").unwrap(), date(2026, 11, 21));
    let fault = date_of("yesterday").unwrap_err();
    assert_eq!((fault.message.as_str(), fault.field.as_deref()), ("`yesterday` is no day", Some("date")));
}
