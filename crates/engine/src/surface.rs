//! What a surface may ask of the system: to be the only one of its kind, and to start another one.

#[cfg_attr(windows, path = "surface/windows.rs")]
#[cfg_attr(target_os = "macos", path = "surface/macos.rs")]
#[cfg_attr(not(any(windows, target_os = "macos")), path = "surface/xdg.rs")]
mod imp;

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

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

/// The window's program: the one that `NIGHTKEEP_APP_BIN` names, else the one that lies beside `own`.
#[must_use]
pub fn window_beside(own: &Path) -> PathBuf {
    if let Some(named) = std::env::var_os("NIGHTKEEP_APP_BIN").filter(|named| !named.is_empty()) {
        return PathBuf::from(named);
    }
    // A program that was replaced while it runs is still found: Linux appends a word to its path.
    let shown = own.to_string_lossy();
    let own = shown.strip_suffix(" (deleted)").map_or(own, Path::new);
    own.with_file_name(format!("nightkeep-app{}", std::env::consts::EXE_SUFFIX))
}

/// A program of Nightkeep that is not this one, and lies beside it.
///
/// # Errors
/// It is not there; the text says where it would be.
pub fn program_beside(name: &str) -> io::Result<PathBuf> {
    let located = |cause: io::Error| io::Error::new(cause.kind(), format!("this program cannot be located: {cause}"));
    let own = std::env::current_exe().map_err(located)?;
    let program = own.with_file_name(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    if program.is_file() {
        return Ok(program);
    }
    Err(io::Error::new(io::ErrorKind::NotFound, format!("`{}` is not installed", program.display())))
}

/// What the environment of a program has to say besides, so that it finds the user's screen: nothing where this program
/// could find it itself.
pub async fn display() -> Vec<(OsString, OsString)> {
    imp::display().await
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

/// The pages of the window, as tray and command line name them.
pub const PAGES: &str = "`overview`, `history`, `run/41`, `run/41/stop`, `jobs`, `jobs/new`, `jobs/NAME/edit`, `types`, \
    `settings` or `quit`";

/// The page of the window that an argument names: one of [`PAGES`], with the number of any run and the name of any job.
#[must_use]
pub fn page_of(argument: &str) -> Option<String> {
    let parts: Vec<&str> = argument.split('/').collect();
    let is_known = match parts.as_slice() {
        ["overview" | "history" | "jobs" | "types" | "settings" | "quit"] | ["jobs", "new"] => true,
        ["run", number] | ["run", number, "stop"] => number.parse::<u64>().is_ok_and(|number| number > 0),
        ["jobs", name, "edit"] => !name.is_empty(),
        _ => false,
    };
    is_known.then(|| argument.to_owned())
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

    #[test]
    fn every_page_that_is_named_is_one() {
        let named: Vec<&str> = PAGES.split('`').skip(1).step_by(2).collect();
        assert!(named.len() > 8, "{named:?}");
        for page in named {
            assert_eq!(page_of(page).as_deref(), Some(page));
        }
    }

    #[test]
    fn what_names_no_page_is_refused() {
        for argument in
            ["", "runs", "run", "run/0", "run/x", "run/41/x", "history/41", "jobs//edit", "https://example.org", "-x"]
        {
            assert_eq!(page_of(argument), None, "{argument}");
        }
    }
}
