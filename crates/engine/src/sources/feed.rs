//! Where the bytes of a source come from, and how far they have been read.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use nightkeep_core::Signal;

use super::sentinels::Said;
use super::{Begun, Commits, Files, Reader};
use crate::captured::Kept;
use crate::sentinel;

/// So much of a file is read in one look at most; the rest follows at the next one.
const BYTES_MAX: usize = 4 * 1024 * 1024;
const PIECE: usize = 64 * 1024;
/// How deep below a folder the newest file is looked for: Codex keeps its sessions by year, month and day.
const DEPTH_MAX: u32 = 3;
/// So many entries of folders are looked at for it.
const ENTRIES_MAX: usize = 5_000;

/// A source of one run, looked at time and again. A look may wait for a disk.
pub trait Feed: Send {
    /// Reads what is new and appends what it says. Whether there is more.
    ///
    /// # Errors
    /// Why it cannot be read at this moment, as a fragment.
    fn look(&mut self, out: &mut Vec<Signal>) -> Result<bool, String>;

    /// What was not taken in since this was last asked.
    fn passed_over(&mut self) -> PassedOver {
        PassedOver::default()
    }

    /// How far it has come, for whoever goes on after a crash.
    fn came_to(&self) -> Option<String> {
        None
    }

    /// Takes back what an earlier reader had told to have begun, and no end of it.
    fn go_on_with(&mut self, _open: &[Begun]) {}

    /// The directories in which something happens when there is something new.
    fn places(&self) -> Vec<PathBuf>;
}

/// What a source did not take in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PassedOver {
    /// So many signals came too fast.
    pub too_fast: u64,
    /// So many came from somebody who is not the run.
    pub strangers: u64,
    /// The first of these, ever.
    pub stranger: Option<u32>,
}

/// A source that is heard elsewhere: there is nothing to read.
pub(super) struct Silent;

impl Feed for Silent {
    fn look(&mut self, _out: &mut Vec<Signal>) -> Result<bool, String> {
        Ok(false)
    }

    fn places(&self) -> Vec<PathBuf> {
        Vec::new()
    }
}

/// Where a file that grows is.
#[derive(Debug, Clone)]
pub(super) enum Origin {
    /// At this path.
    File(PathBuf),
    /// At this path, or the newest `.jsonl` below it when it is a folder.
    Newest(PathBuf),
}

/// A file that grows.
pub(super) struct Grown {
    origin: Origin,
    reader: Box<dyn Reader>,
    file: Option<(PathBuf, Kept)>,
    from: Option<(PathBuf, u64)>,
    /// It was looked for before.
    begun: bool,
}

impl Grown {
    pub(super) fn new(origin: Origin, from: Option<&str>, reader: Box<dyn Reader>) -> Self {
        let from = from.and_then(|from| {
            let (at, path) = from.split_once(' ')?;
            Some((PathBuf::from(path), at.parse().ok()?))
        });
        Self { origin, reader, file: None, from, begun: false }
    }

    /// Opens the file, if it is there and another one than before. What stands in somebody else's file at the first look is
    /// of before the run.
    fn open(&mut self) -> io::Result<()> {
        let is_first = !std::mem::replace(&mut self.begun, true) && self.from.is_none();
        let Some(path) = self.origin.path() else { return Ok(()) };
        if self.file.as_ref().is_some_and(|(known, _)| *known == path) {
            return Ok(());
        }
        let file = match nightkeep_os::open_marker(&path) {
            Ok(file) => file.into_file(),
            Err(fault) if fault.is_not_found() => return Ok(()),
            Err(fault) => return Err(io::Error::other(fault)),
        };
        let at = match self.from.take() {
            Some((known, at)) if known == path => at,
            Some(_) | None => match self.origin {
                Origin::Newest(_) if is_first => file.metadata()?.len(),
                Origin::Newest(_) | Origin::File(_) => 0,
            },
        };
        self.file = Some((path, Kept::from_byte(file, at)));
        Ok(())
    }
}

impl Feed for Grown {
    fn look(&mut self, out: &mut Vec<Signal>) -> Result<bool, String> {
        let failed = |error: io::Error| format!("read what it writes: {error}");
        self.open().map_err(failed)?;
        let Some((_, kept)) = &mut self.file else { return Ok(false) };
        let mut piece = vec![0; PIECE];
        let mut read = 0;
        while read < BYTES_MAX {
            let got = kept.read(&mut piece).map_err(failed)?;
            if got.count == 0 {
                return Ok(false);
            }
            self.reader.take(piece.get(..got.count).unwrap_or_default(), out);
            read += got.count;
        }
        Ok(true)
    }

