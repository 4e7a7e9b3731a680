//! macOS. Never run.

use std::ffi::OsString;

/// Opens a path with the program that the user has for it.
pub(super) const OPENER: &str = "/usr/bin/open";

/// Programs find the screen by themselves.
#[expect(clippy::unused_async, reason = "other systems have to ask")]
pub(super) async fn display() -> Vec<(OsString, OsString)> {
    Vec::new()
}
