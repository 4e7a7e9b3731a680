//! Windows: the file inherits the access list of its directory, which is the user's own. Never run.

use std::fs::OpenOptions;
use std::io;
use std::path::Path;

/// Creates an empty file that nobody else can read; fails if there is one.
pub(in crate::store) fn create(path: &Path) -> io::Result<()> {
    OpenOptions::new().write(true).create_new(true).open(path).map(drop)
}
