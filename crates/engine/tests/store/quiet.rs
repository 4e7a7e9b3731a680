//! How long runs were quiet that went well, and how the last runs of a job ended.

use nightkeep_engine::api::{Method, Outcome, Reason};
use nightkeep_engine::store::entry::Entry;
use nightkeep_engine::store::heard::{HeardEntry, WaitsOn};
use nightkeep_engine::store::{RunsOf, Store};

use crate::support::{MINUTE, aborted, advanced, at, ended, ending, open, place, reader, registration, stamped};

/// A run of `job` that advances after each of these many minutes and ends `tail` minutes after the last.
fn run(store: &mut Store, tag: &str, job: &str, gaps: &[u64], tail: u64, outcome: Outcome) -> u64 {
    let run = store.register(&at(0), &registration(tag, job)).unwrap();
    let mut now = 0;
    let mut entries = Vec::new();
    for (n, gap) in (1..).zip(gaps) {
        now += gap * MINUTE;
        entries.push(stamped(now, advanced(n, i64::try_from(n).unwrap(), gap * MINUTE)));
    }
    now += tail * MINUTE;
    entries.push(stamped(now, Entry::RootEnded { code: Some(0), signal: None }));
    entries.push(ended(now, ending(outcome, now)));
    store.append(run, entries).unwrap();
    run
}

fn quiet(place: &crate::support::Place, of: &RunsOf) -> Vec<(u64, f64)> {
    let runs = reader(&place.path).quiet_runs(of, 200).unwrap();
    runs.into_iter().map(|run| (run.run, run.longest_s / 60.0)).collect()
}

#[test]
fn the_longest_quiet_time_is_between_two_advances_or_after_the_last() {
    let place = place();
    let mut store = open(&place.path);
    let between = run(&mut store, "a", "novel", &[3, 9, 4], 1, Outcome::Succeeded);
    let after = run(&mut store, "b", "novel", &[3, 2], 7, Outcome::Succeeded);
    let never = run(&mut store, "c", "novel", &[], 5, Outcome::Succeeded);
    let other = run(&mut store, "d", "essay", &[1], 0, Outcome::Succeeded);
    assert_eq!(quiet(&place, &RunsOf::Job("novel".into())), [(never, 5.0), (after, 7.0), (between, 9.0)]);
    let all = quiet(&place, &RunsOf::Type("llm".into()));
    assert_eq!(all.iter().map(|(run, _)| *run).collect::<Vec<_>>(), [other, never, after, between]);
    assert_eq!(quiet(&place, &RunsOf::Type("build".into())), []);
}

#[test]
fn runs_that_failed_were_stopped_or_are_not_over_say_nothing_of_good_ones() {
    let place = place();
    let mut store = open(&place.path);
    run(&mut store, "a", "novel", &[3], 50, Outcome::Failed);
    run(&mut store, "b", "novel", &[3], 50, Outcome::Lost);
    let stopped = store.register(&at(0), &registration("c", "novel")).unwrap();
    store.append(stopped, vec![ended(MINUTE, aborted(Reason::Stalled, Method::Graceful, MINUTE))]).unwrap();
    store.register(&at(0), &registration("d", "novel")).unwrap();
    assert_eq!(quiet(&place, &RunsOf::Job("novel".into())), []);
}

#[test]
fn the_time_for_which_a_run_waited_for_somebody_at_its_end_is_not_quiet_time() {
    let place = place();
    let mut store = open(&place.path);
    let run = store.register(&at(0), &registration("a", "novel")).unwrap();
    let waits = HeardEntry::Waits { on: WaitsOn::Question, what: None, until_wall_ms: None, source: "hook".into() };
    let over = 90 * MINUTE;
    let entries = vec![
        stamped(MINUTE, advanced(1, 1, MINUTE)),
        stamped(2 * MINUTE, Entry::Heard(waits)),
        stamped(over, Entry::RootEnded { code: Some(0), signal: None }),
        ended(over, ending(Outcome::Succeeded, over)),
    ];
    store.append(run, entries).unwrap();
    assert_eq!(quiet(&place, &RunsOf::Job("novel".into())), [(run, 1.0)]);
}

#[test]
fn the_last_runs_of_a_job_are_told_newest_first() {
    let place = place();
    let mut store = open(&place.path);
    for n in 0..35 {
        run(&mut store, &format!("t{n}"), "novel", &[1], 1, Outcome::Succeeded);
    }
    run(&mut store, "x", "essay", &[1], 1, Outcome::Failed);
    let stopped = store.register(&at(0), &registration("c", "novel")).unwrap();
    store.append(stopped, vec![ended(MINUTE, aborted(Reason::Stalled, Method::Graceful, MINUTE))]).unwrap();
    store.register(&at(0), &registration("d", "novel")).unwrap();
    let recent = reader(&place.path).recent_runs("novel", 30).unwrap();
    assert_eq!(recent.len(), 30);
    let [newest, before, ..] = recent.as_slice() else { panic!("{recent:?}") };
    assert_eq!((newest.run, newest.outcome, newest.reason), (stopped, Outcome::Aborted, Some(Reason::Stalled)));
    assert_eq!((before.outcome, before.reason), (Outcome::Succeeded, None));
}
