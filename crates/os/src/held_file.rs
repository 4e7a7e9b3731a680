//! Holding a file small to which somebody else appends.
//!
//! The beginning is given back to the file system and leaves a hole: the file keeps its length, so that whoever reads
//! along finds everything where it was, and nothing that is appended at the same moment is lost.

use std::fs::File;
use std::io;
use std::path::Path;

use crate::imp;

/// Gives back what stands before `end`, as far as it is whole blocks, and returns where what is kept begins.
///
/// # Errors
///
/// Fails where the file system has no holes.
pub fn give_back_head(file: &File, end: u64) -> io::Result<u64> {
    let end = end - end % imp::hole_unit(file)?.max(1);
    if end > 0 {
        imp::make_hole(file, end)?;
    }
    Ok(end)
}

/// Returns where the first bytes are kept at or behind `from`: `from` itself where the file has no hole, the file's
/// length where nothing follows. Moves the position of the file.
///
/// # Errors
///
/// Fails if the system does.
pub fn first_kept(file: &File, from: u64) -> io::Result<u64> {
    imp::next_data(file, from)
}

/// Waits for somebody to write to files, without a wake-up until then. Belongs to the thread that made it.
#[derive(Debug)]
pub struct WriteWatch {
    inner: imp::WriteWatch,
}

impl WriteWatch {
    /// Prepares to wait for writes to `files`, which are in one directory.
    ///
    /// # Errors
    ///
    /// Fails where the system tells of no writes; then somebody has to look from time to time.
    pub fn of(files: &[&Path]) -> io::Result<Self> {
        Ok(Self { inner: imp::WriteWatch::of(files)? })
    }

    /// From here on a write ends the next [`Self::wait`]. To be called before the last look at the files.
    ///
    /// # Errors
    ///
    /// Fails if the system does.
    pub fn arm(&self) -> io::Result<()> {
        self.inner.arm()
    }

    /// Waits for a write since [`Self::arm`]. May return without one.
    pub fn wait(&self) {
        self.inner.wait();
    }
}
