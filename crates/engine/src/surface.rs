//! What a surface may ask of the system: to be the only one of its kind, and to start another one.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;

use nightkeep_os::{DetachedStdin, FileError, Lock, spawn_detached};

/// Held for as long as this surface is the only one of its kind. The system lets go of it with the process, however
/// that ends.
#[derive(Debug)]
pub struct Alone {
    _lock: Lock,
}

impl Alone {
    /// Becomes the only one; `None` when another one is.
    ///
    /// # Errors
    /// When the lock's file cannot be made or opened.
    pub fn in_place(lock: &Path) -> Result<Option<Self>, FileError> {
        Ok(Lock::exclusive(lock)?.map(|lock| Self { _lock: lock }))
    }
}

/// Starts the program of another surface, which outlives this one. `env` is set on top of this one's environment.
///
/// # Errors
/// When the program is missing or cannot be started; the text names it.
pub fn start(program: &Path, argument: &OsStr, env: &[(OsString, OsString)]) -> io::Result<()> {
    spawn_detached(program.as_os_str(), &[argument.to_owned()], env, None, DetachedStdin::Null)
        .map(drop)
        .map_err(|cause| io::Error::new(cause.kind(), format!("`{}`: {cause}", program.display())))
}

/// Shows a folder in the program that the system has for that.
///
/// # Errors
/// When there is none.
pub fn show_folder(folder: &Path) -> io::Result<()> {
    let program = if cfg!(windows) {
        "explorer"
    } else if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    start(Path::new(program), folder.as_os_str(), &[])
}

/// Writes a file that only the user may read.
///
/// # Errors
/// When it cannot be written.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    nightkeep_os::write_private(path, bytes)
}
