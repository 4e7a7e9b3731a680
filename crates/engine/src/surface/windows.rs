//! Windows. Never run.

/// Opens a path with the program that the user has for it.
pub(super) const OPENER: &str = "explorer.exe";
