//! The pause of the watch: a person wants nothing to be judged or started for a while.
//!
//! While it lasts there is no warning, no verdict and no restart; the clocks of all limits of time stand still, and what
//! was left of them when it began is left when it ends. What a run may cost stays in force, a stop that had begun goes on,
//! and whatever a person asks for is done.
//!
//! It ends at a time of the day, which only the wall clock knows. That one can be set: so a pause never lasts longer,
//! awake, than it was meant to when it began, however far the clock is set back.

use crate::time::{Awake, Now, Span, Wall};

/// A pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// Since when.
    pub since: Wall,
    /// Until when; `None` until a person resumes the watch.
    pub until: Option<Wall>,
}

/// What the journal is told of pauses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PauseEntry {
    /// The watch is paused.
    Paused {
        /// Until when; `None` until a person resumes it.
        until: Option<Wall>,
    },
    /// The watch goes on.
    Resumed {
        /// A person wants it; otherwise it was time.
        by_person: bool,
    },
}

/// A pause that is on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paused {
    pub(crate) what: Pause,
    /// It never lasts longer than to this point.
    latest: Option<Awake>,
    /// When it is over, as the clocks stand.
    due: Option<Awake>,
}

impl Paused {
    pub(crate) fn new(now: Now, what: Pause) -> Self {
        let latest = what.until.map(|until| now.awake.plus(left(now, until)));
        Self { what, latest, due: latest }
    }

    /// When it is over, unless somebody sets the clock or the computer sleeps.
    pub(crate) const fn due(&self) -> Option<Awake> {
        self.due
    }

    pub(crate) fn is_over(&self, now: Now) -> bool {
        let is_time = self.what.until.is_some_and(|until| now.wall >= until);
        is_time || self.latest.is_some_and(|latest| now.awake >= latest)
    }

    /// The clocks did not go on evenly.
    pub(crate) fn set(&mut self, now: Now) {
        let due = self.what.until.map(|until| now.awake.plus(left(now, until)));
        self.due = due.into_iter().chain(self.latest).min();
    }
}

fn left(now: Now, until: Wall) -> Span {
    Span::from_ms(u64::try_from(until.as_ms().saturating_sub(now.wall.as_ms())).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600_000;

    const fn at(awake: u64, wall: i64) -> Now {
        Now { awake: Awake::from_ms(awake), wall: Wall::from_ms(wall) }
    }

    fn an_hour() -> Paused {
        Paused::new(at(500, 0), Pause { since: Wall::from_ms(0), until: Some(Wall::from_ms(3_600_000)) })
    }

    #[test]
    fn a_pause_is_over_at_its_time_of_the_day_sleep_included() {
        let mut paused = an_hour();
        assert_eq!(paused.due(), Some(Awake::from_ms(500 + HOUR)));
        assert!(!paused.is_over(at(501, 3_599_999)));
        assert!(paused.is_over(at(501, 3_600_000)));
        // Half an hour of sleep.
        paused.set(at(1_500, 1_801_000));
        assert_eq!(paused.due(), Some(Awake::from_ms(1_500 + 1_799_000)));
    }

    #[test]
    fn a_clock_that_is_set_back_makes_no_pause_longer() {
        let mut paused = an_hour();
        paused.set(at(1_500, -86_400_000));
        assert_eq!(paused.due(), Some(Awake::from_ms(500 + HOUR)));
        assert!(paused.is_over(at(500 + HOUR, -82_800_000)));
    }

    #[test]
    fn a_pause_without_an_end_is_never_over_by_itself() {
        let paused = Paused::new(at(0, 0), Pause { since: Wall::from_ms(0), until: None });
        assert_eq!(paused.due(), None);
        assert!(!paused.is_over(at(u64::MAX, i64::MAX)));
    }
}
