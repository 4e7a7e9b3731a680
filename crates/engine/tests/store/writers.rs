//! Several writers at the same time.

use std::collections::BTreeSet;
use std::path::Path;
use std::thread;

use crate::support::{advanced, at, open, place, reader, registration, stamped};

#[test]
fn two_writers_on_one_file_wait_for_each_other() {
    let place = place();
    open(&place.path).close().unwrap();
    let numbers = thread::scope(|scope| {
        let writers = ["left", "right"].map(|name| {
            let path: &Path = &place.path;
            scope.spawn(move || write_runs(path, name))
        });
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect::<Vec<u64>>()
    });
    let distinct: BTreeSet<u64> = numbers.iter().copied().collect();
    assert_eq!((numbers.len(), distinct.len()), (40, 40));
    assert!(reader(&place.path).open_runs().unwrap().iter().all(|run| run.gaps.count == 5));
}

#[test]
fn a_tag_that_is_registered_twice_keeps_its_number() {
    let place = place();
    let mut store = open(&place.path);
    let first = store.register(&at(0), &registration("a", "job")).unwrap();
    let other = store.register(&at(1), &registration("b", "job")).unwrap();
    assert_eq!(store.register(&at(2), &registration("a", "job")).unwrap(), first);
    assert_ne!(first, other);
    assert_eq!(reader(&place.path).open_runs().unwrap().len(), 2);
}

#[test]
fn an_entry_of_an_unknown_run_is_refused_and_the_others_of_its_transaction_are_written() {
    use nightkeep_engine::store::{StoreError, Write, Written};
    let place = place();
    let mut store = open(&place.path);
    let run = store.register(&at(0), &registration("a", "job")).unwrap();
    let of = |run| Write::Append(run, vec![stamped(1, advanced(1, 1, 1))]);
    let results = store.write(&[of(run), of(77), of(run)]).unwrap();
    assert!(matches!(
        results.as_slice(),
        [Ok(Written::Appended), Err(StoreError::UnknownRun { run: 77 }), Ok(Written::Appended)]
    ));
    assert_eq!(reader(&place.path).run(run).unwrap().unwrap().gaps.count, 2);
}

fn write_runs(path: &Path, name: &str) -> Vec<u64> {
    let mut store = open(path);
    (0..20)
        .map(|n| {
            let run = store.register(&at(0), &registration(&format!("{name}-{n}"), "job")).unwrap();
            for n in 1..=5 {
                store.append(run, vec![stamped(n, advanced(n, 1, 1))]).unwrap();
            }
            run
        })
        .collect()
}
