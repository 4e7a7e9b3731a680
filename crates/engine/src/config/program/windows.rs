//! Programs on Windows: a file of that name, or of that name and a known extension. Never run.

use std::fs::Metadata;
use std::path::{Path, PathBuf};

pub(super) fn spellings(path: &Path) -> Vec<PathBuf> {
    let with = |extension: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(extension);
        PathBuf::from(name)
    };
    let bare = path.extension().map(|_| path.to_owned());
    bare.into_iter().chain([".exe", ".com", ".bat", ".cmd"].map(with)).collect()
}

pub(super) fn is_executable(_meta: &Metadata) -> bool {
    true
}
