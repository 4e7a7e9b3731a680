//! The history as it is looked through: filters, orders and pages by key.

use std::time::{Duration, Instant};

use nightkeep_engine::api::{
    HistoryFilter, HistoryKey, HistoryOrder, HistoryPageQuery, Method, Outcome, Reason, ResultKind,
};
use nightkeep_engine::store::entry::{Ending, Entry};
use nightkeep_engine::store::{HistoryBounds, Reader, Store, Write};

use crate::support::{
    MINUTE, START_MS, aborted, advanced, at, ended, ending, open, place, reader, registration, stamped, stop_intended,
};

/// A run that started so many minutes after the start and took so long.
fn run(store: &mut Store, job: &str, from: u64, minutes: u64, end: Ending) -> u64 {
    let tag = format!("{job}-{from}");
    let run = store.register(&at(from * MINUTE), &registration(&tag, job)).unwrap();
    let begun = stamped(from * MINUTE, Entry::Started { pid: 4711, identity: None });
    let over = (from + minutes) * MINUTE;
    let end = Ending { ended_wall_ms: at(over).at_wall_ms, ..end };
    store.append(run, vec![begun, ended(over, end)]).unwrap();
    run
}

fn page(reader: &Reader, query: &HistoryPageQuery) -> (Vec<u64>, u64, Option<HistoryKey>) {
    let page = reader.history_page(query, HistoryBounds::of(&query.filter).unwrap()).unwrap();
    (page.rows.iter().map(|row| row.run).collect(), page.total, page.next)
}

fn found(reader: &Reader, filter: HistoryFilter) -> Vec<u64> {
    let (runs, total, next) = page(reader, &HistoryPageQuery { filter, ..HistoryPageQuery::default() });
    assert_eq!((runs.len() as u64, next), (total, None), "all of them are on the first page");
    runs
}

fn of(results: &[ResultKind]) -> HistoryFilter {
    HistoryFilter { results: results.to_vec(), ..HistoryFilter::default() }
}

#[test]
fn each_order_is_paged_by_key_to_the_last_run_and_back_to_front() {
    let place = place();
    let mut store = open(&place.path);
    // Many of the same start and length: the number decides then.
    for n in 0..25 {
        run(&mut store, &format!("job-{n}"), n / 3, 5 + n % 4, ending(Outcome::Succeeded, 0));
    }
    store.register(&at(0), &registration("open", "job")).unwrap();
    let reader = reader(&place.path);
    for order in [HistoryOrder::Ended, HistoryOrder::Started, HistoryOrder::Duration] {
        let all = |ascending| {
            let mut query = HistoryPageQuery { order, ascending, limit: Some(10), ..HistoryPageQuery::default() };
            let mut runs = Vec::new();
            loop {
                let (rows, total, next) = page(&reader, &query);
                assert_eq!(total, 25);
                runs.extend(rows);
                query.after = next;
                if next.is_none() {
                    return runs;
                }
            }
        };
        let newest_first = all(false);
        let mut once = newest_first.clone();
        once.sort_unstable();
        assert_eq!(once, (1..=25).collect::<Vec<u64>>(), "{order:?}: each run once");
        let mut back = all(true);
        back.reverse();
        assert_eq!(back, newest_first, "{order:?}");
    }
}

#[test]
fn what_came_while_somebody_pages_does_not_shift_the_pages() {
    let place = place();
    let mut store = open(&place.path);
    for n in 0..4 {
        run(&mut store, "job", n, 1, ending(Outcome::Succeeded, 0));
    }
    let reader = reader(&place.path);
    let (first, _, next) = page(&reader, &HistoryPageQuery { limit: Some(2), ..HistoryPageQuery::default() });
    run(&mut store, "job", 9, 1, ending(Outcome::Succeeded, 0));
    let (second, total, _) = page(&reader, &HistoryPageQuery { after: next, ..HistoryPageQuery::default() });
    assert_eq!((first, second, total), (vec![4, 3], vec![2, 1], 5));
}

