//! Whether the wall clock can be believed about how long ago something was, where something would be lost for ever if it
//! were wrong.
//!
//! A clock that was set forward by years makes everything old at once, and so does a computer that starts with a wrong one.
//! Nobody can tell that from a computer that was switched off for so long, except by time: a wrong clock is noticed and set
//! right, and a right one stays. So a clock that has leapt is believed only when it has gone on evenly for a day, awake.

use crate::continuity::Sample;
use crate::time::{Span, Wall};

/// A leap of more than this is one, in either direction.
pub const LEAP: Span = Span::from_mins(24 * 60);
/// So long a clock has to go on evenly, awake, before it is believed.
pub const BELIEVED_AFTER: Span = Span::from_mins(24 * 60);

/// What is known of the clock, to be kept for the next process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// What it showed when it was last looked at.
    pub wall: Wall,
    /// For how long it has gone on evenly.
    pub steady: Span,
}

/// Follows the wall clock.
#[derive(Debug, Clone, Copy)]
pub struct Belief {
    last: Sample,
    steady: Span,
}

impl Belief {
    /// Begins with a first reading and with what the process before this one kept. What it missed counts for nothing.
    #[must_use]
    pub fn new(first: Sample, kept: Option<Kept>) -> Self {
        let steady = kept.filter(|kept| is_near(kept.wall, first.wall, 0)).map_or(Span::ZERO, |kept| kept.steady);
        Self { last: first, steady }
    }

    /// Compares a reading with the one before.
    pub fn take(&mut self, sample: Sample) {
        let last = std::mem::replace(&mut self.last, sample);
        let passed = sample.boot_ms.saturating_sub(last.boot_ms);
        self.steady = if is_near(last.wall, sample.wall, passed) {
            self.steady.plus(sample.awake.since(last.awake))
        } else {
            Span::ZERO
        };
    }

    /// Whether it can be believed.
    #[must_use]
    pub fn is_firm(&self) -> bool {
        self.steady >= BELIEVED_AFTER
    }

    /// What the next process has to know.
    #[must_use]
    pub const fn kept(&self) -> Kept {
        Kept { wall: self.last.wall, steady: self.steady }
    }
}

/// Whether a clock that showed one time shows another one so many milliseconds later without a leap.
fn is_near(before: Wall, after: Wall, passed_ms: u64) -> bool {
    before.as_ms().saturating_add_unsigned(passed_ms).abs_diff(after.as_ms()) <= LEAP.as_ms()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Awake;

    const HOUR: u64 = 3_600_000;
    const DAY: i64 = 24 * 3_600_000;
    const YEAR: i64 = 365 * DAY;

    fn at(awake_h: u64, slept_h: u64, set_ms: i64) -> Sample {
        let boot_ms = (awake_h + slept_h) * HOUR;
        let wall = Wall::from_ms(1_767_268_800_000_i64.saturating_add_unsigned(boot_ms) + set_ms);
        Sample { awake: Awake::from_ms(awake_h * HOUR), boot_ms, wall }
    }

    /// One that is believed.
    fn firm() -> Belief {
        let mut belief = Belief::new(at(0, 0, 0), None);
        belief.take(at(24, 0, 0));
        assert!(belief.is_firm());
        belief
    }

    #[test]
    fn a_clock_is_believed_after_a_day_of_which_sleep_is_no_part() {
        let mut belief = Belief::new(at(0, 0, 0), None);
        belief.take(at(23, 100, 0));
        assert!(!belief.is_firm());
        belief.take(at(24, 100, 0));
        assert!(belief.is_firm());
    }

    #[test]
    fn a_clock_that_is_set_years_ahead_is_not_believed_until_a_day_later_or_a_day_after_it_is_set_back() {
        let mut belief = firm();
        belief.take(at(25, 0, 5 * YEAR));
        assert!(!belief.is_firm());
        belief.take(at(48, 0, 5 * YEAR));
        assert!(!belief.is_firm());
        let mut set_back = belief;
        set_back.take(at(49, 0, 0));
        assert!(!set_back.is_firm());
        set_back.take(at(73, 0, 0));
        assert!(set_back.is_firm());
        belief.take(at(49, 0, 5 * YEAR));
        assert!(belief.is_firm());
    }

    #[test]
    fn what_a_day_of_correction_moves_is_no_leap() {
        let mut belief = firm();
        belief.take(at(25, 0, DAY));
        belief.take(at(26, 0, 0));
        assert!(belief.is_firm());
    }

    #[test]
    fn a_process_that_begins_with_a_clock_far_from_the_last_one_does_not_believe_it() {
        let kept = Some(firm().kept());
        let of_next_day = Belief::new(at(0, 24 + 20, 0), kept);
        assert!(of_next_day.is_firm());
        for set_ms in [5 * YEAR, -5 * YEAR, 2 * DAY] {
            assert!(!Belief::new(at(24, 0, set_ms), kept).is_firm(), "{set_ms}");
        }
        assert!(!Belief::new(at(24, 0, 0), None).is_firm());
    }

    #[test]
    fn hours_of_many_processes_add_up() {
        let mut kept = None;
        for day in 0..9 {
            let begin = |awake_h| at(awake_h, day * 24, 0);
            let mut belief = Belief::new(begin(0), kept);
            assert_eq!(belief.is_firm(), day == 8, "day {day}");
            belief.take(begin(3));
            kept = Some(belief.kept());
        }
    }

    #[test]
    fn clocks_at_the_end_of_their_numbers_are_no_harm() {
        let mut belief = Belief::new(Sample { wall: Wall::from_ms(i64::MIN), ..at(0, 0, 0) }, None);
        belief.take(Sample { awake: Awake::from_ms(u64::MAX), boot_ms: u64::MAX, wall: Wall::from_ms(i64::MAX) });
        belief.take(at(0, 0, 0));
        assert!(!belief.is_firm());
    }
}
