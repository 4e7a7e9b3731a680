//! Holes in files.

use std::fs::File;
use std::io;

use rustix::fs::{FallocateFlags, fallocate};

/// Gives back what stands before `end`. The file keeps its length.
pub(crate) fn make_hole(file: &File, end: u64) -> io::Result<()> {
    Ok(fallocate(file, FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE, 0, end)?)
}