#[test]
fn runs_are_found_by_how_they_ended_whichever_of_the_results_they_are() {
    let place = place();
    let mut store = open(&place.path);
    let mut from = 0;
    let mut ended_as = |end: Ending| {
        from += 1;
        run(&mut store, "job", from, 9, end)
    };
    let finished = ended_as(ending(Outcome::Succeeded, 1));
    let recovered = ended_as(Ending { recovered: true, ..ending(Outcome::Succeeded, 2) });
    let failed = ended_as(ending(Outcome::Failed, 3));
    let gently = ended_as(aborted(Reason::Stalled, Method::Graceful, 4));
    let by_force = ended_as(aborted(Reason::Stalled, Method::Forced, 5));
    let too_long = ended_as(aborted(Reason::MaxRuntime, Method::Graceful, 6));
    let by_you = ended_as(aborted(Reason::User, Method::Graceful, 7));
    let lost = ended_as(ending(Outcome::Lost, 8));
    let waited = store.register(&at(0), &registration("waited", "job")).unwrap();
    let entries = vec![
        stamped(1, Entry::Queued { by_caller: false }),
        stamped(2, Entry::Cancelled { why: None }),
        ended(3, Ending { reason: Some(Reason::User), ..ending(Outcome::Aborted, 3) }),
    ];
    store.append(waited, entries).unwrap();

    let reader = reader(&place.path);
    let of = |results: &[ResultKind]| {
        let mut runs = found(&reader, of(results));
        runs.sort_unstable();
        runs
    };
    assert_eq!(of(&[ResultKind::Finished]), [finished, recovered]);
    assert_eq!(of(&[ResultKind::Recovered]), [recovered]);
    assert_eq!(of(&[ResultKind::Failed]), [failed]);
    assert_eq!(of(&[ResultKind::NoProgress]), [gently, by_force]);
    assert_eq!(of(&[ResultKind::HardKill]), [by_force]);
    assert_eq!(of(&[ResultKind::OtherLimit]), [too_long]);
    assert_eq!(of(&[ResultKind::ByYou]), [by_you]);
    assert_eq!(of(&[ResultKind::Lost]), [lost]);
    assert_eq!(of(&[ResultKind::NotStarted]), [waited]);
    assert_eq!(of(&[ResultKind::HardKill, ResultKind::Lost]), [by_force, lost]);
    assert_eq!(of(&[]).len(), 9);
}

#[test]
fn text_jobs_and_a_period_narrow_the_history_together() {
    let place = place();
    let mut store = open(&place.path);
    let novel = run(&mut store, "Über-novel", 0, 5, ending(Outcome::Succeeded, 0));
    let tests = run(&mut store, "tests", 10, 5, Ending { exit_code: Some(101), ..ending(Outcome::Failed, 0) });
    let docs = run(&mut store, "docs, all", 20, 5, ending(Outcome::Succeeded, 0));
    let reader = reader(&place.path);
    let text = |text: &str| found(&reader, HistoryFilter { text: text.to_owned(), ..HistoryFilter::default() });
    assert_eq!(text("ÜBER"), [novel]);
    assert_eq!(text("101 TESTS"), [tests], "all words, in whatever order");
    assert_eq!(text("%"), [0; 0], "a character is a character");
    assert_eq!(text("llm"), [docs, tests, novel]);
    let jobs = HistoryFilter { jobs: vec!["docs, all".to_owned(), "tests".to_owned()], ..HistoryFilter::default() };
    assert_eq!(found(&reader, jobs.clone()), [docs, tests]);
    let moment = |minutes: u64| {
        let ms = START_MS + i64::try_from(minutes * MINUTE).unwrap();
        Some(jiff::Timestamp::from_millisecond(ms).unwrap().to_string())
    };
    assert_eq!(found(&reader, HistoryFilter { to: moment(25), ..jobs.clone() }), [tests], "what ends then is after it");
    assert_eq!(found(&reader, HistoryFilter { from: moment(15), to: moment(25), ..jobs }), [tests]);
    let names = reader.history_page(&HistoryPageQuery::default(), HistoryBounds::default()).unwrap().jobs;
    assert_eq!(names, ["docs, all", "tests", "Über-novel"]);
    let fault = HistoryBounds::of(&HistoryFilter { to: Some("soon".to_owned()), ..HistoryFilter::default() });
    assert_eq!(fault.unwrap_err().message, "`soon` is no moment");
}

#[test]
fn a_run_that_goes_on_beyond_a_night_ran_in_it_and_one_that_starts_after_it_did_not() {
    let sentences = |from: u64| {
        let place = place();
        let mut store = open(&place.path);
        run(&mut store, "docs", from, 600, ending(Outcome::Succeeded, 0));
        let night = Some("2025-11-21".parse().unwrap());
        reader(&place.path).night(night, at(1_500 * MINUTE).at_wall_ms).unwrap().sentences
    };
    // The start is 01:46 in the night from the 21st to the 22nd, which is over at 10:00.
    assert_eq!(sentences(100), ["No run ended between 18:00 and 10:00."]);
    assert_eq!(sentences(500), ["Nothing ran between 18:00 and 10:00."]);
}

