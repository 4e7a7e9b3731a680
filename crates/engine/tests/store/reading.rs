//! Questions to the history.

use nightkeep_core::time::Wall;
use nightkeep_engine::api::{Evidence, HistoryQuery, Method, Outcome, Phase, Reason};
use nightkeep_engine::store::entry::{Entry, Stage};
use nightkeep_engine::store::{Store, StoreHandle};

use crate::support::{
    MINUTE, START_MS, aborted, advanced, at, ended, ending, open, place, reader, registration, stamped, stop_intended,
    zone,
};

#[test]
fn the_history_is_read_page_by_page_newest_first() {
    let place = place();
    let mut store = open(&place.path);
    for n in 1..=25 {
        finish(&mut store, &format!("tag-{n}"), "job", Outcome::Succeeded);
    }
    store.register(&at(0), &registration("open", "job")).unwrap();

    let reader = reader(&place.path);
    let mut before = None;
    let mut pages = Vec::new();
    loop {
        let query = HistoryQuery { limit: Some(10), before, ..HistoryQuery::default() };
        let page: Vec<u64> = reader.history(&query).unwrap().iter().map(|row| row.run).collect();
        let Some(last) = page.last() else { break };
        before = Some(*last);
        pages.push(page);
    }
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [10, 10, 5]);
    assert_eq!(pages.concat(), (1..=25).rev().collect::<Vec<u64>>());
}

#[test]
fn the_history_is_narrowed_by_job_and_outcome() {
    let place = place();
    let mut store = open(&place.path);
    finish(&mut store, "a", "novel", Outcome::Succeeded);
    finish(&mut store, "b", "novel", Outcome::Failed);
    finish(&mut store, "c", "tests", Outcome::Failed);
    let runs = |job: Option<&str>, outcome| {
        let query = HistoryQuery { job: job.map(str::to_owned), outcome, ..HistoryQuery::default() };
        reader(&place.path).history(&query).unwrap().iter().map(|row| row.run).collect::<Vec<u64>>()
    };
    assert_eq!(runs(Some("novel"), None), [2, 1]);
    assert_eq!(runs(None, Some(Outcome::Failed)), [3, 2]);
    assert_eq!(runs(Some("novel"), Some(Outcome::Failed)), [2]);
    assert_eq!(runs(Some("nobody"), None), [0; 0]);
}

#[test]
fn what_somebody_looked_at_is_seen_until_it_is_marked_as_not_seen() {
    let place = place();
    let mut store = open(&place.path);
    let stopped = finish(&mut store, "a", "job", Outcome::Aborted);
    let failed = finish(&mut store, "b", "job", Outcome::Failed);
    let other = finish(&mut store, "c", "job", Outcome::Aborted);
    let reader = reader(&place.path);
    let unseen = || reader.unseen(20).unwrap().iter().map(|row| row.run).collect::<Vec<u64>>();
    assert_eq!((unseen(), reader.unseen_count().unwrap()), (vec![other, stopped], 2));

    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let handle = StoreHandle::start(store, zone).unwrap();
        assert!(handle.mark_seen(stopped, at(1)).await.unwrap());
        assert!(!handle.mark_seen(stopped, at(2)).await.unwrap());
        assert_eq!(handle.unseen_count().await.unwrap(), 1);
        assert!(handle.mark_unseen(stopped, at(2)).await.unwrap());
        assert!(!handle.mark_unseen(stopped, at(2)).await.unwrap());
        assert_eq!(handle.unseen_count().await.unwrap(), 2);
        assert!(handle.mark_seen(stopped, at(2)).await.unwrap());
        assert_eq!(handle.mark_all_seen(at(3)).await.unwrap(), 2);
        handle.close().await.unwrap();
    });
    assert_eq!(unseen(), [0; 0]);
    assert!(reader.row(failed).unwrap().unwrap().seen);
    open(&place.path).rebuild().unwrap();
    assert_eq!(reader.unseen_count().unwrap(), 0);
}

