//! Whether time went on as usual between two readings of the clocks: the computer slept, or somebody set the wall clock.
//!
//! Three clocks tell it. The awake clock stands still while the computer sleeps, the boot clock does not, and neither
//! can be set; the wall clock can. So the boot clock gaining on the awake one is sleep, and the wall clock running away
//! from the boot clock is a jump. Nothing has to be polled for it: whoever is about to use a reading hands it in first.

use crate::time::{Awake, Span, Wall};

/// Less sleep than this is not worth a word. Shorter naps add up until they are.
pub const SLEPT_MIN: Span = Span::from_secs(2);
/// A wall clock off by less than this was adjusted, not set.
pub const JUMP_MIN: Span = Span::from_secs(2);
/// A wall clock that is steered, or a quartz that is off, strays by at most one part in so many.
const STRAY: u64 = 2_000;

/// One reading of the three clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Stands still in sleep.
    pub awake: Awake,
    /// Milliseconds since the boot, sleep included.
    pub boot_ms: u64,
    /// Can be set.
    pub wall: Wall,
}

/// What was unusual since the reading before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Breaks {
    /// The computer slept for this long.
    pub slept: Option<Span>,
    /// The wall clock jumped by so many milliseconds, forwards or backwards.
    pub jumped_ms: Option<i64>,
}

/// Compares each reading with the one before.
#[derive(Debug, Clone, Copy)]
pub struct Continuity {
    last: Sample,
    /// How far the boot clock was ahead of the awake one when sleep was last told.
    told_ms: u64,
}

impl Continuity {
    /// Begins with a first reading.
    #[must_use]
    pub const fn new(first: Sample) -> Self {
        Self { last: first, told_ms: ahead_ms(&first) }
    }

    /// What was unusual between the last reading and this one. Readings of which a clock went backwards that cannot,
    /// say nothing.
    pub fn take(&mut self, sample: Sample) -> Breaks {
        let last = std::mem::replace(&mut self.last, sample);
        Breaks { slept: self.slept(&sample), jumped_ms: jumped_ms(&last, &sample) }
    }

    fn slept(&mut self, sample: &Sample) -> Option<Span> {
        let ahead_ms = ahead_ms(sample);
        let slept = Span::from_ms(ahead_ms.saturating_sub(self.told_ms));
        if slept < SLEPT_MIN {
            return None;
        }
        self.told_ms = ahead_ms;
        Some(slept)
    }
}

const fn ahead_ms(sample: &Sample) -> u64 {
    sample.boot_ms.saturating_sub(sample.awake.as_ms())
}

fn jumped_ms(last: &Sample, sample: &Sample) -> Option<i64> {
    let passed = sample.boot_ms.checked_sub(last.boot_ms)?;
    let by = sample.wall.as_ms().checked_sub(last.wall.as_ms())?.checked_sub(i64::try_from(passed).ok()?)?;
    let stray = JUMP_MIN.as_ms().saturating_add(passed / STRAY);
    (by.unsigned_abs() >= stray).then_some(by)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600_000;

    /// Begins at one hour after the boot, at noon.
    fn begun() -> (Continuity, Sample) {
        let first = Sample { awake: Awake::from_ms(HOUR), boot_ms: HOUR, wall: Wall::from_ms(1_767_268_800_000) };
        (Continuity::new(first), first)
    }

    /// The reading after so much time awake, asleep, and a jump.
    fn later(from: Sample, awake_ms: u64, slept_ms: u64, jump_ms: i64) -> Sample {
        let passed = i64::try_from(awake_ms + slept_ms).expect("short");
        Sample {
            awake: from.awake.plus(Span::from_ms(awake_ms)),
            boot_ms: from.boot_ms + awake_ms + slept_ms,
            wall: Wall::from_ms(from.wall.as_ms() + passed + jump_ms),
        }
    }

    fn check(awake_ms: u64, slept_ms: u64, jump_ms: i64, expected: Breaks) {
        let (mut continuity, first) = begun();
        let sample = later(first, awake_ms, slept_ms, jump_ms);
        assert_eq!(continuity.take(sample), expected, "awake {awake_ms}, slept {slept_ms}, jump {jump_ms}");
        assert_eq!(continuity.take(later(sample, 5_000, 0, 0)), Breaks::default(), "each is told once");
    }

    #[test]
    fn a_night_without_anything_unusual_is_none() {
        check(8 * HOUR, 0, 0, Breaks::default());
    }

    #[test]
    fn sleep_is_what_the_boot_clock_gained_on_the_awake_one() {
        check(60_000, 5 * HOUR, 0, Breaks { slept: Some(Span::from_ms(5 * HOUR)), jumped_ms: None });
        check(0, 1_999, 0, Breaks::default());
    }

    #[test]
    fn a_wall_clock_that_was_set_is_told_apart_from_sleep() {
        let hours = 3 * i64::try_from(HOUR).expect("small");
        check(60_000, 0, hours, Breaks { slept: None, jumped_ms: Some(hours) });
        check(60_000, 0, -hours, Breaks { slept: None, jumped_ms: Some(-hours) });
        let both = Breaks { slept: Some(Span::from_ms(HOUR)), jumped_ms: Some(-hours) };
        check(60_000, HOUR, -hours, both);
    }

    #[test]
    fn a_wall_clock_that_is_steered_over_a_long_time_did_not_jump() {
        check(8 * HOUR, 0, 12_000, Breaks::default());
        check(1_000, 0, 1_900, Breaks::default());
    }

    #[test]
    fn naps_add_up_until_they_are_worth_a_word() {
        let (mut continuity, mut sample) = begun();
        let mut told = Vec::new();
        for _ in 0..4 {
            sample = later(sample, 1_000, 900, 0);
            told.push(continuity.take(sample).slept);
        }
        assert_eq!(told, [None, None, Some(Span::from_ms(2_700)), None]);
    }

    #[test]
    fn a_clock_that_goes_backwards_where_it_cannot_says_nothing() {
        let (mut continuity, first) = begun();
        let before = Sample { awake: Awake::from_ms(5), boot_ms: 5, wall: first.wall };
        assert_eq!(continuity.take(before), Breaks::default());
    }
}
