//! Why a marker cannot be read. None of these stops the watch: each is a state that is shown.

use std::io;
use std::path::Path;

/// What a marker's path leads to instead of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoFile {
    /// A directory.
    Directory,
    /// A named pipe. Opening one the plain way waits for a writer, maybe for ever.
    Pipe,
    /// A socket.
    Socket,
    /// A device.
    Device,
    /// A symbolic link, where none is followed.
    Link,
    /// A symbolic link to a file of another user.
    ForeignLink,
}

/// Why a marker cannot be read, as a fragment that reads after "the marker cannot be read: ".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// There is no file.
    #[error("the file does not exist")]
    Missing,
    /// There is no directory for it.
    #[error("its folder does not exist")]
    NoDirectory,
    /// It is not a file.
    #[error("it is {}, not a file", .0.name())]
    NotAFile(NoFile),
    /// It may not be read.
    #[error("reading it is not permitted")]
    NotPermitted,
    /// It is larger than a marker can be.
    #[error("it is larger than 64 KiB")]
    TooLarge,
    /// It is not text.
    #[error("it is not UTF-8 text")]
    NotUtf8,
    /// There is nothing in it.
    #[error("it is empty")]
    Empty,
    /// It is not JSON; half-written, as a rule.
    #[error("it is not JSON, or only half of it")]
    NotJson,
    /// It is JSON and has no usable step.
    #[error("{0}")]
    NoStep(&'static str),
    /// The system could not do it for another reason.
    #[error("{0}")]
    Failed(String),
    /// Nothing is watched under that key.
    #[error("it is not watched")]
    NotWatched,
}

impl NoFile {
    fn name(self) -> &'static str {
        match self {
            Self::Directory => "a folder",
            Self::Pipe => "a pipe",
            Self::Socket => "a socket",
            Self::Device => "a device",
            Self::Link => "a link",
            Self::ForeignLink => "a link to a file of another user",
        }
    }
}

impl Trouble {
    /// What the system's error says about the marker at `path`.
    pub(super) fn of(error: &io::Error, path: &Path) -> Self {
        let is = |kinds: &[io::ErrorKind]| kinds.contains(&error.kind());
        if is(&[io::ErrorKind::NotFound]) {
            let directory = path.parent().is_some_and(Path::is_dir);
            if directory { Self::Missing } else { Self::NoDirectory }
        } else if is(&[io::ErrorKind::NotADirectory]) {
            Self::NoDirectory
        } else if is(&[io::ErrorKind::PermissionDenied]) {
            Self::NotPermitted
        } else if is(&[io::ErrorKind::IsADirectory]) {
            Self::NotAFile(NoFile::Directory)
        } else {
            Self::Failed(error.to_string())
        }
    }

    /// Whether it is what a writer leaves for a moment who does not swap the file in whole.
    pub(super) fn is_half_written(&self) -> bool {
        match self {
            Self::NotUtf8 | Self::Empty | Self::NotJson => true,
            Self::Missing
            | Self::NoDirectory
            | Self::NotAFile(_)
            | Self::NotPermitted
            | Self::TooLarge
            | Self::NoStep(_)
            | Self::Failed(_)
            | Self::NotWatched => false,
        }
    }

    /// Whether the marker is not there at all. Right after it was, this is the moment between the removal of the old
    /// file and the making of the next one.
    pub(crate) fn is_absent(&self) -> bool {
        matches!(self, Self::Missing | Self::NoDirectory)
    }
}
