//! The marker: the file in which an agent stamps its progress, `{"step": 3, "note": "draft written", "ts": 1764000000}`.
//!
//! [`read`] turns one look at the file into a [`Reading`] or a named [`Trouble`]; [`MarkerWatch`] looks whenever it may
//! have changed; [`write_marker`] swaps one in; [`probe()`] says what a look at a path finds, for the form of a job.
//!
//! Fields of a marker. Only `step` has to be there; any others are left alone.
//!
//! | field | what it says |
//! | --- | --- |
//! | `step` | how far the work is: a whole number that grows; `-1` with a note that begins with `aborted` is a farewell |
//! | `total` | how many steps there are |
//! | `note` | what was done, for people |
//! | `ts` | when: seconds or milliseconds since 1970, or RFC 3339 |
//! | `expect` | the time this one step may take: seconds, or text such as `45m` |
//! | `run_id`, `pid` | whose steps these are: with another value, the count begins anew |
//!
//! A marker that is a symbolic link is followed only to a regular file of this user, so that nobody can make the
//! engine read what its owner may not. Its target is looked at on a timer only.

mod clean;
mod dirs;
pub(crate) mod place;
mod probe;
mod reading;
mod signals;
mod trouble;
mod watcher;
mod write;

pub use place::Stamp;
pub use probe::probe;
pub use reading::{Reading, read, read_patiently};
pub use trouble::{NoFile, Trouble};
pub use watcher::{MarkerEvent, MarkerWatch};
pub use write::{Mark, MarkStep, WriteError, write_marker};

pub(crate) use clean::is_invisible;
pub(crate) use place::Links;
#[cfg(any(test, feature = "fuzz"))]
pub(crate) use reading::interpret;
pub(crate) use reading::{claimed_at, read_at_most, shown, whole};
pub(crate) use write::replace_file;

#[cfg(test)]
mod tests;
