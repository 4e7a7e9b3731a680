//! Sources: each of them turns something outside into [`Signal`]s, and decides nothing.
//!
//! A source that is read (a file that grows, captured output) is a [`Reader`]: bytes in, signals out, no clock and no
//! files. Whoever feeds it knows where the bytes come from and where they end.

use nightkeep_core::{Activity, Signal};

mod calls;
pub mod claude;
pub mod codex;
mod commits;
mod feed;
mod files;
mod json;
mod lines;
mod osc;
mod pattern;
mod places;
mod said;
#[cfg(test)]
mod samples;
pub mod sd_notify;
mod sentinels;
mod spec;

pub use commits::{BranchFault, Commits, CommitsTrouble};
pub use feed::{Feed, PassedOver};
pub use files::{Files, FilesFault, FilesTrouble};
pub use lines::{LINE_MAX, LineReader, Lines};
pub use osc::Osc;
pub use pattern::{Pattern, PatternFault, Printed};
pub use places::{Places, Waiting};
pub(crate) use said::open as open_activity;
pub use said::said;
pub use spec::{KINDS, SOURCES_MAX, SourceSpec, Whereabouts};

/// What is kept of a note, in characters.
pub(crate) const NOTE_CHARS_MAX: usize = 500;

/// Something that an earlier reader of a source had told to have begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// Its name.
    pub id: String,
    /// What kind of thing it is.
    pub activity: Activity,
    /// What it is, for people.
    pub what: Option<String>,
}

/// What makes signals of bytes.
///
/// Total: any bytes in any pieces have a defined result. What it keeps between two calls is bounded.
pub trait Reader: Send {
    /// Takes the next bytes in, which may begin and end anywhere, and appends what they say.
    fn take(&mut self, bytes: &[u8], out: &mut Vec<Signal>);

    /// Takes back what an earlier reader had told to have begun, and no end of it.
    fn go_on_with(&mut self, _open: &[Begun]) {}
}