#[test]
fn after_a_crash_an_open_run_is_known_with_all_that_is_needed_to_go_on() {
    let place = place();
    let mut store = open(&place.path);
    finish(&mut store, "over", "job", Outcome::Succeeded);
    let run = store.register(&at(0), &registration("open", "novel")).unwrap();
    let identity = serde_json::json!({ "pid": 4711, "start": 9 });
    let entries = vec![
        stamped(1, Entry::Started { pid: 4711, identity: Some(identity.clone()) }),
        stamped(MINUTE, advanced(1, 3, MINUTE)),
        stamped(2 * MINUTE, advanced(2, 14, MINUTE)),
        stamped(17 * MINUTE, Entry::Warned { since_ms: 15 * MINUTE }),
        stamped(47 * MINUTE, stop_intended(Reason::Stalled, 45 * MINUTE)),
        stamped(47 * MINUTE + 5, Entry::Signalled { stage: Stage::PoliteRoot }),
    ];
    store.append(run, entries).unwrap();
    // Not closed in order, like an engine that was killed.
    let open = reader(&place.path).open_runs().unwrap();
    drop(store);

    let [state] = open.as_slice() else { panic!("{open:?}") };
    assert_eq!((state.run, state.tag.as_str(), state.pid), (run, "open", Some(4711)));
    assert_eq!(state.identity, Some(identity));
    assert_eq!((state.best_step, state.last_advance.clone()), (Some(14), Some(at(2 * MINUTE))));
    assert_eq!(state.limits.stall_ms, 45 * MINUTE);
    assert_eq!((state.gaps.count, state.gaps.longest_ms, state.gaps.sum_ms), (2, Some(MINUTE), 2 * MINUTE));
    assert!(state.warned.is_some());
    let stop = state.stop.as_ref().unwrap();
    assert_eq!((stop.reason, stop.stage.as_ref().unwrap().0), (Reason::Stalled, Stage::PoliteRoot));
}

#[test]
fn the_next_start_of_a_job_learns_how_its_last_run_ended() {
    let place = place();
    let mut store = open(&place.path);
    finish(&mut store, "a", "novel", Outcome::Succeeded);
    let run = store.register(&at(0), &registration("b", "novel")).unwrap();
    let note = "aborted: stalled at step 14".to_owned();
    let entries = vec![
        stamped(1, advanced(1, 14, 1)),
        stamped(2, Entry::AbortedNoteWritten { note: note.clone() }),
        ended(3, aborted(Reason::Stalled, Method::Forced, 3)),
    ];
    store.append(run, entries).unwrap();
    store.register(&at(9), &registration("c", "novel")).unwrap();

    let reader = reader(&place.path);
    let last = reader.last_of_job("novel").unwrap().unwrap();
    assert_eq!((last.run, last.outcome, last.reason), (run, Outcome::Aborted, Some(Reason::Stalled)));
    assert_eq!((last.step, last.note.as_deref()), (Some(14), Some("draft written")));
    assert_eq!(last.aborted_note, Some(note));
    assert_eq!(reader.last_of_job("tests").unwrap(), None);
    let summaries = reader.job_summaries().unwrap();
    let [summary] = summaries.as_slice() else { panic!("{summaries:?}") };
    assert_eq!((summary.last_run, summary.outcome), (run, Outcome::Aborted));
    assert_eq!(summary.ended_at, "2025-11-22T00:46:12.003Z");
}

#[test]
fn a_tag_leads_to_its_run() {
    let place = place();
    let mut store = open(&place.path);
    let run = store.register(&at(0), &registration("a", "job")).unwrap();
    assert_eq!(reader(&place.path).find_tag("a").unwrap(), Some(run));
    assert_eq!(reader(&place.path).find_tag("b").unwrap(), None);
}

#[test]
fn a_run_is_told_with_its_advances_its_story_and_its_evidence() {
    let place = place();
    let mut store = open(&place.path);
    let run = store.register(&at(0), &registration("a", "job")).unwrap();
    let evidence = Evidence { taken_at: "2025-11-22T00:46:12Z".to_owned(), ..Evidence::default() };
    let mut entries: Vec<_> = (1..=60).map(|n| stamped(n, advanced(n, i64::try_from(n).unwrap(), 1))).collect();
    entries.push(stamped(99, Entry::EvidenceTaken { evidence: Box::new(evidence.clone()) }));
    store.append(run, entries).unwrap();

    let detail = reader(&place.path).detail(run).unwrap().unwrap();
    assert_eq!(detail.phase, Phase::Starting);
    let steps: Vec<i64> = detail.advances.iter().map(|advance| advance.step).collect();
    assert_eq!(steps, (11..=60).collect::<Vec<i64>>());
    let kinds: Vec<&str> = detail.timeline.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["registered", "evidence-taken"]);
    assert_eq!(detail.evidence, Some(evidence));
    assert_eq!(reader(&place.path).detail(run + 1).unwrap(), None);
}

#[tokio::test]
async fn a_backup_is_made_while_the_store_is_in_use() {
    let place = place();
    let handle = StoreHandle::start(open(&place.path), zone).unwrap();
    let run = handle.register(at(0), registration("a", "job")).await.unwrap();
    let copy = handle.back_up(Wall::from_ms(START_MS)).await.unwrap();
    assert_eq!(reader(&copy).find_tag("a").unwrap(), Some(run));
}

fn finish(store: &mut Store, tag: &str, job: &str, outcome: Outcome) -> u64 {
    let run = store.register(&at(0), &registration(tag, job)).unwrap();
    store.append(run, vec![ended(MINUTE, ending(outcome, MINUTE))]).unwrap();
    run
}
