//! Where a marker is: opening it without ever being held up, and telling whether it changed. One file per system.

#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod imp;

#[cfg_attr(target_os = "linux", path = "local_linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "local_other.rs")]
mod local;

pub(super) use imp::{identity, is_out_of_handles, open, stamp};
pub(crate) use imp::{mode_of, private};
pub(super) use local::tells_all;

/// What is done with a symbolic link where a file should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Links {
    /// It is followed to a regular file of this user.
    OfThisUser,
    /// It is refused: whoever else can write there could lead the reader to a file whose content it then shows.
    Refused,
}

/// What tells one state of a file from another without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// The file system it is on.
    pub device: u64,
    /// The file: a swapped-in one has another number.
    pub inode: u64,
    /// Its length in bytes.
    pub size: u64,
    /// When it was written, in nanoseconds since 1970.
    pub written_ns: i128,
}

impl Stamp {
    /// Whether the file is still in the state that `other` tells.
    #[must_use]
    pub fn is(&self, other: &nightkeep_os::FileStamp) -> bool {
        (self.device, self.inode, self.size, self.written_ns)
            == (other.dev, other.ino, other.size, i128::from(other.mtime_ns))
    }
}

/// What tells one directory from another at the same path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity(pub(super) u64, pub(super) u64);
