//! Windows: directories inherit the access list of the user's profile. Never run.

use std::{
    io,
    path::{Path, PathBuf},
};

#[expect(clippy::unnecessary_wraps, reason = "the other systems can fail here")]
pub(super) const fn tighten(_path: &Path) -> io::Result<()> {
    Ok(())
}

pub(super) const fn lets_others_write(_mode: u32) -> bool {
    true
}

/// There is none.
pub(super) fn runtime_dir(named: Option<PathBuf>) -> Option<PathBuf> {
    named
}
