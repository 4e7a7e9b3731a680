//! The directory of one run: what its keeper leaves on disk, and what is to be made of it.
//!
//! | file | written by | when |
//! | --- | --- | --- |
//! | `spec.json` | whoever starts the run | before the keeper is started |
//! | `keeper.lock` | the keeper | held for its life: proof of life without a pid |
//! | `keeper.sock` | the keeper | while it can be asked |
//! | `run.json` | the keeper | when the command's process is there, just before it becomes the command |
//! | `output.log`, `stderr.log` | the command | all along |
//! | `exit.json` | the keeper | when the command has ended, and again when everything it left behind has |
//!
//! Each JSON file is swapped in whole, so it is either there and complete or not there. Fields that a reader does not
//! know are skipped: a newer Nightkeep may have started the run.

mod end;
mod os_text;
mod records;
mod report_overrides;
mod reports;
mod state;

pub use end::RunEnd;
pub use os_text::OsText;
pub use records::{Exit, FORMAT, LimitOverridesMs, LimitsMs, Spec, Started, StartedBy, Stdin};
pub use report_overrides::{PaceOverridesMs, ReportOverridesMs};
pub use reports::{BeatsMs, PaceMs, ReportsMs};
pub use state::RunState;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use nightkeep_os::FileError;
use serde::{Serialize, de::DeserializeOwned};

/// A record larger than this is not read. The largest is a command line, of which Linux takes at most 2 MiB.
const RECORD_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// The longest tag.
const TAG_BYTES_MAX: usize = 64;

/// Whether `text` can be the tag of a run, and so the name of its directory: a tag that a client names must not lead
/// anywhere else.
#[must_use]
pub fn is_tag(text: &str) -> bool {
    let usual = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=TAG_BYTES_MAX).contains(&text.len()) && text.bytes().all(usual)
}

/// The directory of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunDir {
    path: PathBuf,
}

/// Why a run's directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RunDirError {
    /// There is something by this name already.
    #[error("make the run's directory `{}`: it exists already", path.display())]
    Exists {
        /// The directory.
        path: PathBuf,
    },
    /// A file or a directory cannot be made, read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A record is there and says nothing that can be understood.
    #[error("understand `{}`", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// A record is too large to be one.
    #[error("read `{}`: it has more than {limit} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The most that is read.
        limit: u64,
    },
    /// A record of a version that this program does not know.
    #[error("understand `{}`: its format is {format}, the newest known is {known}", path.display(), known = FORMAT)]
    Newer {
        /// The file.
        path: PathBuf,
        /// The format it has.
        format: u32,
    },
}

impl RunDir {
    /// The run's directory at `path`, whether it exists or not.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Makes the directory, private to the user.
    ///
    /// # Errors
    /// When it exists already or cannot be made.
    pub fn create(path: impl Into<PathBuf>) -> Result<Self, RunDirError> {
        let run = Self::at(path);
        if fs::symlink_metadata(&run.path).is_ok() {
            return Err(RunDirError::Exists { path: run.path });
        }
        nightkeep_os::private_dir(&run.path)?;
        Ok(run)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The lock that the keeper holds for life.
    #[must_use]
    pub fn lock(&self) -> PathBuf {
        self.path.join("keeper.lock")
    }

    /// The socket on which the keeper can be asked.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.path.join("keeper.sock")
    }

    /// How a keeper tells who started it that it is there: see [`crate::keeper::launch`].
    #[must_use]
    pub fn ready(&self) -> PathBuf {
        self.path.join("ready")
    }

    /// What the command prints.
    #[must_use]
    pub fn output(&self) -> PathBuf {
        self.path.join("output.log")
    }

    /// What it prints on stderr, when that is kept apart.
    #[must_use]
    pub fn stderr(&self) -> PathBuf {
        self.path.join("stderr.log")
    }

    /// The marker of a run whose job names none.
    #[must_use]
    pub fn marker(&self) -> PathBuf {
        self.path.join("progress.json")
    }

    fn spec(&self) -> PathBuf {
        self.path.join("spec.json")
    }

    fn started(&self) -> PathBuf {
        self.path.join("run.json")
    }

    fn exit(&self) -> PathBuf {
        self.path.join("exit.json")
    }

    /// What is to be run. `None`: there is no such file.
    ///
    /// # Errors
    /// When it is there and cannot be read or understood.
    pub fn read_spec(&self) -> Result<Option<Spec>, RunDirError> {
        read(self.spec())
    }

    /// Writes what is to be run.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_spec(&self, spec: &Spec) -> Result<(), RunDirError> {
        write(&self.spec(), spec)
    }

    /// Who keeper and command are. `None`: the command was not started, or not yet.
    ///
    /// # Errors
    /// When it is there and cannot be read or understood.
    pub fn read_started(&self) -> Result<Option<Started>, RunDirError> {
        read(self.started())
    }

    /// Writes who keeper and command are.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_started(&self, started: &Started) -> Result<(), RunDirError> {
        write(&self.started(), started)
    }

    /// Takes back who keeper and command are: the command could not be started.
    ///
    /// # Errors
    /// When the file cannot be removed.
    pub fn remove_started(&self) -> io::Result<()> {
        fs::remove_file(self.started())
    }

    /// How the command ended. `None`: it has not, or nobody could write it down.
    ///
    /// # Errors
    /// When it is there and cannot be read or understood.
    pub fn read_exit(&self) -> Result<Option<Exit>, RunDirError> {
        read(self.exit())
    }

    /// Writes how the command ended.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_exit(&self, exit: &Exit) -> Result<(), RunDirError> {
        write(&self.exit(), exit)
    }
}

