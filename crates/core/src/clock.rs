//! The stall clock: awake time without an advance, standing still while the run waits for a person or a limit, and while
//! nobody wants runs to be judged.

use crate::time::{Awake, Span};

/// A stopwatch on the awake clock that can be paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StallClock {
    banked: Span,
    running_since: Option<Awake>,
    /// The run waits.
    waits: bool,
    /// The watch is paused.
    held: bool,
}

impl StallClock {
    /// A clock that starts at `now` with nothing on it.
    #[must_use]
    pub const fn started(now: Awake) -> Self {
        Self { banked: Span::ZERO, running_since: Some(now), waits: false, held: false }
    }

    /// What the clock shows at `now`.
    #[must_use]
    pub fn elapsed(&self, now: Awake) -> Span {
        self.running_since.map_or(self.banked, |since| self.banked.plus(now.since(since)))
    }

    /// Back to zero at `now`; a paused clock stays paused.
    pub fn reset(&mut self, now: Awake) {
        self.banked = Span::ZERO;
        self.running_since = self.running_since.map(|_| now);
    }

    /// Stands still from `now` on, because the run waits.
    pub fn pause(&mut self, now: Awake) {
        self.waits = true;
        self.stand(now);
    }

    /// Runs again from `now` on, unless it is held.
    pub fn resume(&mut self, now: Awake) {
        self.waits = false;
        self.go(now);
    }

    /// Stands still from `now` on, because the watch is paused.
    pub fn hold(&mut self, now: Awake) {
        self.held = true;
        self.stand(now);
    }

    /// Runs again from `now` on, unless the run waits.
    pub fn release(&mut self, now: Awake) {
        self.held = false;
        self.go(now);
    }

    /// Whether the clock stands still because the run waits.
    #[must_use]
    pub const fn is_paused(&self) -> bool {
        self.waits
    }

    fn stand(&mut self, now: Awake) {
        self.banked = self.elapsed(now);
        self.running_since = None;
    }

    fn go(&mut self, now: Awake) {
        if !self.waits && !self.held {
            self.running_since = self.running_since.or(Some(now));
        }
    }

    /// When the clock will show `target`; `None` while it stands still. In the past when it shows more already.
    #[must_use]
    pub fn reaches(&self, target: Span) -> Option<Awake> {
        let since = self.running_since?;
        if target >= self.banked {
            Some(since.plus(target.minus(self.banked)))
        } else {
            Some(Awake::from_ms(since.as_ms().saturating_sub(self.banked.minus(target).as_ms())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(ms: u64) -> Awake {
        Awake::from_ms(ms)
    }

    #[test]
    fn time_spent_waiting_is_not_on_the_clock() {
        let mut clock = StallClock::started(at(0));
        clock.pause(at(100));
        clock.resume(at(5_000));
        assert_eq!(clock.elapsed(at(5_050)), Span::from_ms(150));
        assert_eq!(clock.reaches(Span::from_ms(200)), Some(at(5_100)));
    }

    #[test]
    fn a_paused_clock_never_reaches_a_limit_and_stays_paused_over_a_reset() {
        let mut clock = StallClock::started(at(0));
        clock.pause(at(100));
        assert_eq!(clock.reaches(Span::from_ms(1)), None);
        clock.reset(at(200));
        assert!(clock.is_paused());
        assert_eq!(clock.elapsed(at(900)), Span::ZERO);
    }

    #[test]
    fn a_clock_that_waits_and_is_held_runs_when_neither_is_so() {
        let mut clock = StallClock::started(at(0));
        clock.pause(at(100));
        clock.hold(at(200));
        clock.resume(at(300));
        assert!(!clock.is_paused());
        assert_eq!(clock.elapsed(at(900)), Span::from_ms(100));
        clock.release(at(1_000));
        assert_eq!(clock.elapsed(at(1_050)), Span::from_ms(150));
    }

    #[test]
    fn resuming_twice_counts_once() {
        let mut clock = StallClock::started(at(0));
        clock.resume(at(50));
        assert_eq!(clock.elapsed(at(80)), Span::from_ms(80));
    }

    #[test]
    fn a_limit_that_has_passed_lies_in_the_past() {
        let mut clock = StallClock::started(at(0));
        clock.pause(at(500));
        clock.resume(at(600));
        assert_eq!(clock.reaches(Span::from_ms(200)), Some(at(300)));
    }
}
