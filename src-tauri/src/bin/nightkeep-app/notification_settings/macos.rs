//! macOS: "Notifications" in the System Settings. Never run.

use super::Page;

pub(super) const PAGE: Option<Page> = Some(Page {
    opener: "/usr/bin/open",
    address: "x-apple.systempreferences:com.apple.Notifications-Settings.extension",
});
