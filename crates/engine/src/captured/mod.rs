//! What a command prints, held to what is kept of it.
//!
//! The command writes straight into its file, so nobody stands between them who could hold it up or take it down, and
//! nobody can stop it at a limit either. Instead the beginning is given back while the command goes on appending: the
//! file gets a hole and keeps its length, so that whoever reads along finds everything where it was. When no writer is
//! left, [`Captured::settle`] makes a plain file of what was kept.
//!
//! Kept are the last `max` bytes, a sixteenth more at times, and what is printed between two looks.

mod reading;
#[cfg(test)]
mod tests;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

pub use reading::{Got, Kept, Missed};

use crate::rundir::RunDir;

/// What is kept of the output of a run whose job says nothing else.
pub const OUTPUT_BYTES_MAX: u64 = 20_000_000;

/// The least that can be asked for.
pub const OUTPUT_BYTES_MIN: u64 = 64 * 1024;

/// A file that is longer than this, holes included, is begun anew: file systems have their limits too.
const LENGTH_MAX: u64 = 1 << 40;

/// With this many times what is kept, the file is begun anew: a disk that writes what it is to give back is too slow.
const SURPLUS_MAX: u64 = 16;

/// How far a line's beginning is looked for when the rest is thrown away.
const LINE_BYTES_MAX: u64 = 64 * 1024;

/// How many bytes of a file that a command has printed are kept.
///
/// # Errors
/// When it cannot be looked at.
pub fn bytes_kept(path: &Path) -> io::Result<u64> {
    let file = File::open(path)?;
    let begins = nightkeep_os::first_kept(&file, 0)?;
    Ok(file.metadata()?.len().saturating_sub(begins))
}

/// Looks once at the output of a run that has lost its keeper.
pub fn hold(run: &RunDir) {
    let Ok(Some(spec)) = run.read_spec() else { return };
    for mut file in Captured::of(run, spec.output_max) {
        if let Err(fault) = file.look() {
            tracing::debug!(%fault, path = %file.path().display(), "an output cannot be held to its limit");
        }
    }
}

/// One file into which a command prints.
#[derive(Debug)]
pub struct Captured {
    path: PathBuf,
    file: File,
    max: u64,
    /// Where what is kept begins.
    begins: u64,
    /// What was thrown away before the file was begun anew.
    lost: u64,
}

/// What a look found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Look {
    /// How long the file is, with all that was given back.
    pub length: u64,
    /// How much more may be printed before something has to be given back.
    pub room: u64,
}

impl Captured {
    /// The files of a run that are there, to be held to `max` bytes each.
    #[must_use]
    pub fn of(run: &RunDir, max: u64) -> Vec<Self> {
        [run.output(), run.stderr()].into_iter().filter_map(|path| Self::open(path, max).ok()).collect()
    }

    /// A file that is there.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(path: PathBuf, max: u64) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).open(&path)?;
        let begins = nightkeep_os::first_kept(&file, 0)?;
        Ok(Self { path, file, max: max.max(OUTPUT_BYTES_MIN), begins, lost: 0 })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Gives back what is more than is kept.
    ///
    /// # Errors
    /// When the file cannot be looked at, or can neither be given a hole nor be begun anew.
    pub fn look(&mut self) -> io::Result<Look> {
        let length = self.file.metadata()?.len();
        self.begins = if length < self.begins { 0 } else { self.begins };
        if length > LENGTH_MAX || length - self.begins > self.max.saturating_mul(SURPLUS_MAX) {
            self.begin_anew(length)?;
        } else if length - self.begins > self.most() {
            match nightkeep_os::give_back_head(&self.file, length - self.max) {
                Ok(begins) => self.begins = begins,
                // Not every file system has holes.
                Err(_) => self.begin_anew(length)?,
            }
        }
        let length = self.file.metadata()?.len();
        Ok(Look { length: self.lost + length, room: self.most().saturating_sub(length.saturating_sub(self.begins)) })
    }

    /// Whether [`Self::settle`] has something to do.
    #[must_use]
    pub fn is_long(&self) -> bool {
        self.begins > 0 || self.file.metadata().is_ok_and(|found| found.len() > self.most())
    }

    /// Makes a plain file of what is kept, from the beginning of a line, and returns how many bytes of all that was
    /// printed are gone. To be called when nobody writes any longer; readers go on with the file they have opened.
    ///
    /// # Errors
    /// When what is kept cannot be written; the file stays as it was.
    pub fn settle(&mut self) -> io::Result<u64> {
        let length = self.file.metadata()?.len();
        let begins = if length < self.begins { 0 } else { self.begins };
        if begins == 0 && length <= self.most() {
            return Ok(self.lost);
        }
        let begins = line_after(&mut self.file, begins.max(length.saturating_sub(self.max)))?;
        let aside = self.path.with_extension("aside");
        let written = self.write_aside(&aside, begins).and_then(|()| fs::rename(&aside, &self.path));
        if let Err(fault) = written {
            // The fault at hand says more than a failure to clean up after it.
            drop(fs::remove_file(&aside));
            return Err(fault);
        }
        Ok(self.lost + begins)
    }

    /// The most that is kept between two times of giving back: every time costs something.
    const fn most(&self) -> u64 {
        self.max + self.max / 16
    }

    /// Empties the file, and appends a quarter of what may be kept of it: what the command appends at the same moment
    /// may come to stand before that, and nothing more is lost.
    fn begin_anew(&mut self, length: u64) -> io::Result<()> {
        let from = line_after(&mut self.file, length.saturating_sub(self.max / 4))?;
        self.file.seek(SeekFrom::Start(from))?;
        let mut end = Vec::new();
        Read::by_ref(&mut self.file).take(self.max / 4).read_to_end(&mut end)?;
        self.file.set_len(0)?;
        self.lost += length - end.len() as u64;
        self.begins = 0;
        OpenOptions::new().append(true).open(&self.path)?.write_all(&end)
    }

    /// Not synced: a power cut at this moment may cost the output of the run, and a sync would hold up its end.
    fn write_aside(&mut self, aside: &Path, begins: u64) -> io::Result<()> {
        drop(fs::remove_file(aside));
        let mut plain = nightkeep_os::create_private(aside)?;
        self.file.seek(SeekFrom::Start(begins))?;
        io::copy(&mut self.file, &mut plain)?;
        Ok(())
    }
}

/// Where the first whole line begins at or behind `from`; `from` itself where that is too far. Bytes that a hole has
/// left are no part of a line.
pub(crate) fn line_after(file: &mut File, from: u64) -> io::Result<u64> {
    if from == 0 {
        return Ok(0);
    }
    // The byte before tells whether a line begins right here, unless it was given back.
    file.seek(SeekFrom::Start(from - 1))?;
    let mut start = Vec::new();
    Read::by_ref(file).take(LINE_BYTES_MAX).read_to_end(&mut start)?;
    let newline = start.iter().position(|byte| *byte == b'\n');
    let kept = || start.iter().skip(1).position(|byte| *byte != 0);
    Ok(from + newline.or_else(kept).unwrap_or(0) as u64)
}
