//! The three clocks of the machine, and the name of the current boot.

use std::io;

use serde::{Deserialize, Serialize};

use crate::imp;

/// One reading of the three clocks.
///
/// Deadlines belong to `awake_ms`, which stands still while the machine sleeps. The difference of `boot_ms` and
/// `awake_ms` is the time slept; a difference of `wall_ms` and `boot_ms` that changes is somebody setting the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clocks {
    /// Milliseconds the machine has been awake since an arbitrary point of this boot.
    pub awake_ms: u64,
    /// Milliseconds since that point, sleep included.
    pub boot_ms: u64,
    /// Milliseconds since 1970-01-01T00:00:00Z by the wall clock.
    pub wall_ms: i64,
}

/// Reads all three clocks.
#[must_use]
pub fn clocks() -> Clocks {
    imp::clocks()
}

/// Returns the name of the current boot: equal for every process of this boot, different after a restart.
///
/// # Errors
///
/// Fails if the system does not tell it.
pub fn boot_id() -> io::Result<String> {
    imp::boot_id()
}
