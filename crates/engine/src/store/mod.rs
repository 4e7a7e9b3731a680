//! What happened: an append-only journal in SQLite, and tables folded from it.
//!
//! * [`entry`]: what is journaled, a stored format.
//! * [`job`]: the same for what concerns a job rather than one of its runs.
//! * [`state`]: the fold of one run's entries, pure.
//! * [`Store`]: one connection that writes. Journal and folded tables are written in one transaction, through the
//!   same function that [`Store::rebuild`] uses.
//! * [`StoreHandle`]: the store behind a thread that writes and a thread that reads, for async callers.
//!
//! Nothing here reads the time of day: whoever appends says when it happened.

pub mod entry;
pub mod heard;
mod held;
pub mod job;
pub mod state;

mod backup;
mod detail;
mod ends;
mod error;
mod fold;
mod gaps;
mod handle;
mod history;
mod nightly;
mod open;
mod private;
mod quarantine;
mod queue;
mod quiet;
mod read;
mod schema;
mod told;
mod write;
mod writer;

pub use error::StoreError;
pub use gaps::RunsOf;
pub use handle::{StorageHealth, StoreHandle};
pub use history::HistoryBounds;
pub use nightly::keep_backups;
pub use open::{Opened, why_unusable};
pub use quarantine::Quarantine;
pub use read::{EndedRun, JobSummary, LastOfJob, Reader};
pub use told::Told;
pub use write::{Store, Write, Written};
