//! Modes, owners and inodes.

use std::fs::{self, DirBuilder, File, FileType, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::process::geteuid;

use crate::files::{FileError, FileStamp};

/// Everybody but the owner.
const OTHERS: u32 = 0o077;
/// A group is often the user's own.
const WRITABLE_BY_ALL: u32 = 0o002;

pub(crate) fn create_private_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

pub(crate) fn check_private_dir(path: &Path) -> Result<(), FileError> {
    let found = fs::symlink_metadata(path).map_err(FileError::io("look at", path))?;
    let path = path.to_owned();
    if found.is_symlink() {
        return Err(FileError::Symlink { path });
    }
    if !found.is_dir() {
        return Err(FileError::NotADirectory { path });
    }
    if found.uid() != geteuid().as_raw() {
        return Err(FileError::ForeignOwner { path, owner: found.uid() });
    }
    if found.mode() & OTHERS != 0 {
        return Err(FileError::OpenToOthers { path, mode: found.mode() & 0o7777 });
    }
    Ok(())
}

pub(crate) fn keep_private(file: &File, path: &Path) -> Result<(), FileError> {
    let found = file.metadata().map_err(FileError::io("look at", path))?;
    if found.uid() != geteuid().as_raw() {
        return Err(FileError::NotPrivate { path: path.to_owned(), why: "it belongs to another user" });
    }
    if found.mode() & OTHERS == 0 {
        return Ok(());
    }
    file.set_permissions(fs::Permissions::from_mode(0o600)).map_err(FileError::io("make private", path))
}

pub(crate) fn is_in_the_hands_of_others(file: &File) -> io::Result<bool> {
    let found = file.metadata()?;
    let is_foreign = found.uid() != geteuid().as_raw() && found.uid() != 0;
    Ok(is_foreign || found.mode() & WRITABLE_BY_ALL != 0)
}

/// Lets nobody but this user at a file that is created.
pub(crate) fn make_private(options: &mut OpenOptions) {
    options.mode(0o600).custom_flags(libc::O_NOFOLLOW);
}

/// Makes a rename in this directory outlive a power cut.
pub(crate) fn sync_dir(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// A pipe without a writer would be waited for, and a terminal would become ours; hence the flags.
pub(crate) fn open_without_waiting(path: &Path) -> Result<File, FileError> {
    let opened = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path);
    let file = match opened {
        Ok(file) => file,
        // A socket cannot be opened at all, and deserves its name rather than "no such device or address".
        Err(error) if error.raw_os_error() == Some(libc::ENXIO) => {
            let found = fs::metadata(path).map_err(FileError::io("look at", path))?;
            return Err(FileError::NotARegularFile { path: path.to_owned(), kind: kind(found.file_type()) });
        }
        Err(error) => return Err(FileError::io("open", path)(error)),
    };
    let found = file.metadata().map_err(FileError::io("look at", path))?;
    if !found.is_file() {
        return Err(FileError::NotARegularFile { path: path.to_owned(), kind: kind(found.file_type()) });
    }
    Ok(file)
}

fn kind(kind: FileType) -> &'static str {
    if kind.is_dir() {
        "a directory"
    } else if kind.is_fifo() {
        "a pipe"
    } else if kind.is_socket() {
        "a socket"
    } else if kind.is_char_device() || kind.is_block_device() {
        "a device"
    } else {
        "something else"
    }
}

pub(crate) fn file_stamp(file: &File) -> io::Result<FileStamp> {
    Ok(stamp_of(&file.metadata()?))
}

pub(crate) fn path_stamp(path: &Path) -> io::Result<FileStamp> {
    Ok(stamp_of(&fs::metadata(path)?))
}

fn stamp_of(found: &Metadata) -> FileStamp {
    FileStamp {
        dev: found.dev(),
        ino: found.ino(),
        size: found.len(),
        mtime_ns: found.mtime().saturating_mul(1_000_000_000).saturating_add(found.mtime_nsec()),
    }
}
