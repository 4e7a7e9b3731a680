//! The `nightkeep` binary.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    nightkeep::run(std::env::args_os().collect())
}
