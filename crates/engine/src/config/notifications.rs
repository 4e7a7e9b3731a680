//! The table `[notifications]`: when banners are shown, and which.

use crate::notify::policy::QuietHours;

/// From eleven to seven.
const QUIET_HOURS: &str = "23:00-07:00";

/// The table `[notifications]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notifications {
    /// When only what cannot wait is shown; `None` for never.
    pub quiet_hours: Option<QuietHours>,
    /// Whether warnings are shown, which the tray shows anyway.
    pub warnings: bool,
}

impl Default for Notifications {
    fn default() -> Self {
        Self { quiet_hours: QuietHours::parse(QUIET_HOURS).expect("it was written by us"), warnings: false }
    }
}
