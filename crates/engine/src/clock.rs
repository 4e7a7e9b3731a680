//! The one place where time comes in.

use jiff::Timestamp;
use nightkeep_core::{Awake, Now, Wall};

/// This moment, on both clocks.
#[must_use]
pub fn now() -> Now {
    let clocks = nightkeep_os::clocks();
    Now { awake: Awake::from_ms(clocks.awake_ms), wall: Wall::from_ms(clocks.wall_ms) }
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
