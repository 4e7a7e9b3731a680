//! What is read, what is refused, and what is written.

mod reading;
mod writing;

use std::path::{Path, PathBuf};

/// A directory with a path for a marker in it.
fn place() -> (tempfile::TempDir, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("progress.json");
    (home, path)
}

fn write(path: &Path, bytes: impl AsRef<[u8]>) {
    std::fs::write(path, bytes).unwrap();
}
