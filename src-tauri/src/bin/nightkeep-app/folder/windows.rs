//! Windows: the Explorer. Never run.

pub(super) const OPENER: &str = "explorer.exe";
