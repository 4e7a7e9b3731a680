//! Private directories and files, locks held for life, and careful reading of files that others write.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::imp;

/// How often a lock file may be replaced under our hands before we give up.
const LOCK_ATTEMPTS_MAX: u32 = 16;

/// What is wrong with a file or directory.
#[derive(Debug, Error)]
pub enum FileError {
    /// The place of a private directory is taken by a symbolic link.
    #[error("use `{path}` as a private directory: it is a symbolic link", path = path.display())]
    Symlink {
        /// The place.
        path: PathBuf,
    },
    /// The place of a private directory is taken by something else.
    #[error("use `{path}` as a private directory: it is not a directory", path = path.display())]
    NotADirectory {
        /// The place.
        path: PathBuf,
    },
    /// The directory belongs to somebody else.
    #[error("use `{path}` as a private directory: it belongs to user {owner}", path = path.display())]
    ForeignOwner {
        /// The directory.
        path: PathBuf,
        /// The number of the user it belongs to.
        owner: u32,
    },
    /// Others than the owner may use the directory.
    #[error("use `{path}` as a private directory: its mode {mode:03o} lets others in", path = path.display())]
    OpenToOthers {
        /// The directory.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// A file that others can get at, or that is not ours.
    #[error("use `{path}`: {why}", path = path.display())]
    NotPrivate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// What should be a file is something else; reading it could wait forever.
    #[error("read `{path}`: it is {kind}, not a regular file", path = path.display())]
    NotARegularFile {
        /// The path.
        path: PathBuf,
        /// What it is, with its article.
        kind: &'static str,
    },
    /// The system refused.
    #[error("{action} `{path}`", path = path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The path.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl FileError {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }

    /// Tells whether the file or directory does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }

    /// Returns what to do about it, if there is something the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::OpenToOthers { path, .. } => Some(format!("chmod 700 {}", path.display())),
            Self::Symlink { .. } | Self::NotADirectory { .. } | Self::ForeignOwner { .. } => {
                Some("set `NIGHTKEEP_HOME` to a directory of your own".to_owned())
            }
            Self::NotPrivate { path, .. } => Some(format!("move `{}` away; it is made anew", path.display())),
            Self::NotARegularFile { .. } | Self::Io { .. } => None,
        }
    }
}

/// Makes sure that `path` is a directory which only this user can use, and creates it (and its parents) if it is missing.
///
/// # Errors
///
/// Refuses a symbolic link, a directory of another user, and one that lets group or others in: whoever can write there
/// could put a socket or a command line in our place.
pub fn private_dir(path: &Path) -> Result<(), FileError> {
    match fs::symlink_metadata(path) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            imp::create_private_dir(path).map_err(FileError::io("create the directory", path))?;
        }
        Err(error) => return Err(FileError::io("look at", path)(error)),
    }
    imp::check_private_dir(path)
}

/// Makes sure that the file at `path`, if there is one, is this user's and for nobody else; one that others can get at is
/// made private.
///
/// # Errors
///
/// Refuses a file of another user and what is not a file at all.
pub fn keep_private(path: &Path) -> Result<(), FileError> {
    match open_marker(path) {
        Ok(found) => imp::keep_private(&found.file, path),
        Err(error) if error.is_not_found() => Ok(()),
        Err(error) => Err(error),
    }
}

/// Opens a private file, made where it is missing, at the end of which every write lands.
///
/// # Errors
///
/// Fails if the system does.
pub fn append_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    imp::make_private(&mut options);
    options.open(path)
}

/// Writes a private file so that a reader sees the old content or the whole new one, also after a crash.
///
/// # Errors
///
/// Fails if a step fails; the old content is then still in place.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let aside = format!(".{name}.{}.{}.tmp", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let aside = path.with_file_name(aside);
    let written = write_aside(&aside, bytes).and_then(|()| fs::rename(&aside, path));
    if let Err(source) = written {
        // The leftover matters less than the error at hand, so a failure to remove it is not reported.
        drop(fs::remove_file(&aside));
        return Err(FileError::Io { action: "write", path: path.to_owned(), source });
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    imp::sync_dir(parent).map_err(FileError::io("sync the directory", parent))
}

/// Makes a private file that is not there yet, and opens it for writing.
///
/// # Errors
///
/// Fails if something has its name, or the system refuses.
pub fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    imp::make_private(&mut options);
    options.open(path)
}

