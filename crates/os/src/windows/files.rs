//! Files: the user's own folders are private by the access lists they inherit.
//!
//! Never run on Windows; its tests pass under wine, but for replacing a file that is open.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::mem::MaybeUninit;
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::AsRawHandle;
use std::path::Path;

use windows_sys::Win32::Foundation::FILETIME;
use windows_sys::Win32::Storage::FileSystem::{
    FILE_FLAG_BACKUP_SEMANTICS, FILE_READ_ATTRIBUTES, FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE,
    GetFileInformationByHandle,
};

use crate::files::{FileError, FileStamp};

/// Nobody who writes, renames or removes is disturbed.
const SHARE_ALL: u32 = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;

pub(crate) fn create_private_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).create(path)
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
    Ok(())
}

/// Files inherit the access list of their folder. Others may go on reading and replacing, as on other systems.
pub(crate) fn make_private(options: &mut OpenOptions) {
    options.share_mode(SHARE_ALL);
}

/// Files inherit the access list of their folder.
#[expect(clippy::unnecessary_wraps, reason = "the twin on Unix can fail")]
pub(crate) fn keep_private(_file: &File, _path: &Path) -> Result<(), FileError> {
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "the twin on Unix can fail")]
pub(crate) fn is_in_the_hands_of_others(_file: &File) -> io::Result<bool> {
    Ok(false)
}

/// The file system journals renames by itself.
#[expect(clippy::unnecessary_wraps, reason = "the twin on Unix can fail")]
pub(crate) fn sync_dir(_path: &Path) -> io::Result<()> {
    Ok(())
}

pub(crate) fn open_without_waiting(path: &Path) -> Result<File, FileError> {
    // A directory cannot be opened for reading at all, so it is named before.
    let found = fs::metadata(path).map_err(FileError::io("look at", path))?;
    if !found.is_file() {
        let kind = if found.is_dir() { "a directory" } else { "something else" };
        return Err(FileError::NotARegularFile { path: path.to_owned(), kind });
    }
    OpenOptions::new().read(true).share_mode(SHARE_ALL).open(path).map_err(FileError::io("open", path))
}

pub(crate) fn path_stamp(path: &Path) -> io::Result<FileStamp> {
    let mut options = OpenOptions::new();
    options.access_mode(FILE_READ_ATTRIBUTES).share_mode(SHARE_ALL).custom_flags(FILE_FLAG_BACKUP_SEMANTICS);
    file_stamp(&options.open(path)?)
}

pub(crate) fn file_stamp(file: &File) -> io::Result<FileStamp> {
    let mut info = MaybeUninit::zeroed();
    #[expect(unsafe_code, reason = "windows-sys has no safe wrappers")]
    // SAFETY: the handle is open, and the struct has its place; it consists of numbers, for which zero is valid.
    let info = unsafe {
        if GetFileInformationByHandle(file.as_raw_handle(), info.as_mut_ptr()) == 0 {
            return Err(io::Error::last_os_error());
        }
        info.assume_init()
    };
    let wide = |high: u32, low: u32| (u64::from(high) << 32) | u64::from(low);
    Ok(FileStamp {
        dev: u64::from(info.dwVolumeSerialNumber),
        ino: wide(info.nFileIndexHigh, info.nFileIndexLow),
        size: wide(info.nFileSizeHigh, info.nFileSizeLow),
        mtime_ns: unix_ns(info.ftLastWriteTime),
    })
}

/// File times count 100 ns from 1601.
fn unix_ns(time: FILETIME) -> i64 {
    const UNITS_TO_1970: i64 = 116_444_736_000_000_000;
    let units = (i64::from(time.dwHighDateTime) << 32) | i64::from(time.dwLowDateTime);
    (units - UNITS_TO_1970).saturating_mul(100)
}
