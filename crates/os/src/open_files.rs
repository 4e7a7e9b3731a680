//! How many files this process may hold open.

use crate::imp;

/// Raises the limit of open files as far as this process may: an engine holds a socket for every keeper. Best effort; a
/// limit that cannot be raised shows when it is reached.
pub fn raise_open_files_limit() {
    imp::raise_open_files_limit();
}
