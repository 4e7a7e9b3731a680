//! Finding what is left of a file with holes.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;

use rustix::fs::{SeekFrom, seek};
use rustix::io::Errno;

/// What can be given back: whole blocks.
pub(crate) fn hole_unit(file: &File) -> io::Result<u64> {
    Ok(file.metadata()?.blksize().max(4096))
}

pub(crate) fn next_data(file: &File, from: u64) -> io::Result<u64> {
    match seek(file, SeekFrom::Data(from)) {
        Ok(at) => Ok(at),
        Err(Errno::NXIO) => Ok(file.metadata()?.len()),
        // A file system that knows no holes has none.
        Err(Errno::INVAL | Errno::OPNOTSUPP | Errno::NOSYS) => Ok(from),
        Err(fault) => Err(fault.into()),
    }
}
