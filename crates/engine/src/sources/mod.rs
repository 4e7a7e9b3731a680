//! Sources: each of them turns something outside into [`Signal`]s, and decides nothing.
//!
//! A source that is read (a file that grows, captured output) is a [`Reader`]: bytes in, signals out, no clock and no
//! files. Whoever feeds it knows where the bytes come from and where they end.

use nightkeep_core::Signal;

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
pub use places::Places;
pub use said::said;
pub use spec::{KINDS, SOURCES_MAX, SourceSpec, Whereabouts};

/// What is kept of a note, in characters.
pub(crate) const NOTE_CHARS_MAX: usize = 500;

/// What makes signals of bytes.
///
/// Total: any bytes in any pieces have a defined result. What it keeps between two calls is bounded.
pub trait Reader: Send {
    /// Takes the next bytes in, which may begin and end anywhere, and appends what they say.
    fn take(&mut self, bytes: &[u8], out: &mut Vec<Signal>);
}
