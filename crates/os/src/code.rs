//! The memory that a process holds only because it was started.

use crate::imp;

/// Gives back what was mapped for the start and is not needed for waiting. For a process that waits for hours, of which
/// there are many; best effort, and nothing on systems that offer no such thing.
pub fn let_go_of_code() {
    imp::let_go_of_code();
}