    fn go_on_with(&mut self, open: &[Begun]) {
        self.reader.go_on_with(open);
    }

    fn came_to(&self) -> Option<String> {
        let (path, kept) = self.file.as_ref()?;
        Some(format!("{} {}", kept.at(), path.display()))
    }

    fn places(&self) -> Vec<PathBuf> {
        let (Origin::File(path) | Origin::Newest(path)) = &self.origin;
        let open = self.file.as_ref().and_then(|(path, _)| path.parent());
        let folder = if path.is_dir() { Some(path.as_path()) } else { path.parent() };
        [folder, open].into_iter().flatten().map(Path::to_owned).collect()
    }
}

impl Origin {
    fn path(&self) -> Option<PathBuf> {
        match self {
            Self::Newest(folder) if folder.is_dir() => newest(folder),
            Self::File(path) | Self::Newest(path) => Some(path.clone()),
        }
    }
}

/// The newest session below a folder.
fn newest(folder: &Path) -> Option<PathBuf> {
    let (mut folders, mut found, mut seen) = (vec![(folder.to_owned(), 0)], None::<(SystemTime, PathBuf)>, 0_usize);
    while let Some((folder, depth)) = folders.pop() {
        for entry in fs::read_dir(folder).ok().into_iter().flatten().flatten() {
            seen += 1;
            if seen > ENTRIES_MAX {
                return found.map(|(_, path)| path);
            }
            // The kind of the entry itself: links are not followed.
            let Ok(kind) = entry.file_type() else { continue };
            let path = entry.path();
            if kind.is_dir() && depth < DEPTH_MAX {
                folders.push((path, depth + 1));
            } else if kind.is_file() && path.extension().is_some_and(|ending| ending == "jsonl") {
                let Ok(written) = entry.metadata().and_then(|metadata| metadata.modified()) else { continue };
                if found.as_ref().is_none_or(|(newest, _)| written > *newest) {
                    found = Some((written, path));
                }
            }
        }
    }
    found.map(|(_, path)| path)
}

/// Files that are counted.
pub(super) struct Counted(pub(super) Files);

impl Feed for Counted {
    fn look(&mut self, out: &mut Vec<Signal>) -> Result<bool, String> {
        out.extend(self.0.look().map_err(|trouble| trouble.to_string())?);
        Ok(false)
    }

    fn came_to(&self) -> Option<String> {
        // The best count is on record as a step.
        Some(String::new())
    }

    fn places(&self) -> Vec<PathBuf> {
        vec![self.0.base().to_owned()]
    }
}

/// Commits on a branch.
pub(super) struct Stamped(pub(super) Commits);

impl Feed for Stamped {
    fn look(&mut self, out: &mut Vec<Signal>) -> Result<bool, String> {
        out.extend(self.0.look().map_err(|trouble| trouble.to_string())?);
        Ok(false)
    }

    fn came_to(&self) -> Option<String> {
        self.0.tip().map(str::to_owned)
    }

    fn places(&self) -> Vec<PathBuf> {
        self.0.places()
    }
}

/// Sentinel files.
pub(super) struct Sentinels {
    folder: PathBuf,
    said: Said,
    /// How far it has come, as far as that is news: a beat is none.
    came_to: (String, bool),
}

impl Sentinels {
    pub(super) fn new(folder: PathBuf, from: Option<&str>) -> Self {
        let said = from.map(Said::going_on_from).unwrap_or_default();
        Self { folder, came_to: (said.came_to(), false), said }
    }
}

impl Feed for Sentinels {
    fn look(&mut self, out: &mut Vec<Signal>) -> Result<bool, String> {
        self.said.take(sentinel::read(&self.folder), out)?;
        let at = self.said.came_to();
        self.came_to = (at.clone(), at != self.came_to.0);
        Ok(false)
    }

    fn came_to(&self) -> Option<String> {
        self.came_to.1.then(|| self.came_to.0.clone())
    }

    fn places(&self) -> Vec<PathBuf> {
        vec![self.folder.clone()]
    }
}
