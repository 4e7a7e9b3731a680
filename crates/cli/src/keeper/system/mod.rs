//! What the keeper asks of the system, with one file for each.

#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod imp;

pub(super) use imp::{hang_up, listen, open_report, open_to_append, release_stdin, send};
