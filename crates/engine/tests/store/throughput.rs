//! How fast the store writes. The bounds are far from what a healthy machine does: they catch a commit per entry or
//! a sync per entry, not a slow disk.

use std::time::{Duration, Instant};

use nightkeep_engine::store::StoreHandle;
use nightkeep_engine::store::entry::Entry;

use crate::support::{advanced, at, open, place, registration, stamped, zone};

#[tokio::test]
async fn entries_of_a_hundred_runs_are_written_together() {
    let place = place();
    let handle = StoreHandle::start(open(&place.path), zone).unwrap();
    let begin = Instant::now();
    let numbers = (0..100).map(|n| {
        let handle = handle.clone();
        tokio::spawn(async move { handle.register(at(0), registration(&format!("tag-{n}"), "job")).await.unwrap() })
    });
    let mut runs = Vec::new();
    for number in numbers.collect::<Vec<_>>() {
        runs.push(number.await.unwrap());
    }
    println!("100 registrations, each durable: {:?}", begin.elapsed());

    let begin = Instant::now();
    for n in 1..=100 {
        let acks = runs.iter().map(|run| {
            let (handle, run) = (handle.clone(), *run);
            tokio::spawn(async move { handle.append(run, vec![stamped(n, advanced(n, 1, 1))]).await })
        });
        for ack in acks.collect::<Vec<_>>() {
            ack.await.unwrap().unwrap();
        }
    }
    println!("10,000 advances, 100 at a time, each acknowledged: {:?}", begin.elapsed());
    assert!(begin.elapsed() < Duration::from_secs(20));

    let begin = Instant::now();
    for n in 1..=300 {
        handle.append(1, vec![stamped(n, Entry::MarkerReadable)]).await.unwrap();
    }
    println!("300 entries one after the other, each acknowledged: {:?}", begin.elapsed());
    handle.close().await.unwrap();
}