/// The part of every record by which a reader sees whether it may go on.
#[derive(serde::Deserialize)]
struct Version {
    format: u32,
}

fn read<T: DeserializeOwned>(path: PathBuf) -> Result<Option<T>, RunDirError> {
    let file = match nightkeep_os::open_marker(&path) {
        Ok(file) => file,
        Err(error) if error.is_not_found() => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let bytes = file.read(RECORD_BYTES_MAX).map_err(|source| unreadable(&path, source))?;
    if bytes.len() as u64 > RECORD_BYTES_MAX {
        return Err(RunDirError::TooLarge { path, limit: RECORD_BYTES_MAX });
    }
    let malformed = |source| RunDirError::Malformed { path: path.clone(), source };
    let Version { format } = serde_json::from_slice(&bytes).map_err(malformed)?;
    if format > FORMAT {
        return Err(RunDirError::Newer { path, format });
    }
    serde_json::from_slice(&bytes).map(Some).map_err(malformed)
}

fn write(path: &Path, record: &impl Serialize) -> Result<(), RunDirError> {
    let mut bytes =
        serde_json::to_vec(record).map_err(|source| RunDirError::Malformed { path: path.to_owned(), source })?;
    bytes.push(b'\n');
    Ok(nightkeep_os::write_private(path, &bytes)?)
}

fn unreadable(path: &Path, source: io::Error) -> RunDirError {
    RunDirError::File(FileError::Io { action: "read", path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use nightkeep_os::clocks;

    use super::*;

    #[test]
    fn a_record_of_a_newer_program_is_read_without_what_is_not_known() {
        let (_home, run) = run();
        let mut record = serde_json::to_value(exit(RunEnd::Code(3))).expect("a record is JSON");
        record["weather"] = "rain".into();
        fs::write(run.exit(), record.to_string()).expect("it can be written");
        let read = run.read_exit().expect("it can be read").expect("it is there");
        assert_eq!(read.end, RunEnd::Code(3));
    }

    #[test]
    fn every_end_comes_out_as_it_went_in() {
        let (_home, run) = run();
        let exec_error = nightkeep_os::ExecError { errno: Some(2), message: "no such file".to_owned() };
        for end in [RunEnd::Code(-1), RunEnd::Signal(9), RunEnd::ExecError(exec_error), RunEnd::Unknown] {
            let exit = exit(end);
            run.write_exit(&exit).expect("it can be written");
            assert_eq!(run.read_exit().expect("it can be read"), Some(exit));
        }
    }

    #[test]
    fn a_half_written_record_is_an_error_that_names_the_file() {
        let (_home, run) = run();
        fs::write(run.exit(), b"{\"format\": 1, \"cod").expect("it can be written");
        let error = run.read_exit().expect_err("it is no record");
        assert!(matches!(error, RunDirError::Malformed { .. }), "{error:?}");
        assert!(error.to_string().contains("exit.json"), "{error}");
    }

    #[test]
    fn a_record_of_a_format_that_is_not_known_is_not_guessed_at() {
        let (_home, run) = run();
        fs::write(run.exit(), b"{\"format\": 99}").expect("it can be written");
        assert!(matches!(run.read_exit(), Err(RunDirError::Newer { format: 99, .. })));
    }

    #[test]
    fn what_is_no_file_is_an_error_and_what_is_missing_is_none() {
        let (_home, run) = run();
        fs::create_dir(run.spec()).expect("it can be made");
        assert!(matches!(run.read_spec(), Err(RunDirError::File(_))));
        assert_eq!(run.read_started().expect("missing is no error"), None);
    }

    #[test]
    fn a_tag_leads_nowhere_but_to_a_run() {
        assert!(is_tag("0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"));
        for odd in ["", ".", "..", "../x", "a/b", "/etc", "a\\b", "a\0", "a b", "ä", &"a".repeat(65)] {
            assert!(!is_tag(odd), "{odd:?}");
        }
    }

    #[test]
    fn a_directory_is_made_once() {
        let (_home, run) = run();
        assert!(matches!(RunDir::create(run.path()), Err(RunDirError::Exists { .. })));
    }

    fn run() -> (tempfile::TempDir, RunDir) {
        let home = tempfile::tempdir().expect("a temporary directory");
        let run = RunDir::create(home.path().join("run")).expect("it can be made");
        (home, run)
    }

    fn exit(end: RunEnd) -> Exit {
        let clocks = clocks();
        Exit {
            format: FORMAT,
            end,
            clocks,
            interrupted_by: None,
            killed: false,
            leftovers: vec![7],
            all_gone: None,
            output_dropped: 0,
        }
    }
}
