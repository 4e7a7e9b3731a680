//! The folder with the history, as the desktop's file manager shows it. The page names no path: there is this one only.

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

use std::path::{Path, PathBuf};

use nightkeep_engine::api::{ApiError, ErrorCode};
use nightkeep_engine::surface;

/// Where the history is.
#[derive(Debug)]
pub(crate) struct DataFolder(PathBuf);

impl DataFolder {
    pub(crate) const fn at(path: PathBuf) -> Self {
        Self(path)
    }

    /// Shows it.
    pub(crate) fn open(&self) -> Result<(), ApiError> {
        surface::start(Path::new(imp::OPENER), self.0.as_os_str(), &[]).map_err(|cause| {
            ApiError::new(ErrorCode::Internal, format!("no file manager could be started: {cause}"))
                .with_hint(format!("the folder is `{}`", self.0.display()))
        })
    }
}
