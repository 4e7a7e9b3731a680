//! Windows: "Notifications" in the Settings, which the Explorer opens by their address. Never run.

use super::Page;

pub(super) const PAGE: Option<Page> = Some(Page { opener: "explorer.exe", address: "ms-settings:notifications" });