#[test]
fn a_night_is_summed_up_from_what_ended_in_it() {
    let place = place();
    let mut store = open(&place.path);
    // The start is 01:46 in the night from the 21st to the 22nd.
    run(&mut store, "docs", 0, 60, ending(Outcome::Succeeded, 0));
    let stuck = run(&mut store, "parser", 0, 134, aborted(Reason::Stalled, Method::Forced, 0));
    run(&mut store, "parser", 140, 30, ending(Outcome::Succeeded, 0));
    run(&mut store, "day", 600, 30, ending(Outcome::Succeeded, 0));
    let report = reader(&place.path).night(None, at(700 * MINUTE).at_wall_ms).unwrap();
    assert_eq!((report.date.as_str(), report.is_last), ("2025-11-21", true));
    assert_eq!(report.headline, "Last night: 3 runs – 2 finished, 1 stopped.");
    let spared: Vec<(u64, f64)> = report.spared.iter().map(|spared| (spared.run, spared.seconds)).collect();
    assert_eq!(spared, [(stuck, 360.0)], "until the job was started again");
    assert_eq!(report.not_wasted.as_deref(), Some("About 6 min not wasted."));
    assert_eq!(report.stopped.iter().map(|row| row.run).collect::<Vec<u64>>(), [stuck]);

    let before = reader(&place.path).night(Some(jiff::civil::date(2025, 11, 20)), at(700 * MINUTE).at_wall_ms).unwrap();
    assert_eq!(before.headline, "Night of Thu 20 Nov: no runs.");
    assert_eq!(before.sentences, ["Nothing ran between 18:00 and 10:00."]);
    // 19:16 of the 22nd: nothing has ended yet in the night that has begun.
    let evening = reader(&place.path).night(None, at(1050 * MINUTE).at_wall_ms).unwrap();
    assert_eq!((evening.date.as_str(), evening.is_last), ("2025-11-21", false));
}

#[test]
fn what_is_marked_as_not_seen_is_news_again_and_stays_it() {
    let place = place();
    let mut store = open(&place.path);
    let stopped = run(&mut store, "job", 0, 9, aborted(Reason::Stalled, Method::Forced, 0));
    let entries = |entry| vec![stamped(20 * MINUTE, entry)];
    store.append(stopped, entries(Entry::Seen)).unwrap();
    assert_eq!(reader(&place.path).unseen_count().unwrap(), 0);
    store.append(stopped, entries(Entry::Unseen)).unwrap();
    assert_eq!(reader(&place.path).unseen_count().unwrap(), 1);
    store.rebuild().unwrap();
    assert_eq!(reader(&place.path).unseen_count().unwrap(), 1);
}

/// The bounds are for an unoptimised build on a busy machine; a window has 300 ms for all of it.
#[test]
fn a_history_of_ten_thousand_runs_is_paged_at_once() {
    let place = place();
    let mut store = open(&place.path);
    let begin = Instant::now();
    for chunk in 0..20_u64 {
        let numbers: Vec<u64> = (0..500).map(|n| chunk * 500 + n).collect();
        let plans = numbers.iter().map(|n| {
            let job = format!("job-{}", n % 40);
            Write::Register(at(n * MINUTE), Box::new(registration(&format!("tag-{n}"), &job)))
        });
        store.write(&plans.collect::<Vec<_>>()).unwrap();
        let stories = numbers.iter().map(|n| {
            let over = (n + 30) * MINUTE;
            let end = match n % 10 {
                0 => aborted(Reason::Stalled, Method::Forced, over),
                1 => ending(Outcome::Failed, over),
                _ => ending(Outcome::Succeeded, over),
            };
            let entries = vec![
                stamped(n * MINUTE, Entry::Started { pid: 4711, identity: None }),
                stamped((n + 1) * MINUTE, advanced(1, 14, MINUTE)),
                stamped(over, stop_intended(Reason::Stalled, 29 * MINUTE)),
                ended(over, end),
            ];
            Write::Append(n + 1, entries)
        });
        store.write(&stories.collect::<Vec<_>>()).unwrap();
    }
    println!("10,000 runs written: {:?}", begin.elapsed());
    let reader = reader(&place.path);
    let first = HistoryPageQuery::default();
    let timed = |what: &str, query: &HistoryPageQuery| {
        let begin = Instant::now();
        let (rows, total, next) = page(&reader, query);
        println!("{what}: {} of {total} in {:?}", rows.len(), begin.elapsed());
        assert!(begin.elapsed() < Duration::from_secs(1), "{what}: {:?}", begin.elapsed());
        (total, next)
    };
    let (total, next) = timed("first page", &first);
    assert_eq!(total, 10_000);
    timed("second page", &HistoryPageQuery { after: next, ..first.clone() });
    let deep = HistoryKey { key: at(500 * MINUTE).at_wall_ms, run: 500 };
    timed("a page far down", &HistoryPageQuery { after: Some(deep), ..first.clone() });
    timed("by length", &HistoryPageQuery { order: HistoryOrder::Duration, ..first.clone() });
    let filter = HistoryFilter {
        text: "draft job-7".to_owned(),
        jobs: vec!["job-7".to_owned(), "job-8".to_owned()],
        ..of(&[ResultKind::NoProgress, ResultKind::Finished])
    };
    assert_eq!(timed("filtered", &HistoryPageQuery { filter, ..first.clone() }).0, 250);
    let nobody = HistoryFilter { text: "nobody has this".to_owned(), ..HistoryFilter::default() };
    assert_eq!(timed("no match", &HistoryPageQuery { filter: nobody, ..first }).0, 0);
    let begin = Instant::now();
    let report = reader.night(None, at(10_100 * MINUTE).at_wall_ms).unwrap();
    println!("night ({}): {:?}", report.headline, begin.elapsed());
    assert!(begin.elapsed() < Duration::from_secs(1));
}
