//! What agents say of themselves: the truth that Nightkeep's words are compared with.

use std::fs;
use std::path::{Path, PathBuf};

/// One line of an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Note {
    pub(super) pid: u32,
    pub(super) at_ms: i64,
    pub(super) what: String,
}

/// The file of an agent's notes.
pub(super) fn path(folder: &Path, label: &str) -> PathBuf {
    folder.join(format!("{label}.notes"))
}

/// The agent whose notes a file has.
pub(super) fn label_of(name: &str) -> Option<&str> {
    name.strip_suffix(".notes")
}

/// All that an agent has noted.
pub(super) fn of(folder: &Path, label: &str) -> Vec<Note> {
    let text = fs::read_to_string(path(folder, label)).unwrap_or_default();
    text.lines().filter_map(parse).collect()
}

fn parse(line: &str) -> Option<Note> {
    let mut words = line.splitn(3, ' ');
    let (pid, at_ms) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    Some(Note { pid, at_ms, what: words.next()?.to_owned() })
}
