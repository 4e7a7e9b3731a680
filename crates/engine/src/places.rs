//! Where Nightkeep keeps its files: all in `NIGHTKEEP_HOME` when that is set, else in the system's own places.

#[cfg_attr(unix, path = "places/unix.rs")]
#[cfg_attr(windows, path = "places/windows.rs")]
mod imp;

use std::{
    env,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

use etcetera::base_strategy::{BaseStrategy, choose_native_strategy};
use nightkeep_os::FileError;

/// The variable that names the one directory for everything.
pub const HOME_VARIABLE: &str = "NIGHTKEEP_HOME";

/// The name of our directory in each of the system's places.
const DIRECTORY: &str = "nightkeep";

/// The directories of one Nightkeep. Two with the same data directory are the same Nightkeep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    config_dir: PathBuf,
    data_dir: PathBuf,
    runtime_dir: PathBuf,
}

/// Why the places cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PlacesError {
    /// Neither the variable is set nor is there a home directory.
    #[error("find the home directory")]
    NoHome,
    /// The variable's path cannot be made absolute.
    #[error("make `{HOME_VARIABLE}`, which is `{}`, an absolute path", path.display())]
    BadHome {
        /// What the variable holds.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A directory is missing and cannot be made, or is not private to the user.
    #[error("make a private directory at `{}`", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: FileError,
    },
    /// A directory is there and cannot be written to.
    #[error("write to the directory `{}`", path.display())]
    Unwritable {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

impl PlacesError {
    /// What can be done about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::NoHome => "set `HOME`, or set `NIGHTKEEP_HOME` to a directory of your own".to_owned(),
            Self::BadHome { .. } => "set `NIGHTKEEP_HOME` to an absolute path".to_owned(),
            Self::Directory { source, .. } => source.hint().unwrap_or_else(|| OTHER_PLACE.to_owned()),
            Self::Unwritable { .. } => OTHER_PLACE.to_owned(),
        }
    }
}

/// What helps where a directory cannot be mended.
const OTHER_PLACE: &str = "make the directory yours and writable, or set `NIGHTKEEP_HOME` to one that is";

impl Places {
    /// The places that the environment names.
    ///
    /// # Errors
    /// When there is no home directory, or `NIGHTKEEP_HOME` cannot be made absolute.
    pub fn from_env() -> Result<Self, PlacesError> {
        if let Some(home) = env::var_os(HOME_VARIABLE).filter(|home| !home.is_empty()) {
            let path = PathBuf::from(home);
            let home = std::path::absolute(&path).map_err(|source| PlacesError::BadHome { path, source })?;
            return Ok(Self::below(&home));
        }
        let base = choose_native_strategy().map_err(|_| PlacesError::NoHome)?;
        let data_dir = base.data_dir().join(DIRECTORY);
        let runtime_dir =
            imp::runtime_dir(base.runtime_dir()).map_or_else(|| data_dir.clone(), |dir| dir.join(DIRECTORY));
        Ok(Self { config_dir: base.config_dir().join(DIRECTORY), data_dir, runtime_dir })
    }

    /// Everything in the one directory `home`, as with `NIGHTKEEP_HOME`.
    #[must_use]
    pub fn below(home: &Path) -> Self {
        Self { config_dir: home.to_owned(), data_dir: home.to_owned(), runtime_dir: home.to_owned() }
    }

    /// Jobs, types and settings, as text.
    #[must_use]
    pub fn config_file(&self) -> PathBuf {
        self.config_dir.join("config.toml")
    }

    /// The journal and the history.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.data_dir.join("nightkeep.db")
    }

    /// The directory that holds one directory for each run.
    #[must_use]
    pub fn runs_dir(&self) -> PathBuf {
        self.data_dir.join("runs")
    }

    /// The directory of the run with this tag.
    #[must_use]
    pub fn run_dir(&self, tag: &str) -> PathBuf {
        self.runs_dir().join(tag)
    }

    /// Where the run with this tag may be told to notify, the best place first: few bytes fit into a socket's address.
    #[must_use]
    pub fn notify_sockets(&self, tag: &str) -> [PathBuf; 2] {
        [self.run_dir(tag).join("notify.sock"), self.runtime_dir.join(format!("n-{}", tag.replace('-', "")))]
    }

    /// The socket of the API.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.runtime_dir.join("engine.sock")
    }

    /// The lock that makes the engine the only one of its data directory.
    #[must_use]
    pub fn engine_lock(&self) -> PathBuf {
        self.data_dir.join("engine.lock")
    }

    /// What an engine that hands over leaves for its successor.
    #[must_use]
    pub fn hand_over(&self) -> PathBuf {
        self.data_dir.join("hand-over.json")
    }

    /// How far the clock is believed by whoever removes what is old.
    #[must_use]
    pub fn clock_belief(&self) -> PathBuf {
        self.data_dir.join("clock.json")
    }

    /// Where pings are heard, for scripts.
    #[must_use]
    pub fn pings_url(&self) -> PathBuf {
        self.data_dir.join("pings.url")
    }

    /// The key of pings, where the configuration has none.
    #[must_use]
    pub fn pings_key(&self) -> PathBuf {
        self.data_dir.join("pings.key")
    }

    /// What was pinged last, for the next engine.
    #[must_use]
    pub fn pings(&self) -> PathBuf {
        self.data_dir.join("pings.json")
    }

    /// What the window keeps for itself: its size, and what it has told.
    #[must_use]
    pub fn window(&self) -> PathBuf {
        self.data_dir.join("window.json")
    }

    /// Where history, outputs and all else of it lie.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// The engine's own log.
    #[must_use]
    pub fn log_dir(&self) -> PathBuf {
        self.data_dir.join("log")
    }

    /// The files that are ours alone, whatever mode they were left with.
    pub(crate) fn private_files(&self) -> [PathBuf; 4] {
        let beside = |name: &str| self.data_dir.join(name);
        [self.engine_lock(), self.database(), beside("nightkeep.db-wal"), beside("nightkeep.db-shm")]
    }

    /// Makes every directory, private to the user, and checks that the data can be written.
    ///
    /// # Errors
    /// The first directory that cannot be made, is not the user's own, or cannot be written to.
    pub fn create(&self) -> Result<(), PlacesError> {
        for path in [&self.config_dir, &self.data_dir, &self.runtime_dir, &self.runs_dir(), &self.log_dir()] {
            make_private(path)?;
        }
        check_writable(&self.data_dir)
    }
}

