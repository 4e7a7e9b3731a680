//! State is a fold of the journal (INV-17).

use nightkeep_engine::api::{OpenActivity, Outcome};
use nightkeep_engine::store::Write;
use nightkeep_engine::store::entry::{Entry, Stamped};
use nightkeep_engine::store::heard::{Doing, Heard, HeardEntry, Open, WaitsOn};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::generated::{any_entry, any_stamped};
use crate::support::{advanced, at, ended, ending, open, place, reader, registration, stamped};

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_rebuild_gives_what_the_live_path_gave(entries in vec((1_u64..=3, any_stamped()), 0..60), batch in 1_usize..20) {
        let place = place();
        let mut store = open(&place.path);
        for tag in ["a", "b", "c"] {
            store.register(&at(0), &registration(tag, "job")).unwrap();
        }
        for batch in entries.chunks(batch) {
            let writes: Vec<Write> = batch.iter().map(|(run, entry)| Write::Append(*run, vec![entry.clone()])).collect();
            prop_assert!(store.write(&writes).unwrap().iter().all(Result::is_ok));
        }
        let live = store.folded_tables().unwrap();
        prop_assert_eq!(live["runs"].len(), 3);
        prop_assert_eq!(store.rebuild().unwrap(), 0);
        prop_assert_eq!(store.folded_tables().unwrap(), live);
    }

    #[test]
    fn the_fold_agrees_with_a_count_by_hand(entries in vec(any_stamped(), 0..60)) {
        let place = place();
        let mut store = open(&place.path);
        let run = store.register(&at(0), &registration("a", "job")).unwrap();
        store.append(run, entries.clone()).unwrap();

        let alive: Vec<&Stamped> = entries.iter().take_while(|stamped| !matches!(stamped.entry, Entry::Ended(_))).collect();
        let advances: Vec<(i64, u64)> = alive
            .iter()
            .filter_map(|stamped| if let Entry::Advanced { step, gap_ms, .. } = &stamped.entry { Some((*step, *gap_ms)) } else { None })
            .collect();
        let reader = reader(&place.path);
        let state = reader.run(run).unwrap().unwrap();
        prop_assert_eq!(state.gaps.count as usize, advances.len());
        prop_assert_eq!(state.best_step, advances.iter().map(|(step, _)| *step).max());
        prop_assert_eq!(state.gaps.longest_ms, advances.iter().map(|(_, gap)| *gap).max());
        let ending = entries.iter().find_map(|stamped| if let Entry::Ended(ending) = &stamped.entry { Some(&**ending) } else { None });
        prop_assert_eq!(state.ended.as_ref(), ending);
        prop_assert_eq!(reader.open_runs().unwrap().len(), usize::from(ending.is_none()));
        // Every state has its words.
        prop_assert!(!reader.detail(run).unwrap().unwrap().message.is_empty());
    }

    #[test]
    fn every_entry_reads_back_as_it_was_written(entry in any_entry()) {
        let json = serde_json::to_value(&entry).unwrap();
        prop_assert_eq!(json["kind"].as_str(), Some(entry.kind()));
        prop_assert_eq!(serde_json::from_value::<Entry>(json).unwrap(), entry);
    }
}

#[test]
fn once_over_a_run_only_learns_what_is_found_out_afterwards() {
    let place = place();
    let mut store = open(&place.path);
    let run = store.register(&at(0), &registration("a", "job")).unwrap();
    store.append(run, vec![stamped(1, advanced(1, 1, 1)), ended(2, ending(Outcome::Succeeded, 2))]).unwrap();
    let over = reader(&place.path).run(run).unwrap().unwrap();

    store.append(run, vec![stamped(3, advanced(2, 9, 1)), ended(4, ending(Outcome::Lost, 4))]).unwrap();
    assert_eq!(reader(&place.path).run(run).unwrap().unwrap(), over);

    store
        .append(
            run,
            vec![stamped(5, Entry::Leftovers { pids: vec![7], identities: Vec::new() }), stamped(6, Entry::Seen)],
        )
        .unwrap();
    let after = reader(&place.path).run(run).unwrap().unwrap();
    assert_eq!((after.leftovers.as_slice(), after.seen), ([7].as_slice(), true));
    assert_eq!(after.ended, over.ended);
}

#[test]
fn the_history_says_when_what_is_left_of_a_run_was_removed() {
    let place = place();
    let mut store = open(&place.path);
    let run = store.register(&at(0), &registration("a", "job")).unwrap();
    let told = || reader(&place.path).detail(run).unwrap().unwrap().output.removed_at;
    let removing = |ms, folder| stamped(ms, Entry::Removing { folder });
    store.append(run, vec![removing(1, true)]).unwrap();
    assert_eq!(told(), None, "nothing is removed of a run that goes on");
    store.append(run, vec![ended(2, ending(Outcome::Succeeded, 2)), removing(3, false)]).unwrap();
    assert_eq!(told().as_deref(), Some("2025-11-22T00:46:12.003Z"));
    store.append(run, vec![removing(4_000, true)]).unwrap();
    assert_eq!(told().as_deref(), Some("2025-11-22T00:46:12.003Z"), "the folder went later");
    store.append(run, vec![stamped(5_000, Entry::NotRemoved), stamped(5_000, Entry::NotRemoved)]).unwrap();
    assert_eq!(told(), None);
    store.append(run, vec![removing(6_000, true)]).unwrap();
    assert_eq!(told().as_deref(), Some("2025-11-22T00:46:18.000Z"), "it went with the folder");
    assert!(reader(&place.path).detail(run).unwrap().unwrap().timeline.iter().all(|event| event.kind != "removing"));
}

