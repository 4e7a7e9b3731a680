//! Finding the program that a command names, the way the system will when it starts it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod imp;

/// What a look for a program found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// It is there and can be started.
    Program(PathBuf),
    /// A file of that name is there and may not be started.
    NotExecutable(PathBuf),
    /// Nothing of that name is there.
    Nothing,
}

/// Looks for `program`: a name without a directory in `search`, anything else relative to `cwd`.
pub(super) fn find(program: &str, cwd: &Path, search: &OsStr) -> Found {
    let mut best = Found::Nothing;
    let candidates: Vec<PathBuf> = if program.contains(std::path::is_separator) {
        vec![cwd.join(program)]
    } else {
        std::env::split_paths(search).map(|directory| cwd.join(directory).join(program)).collect()
    };
    for candidate in candidates.iter().flat_map(|path| imp::spellings(path)) {
        match std::fs::metadata(&candidate) {
            Ok(meta) if meta.is_file() && imp::is_executable(&meta) => return Found::Program(candidate),
            Ok(meta) if meta.is_file() && best == Found::Nothing => best = Found::NotExecutable(candidate),
            Ok(_) | Err(_) => {}
        }
    }
    best
}