fn write_aside(aside: &Path, bytes: &[u8]) -> io::Result<()> {
    // The name carries our pid, so a file that has it is the leftover of a dead process with the same one.
    drop(fs::remove_file(aside));
    let mut file = create_private(aside)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// An exclusive lock on a file, held until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock, and creates its file if it is missing. `None`: somebody else holds it.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be opened or the file system has no locks.
    pub fn exclusive(path: &Path) -> Result<Option<Self>, FileError> {
        for _ in 0..LOCK_ATTEMPTS_MAX {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false);
            imp::make_private(&mut options);
            let file = options.open(path).map_err(FileError::io("open the lock", path))?;
            if !try_lock(&file, path)? {
                return Ok(None);
            }
            // A lock on a file that somebody has removed or replaced since would exclude nobody.
            let held = imp::file_stamp(&file).map_err(FileError::io("look at the lock", path))?;
            if stamp(path)?.is_some_and(|current| current.is_same_file(&held)) {
                return Ok(Some(Self { _file: file }));
            }
        }
        let source = io::Error::other("the file is replaced again and again");
        Err(FileError::Io { action: "lock", path: path.to_owned(), source })
    }
}

/// Tells whether somebody holds the lock on this file. A missing file is not locked.
///
/// The answer needs the lock for an instant, so a call of [`Lock::exclusive`] that comes in that instant is refused.
///
/// # Errors
///
/// Fails if the file cannot be opened or the file system has no locks.
pub fn lock_is_held(path: &Path) -> Result<bool, FileError> {
    match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => Ok(!try_lock(&file, path)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(FileError::io("open the lock", path)(error)),
    }
}

fn try_lock(file: &File, path: &Path) -> Result<bool, FileError> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(FileError::io("lock", path)(error)),
    }
}

/// What tells one state of a file from another without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FileStamp {
    /// The device the file is on.
    pub dev: u64,
    /// Its inode.
    pub ino: u64,
    /// Its size in bytes.
    pub size: u64,
    /// When it was last written, in nanoseconds since 1970.
    pub mtime_ns: i64,
}

impl FileStamp {
    /// Tells whether both are of the same file, whatever its content.
    #[must_use]
    pub fn is_same_file(&self, other: &Self) -> bool {
        self.dev == other.dev && self.ino == other.ino
    }
}

/// Looks at a file without opening it. `None`: there is none.
///
/// # Errors
///
/// Fails if the system does not show it.
pub fn stamp(path: &Path) -> Result<Option<FileStamp>, FileError> {
    match imp::path_stamp(path) {
        Ok(stamp) => Ok(Some(stamp)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(FileError::io("look at", path)(error)),
    }
}

/// An open regular file that somebody else writes.
#[derive(Debug)]
pub struct MarkerFile {
    file: File,
    stamp: FileStamp,
}

impl MarkerFile {
    /// Returns the stamp of the file as it was opened.
    #[must_use]
    pub fn stamp(&self) -> FileStamp {
        self.stamp
    }

    /// Reads the file from its beginning, at most `limit_bytes` and one byte more: whoever gets more than the limit knows
    /// that there is more.
    ///
    /// # Errors
    ///
    /// Fails if the system does.
    pub fn read(self, limit_bytes: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.file.take(limit_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

impl MarkerFile {
    /// The file itself.
    #[must_use]
    pub fn into_file(self) -> File {
        self.file
    }

    /// Reads the end of the file as it was opened, at most `limit_bytes` of it.
    ///
    /// # Errors
    ///
    /// Fails if the system does.
    pub fn read_end(mut self, limit_bytes: u64) -> io::Result<Vec<u8>> {
        let from = self.stamp.size.saturating_sub(limit_bytes);
        self.file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        self.file.take(limit_bytes).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Tells whether somebody else decides what is in the file: it belongs to another user than this one and the
    /// administrator, or everybody may write to it.
    ///
    /// # Errors
    ///
    /// Fails if the system does not tell.
    pub fn is_in_the_hands_of_others(&self) -> io::Result<bool> {
        imp::is_in_the_hands_of_others(&self.file)
    }
}

/// Opens a file for reading without ever waiting for it, and without disturbing its writer.
///
/// # Errors
///
/// Refuses everything that is not a regular file, by name: a pipe would be waited for forever.
pub fn open_marker(path: &Path) -> Result<MarkerFile, FileError> {
    let file = imp::open_without_waiting(path)?;
    let stamp = imp::file_stamp(&file).map_err(FileError::io("look at", path))?;
    Ok(MarkerFile { file, stamp })
}
