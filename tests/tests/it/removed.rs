//! What retention has removed is told with its day, and nothing that is still there is told to be gone.

use std::fs;
use std::thread;

use jiff::Timestamp;
use nightkeep_core::time::Wall;
use nightkeep_engine::api::Outcome;
use nightkeep_engine::client::Client;
use nightkeep_engine::rundir::RunDir;
use nightkeep_engine::store::Store;
use nightkeep_engine::store::entry::{Ending, Entry, Stamped};
use nightkeep_tests::night::Night;
use nightkeep_tests::{eventually, past};

/// 14 November 2023.
const START_MS: i64 = 1_700_000_000_000;

/// Runs that ended one after the other, each with an output of 2 kB. The engine is not running.
fn lay(night: &Night, count: u64) -> Vec<(u64, RunDir)> {
    let mut store = Store::open(&night.home().join("nightkeep.db"), Wall::from_ms(0)).unwrap().store;
    let laid = (0..count).map(|n| {
        let tag = format!("past-{n}");
        let at = past::at(START_MS, n);
        let run = store.register(&at, &past::registration(tag.clone(), "novel".to_owned())).unwrap();
        let started = Entry::Started { pid: 4_711, identity: None };
        let ended = Entry::Ended(Box::new(Ending::new(Outcome::Succeeded, at.at_wall_ms)));
        store.append(run, [started, ended].map(|entry| Stamped { at: at.clone(), entry }).to_vec()).unwrap();
        let dir = RunDir::create(night.run_dir(&tag).path()).unwrap();
        fs::write(dir.output(), "a line of twenty...\n".repeat(100)).unwrap();
        (run, dir)
    });
    let laid = laid.collect();
    store.close().unwrap();
    laid
}

#[test]
fn an_output_that_retention_removed_is_told_with_its_day_on_every_surface_and_after_a_crash() {
    let night = Night::watched("[settings]\noutput_total_max = \"100KB\"\n").unwrap();
    night.stop_engine().unwrap();
    let laid = lay(&night, 51);
    let (run, dir) = &laid[0];
    night.start_engine().unwrap();
    let before = Timestamp::now();
    let cleaned = night.ask(async |engine| engine.clean().await).unwrap();
    assert_eq!((cleaned.outputs, cleaned.failures), (1, 0), "{cleaned:?}");
    assert!(!dir.output().exists());
    night.crash_engine().unwrap();
    night.start_engine().unwrap();
    let shown = night.show(*run).unwrap().output;
    let at: Timestamp = shown.removed_at.as_deref().unwrap().parse().unwrap();
    assert!(shown.removed && before.as_millisecond() <= at.as_millisecond() && at <= Timestamp::now(), "{shown:?}");
    for flags in [&["show"][..], &["show", "--markdown"]] {
        let told = night.told(&[flags, &[&run.to_string()]].concat()).unwrap();
        assert!(told.contains("was removed by retention on "), "{told}");
    }
    let kept = night.show(laid[1].0).unwrap().output;
    assert_eq!((kept.removed, kept.removed_at, kept.lines.len()), (false, None, 100));
}

#[test]
fn an_output_that_is_still_there_after_a_crash_is_not_said_to_be_removed() {
    let night = Night::watched("[settings]\noutput_total_max = \"100KB\"\n").unwrap();
    night.stop_engine().unwrap();
    let laid = lay(&night, 200);
    night.start_engine().unwrap();
    let socket = night.socket();
    let cleaning = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { Client::connect(&socket).await?.clean().await })
    });
    let is_gone = |dir: &RunDir| !dir.output().exists();
    eventually("the removal to begin", || laid.iter().any(|(_, dir)| is_gone(dir)).then_some(())).unwrap();
    night.crash_engine().unwrap();
    // It was cut off, or was through just before.
    drop(cleaning.join().unwrap());
    night.start_engine().unwrap();
    for (run, dir) in &laid {
        let shown = night.show(*run).unwrap().output;
        assert_eq!((shown.removed, shown.removed_at.is_some()), (is_gone(dir), is_gone(dir)), "{run}: {shown:?}");
    }
    // The next removal takes up where that one was cut off.
    let cleaned = night.ask(async |engine| engine.clean().await).unwrap();
    assert_eq!(cleaned.failures, 0, "{cleaned:?}");
    assert_eq!(laid.iter().filter(|(_, dir)| is_gone(dir)).count(), 150);
    assert!(night.show(laid[149].0).unwrap().output.removed_at.is_some());
}
