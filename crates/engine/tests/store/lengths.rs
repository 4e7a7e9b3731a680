//! How long runs took, on clocks that sleep and that are set.

use nightkeep_engine::api::Outcome;
use nightkeep_engine::store::entry::{Ending, Entry, Stamp, Stamped};

use crate::support::{MINUTE, START_MS, at, ending, open, place, reader, registration, stamped};

/// An end that the wall clock shows `wall_ms` after the start, and the awake clock `awake_ms` after it.
fn ended_by_clocks(wall_ms: i64, awake_ms: u64, boot: &str, took_ms: Option<u64>) -> Stamped {
    let at_wall_ms = START_MS + wall_ms;
    let at = Stamp { at_wall_ms, at_awake_ms: awake_ms, boot: boot.to_owned() };
    let ending = Ending { ended_wall_ms: at_wall_ms, took_ms, ..ending(Outcome::Succeeded, 0) };
    Stamped { at, entry: Entry::Ended(Box::new(ending)) }
}

fn check_that_it_took(seconds: f64, entries: Vec<Stamped>) {
    let place = place();
    let mut store = open(&place.path);
    let run = store.register(&at(0), &registration("tag", "novel")).unwrap();
    store.append(run, entries).unwrap();
    let row = reader(&place.path).row(run).unwrap().unwrap();
    assert!((row.duration_s - seconds).abs() < 0.001, "{} s instead of {seconds} s", row.duration_s);
    let moment = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_millisecond();
    let shown = moment(&row.ended_at) - moment(&row.started_at);
    let long = std::time::Duration::from_secs_f64(seconds).as_millis();
    assert_eq!(u128::try_from(shown).unwrap(), long, "{} to {}", row.started_at, row.ended_at);
}

#[test]
fn a_clock_that_was_set_makes_no_run_longer_and_none_shorter_than_nothing() {
    const HOURS: i64 = 3 * 3_600_000;
    let set = |by_ms| stamped(1_000, Entry::ClockJumped { by_ms });
    check_that_it_took(60.0, vec![ended_by_clocks(60_000, 60_000, "boot-1", None)]);
    check_that_it_took(60.0, vec![set(HOURS), ended_by_clocks(60_000 + HOURS, 60_000, "boot-1", None)]);
    check_that_it_took(60.0, vec![set(-HOURS), ended_by_clocks(60_000 - HOURS, 60_000, "boot-1", None)]);
    // Set while nobody watched.
    check_that_it_took(60.0, vec![ended_by_clocks(60_000 - HOURS, 60_000, "boot-1", None)]);
    check_that_it_took(60.0, vec![ended_by_clocks(60_000 + HOURS, 60_000, "boot-1", Some(60_000))]);
    // Another boot, and a clock that was wrong in one of them.
    check_that_it_took(0.0, vec![ended_by_clocks(-HOURS, 5, "boot-2", None)]);
}

#[test]
fn sleep_is_a_part_of_how_long_a_run_took() {
    let slept = stamped(1_000, Entry::Slept { ms: 5 * 60 * MINUTE, from_wall_ms: START_MS });
    let wall_ms = i64::try_from(5 * 60 * MINUTE + 60_000).unwrap();
    check_that_it_took(18_060.0, vec![slept, ended_by_clocks(wall_ms, 60_000, "boot-1", None)]);
}
