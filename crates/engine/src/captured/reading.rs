//! Reading from a file whose beginning is given back meanwhile.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// A reader of one file that goes on where it was, past what is gone.
#[derive(Debug)]
pub struct Kept {
    file: File,
    at: u64,
}

/// What a reader got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Got {
    /// How many bytes.
    pub count: usize,
    /// Whether something before them is gone that was never read, and how much of it if that is known.
    pub missed: Option<Missed>,
}

/// What is gone that was never read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missed {
    /// That many bytes.
    Bytes(u64),
    /// Nobody knows how many: the file was begun anew.
    Unknown,
}

impl Kept {
    /// Reads `file` from its beginning on.
    #[must_use]
    pub const fn from_start(file: File) -> Self {
        Self { file, at: 0 }
    }

    /// Reads `file` from the byte `at` on, or what is left behind it.
    #[must_use]
    pub const fn from_byte(file: File, at: u64) -> Self {
        Self { file, at }
    }

    /// How far it has come.
    #[must_use]
    pub const fn at(&self) -> u64 {
        self.at
    }

    /// Reads what follows. No bytes: that was all for this moment.
    ///
    /// # Errors
    /// When the system does not give it.
    pub fn read(&mut self, into: &mut [u8]) -> io::Result<Got> {
        let is_shorter = self.file.metadata()?.len() < self.at;
        let mut missed = is_shorter.then_some(Missed::Unknown);
        if is_shorter {
            self.at = 0;
        }
        let from = self.at;
        loop {
            self.file.seek(SeekFrom::Start(self.at))?;
            let count = self.file.read(into)?;
            // What was given back before this moment may have been read as zeros; what is given back later was not.
            let kept = nightkeep_os::first_kept(&self.file, self.at)?;
            if count == 0 || kept == self.at {
                self.at += count as u64;
                return Ok(Got { count, missed });
            }
            self.at = super::line_after(&mut self.file, kept)?;
            missed = missed.filter(|_| is_shorter).or(Some(Missed::Bytes(self.at - from)));
        }
    }
}