/// Makes sure of a directory that only the user can use.
///
/// A directory that somebody has made for us and that holds nothing is made private. One that holds something is left
/// as it is, unless others could put a socket or a command line of theirs into it: what we add to it is private itself.
fn make_private(path: &Path) -> Result<(), PlacesError> {
    let failed = |source| PlacesError::Directory { path: path.to_owned(), source };
    match nightkeep_os::private_dir(path) {
        Err(FileError::OpenToOthers { .. }) if is_empty(path) && imp::tighten(path).is_ok() => {
            nightkeep_os::private_dir(path).map_err(failed)
        }
        Err(FileError::OpenToOthers { mode, .. }) if !imp::lets_others_write(mode) => Ok(()),
        done => done.map_err(failed),
    }
}

fn is_empty(path: &Path) -> bool {
    std::fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none())
}

/// Writes and removes a file, because a read-only file system shows in no permission. That it is full does not make it
/// useless: what is there can be read, and an engine watches until there is room again.
fn check_writable(dir: &Path) -> Result<(), PlacesError> {
    let probe = dir.join(format!(".probe-{}", std::process::id()));
    match std::fs::write(&probe, b"").and_then(|()| std::fs::remove_file(&probe)) {
        Err(full) if matches!(full.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => Ok(()),
        written => written.map_err(|source| PlacesError::Unwritable { path: dir.to_owned(), source }),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;

    #[test]
    fn everything_is_below_the_one_home_and_private() {
        let home = tempfile::tempdir().expect("a temporary directory");
        let places = Places::below(&home.path().join("nightkeep"));
        places.create().expect("the places can be made");
        for dir in [home.path().join("nightkeep"), places.runs_dir(), places.log_dir()] {
            assert_eq!(mode_of(&dir), 0o700, "{}", dir.display());
        }
        let home = home.path().join("nightkeep");
        for path in [places.config_file(), places.database(), places.socket(), places.engine_lock()] {
            assert_eq!(path.parent(), Some(home.as_path()));
        }
        assert_eq!(places.run_dir("tag"), home.join("runs").join("tag"));
    }

    #[test]
    fn an_empty_home_that_others_can_read_is_made_private() {
        let home = tempfile::tempdir().expect("a temporary directory");
        set_mode(home.path(), 0o777);
        Places::below(home.path()).create().expect("the places can be made");
        assert_eq!(mode_of(home.path()), 0o700);
    }

    #[test]
    fn a_home_in_use_is_left_as_it_is_and_what_we_add_is_private() {
        let home = tempfile::tempdir().expect("a temporary directory");
        fs::write(home.path().join("config.toml"), "").expect("a file");
        set_mode(home.path(), 0o755);
        let places = Places::below(home.path());
        places.create().expect("the places can be made");
        assert_eq!((mode_of(home.path()), mode_of(&places.runs_dir())), (0o755, 0o700));
    }

    #[test]
    fn a_home_that_others_can_write_to_is_refused_with_what_to_do() {
        let home = tempfile::tempdir().expect("a temporary directory");
        fs::write(home.path().join("config.toml"), "").expect("a file");
        set_mode(home.path(), 0o777);
        let error = Places::below(home.path()).create().expect_err("others could put something there");
        assert!(error.to_string().contains(&home.path().display().to_string()), "{error}");
        assert!(error.hint().contains("chmod 700"), "{}", error.hint());
    }

    #[test]
    fn a_home_that_cannot_be_made_is_named() {
        let home = tempfile::tempdir().expect("a temporary directory");
        let file = home.path().join("file");
        fs::write(&file, "").expect("a file");
        let error = Places::below(&file.join("home")).create().expect_err("a file holds no directory");
        assert!(error.to_string().contains("file/home"), "{error}");
    }

    fn mode_of(path: &Path) -> u32 {
        fs::metadata(path).expect("it is there").permissions().mode() & 0o777
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
    }
}
