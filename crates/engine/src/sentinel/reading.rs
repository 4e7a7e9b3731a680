//! One look at a directory with sentinel files.

use std::io;
use std::path::Path;

use super::contents::{self, Pid, Report};
use super::defect::Defect;
use super::listing::{Kind, Listing};
use super::status::{Status, status};
use crate::marker::{Links, Stamp, Trouble, read_at_most};

/// What a look at a directory came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The steps, in the order of their names.
    pub steps: Vec<Step>,
    /// How many more there are than are read.
    pub left_out: usize,
    /// How many sentinel files have a name that cannot be that of a step: too long, not text, or not fit to be shown.
    pub misnamed: usize,
    /// Whether the directory has more entries than are looked at, so that files of a step may have been missed.
    pub is_cut: bool,
    /// Why the directory, or the rest of it, could not be listed.
    pub unlisted: Option<Unlisted>,
}

/// Why a directory cannot be listed, as a fragment that reads after "the folder cannot be listed: ".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unlisted {
    /// There is none.
    #[error("it does not exist")]
    Missing,
    /// It is something else.
    #[error("it is not a folder")]
    NotAFolder,
    /// It may not be listed.
    #[error("listing it is not permitted")]
    NotPermitted,
    /// The system could not do it for another reason.
    #[error("{0}")]
    Failed(String),
}

/// What lies there of a step. A file that is not there is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its name, fit to be shown.
    pub name: String,
    /// Which process it says it is.
    pub pid: Option<Seen<Pid>>,
    /// Its latest sign of life.
    pub heartbeat: Option<Seen<Heartbeat>>,
    /// How it says it is.
    pub status: Option<Seen<Status>>,
    /// What came of it.
    pub result: Option<Seen<Report>>,
}

/// A file that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen<T> {
    /// The state of the file that was read, where it could be opened.
    pub stamp: Option<Stamp>,
    /// What it says.
    pub said: Result<T, Defect>,
}

/// A sign of life. One that is not equal to the one before it is a beat; the calendar has no part in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heartbeat {
    /// When the file was written, in nanoseconds since 1970.
    pub written_ns: i128,
    /// Its length in bytes.
    pub size: u64,
    /// What is in it, of whatever kind; `None` when that is too much to be compared.
    pub content: Option<Vec<u8>>,
}

/// What a look at one file came to: its bytes, unless there are too many.
pub(crate) type Looked = Result<(Option<Vec<u8>>, Stamp), Trouble>;

/// Looks at the directory `dir` once. It may wait for the disk, and for nothing else.
#[must_use]
pub fn read(dir: &Path) -> Reading {
    let mut listing = Listing::default();
    let unlisted = list(dir, &mut listing).err().map(|error| Unlisted::of(&error));
    let look = |step: &str, kind: Kind| {
        read_at_most(&dir.join(format!("{step}.{}", kind.ending())), Links::Refused, kind.bytes_max())
    };
    Reading { unlisted, ..steps(listing, look) }
}

fn list(dir: &Path, listing: &mut Listing) -> io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        if !listing.add(&entry?.file_name()) {
            break;
        }
    }
    Ok(())
}

/// Reads all steps that were listed, through `look`: also those of their files that were not. A result is written before
/// its status, so whoever sees the status, and only then looks for the result, finds it.
pub(crate) fn steps(listing: Listing, look: impl Fn(&str, Kind) -> Looked) -> Reading {
    let (misnamed, is_cut) = (listing.misnamed, listing.is_cut);
    let (names, left_out) = listing.chosen();
    let steps = names.into_iter().map(|name| Step {
        pid: seen(look(&name, Kind::Pid), Kind::Pid, contents::pid),
        heartbeat: heartbeat(look(&name, Kind::Heartbeat)),
        status: seen(look(&name, Kind::Status), Kind::Status, status),
        result: seen(look(&name, Kind::Result), Kind::Result, contents::report),
        name,
    });
    Reading { steps: steps.filter(Step::has_files).collect(), left_out, misnamed, is_cut, unlisted: None }
}

/// What a file says; `None` when it is not there.
fn seen<T>(looked: Looked, kind: Kind, parse: fn(&[u8]) -> Result<T, Defect>) -> Option<Seen<T>> {
    let bytes_max = kind.bytes_max();
    match looked {
        Ok((Some(bytes), stamp)) => Some(Seen { stamp: Some(stamp), said: parse(&bytes) }),
        Ok((None, stamp)) => Some(Seen { stamp: Some(stamp), said: Err(Defect::TooLarge { bytes_max }) }),
        Err(trouble) if trouble.is_absent() => None,
        Err(trouble) => Some(Seen { stamp: None, said: Err(Defect::of(&trouble, bytes_max)) }),
    }
}

/// Any content is good, none as well, and where there is too much of it the time and the length still tell.
fn heartbeat(looked: Looked) -> Option<Seen<Heartbeat>> {
    match looked {
        Ok((content, stamp)) => {
            let heartbeat = Heartbeat { written_ns: stamp.written_ns, size: stamp.size, content };
            Some(Seen { stamp: Some(stamp), said: Ok(heartbeat) })
        }
        Err(trouble) if trouble.is_absent() => None,
        Err(trouble) => Some(Seen { stamp: None, said: Err(Defect::of(&trouble, Kind::Heartbeat.bytes_max())) }),
    }
}

impl Step {
    fn has_files(&self) -> bool {
        self.pid.is_some() || self.heartbeat.is_some() || self.status.is_some() || self.result.is_some()
    }
}

impl Unlisted {
    fn of(error: &io::Error) -> Self {
        let is = |kind| error.kind() == kind;
        if is(io::ErrorKind::NotFound) {
            Self::Missing
        } else if is(io::ErrorKind::NotADirectory) {
            Self::NotAFolder
        } else if is(io::ErrorKind::PermissionDenied) {
            Self::NotPermitted
        } else {
            Self::Failed(error.to_string())
        }
    }
}
