//! The Windows side against real processes and files. The programs are lines for `cmd`, which every Windows has.
//!
//! They run under wine as well (`cargo xtask cross --test`), but for those that are named there.
#![cfg(windows)]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do, by a panic")]

mod support;

mod exit_watch;
mod files;
mod nursery;
mod processes;
