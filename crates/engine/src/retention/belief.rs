//! How far the clock is believed, over the ends of engines.

use std::io;

use nightkeep_core::belief::Kept;
use nightkeep_core::{Belief, Span, Wall};
use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::places::Places;

/// A longer file is none of ours.
const BYTES_MAX: u64 = 4096;

/// The file.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    /// What the clock showed last, in milliseconds since the Unix epoch.
    wall_ms: i64,
    /// For how many milliseconds it has gone on evenly.
    steady_ms: u64,
}

/// Goes on with what the engine before this one has kept.
pub(super) fn begin(places: &Places, clock: &Clock) -> Belief {
    Belief::new(clock.sample(), read(places))
}

fn read(places: &Places) -> Option<Kept> {
    let text = nightkeep_os::open_marker(&places.clock_belief()).ok()?.read(BYTES_MAX).ok()?;
    let Record { wall_ms, steady_ms } = serde_json::from_slice(&text).ok()?;
    Some(Kept { wall: Wall::from_ms(wall_ms), steady: Span::from_ms(steady_ms) })
}

/// Keeps it for the next engine. Without it that one takes a day longer.
pub(super) fn keep(places: &Places, belief: &Belief) {
    let Kept { wall, steady } = belief.kept();
    let written = serde_json::to_vec(&Record { wall_ms: wall.as_ms(), steady_ms: steady.as_ms() })
        .map_err(io::Error::from)
        .and_then(|text| nightkeep_os::write_private(&places.clock_belief(), &text).map_err(io::Error::other));
    if let Err(fault) = written {
        tracing::warn!(%fault, "how far the clock is believed could not be kept");
    }
}

#[cfg(test)]
mod tests {
    use nightkeep_os::Clocks;

    use super::*;

    const DAY_MS: u64 = 24 * 60 * 60 * 1000;

    fn clock(days: u64, wall_ms: i64) -> Clock {
        Clock::made_up(move || Clocks { awake_ms: days * DAY_MS, boot_ms: days * DAY_MS, wall_ms })
    }

    #[test]
    fn the_next_engine_knows_whether_the_clock_was_believed_and_whether_it_has_leapt_since() {
        let home = tempfile::tempdir().unwrap();
        let places = Places::below(home.path());
        let day_ms = i64::try_from(DAY_MS).unwrap();
        let mut belief = begin(&places, &clock(0, 0));
        assert!(!belief.is_firm());
        belief.take(clock(1, day_ms).sample());
        keep(&places, &belief);
        assert!(begin(&places, &clock(0, day_ms)).is_firm());
        assert!(!begin(&places, &clock(0, 2000 * day_ms)).is_firm());
        std::fs::write(places.clock_belief(), "{").unwrap();
        assert!(!begin(&places, &clock(0, day_ms)).is_firm());
    }
}
