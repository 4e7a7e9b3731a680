//! Every command as a process of its own, against a fake engine on a real local socket.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a helper of a test may fail the test")]

mod basics;
mod fake;
mod hooks;
mod jobs;
mod marks;
mod reports;
mod runs;
mod samples;
