//! Windows and the rest: not offered. Never run.

use std::io;
use std::path::{Path, PathBuf};

pub(super) fn entry(_config: &Path, _home: &Path) -> io::Result<PathBuf> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "add `nightkeep-tray` to the programs that start with the system"))
}

/// Nobody puts one there for everybody.
pub(super) fn of_everybody() -> Vec<PathBuf> {
    Vec::new()
}

pub(super) const OFF: &str = "";

pub(super) fn is_on(_text: &str) -> bool {
    false
}

pub(super) fn text(_program: &str, _home: Option<&str>) -> String {
    String::new()
}
