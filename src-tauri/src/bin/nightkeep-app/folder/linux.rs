//! Linux: whatever the desktop has set for folders.

pub(super) const OPENER: &str = "xdg-open";