#[test]
fn a_stop_that_is_asked_for_again_keeps_its_cause_and_may_lose_its_grace() {
    use nightkeep_engine::api::Reason;
    let place = place();
    let mut store = open(&place.path);
    let run = store.register(&at(0), &registration("a", "job")).unwrap();
    let intended = |reason, force| Entry::StopIntended { reason, since_ms: 9, step: None, note: None, force };
    store
        .append(run, vec![stamped(1, intended(Reason::Stalled, false)), stamped(2, intended(Reason::User, true))])
        .unwrap();
    let stop = reader(&place.path).run(run).unwrap().unwrap().stop.unwrap();
    assert_eq!((stop.at, stop.reason, stop.force), (at(1), Reason::Stalled, true));

    store.append(run, vec![stamped(3, Entry::StopAbandoned { why: "it advanced".to_owned() })]).unwrap();
    assert_eq!(reader(&place.path).run(run).unwrap().unwrap().stop, None);
}

#[test]
fn an_entry_of_a_later_version_is_skipped_not_lost() {
    let place = place();
    let mut store = open(&place.path);
    let run = store.register(&at(0), &registration("a", "job")).unwrap();
    let live = store.folded_tables().unwrap();
    let other = rusqlite::Connection::open(&place.path).unwrap();
    other
        .execute(
            "INSERT INTO journal (run, kind, at_wall_ms, at_awake_ms, boot, body) VALUES (?1, 'dreamed', 1, 1, 'b', '{\"kind\":\"dreamed\"}')",
            [1],
        )
        .unwrap();
    assert_eq!(store.rebuild().unwrap(), 1);
    assert_eq!(store.folded_tables().unwrap(), live);
    assert_eq!(reader(&place.path).detail(run).unwrap().unwrap().timeline.len(), 1);
    let kept: i64 = other.query_row("SELECT count(*) FROM journal", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, 2);
}

fn waits(source: &str) -> Entry {
    let source = source.to_owned();
    Entry::Heard(HeardEntry::Waits { on: WaitsOn::Question, what: None, until_wall_ms: None, source })
}

fn doing(open_at_ms: u64, waiting: &[&str]) -> Entry {
    let (source, id) = ("claude-stream".to_owned(), "toolu_1".to_owned());
    let open = Open { source, id, activity: OpenActivity::Subagent, what: None, at_ms: open_at_ms };
    let waiting = waiting.iter().map(|source| (*source).to_owned()).collect();
    Entry::Heard(HeardEntry::Doing(Doing { open: vec![open], apart_ms: 70, apart_from_ms: Some(90), waiting }))
}

#[test]
fn what_a_run_does_is_known_afterwards_and_what_came_before_an_advance_does_not_count() {
    let place = place();
    let mut store = open(&place.path);
    let run = store.register(&at(0), &registration("a", "job")).unwrap();
    let mut heard = |entries: Vec<Stamped>| {
        store.append(run, entries).unwrap();
        reader(&place.path).run(run).unwrap().unwrap().heard
    };
    assert!(!heard(vec![stamped(1, advanced(1, 1, 1))]).tells_what_it_does);
    let known = heard(vec![stamped(2, doing(90, &[]))]);
    assert!(known.tells_what_it_does);
    assert_eq!((known.doing.open[0].at_ms, known.doing.apart_ms, known.doing.apart_from_ms), (90, 70, Some(90)));
    let known = heard(vec![stamped(3, advanced(2, 2, 1))]);
    assert_eq!((known.doing.open[0].at_ms, known.doing.apart_ms, known.doing.apart_from_ms), (0, 0, Some(0)));
}

#[test]
fn how_long_a_run_waited_since_its_last_advance_is_known_and_for_whom_it_still_waits() {
    let place = place();
    let mut store = open(&place.path);
    let run = store.register(&at(0), &registration("a", "job")).unwrap();
    let mut heard = |entries: Vec<Stamped>| {
        store.append(run, entries).unwrap();
        reader(&place.path).run(run).unwrap().unwrap().heard
    };
    let resumed = || Entry::Heard(HeardEntry::Resumed);
    let known = heard(vec![stamped(10, waits("hook")), stamped(15, waits("mcp")), stamped(20, doing(0, &["hook"]))]);
    let sources = |heard: &Heard| {
        heard.waits.iter().chain(heard.waits_too.values()).map(|wait| wait.source.clone()).collect::<Vec<_>>()
    };
    assert_eq!(sources(&known), ["hook"]);
    assert_eq!((known.waits_since, known.waited_ms), (Some(at(10)), 0));
    let known = heard(vec![stamped(40, resumed()), stamped(50, waits("mcp")), stamped(53, resumed())]);
    assert_eq!((sources(&known).len(), known.waits_since.is_none(), known.waited_ms), (0, true, 33));
    let known = heard(vec![stamped(60, waits("mcp")), stamped(70, advanced(1, 1, 70)), stamped(75, resumed())]);
    assert_eq!(known.waited_ms, 5, "the advance began another quiet time");
}
