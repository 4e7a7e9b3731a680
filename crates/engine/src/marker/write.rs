//! Writing files that others watch: whole or not at all.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use nightkeep_core::time::{Span, Wall};
use serde_json::{Map, Value};

use super::place;
use super::reading::{object, read_bytes, step_of};
use super::trouble::Trouble;
use crate::config::duration;

/// Only the user may read what has no permissions yet.
const PRIVATE: u32 = 0o600;

/// The step that a mark leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkStep {
    /// One more than there is; the first one is 1.
    Next,
    /// The one there is; without one, 0.
    Keep,
    /// This one.
    To(i64),
    /// -1: the aborted note.
    Aborted,
}

/// What is written into a marker. Fields of the present marker that are not named here stay.
#[derive(Debug, Clone, Copy)]
pub struct Mark<'m> {
    /// The step.
    pub step: MarkStep,
    /// The note. Without one, the present note stays as long as the step does.
    pub note: Option<&'m str>,
    /// How many steps there are. Without it, what the present marker says stays.
    pub total: Option<i64>,
    /// The time that this one step may take.
    pub expect: Option<Span>,
    /// Whose steps these are; the steps of another series are not counted on.
    pub series: Option<&'m str>,
    /// When.
    pub at: Wall,
}

/// Why a marker was not written. What is at its path is as it was.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// What is there is not a marker, and may be somebody's file.
    #[error("cannot write the marker `{path}`: {trouble}")]
    NotAMarker {
        /// Where.
        path: PathBuf,
        /// What is there.
        trouble: Trouble,
    },
    /// The system could not do it.
    #[error("cannot write the marker `{path}`")]
    Io {
        /// Where.
        path: PathBuf,
        /// What it said.
        #[source]
        source: io::Error,
    },
}

/// Swaps a marker in at `path` and returns the step it has. Whoever reads it sees the old one or the whole of the
/// other. Its directory has to be there.
///
/// # Errors
/// Why nothing was written.
pub fn write_marker(path: &Path, mark: &Mark<'_>) -> Result<i64, WriteError> {
    let mut fields = present(path)?;
    let is_foreign = match (mark.series, fields.get("run_id")) {
        (Some(own), Some(other)) => other.as_str() != Some(own),
        (Some(_) | None, _) => false,
    };
    let before = step_of(&fields).ok().filter(|step| *step >= 0 && !is_foreign);
    let step = match mark.step {
        MarkStep::Next => before.unwrap_or(0).saturating_add(1),
        MarkStep::Keep => before.unwrap_or(0),
        MarkStep::To(step) => step,
        MarkStep::Aborted => -1,
    };
    fields.insert("step".to_owned(), Value::from(step));
    match mark.note {
        Some(note) => drop(fields.insert("note".to_owned(), Value::from(note))),
        None if before == Some(step) => {}
        None => drop(fields.shift_remove("note")),
    }
    if let Some(total) = mark.total {
        fields.insert("total".to_owned(), Value::from(total));
    }
    fields.insert("ts".to_owned(), Value::from(mark.at.as_ms().div_euclid(1000)));
    match mark.expect {
        Some(span) => drop(fields.insert("expect".to_owned(), Value::from(duration::format(span)))),
        None => drop(fields.shift_remove("expect")),
    }
    if let Some(series) = mark.series {
        fields.insert("run_id".to_owned(), Value::from(series));
    }
    let mut bytes = Value::Object(fields).to_string().into_bytes();
    bytes.push(b'\n');
    let io = |source| WriteError::Io { path: path.to_owned(), source };
    // A link stays a link; where it leads was checked when the present marker was read.
    let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    replace_file(&target, &bytes, None).map_err(io)?;
    Ok(step)
}

/// The fields of the present marker. A half-written one has none that could be kept; what is no marker is left alone.
fn present(path: &Path) -> Result<Map<String, Value>, WriteError> {
    let found = read_bytes(path).and_then(|(bytes, _)| match object(&bytes) {
        Err(Trouble::NotJson) if bytes.trim_ascii_start().starts_with(b"{") => Ok(Map::new()),
        fields => fields,
    });
    match found {
        Ok(fields) => Ok(fields),
        // A missing directory shows when the file is written, with the system's own words.
        Err(Trouble::Missing | Trouble::NoDirectory | Trouble::Empty) => Ok(Map::new()),
        Err(trouble) => Err(WriteError::NotAMarker { path: path.to_owned(), trouble }),
    }
}

/// Swaps `bytes` in at `path`: whoever opens it sees the old content or the whole of the other, never a part.
/// The permissions are `mode`, else those of the file that is replaced, else private.
pub(crate) fn replace_file(path: &Path, bytes: &[u8], mode: Option<u32>) -> io::Result<()> {
    let mode = mode.or_else(|| place::mode_of(path)).unwrap_or(PRIVATE);
    let beside = beside(path)?;
    let written = write_whole(&beside, bytes, mode).and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        // The failure that matters is the first one.
        drop(std::fs::remove_file(&beside));
    }
    written
}

/// A name in the same directory that nobody else uses: a rename does not cross file systems.
fn beside(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".{}", uuid::Uuid::now_v7().simple()));
    Ok(path.with_file_name(hidden))
}

fn write_whole(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut file: File = place::private(OpenOptions::new().write(true).create_new(true), mode).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
