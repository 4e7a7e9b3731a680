use jiff::Timestamp;
use jiff::civil::date;

use super::*;
use crate::api::{Show, ShowEnd, ShowSpec};

fn night() -> Night {
    let at = |text: &str| -> Timestamp { text.parse().unwrap() };
    Night {
        from: at("2026-11-22T23:00Z"),
        to: at("2026-11-23T07:00Z"),
        morning: date(2026, 11, 23),
        evening: date(2026, 11, 22),
        day_from: at("2026-11-22T07:00Z"),
    }
}

fn row(run: u64, job: &str, outcome: Outcome, ended_at: &str) -> HistoryRow {
    HistoryRow {
        run,
        job: job.to_owned(),
        r#type: "llm".to_owned(),
        outcome,
        reason: (outcome == Outcome::Aborted).then_some(Reason::Stalled),
        method: None,
        exit_code: None,
        signal: None,
        started_at: "2026-11-22T23:00:00Z".to_owned(),
        ended_at: ended_at.to_owned(),
        duration_s: 60.0,
        last_step: None,
        last_note: None,
        advances: 0,
        longest_gap_s: None,
        survivors: Vec::new(),
        recovered: false,
        seen: false,
        message: String::new(),
        total: None,
        stall_after_s: None,
    }
}

fn finished(run: u64, job: &str, gap_s: f64) -> HistoryRow {
    HistoryRow { longest_gap_s: Some(gap_s), ..row(run, job, Outcome::Succeeded, "2026-11-23T01:00:00Z") }
}

fn said(rows: &[HistoryRow], needs: &[Need]) -> String {
    Text::of_night(&night(), rows, needs)
        .map_or_else(|| "nothing".to_owned(), |text| format!("{}: {}", text.title, text.body))
}

