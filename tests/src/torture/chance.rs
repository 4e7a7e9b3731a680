//! Chance that can be had again: the same seed gives the same numbers.

use std::time::Duration;

/// A source of numbers (splitmix64).
#[derive(Debug, Clone)]
pub(super) struct Chance {
    state: u64,
}

impl Chance {
    /// The numbers of one round.
    pub(super) fn of(seed: u64, round: u64) -> Self {
        let mut chance = Self { state: seed ^ round.wrapping_mul(0x9e37_79b9_7f4a_7c15) };
        // Neighbouring seeds differ in few bits; the first number mixes them.
        let _mixed = chance.next();
        chance
    }

    pub(super) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to one less than `end`.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    /// One of these.
    pub(super) fn one_of<T: Copy>(&mut self, all: &[T]) -> Option<T> {
        let count = u64::try_from(all.len()).unwrap_or(u64::MAX);
        let index = usize::try_from(self.below(count)).unwrap_or(usize::MAX);
        all.get(index).copied()
    }

    /// Whether it happens that happens once in so many times.
    pub(super) fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// A length up to so many milliseconds.
    pub(super) fn within_ms(&mut self, end: u64) -> Duration {
        Duration::from_micros(self.below(end.saturating_mul(1000)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers_and_each_round_others() {
        let numbers = |round| {
            let mut chance = Chance::of(7, round);
            [chance.next(), chance.next(), chance.next()]
        };
        assert_eq!(numbers(1), numbers(1));
        assert_ne!(numbers(1), numbers(2));
    }
}
