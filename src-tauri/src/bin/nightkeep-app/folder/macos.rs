//! macOS: the Finder. Never run.

pub(super) const OPENER: &str = "/usr/bin/open";
