//! When markers are compared with what is known of them, for what no event told.

use std::time::Duration;

use tokio::time::Instant;

use crate::marker::dirs::Armed;

/// How far events can be relied upon to tell of a marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// They tell of everything but a folder further up that is moved away.
    Told,
    /// They may not tell of everything, or of nothing.
    Doubtful,
    /// They tell nothing, because the system's watches are used up.
    AtLimit,
}

impl Trust {
    /// Of a marker whose watch came to `armed`.
    pub(super) const fn of(armed: Option<Armed>) -> Self {
        match armed {
            Some(Armed::Yes) => Self::Told,
            Some(Armed::AtLimit) => Self::AtLimit,
            Some(Armed::Partly | Armed::No) | None => Self::Doubtful,
        }
    }

    /// How often such markers are compared.
    pub(super) const fn every(self) -> Duration {
        Duration::from_secs(match self {
            Self::Told => 30,
            Self::Doubtful => 10,
            Self::AtLimit => 2,
        })
    }
}

/// Something for each kind of marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Each<T> {
    told: T,
    doubtful: T,
    at_limit: T,
}

impl<T: Copy> Each<T> {
    fn made(make: impl Fn(Trust) -> T) -> Self {
        Self { told: make(Trust::Told), doubtful: make(Trust::Doubtful), at_limit: make(Trust::AtLimit) }
    }

    pub(super) const fn of(&self, trust: Trust) -> T {
        match trust {
            Trust::Told => self.told,
            Trust::Doubtful => self.doubtful,
            Trust::AtLimit => self.at_limit,
        }
    }
}

/// The next round for each kind of marker.
#[derive(Debug)]
pub(super) struct Net(Each<Instant>);

impl Net {
    pub(super) fn cast_at(now: Instant) -> Self {
        Self(Each::made(|trust| now + trust.every()))
    }

    /// When the next round for one of these markers is due.
    pub(super) fn next(&self, trusts: impl Iterator<Item = Trust>) -> Option<Instant> {
        trusts.map(|trust| self.0.of(trust)).min()
    }

    /// Which rounds are due; their next ones follow from now on.
    pub(super) fn due(&mut self, now: Instant) -> Each<bool> {
        let rounds = self.0;
        let due = Each::made(|trust| rounds.of(trust) <= now);
        self.0 = Each::made(|trust| if due.of(trust) { now + trust.every() } else { rounds.of(trust) });
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    #[test]
    fn the_less_events_tell_the_sooner_a_marker_is_compared() {
        let start = Instant::now();
        let net = Net::cast_at(start);
        let next = |trusts: &[Trust]| net.next(trusts.iter().copied()).map(|at| at - start);
        assert_eq!(next(&[]), None);
        assert_eq!(next(&[Trust::Told]), Some(secs(30)));
        assert_eq!(next(&[Trust::Told, Trust::Doubtful]), Some(secs(10)));
        assert_eq!(next(&[Trust::Told, Trust::Doubtful, Trust::AtLimit]), Some(secs(2)));
    }

    #[test]
    fn a_round_that_was_made_is_due_again_after_its_time() {
        let start = Instant::now();
        let mut net = Net::cast_at(start);
        assert_eq!(net.due(start + secs(10)), Each { told: false, doubtful: true, at_limit: true });
        assert_eq!(net.due(start + secs(12)), Each { told: false, doubtful: false, at_limit: true });
        assert!(net.due(start + secs(30)).of(Trust::Told));
    }
}
