//! How soon to look again.

use std::time::{Duration, Instant};

use nightkeep_engine::captured::Look;

/// The shortest rest: at a gigabyte a second, two megabytes are printed in it.
pub(super) const REST_MIN: Duration = Duration::from_millis(2);
/// The longest rest while something is printed: a run that printed little may print much at any moment.
const REST_MAX: Duration = Duration::from_millis(250);

/// What the last look found, and when.
#[derive(Debug)]
pub(super) struct Pace {
    at: Instant,
    length: u64,
    /// The next rest at the longest: a run that has just begun to print shows no speed yet.
    longest: Duration,
}

impl Pace {
    pub(super) const fn from(at: Instant) -> Self {
        Self { at, length: 0, longest: REST_MIN }
    }

    /// After silence, something is printed from here on.
    pub(super) const fn goes_on(&mut self, at: Instant) {
        self.at = at;
        self.longest = REST_MIN;
    }

    /// How long to rest after a look: half the time in which the room is used up at the present speed, and at most twice
    /// as long as before. `None`: nothing was printed since the last look.
    pub(super) fn after(&mut self, at: Instant, look: Look) -> Option<Duration> {
        // What is shorter was begun anew.
        let grown = look.length.checked_sub(self.length).unwrap_or(look.length.max(1));
        let elapsed = at.saturating_duration_since(self.at);
        (self.at, self.length) = (at, look.length);
        if grown == 0 {
            return None;
        }
        let nanos = elapsed.as_nanos().saturating_mul(u128::from(look.room)) / u128::from(grown) / 2;
        let rest = u64::try_from(nanos).map_or(REST_MAX, Duration::from_nanos);
        let rest = rest.clamp(REST_MIN, self.longest);
        self.longest = (rest * 2).min(REST_MAX);
        Some(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEGABYTE: u64 = 1_000_000;

    #[test]
    fn the_faster_it_prints_the_sooner_is_the_next_look() {
        let rest = |grown: u64, room: u64| {
            let start = Instant::now();
            let mut pace = Pace { longest: REST_MAX, ..Pace::from(start) };
            pace.after(start + Duration::from_millis(100), Look { length: grown, room })
        };
        assert_eq!(rest(1_000, 20 * MEGABYTE), Some(REST_MAX));
        assert_eq!(rest(10 * MEGABYTE, 10 * MEGABYTE), Some(Duration::from_millis(50)));
        assert_eq!(rest(100 * MEGABYTE, MEGABYTE), Some(REST_MIN));
        assert_eq!(rest(MEGABYTE, 0), Some(REST_MIN));
        assert_eq!(rest(0, MEGABYTE), None);
    }

    #[test]
    fn silence_does_not_count_towards_the_speed() {
        let start = Instant::now();
        let mut pace = Pace::from(start);
        let later = start + Duration::from_secs(3600);
        pace.goes_on(later);
        let look = Look { length: 10 * MEGABYTE, room: 10 * MEGABYTE };
        assert_eq!(pace.after(later + Duration::from_millis(10), look), Some(REST_MIN));
        let look = Look { length: 20 * MEGABYTE, room: 10 * MEGABYTE };
        assert_eq!(pace.after(later + Duration::from_millis(16), look), Some(Duration::from_millis(3)));
    }

    #[test]
    fn a_run_that_has_just_begun_to_print_is_looked_at_soon_and_then_less_and_less() {
        let mut at = Instant::now();
        let mut pace = Pace::from(at);
        let mut rests = Vec::new();
        for length in 1..=9 {
            let rest = pace.after(at, Look { length, room: 20 * MEGABYTE }).expect("something was printed");
            at += rest;
            rests.push(rest.as_millis());
        }
        assert_eq!(rests, [2, 4, 8, 16, 32, 64, 128, 250, 250]);
    }

    #[test]
    fn a_file_that_was_begun_anew_is_looked_at_again() {
        let start = Instant::now();
        let mut pace = Pace::from(start);
        let _rest = pace.after(start, Look { length: 100, room: 100 });
        assert!(pace.after(start, Look { length: 0, room: 200 }).is_some());
    }
}
