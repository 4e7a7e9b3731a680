//! The one place where time comes in.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use nightkeep_core::{Awake, Now, Sample, Wall};
use nightkeep_os::Clocks;

/// Where an engine's time comes from: the clocks of the system, or made-up ones in a test that cannot put a computer to
/// sleep.
#[derive(Clone)]
pub struct Clock {
    read: Arc<dyn Fn() -> Clocks + Send + Sync>,
}

impl Clock {
    /// The clocks of the system.
    #[must_use]
    pub fn system() -> Self {
        Self::made_up(nightkeep_os::clocks)
    }

    /// Other clocks. The awake one has to go as fast as the system's does, since timers are the system's.
    #[must_use]
    pub fn made_up(read: impl Fn() -> Clocks + Send + Sync + 'static) -> Self {
        Self { read: Arc::new(read) }
    }

    /// What all three clocks show.
    #[must_use]
    pub fn clocks(&self) -> Clocks {
        (self.read)()
    }

    /// What all three clocks show, as the core compares it.
    #[must_use]
    pub fn sample(&self) -> Sample {
        let Clocks { awake_ms, boot_ms, wall_ms } = self.clocks();
        Sample { awake: Awake::from_ms(awake_ms), boot_ms, wall: Wall::from_ms(wall_ms) }
    }

    /// This moment, for deadlines and for display.
    #[must_use]
    pub fn now(&self) -> Now {
        let Sample { awake, wall, .. } = self.sample();
        Now { awake, wall }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Clock").field(&self.clocks()).finish()
    }
}

/// This moment by the system's clocks.
#[must_use]
pub fn now() -> Now {
    Clock::system().now()
}

/// This moment on the wall clock, for showing how long ago something was.
#[must_use]
pub fn timestamp() -> Timestamp {
    Timestamp::from_millisecond(now().wall.as_ms()).unwrap_or_default()
}

/// A point of the wall clock as the API writes it: RFC 3339 UTC, to the millisecond.
#[must_use]
pub fn rfc3339(wall: Wall) -> String {
    Timestamp::from_millisecond(wall.as_ms()).map_or_else(|_| "unknown".to_owned(), |at| format!("{at:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_utc_to_the_millisecond() {
        assert_eq!(rfc3339(Wall::from_ms(1_767_225_600_007)), "2026-01-01T00:00:00.007Z");
    }
}
