//! Markers on Windows. Never run.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::windows::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use super::{Identity, Links, Stamp};
use crate::marker::{NoFile, Trouble};

/// Read, write and delete are left to everybody else, so that a writer can swap the file while it is read.
const SHARE_ALL: u32 = 1 | 2 | 4;

/// From 1601, where file times begin, to 1970, in units of 100 ns.
const EPOCH: i128 = 116_444_736_000_000_000;

/// Opens a regular file for reading. A sharing violation comes out as [`Trouble::Failed`] and is looked at again.
pub(in crate::marker) fn open(path: &Path, links: Links) -> Result<(File, Stamp), Trouble> {
    let trouble = |error: io::Error| Trouble::of(&error, path);
    if links == Links::Refused && std::fs::symlink_metadata(path).map_err(trouble)?.is_symlink() {
        return Err(Trouble::NotAFile(NoFile::Link));
    }
    let before = std::fs::metadata(path).map_err(trouble)?;
    if before.is_dir() {
        return Err(Trouble::NotAFile(NoFile::Directory));
    }
    let file = OpenOptions::new().read(true).share_mode(SHARE_ALL).open(path).map_err(trouble)?;
    let meta = file.metadata().map_err(trouble)?;
    if meta.is_file() { Ok((file, stamp_of(&meta))) } else { Err(Trouble::NotAFile(NoFile::Device)) }
}

/// The stamp of the regular file at `path`, if there is one.
pub(in crate::marker) fn stamp(path: &Path) -> Option<Stamp> {
    std::fs::metadata(path).ok().filter(Metadata::is_file).map(|meta| stamp_of(&meta))
}

/// What is at `path`, if it is a directory: told apart by when it was made.
pub(in crate::marker) fn identity(path: &Path) -> Option<Identity> {
    std::fs::metadata(path).ok().filter(Metadata::is_dir).map(|meta| Identity(0, meta.creation_time()))
}

/// Whether the system has no more open files or watches to give: `ERROR_TOO_MANY_OPEN_FILES`, `ERROR_NO_SYSTEM_RESOURCES`.
pub(in crate::marker) fn is_out_of_handles(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(4 | 1450))
}

/// Permission bits do not exist here; the directory decides.
pub(crate) fn mode_of(_path: &Path) -> Option<u32> {
    None
}

/// Permission bits do not exist here; the directory decides.
pub(crate) fn private(options: &mut OpenOptions, _mode: u32) -> &mut OpenOptions {
    options
}

/// File numbers take another call to get; when the file was made tells a swapped-in one as well.
fn stamp_of(meta: &Metadata) -> Stamp {
    Stamp {
        device: 0,
        inode: meta.creation_time(),
        size: meta.file_size(),
        written_ns: (i128::from(meta.last_write_time()) - EPOCH) * 100,
    }
}
