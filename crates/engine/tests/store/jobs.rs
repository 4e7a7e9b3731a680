//! What concerns jobs rather than runs: journaled with what it follows from, and folded as the runs are.

use std::collections::BTreeMap;

use nightkeep_engine::api::Outcome;
use nightkeep_engine::store::entry::Entry;
use nightkeep_engine::store::heard::{HeardEntry, Totals};
use nightkeep_engine::store::job::{JobEntries, JobEntry, StampedJob, StoredJob, StoredRestart};
use nightkeep_engine::store::{StoreError, Write};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::support::{MINUTE, START_MS, at, ended, ending, open, place, reader, registration, stamped};

fn entries(job: &str, entries: impl IntoIterator<Item = (u64, JobEntry)>) -> JobEntries {
    let entries = entries.into_iter().map(|(ms, entry)| StampedJob { at: at(ms), entry }).collect();
    JobEntries { job: job.to_owned(), entries }
}

fn any_job_entry() -> impl Strategy<Value = JobEntry> {
    prop_oneof![
        (1_u64..9, 1_u32..5).prop_map(|(run, failures)| JobEntry::Failed { run, failures }),
        (1_u64..9).prop_map(|run| JobEntry::Succeeded { run }),
        (1_u64..9, 3_u32..5).prop_map(|(run, failures)| JobEntry::BreakerOpened { run, failures }),
        (1_u32..5, 0_u64..700_000).prop_map(|(nth, after_ms)| JobEntry::RestartDue { nth, after_ms }),
        (1_u64..9).prop_map(|run| JobEntry::RestartBegun { run }),
        (1_u64..9).prop_map(|run| JobEntry::RestartDone { run }),
        Just(JobEntry::RestartCalledOff),
        Just(JobEntry::Stopped),
        Just(JobEntry::Resumed),
        any::<u32>().prop_map(|failures| JobEntry::CarriedOver {
            from: "other".to_owned(),
            state: Box::new(StoredJob { failures, ..StoredJob::default() }),
        }),
        Just(JobEntry::Removed),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_rebuild_gives_the_jobs_that_the_live_path_gave(
        story in vec((prop_oneof![Just("novel"), Just("docs")], 0_u64..9_999, any_job_entry()), 0..60),
        batch in 1_usize..9,
    ) {
        let place = place();
        let mut store = open(&place.path);
        for batch in story.chunks(batch) {
            let writes: Vec<Write> =
                batch.iter().map(|(job, ms, entry)| Write::Job(entries(job, [(*ms, entry.clone())]))).collect();
            prop_assert!(store.write(&writes).unwrap().iter().all(Result::is_ok));
        }
        let live = store.folded_tables().unwrap();
        prop_assert_eq!(store.rebuild().unwrap(), 0);
        prop_assert_eq!(store.folded_tables().unwrap(), live);
        let told: usize = ["novel", "docs"].map(|job| reader(&place.path).job_story(job, 99).unwrap().len()).iter().sum();
        prop_assert_eq!(told, story.len());
    }

    #[test]
    fn every_entry_of_a_job_reads_back_as_it_was_written(entry in any_job_entry()) {
        let json = serde_json::to_value(&entry).unwrap();
        prop_assert_eq!(json["kind"].as_str(), Some(entry.kind()));
        prop_assert_eq!(serde_json::from_value::<JobEntry>(json).unwrap(), entry);
    }
}

#[test]
fn an_end_and_what_it_means_for_its_job_are_written_together_or_not_at_all() {
    let place = place();
    let mut store = open(&place.path);
    let run = store.register(&at(0), &registration("a", "novel")).unwrap();
    let failed = |run| entries("novel", [(5, JobEntry::Failed { run, failures: 1 })]);
    let end = |run| Write::End(run, vec![ended(5, ending(Outcome::Failed, 5))], failed(run));
    let refused = store.write(&[end(99)]).unwrap().pop().unwrap();
    assert!(matches!(refused, Err(StoreError::UnknownRun { run: 99 })), "{refused:?}");
    assert_eq!(reader(&place.path).job_states().unwrap(), BTreeMap::new());
    store.write(&[end(run)]).unwrap().pop().unwrap().unwrap();
    assert_eq!(reader(&place.path).job_states().unwrap()["novel"].failures, 1);
    assert!(reader(&place.path).run(run).unwrap().unwrap().ended.is_some());
}

#[test]
fn a_restart_has_its_number_and_is_known_to_be_the_restart_in_one_entry() {
    let place = place();
    let mut store = open(&place.path);
    store.note_job(entries("novel", [(1, JobEntry::RestartDue { nth: 2, after_ms: 60_000 })])).unwrap();
    let restart = nightkeep_engine::store::entry::Registration { restart: Some(2), ..registration("a", "novel") };
    let run = store.register(&at(61_000), &restart).unwrap();
    // Asked again, as after an answer that was lost.
    assert_eq!(store.register(&at(62_000), &restart).unwrap(), run);
    let expected = StoredRestart { nth: 2, from: at(1), after_ms: 60_000, run: Some(run) };
    assert_eq!(reader(&place.path).job_states().unwrap()["novel"].restart, Some(expected));
    assert_eq!(reader(&place.path).job_story("novel", 9).unwrap().len(), 2);
    store.note_job(entries("novel", [(63_000, JobEntry::RestartDone { run })])).unwrap();
    assert_eq!(reader(&place.path).job_states().unwrap(), BTreeMap::new(), "there is nothing to say of it any more");
}

#[test]
fn a_restart_that_is_written_down_behind_a_stop_was_called_off_by_it() {
    let place = place();
    let mut store = open(&place.path);
    let due = JobEntry::RestartDue { nth: 1, after_ms: 30_000 };
    store.note_job(entries("novel", [(1, JobEntry::Stopped), (2, due), (3, JobEntry::Stopped)])).unwrap();
    let known = reader(&place.path).job_states().unwrap().remove("novel").unwrap();
    assert_eq!((known.restart, known.stopped), (None, Some(at(1))));
}

#[test]
fn what_runs_of_a_day_cost_is_told_in_the_parts_in_which_it_was_reported() {
    let place = place();
    let mut store = open(&place.path);
    let totals = |cost_microusd| Entry::Heard(HeardEntry::Totals(Totals { cost_microusd, ..Totals::default() }));
    let run = store.register(&at(0), &registration("first", "novel")).unwrap();
    let costs = [(MINUTE, 5), (2 * MINUTE, 7), (3 * MINUTE, 7), (4 * MINUTE, 20)];
    store.append(run, costs.iter().map(|(ms, cost)| stamped(*ms, totals(*cost))).collect()).unwrap();
    let other = store.register(&at(0), &registration("second", "poem")).unwrap();
    let end = ended(3 * MINUTE, ending(Outcome::Succeeded, 3 * MINUTE));
    store.append(other, vec![stamped(2 * MINUTE, totals(1)), end]).unwrap();

    let since = |ms| {
        let mut spent = reader(&place.path).spent_since(at(ms).at_wall_ms).unwrap();
        spent.sort();
        spent.into_iter().map(|(job, at, cost)| (job, at - START_MS, cost)).collect::<Vec<_>>()
    };
    let minute = i64::try_from(MINUTE).unwrap();
    let (novel, poem) = (|at, cost| ("novel".to_owned(), at * minute, cost), ("poem".to_owned(), 2 * minute, 1));
    assert_eq!(since(0), [novel(1, 5), novel(2, 2), novel(4, 13), poem.clone()]);
    assert_eq!(since(2 * MINUTE), [novel(2, 2), novel(4, 13), poem]);
    assert_eq!(since(3 * MINUTE), [novel(4, 13)]);
}
