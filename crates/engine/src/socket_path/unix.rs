//! macOS and the other Unix systems: a path that is too long is refused. Never run.

use std::{
    io,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use interprocess::local_socket::{GenericFilePath, Name, ToFsName};

use super::SocketPathError;
pub(super) use super::posix::{is_same_user, remove_stale};

/// `sun_path` has 104 bytes, the last of which is a NUL.
const PATH_BYTES_MAX: usize = 103;

#[derive(Debug)]
pub(super) struct Address {
    path: PathBuf,
}

impl Address {
    pub(super) fn of(path: &Path) -> Result<Self, SocketPathError> {
        let length = path.as_os_str().as_bytes().len();
        if length > PATH_BYTES_MAX {
            return Err(SocketPathError::TooLong { path: path.to_owned(), length, limit: PATH_BYTES_MAX });
        }
        Ok(Self { path: path.to_owned() })
    }

    pub(super) fn name(&self) -> io::Result<Name<'_>> {
        self.path.as_path().to_fs_name::<GenericFilePath>()
    }
}
