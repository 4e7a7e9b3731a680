//! Programs on Unix: a file with an execute bit, of exactly that name.

use std::fs::Metadata;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

pub(super) fn spellings(path: &Path) -> Vec<PathBuf> {
    vec![path.to_owned()]
}

pub(super) fn is_executable(meta: &Metadata) -> bool {
    meta.permissions().mode() & 0o111 != 0
}