#[test]
fn a_night_is_told_in_two_lines() {
    let good: Vec<HistoryRow> = (1..=5).map(|run| finished(run, "docs-sweep", 60.0)).collect();
    let fuzz = row(6, "nightly-fuzz", Outcome::Aborted, "2026-11-23T05:00:00Z");
    let parser = row(7, "refactor-parser", Outcome::Aborted, "2026-11-23T05:48:00Z");
    let stopped = [&[parser, fuzz.clone()][..], &good].concat();
    let mut well: Vec<HistoryRow> = (1..=6).map(|run| finished(run, "a", 60.0)).collect();
    well.push(finished(7, "docs-sweep", 21.0 * 60.0));
    let failed =
        [row(8, "a", Outcome::Failed, "2026-11-23T01:00:00Z"), row(7, "b", Outcome::Lost, "2026-11-23T01:00:00Z")];
    let many: Vec<HistoryRow> =
        (1..=4).rev().map(|run| row(run, &format!("job-{run}"), Outcome::Aborted, "2026-11-23T06:59:50Z")).collect();
    let said = [
        said(&stopped, &[]),
        said(&well, &[]),
        said(&well[..1], &[]),
        said(&failed, &[]),
        said(&many, &[]),
        said(&[fuzz], &[Need::NotStartedAgain("nightly-fuzz".to_owned())]),
        said(&[], &[Need::WaitsForPerson("parser".to_owned())]),
        said(&[], &[Need::Unreachable("a".to_owned()), Need::Stalled("b".to_owned())]),
        said(&[], &[Need::Warned("a".to_owned()), Need::Spent("b".to_owned())]),
        said(&[], &[Need::Circled("a".to_owned()), Need::NotJudged("b".to_owned())]),
        said(&[], &[Need::FoundAgain("a".to_owned())]),
        // Of the afternoon before; no time was spared by it.
        said(&[row(9, "a", Outcome::Aborted, "2026-11-22T15:00:00Z")], &[]),
    ];
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn a_night_in_which_nothing_ran_or_only_what_somebody_stopped_himself_is_not_told() {
    assert_eq!(said(&[], &[]), "nothing");
    let by_hand = HistoryRow { reason: Some(Reason::User), ..row(1, "a", Outcome::Aborted, "2026-11-23T01:00:00Z") };
    assert_eq!(said(&[by_hand], &[]), "nothing");
}

#[test]
fn the_report_has_the_night_and_of_the_day_before_what_was_kept_for_it() {
    let rows = || {
        let outcomes = [Outcome::Succeeded, Outcome::Failed, Outcome::Aborted, Outcome::Lost];
        let at = ["2026-11-22T15:00:00.000Z", "2026-11-22T23:00:00.000Z"];
        (1..)
            .zip(outcomes.into_iter().flat_map(move |outcome| at.map(|at| (outcome, at))))
            .map(|(run, (outcome, at))| row(run, "a", outcome, at))
    };
    let kept = |show: ShowSpec| -> Vec<u64> {
        let wants = Wants { is_on: true, has_report: true, show };
        of_report(rows().take(8).collect(), &night(), wants).iter().map(|row| row.run).collect()
    };
    let usual = ShowSpec::default();
    assert_eq!(kept(usual), [2, 4, 6, 8]);
    assert_eq!(kept(ShowSpec { stopped: Show::Digest, finished: ShowEnd::Digest, ..usual }), [1, 2, 4, 5, 6, 8]);
    assert_eq!(kept(ShowSpec { failed: ShowEnd::Banner, recovered: Show::Off, ..usual }), [2, 4, 6]);
    assert_eq!(kept(ShowSpec { finished: ShowEnd::Off, failed: ShowEnd::Off, ..usual }), [6, 8]);
}

#[test]
fn what_is_kept_for_the_morning_is_read_as_it_was_noted_and_gives_way_to_what_became_of_it() {
    for kind in Kind::ALL {
        let held = Need::of_held(&format!("{}/a/b", kind.word()));
        assert!(held.as_ref().is_none_or(|(event, need)| kind.event() == Some(*event) && need.job() == "a/b"));
        assert_eq!(held.is_some() && kind != Kind::Recovered, waits_for_the_morning(kind), "{kind:?}");
    }
    assert_eq!(Need::of_held("nonsense/a"), None);
    let warned = Need::Warned("a".to_owned());
    assert!(warned.is_over(&[row(1, "a", Outcome::Aborted, "2026-11-23T01:00:00Z")]));
    assert!(!warned.is_over(&[row(1, "b", Outcome::Aborted, "2026-11-23T01:00:00Z"), finished(2, "a", 1.0)]));
    assert!(Need::FoundAgain("a".to_owned()).is_over(&[finished(2, "a", 1.0)]));
}

#[test]
fn many_are_told_as_one_by_what_they_have_in_common() {
    let member = |kind, run: u64, job: &str| Member { kind, run: Some(run), job: job.to_owned() };
    let jobs = ["nightly-fuzz", "refactor-parser", "docs-sweep", "articles"];
    let of = |kinds: [Kind; 4]| -> Vec<Member> {
        (1..).zip(jobs.into_iter().zip(kinds)).map(|(run, (job, kind))| member(kind, run, job)).collect()
    };
    let twice = [member(Kind::Stopped, 1, "a"), member(Kind::Breaker, 1, "a"), member(Kind::Stopped, 2, "b")];
    let said: Vec<String> = [
        of([Kind::Stopped; 4]),
        of([Kind::Failed; 4]),
        of([Kind::Finished; 4]),
        of([Kind::Stopped, Kind::WaitsForPerson, Kind::Stopped, Kind::Spent]),
        twice.to_vec(),
    ]
    .iter()
    .map(|members| Text::of_many(members).map(|text| format!("{}: {}", text.title, text.body)).unwrap())
    .collect();
    insta::assert_snapshot!(said.join("\n"));
    assert_eq!(Text::of_many(&[]), None);
}
