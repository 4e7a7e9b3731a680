//! For how long a run was not judged because the watch was paused: none of that is on a limit of time.

use serde::{Deserialize, Serialize};

use super::entry::Stamp;

/// The pauses of the watch, as far as they concern a run.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Held {
    /// The pause that is on began then.
    pub since: Option<Stamp>,
    /// Awake time of those that are over.
    in_all_ms: u64,
    /// The part of it since the last advance.
    quiet_ms: u64,
}

impl Held {
    pub(super) fn begin(&mut self, at: &Stamp) {
        self.since.get_or_insert_with(|| at.clone());
    }

    pub(super) fn end(&mut self, at: &Stamp, last_advance: Option<&Stamp>) {
        (self.in_all_ms, self.quiet_ms) = self.until(at, last_advance);
        self.since = None;
    }

    pub(super) const fn advance(&mut self) {
        self.quiet_ms = 0;
    }

    /// Awake time of all pauses up to `at`, and of those since the last advance, in milliseconds. What was in an earlier boot
    /// cannot be told, and the run is over by then.
    #[must_use]
    pub fn until(&self, at: &Stamp, last_advance: Option<&Stamp>) -> (u64, u64) {
        let Some(since) = self.since.as_ref().filter(|since| since.boot == at.boot) else {
            return (self.in_all_ms, self.quiet_ms);
        };
        let advanced = last_advance.filter(|advance| advance.boot == at.boot).map_or(0, |advance| advance.at_awake_ms);
        let from = |ms: u64| at.at_awake_ms.saturating_sub(ms);
        let (all, quiet) = (from(since.at_awake_ms), from(since.at_awake_ms.max(advanced)));
        (self.in_all_ms.saturating_add(all), self.quiet_ms.saturating_add(quiet))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(awake: u64) -> Stamp {
        Stamp { at_wall_ms: 0, at_awake_ms: awake, boot: "one".to_owned() }
    }

    #[test]
    fn pauses_add_up_and_an_advance_begins_another_quiet_time() {
        let mut held = Held::default();
        held.begin(&at(100));
        held.begin(&at(150));
        assert_eq!(held.until(&at(160), None), (60, 60));
        held.end(&at(200), Some(&at(50)));
        assert_eq!(held.until(&at(900), None), (100, 100));
        held.advance();
        held.begin(&at(1_000));
        assert_eq!(held.until(&at(1_500), Some(&at(1_400))), (600, 100));
    }

    #[test]
    fn a_pause_that_began_before_the_computer_was_restarted_counts_for_nothing() {
        let mut held = Held::default();
        held.begin(&at(100));
        assert_eq!(held.until(&Stamp { boot: "other".to_owned(), ..at(900) }, None), (0, 0));
    }
}
