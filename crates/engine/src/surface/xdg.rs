//! The desktops of Linux and the BSDs.

/// Opens a path with the program that the user has for it.
pub(super) const OPENER: &str = "xdg-open";
