//! What a surface may ask of the system: to be the only one of its kind, and to start another one.

#[cfg_attr(windows, path = "surface/windows.rs")]
#[cfg_attr(target_os = "macos", path = "surface/macos.rs")]
#[cfg_attr(not(any(windows, target_os = "macos")), path = "surface/xdg.rs")]
mod imp;

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

/// Writes what a surface keeps for itself, for its user's eyes only; a reader sees all of it or what was there before.
///
/// # Errors
/// When it cannot be written; what was there stays.
pub fn keep(path: &Path, text: &str) -> Result<(), FileError> {
    write_private(path, text.as_bytes())
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

/// Shows a folder or a text file that is there, with the program that the user has for it.
///
/// # Errors
/// When it is gone, or the program that knows about that is missing.
pub fn show(path: &Path) -> io::Result<()> {
    if !path.try_exists()? {
        return Err(io::Error::new(io::ErrorKind::NotFound, "it is gone"));
    }
    start(Path::new(imp::OPENER), path.as_os_str(), &[])
}

/// Writes a file that only the user may read.
///
/// # Errors
/// When it cannot be written.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    nightkeep_os::write_private(path, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gone_is_not_shown() {
        let home = tempfile::tempdir().expect("a temporary directory");
        let fault = show(&home.path().join("gone")).expect_err("there is nothing");
        assert_eq!(fault.kind(), io::ErrorKind::NotFound);
    }
}
