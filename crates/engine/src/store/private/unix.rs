//! Unix: the file's own mode. SQLite gives the log and the shared memory beside a database the same mode.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Creates an empty file that nobody else can read; fails if there is one.
pub(in crate::store) fn create(path: &Path) -> io::Result<()> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map(drop)
}
