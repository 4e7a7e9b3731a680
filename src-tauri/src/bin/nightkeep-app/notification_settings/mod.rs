//! The page of the system's own settings that says which programs may show notifications. The page of the window names no
//! address: there is this one only, and on some systems none.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux as imp;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(target_os = "macos")]
use macos as imp;
#[cfg(windows)]
mod windows;
#[cfg(windows)]
use windows as imp;

use std::ffi::OsStr;
use std::path::Path;

use nightkeep_engine::api::{ApiError, ErrorCode};
use nightkeep_engine::surface;

/// A page of the system's settings.
struct Page {
    /// The program that shows it.
    opener: &'static str,
    /// What it is called there.
    address: &'static str,
}

/// Whether there is one.
pub(crate) const fn are_there() -> bool {
    imp::PAGE.is_some()
}

/// Shows it.
pub(crate) fn open() -> Result<(), ApiError> {
    let none = || ApiError::new(ErrorCode::NotFound, "this system has no one page for the settings of notifications");
    let Page { opener, address } = imp::PAGE.ok_or_else(none)?;
    surface::start(Path::new(opener), OsStr::new(address), &[]).map_err(|cause| {
        ApiError::new(ErrorCode::Internal, format!("failed to open the settings of the system: {cause}"))
    })
}
