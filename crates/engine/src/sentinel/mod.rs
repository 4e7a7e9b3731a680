//! Sentinel files: what an agent leaves in a directory for each step of its work, in whatever language it is written.
//!
//! | file | what it says |
//! | --- | --- |
//! | `STEP.pid` | the number of the step's process; after a space its start, in the system's own unit |
//! | `STEP.heartbeat` | "I am alive": a change of its time or of its content is a beat |
//! | `STEP.status` | `SUCCESS` or `FAILED` at the end; or JSON, also before it: `step`, `total`, `state`, `msg`, `ts`, `retry_at` |
//! | `STEP.result` | what came of it: any JSON; of an object `ok`, `code` and `msg` are understood |
//!
//! [`read`] is one look at such a directory. It never fails and is never held up: what cannot be read is part of the
//! [`Reading`], as a named [`Defect`], and what may be half-written says so
//! ([`Defect::may_pass`]). What is read are claims: a number of a process is not enough to signal it, and a
//! time is whatever the writer's clock said.
//!
//! Files whose names begin with a dot, and all other files, are left alone, so that a writer can swap its files in
//! (`STEP.status.tmp`, then rename). A symbolic link is never followed here, for results are kept as they are: a link
//! would show a file that only its owner may read.

mod contents;
mod deciding;
mod defect;
mod listing;
mod reading;
mod status;

pub use contents::{Pid, Report};
pub use deciding::{Decision, Undecided, decide};
pub use defect::Defect;
pub use listing::{ENTRIES_MAX, Kind, NAME_CHARS_MAX, STEPS_MAX};
pub use reading::{Heartbeat, Reading, Seen, Step, Unlisted, read};
pub use status::{State, Status};

#[cfg(any(test, feature = "fuzz"))]
pub(crate) use self::{
    contents::{pid, report},
    listing::Listing,
    reading::{Looked, steps},
    status::status,
};

#[cfg(test)]
mod tests;
