//! Linux: a long path is addressed through `/proc/self/fd`, below its opened directory.

use std::{
    fs::File,
    io,
    os::{fd::AsRawFd, unix::ffi::OsStrExt},
    path::{Path, PathBuf},
};

use interprocess::local_socket::{GenericFilePath, Name, ToFsName};
use rustix::fs::{Mode, OFlags};

use super::SocketPathError;
pub(super) use super::posix::{is_same_user, remove_stale};

/// `sun_path` has 108 bytes, the last of which is a NUL.
const PATH_BYTES_MAX: usize = 107;

#[derive(Debug)]
pub(super) struct Address {
    path: PathBuf,
    /// What `/proc/self/fd/N` in `path` refers to.
    _directory: Option<File>,
}

impl Address {
    pub(super) fn of(path: &Path) -> Result<Self, SocketPathError> {
        let length = path.as_os_str().as_bytes().len();
        if length <= PATH_BYTES_MAX {
            return Ok(Self { path: path.to_owned(), _directory: None });
        }
        let too_long = || SocketPathError::TooLong { path: path.to_owned(), length, limit: PATH_BYTES_MAX };
        let parent = path.parent().ok_or_else(too_long)?;
        let name = path.file_name().ok_or_else(too_long)?;
        let directory = rustix::fs::open(parent, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
            .map(File::from)
            .map_err(|errno| SocketPathError::Directory { path: parent.to_owned(), source: errno.into() })?;
        let short = Path::new("/proc/self/fd").join(directory.as_raw_fd().to_string()).join(name);
        if short.as_os_str().as_bytes().len() > PATH_BYTES_MAX {
            return Err(too_long());
        }
        Ok(Self { path: short, _directory: Some(directory) })
    }

    pub(super) fn name(&self) -> io::Result<Name<'_>> {
        self.path.as_path().to_fs_name::<GenericFilePath>()
    }
}
