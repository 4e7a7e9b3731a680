//! The passage from one engine to a later version: a note that says so, and the start of the successor.
//!
//! The engine that ends starts its successor itself, and goes on in its place when that does not come up. Whoever asked
//! may die at any moment, and the environment of the jobs that engines start stays the same.

use std::fmt;
use std::io;
use std::path::PathBuf;

use nightkeep_core::Wall;
use serde::{Deserialize, Serialize};

use crate::api::ApiError;
use crate::client::start::{cannot_start, someone_answers, start_engine};
use crate::places::Places;
use crate::version::VERSION;

/// A note that is older than this is of a passage that never came to its end.
const VALID_MS: i64 = 60_000;
/// A longer note is none.
const NOTE_BYTES_MAX: u64 = 4096;

/// Who takes over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Successor {
    /// Its version.
    pub version: String,
    /// Its `nightkeep` program.
    pub program: PathBuf,
}

/// The note: which version let which one take over, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandedOver {
    /// The version that ended.
    pub from: String,
    /// The version that takes over.
    pub to: String,
    /// When, in milliseconds since the Unix epoch.
    pub at_wall_ms: i64,
}

impl fmt::Display for HandedOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.to == VERSION || self.from != VERSION {
            write!(f, "version {} of the engine took over from version {}", self.to, self.from)
        } else {
            write!(f, "version {} of the engine went on, because version {} did not come up", self.from, self.to)
        }
    }
}

impl HandedOver {
    /// Leaves the note. Without it the successor takes this for a crash, which harms no run.
    pub(crate) fn leave(places: &Places, successor: &Successor, now: Wall) {
        let note = Self { from: VERSION.to_owned(), to: successor.version.clone(), at_wall_ms: now.as_ms() };
        let written = serde_json::to_vec(&note)
            .map_err(io::Error::from)
            .and_then(|text| nightkeep_os::write_private(&places.hand_over(), &text).map_err(io::Error::other));
        if let Err(fault) = written {
            tracing::warn!(%fault, "the note of the hand-over could not be left");
        }
    }

    /// Takes the note, so that it is read once.
    pub(crate) fn take(places: &Places, now: Wall) -> Option<Self> {
        let path = places.hand_over();
        let text = nightkeep_os::open_marker(&path).ok()?.read(NOTE_BYTES_MAX).ok()?;
        drop(std::fs::remove_file(&path));
        let note: Self = serde_json::from_slice(&text).ok()?;
        let age_ms = now.as_ms().checked_sub(note.at_wall_ms)?;
        (0..=VALID_MS).contains(&age_ms).then_some(note)
    }
}

/// Starts the successor and waits until an engine answers, be it this one or one that was faster.
///
/// # Errors
/// None came up.
pub(crate) async fn pass_on(places: &Places, successor: &Successor) -> Result<(), ApiError> {
    let pid = start_engine(&successor.program).map_err(|cause| cannot_start(&cause))?;
    someone_answers(&places.socket(), pid).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Wall {
        Wall::from_ms(ms)
    }

    #[test]
    fn the_note_is_read_once_and_only_while_it_is_fresh() {
        let home = tempfile::tempdir().unwrap();
        let places = Places::below(&home.path().join("home"));
        places.create().unwrap();
        let successor = Successor { version: "9.0.0".to_owned(), program: PathBuf::from("/nightkeep") };
        assert_eq!(HandedOver::take(&places, at(5)), None);
        HandedOver::leave(&places, &successor, at(1_000));
        let note = HandedOver::take(&places, at(1_500)).unwrap();
        assert_eq!((note.from.as_str(), note.to.as_str()), (VERSION, "9.0.0"));
        assert_eq!(HandedOver::take(&places, at(1_500)), None);
        for other_day in [999, 1_000 + VALID_MS + 1] {
            HandedOver::leave(&places, &successor, at(1_000));
            assert_eq!(HandedOver::take(&places, at(other_day)), None, "{other_day}");
        }
    }

    #[test]
    fn the_note_tells_the_successor_and_the_one_that_had_to_go_on() {
        let note = |from: &str, to: &str| HandedOver { from: from.to_owned(), to: to.to_owned(), at_wall_ms: 0 };
        let told = note("0.0.1", VERSION).to_string();
        assert_eq!(told, format!("version {VERSION} of the engine took over from version 0.0.1"));
        let told = note(VERSION, "9.0.0").to_string();
        assert_eq!(told, format!("version {VERSION} of the engine went on, because version 9.0.0 did not come up"));
    }
}
