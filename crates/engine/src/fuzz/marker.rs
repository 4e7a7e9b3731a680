//! The marker's reader.

use crate::clean::harmless;
use crate::marker::place::Stamp;
use crate::marker::{interpret, is_invisible};

pub(super) fn read(bytes: &[u8]) {
    let Ok(reading) = interpret(bytes, Stamp { device: 1, inode: 2, size: 3, written_ns: 4 }) else { return };
    assert_eq!(reading.step.is_none(), reading.aborted, "{reading:?}");
    assert!(reading.step.is_none_or(|step| step >= 0), "{reading:?}");
    assert!(reading.total.is_none_or(|total| total > 0), "{reading:?}");
    for text in reading.note.iter().chain(&reading.series) {
        assert!(!text.is_empty() && text.chars().count() <= 500, "{reading:?}");
        assert!(!text.chars().any(|c| c.is_control() || is_invisible(c)), "{reading:?}");
        assert_eq!(harmless(text), text.as_str());
    }
}
