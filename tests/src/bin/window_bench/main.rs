//! `window-bench RUNS LIVE AGENT`: what `cargo xtask bench pages` runs, with the programs that `NIGHTKEEP_BIN_DIR` names.
#![forbid(unsafe_code)]
#![expect(clippy::print_stderr, clippy::print_stdout, reason = "the numbers are what it is for")]

#[cfg(target_os = "linux")]
mod history;

#[cfg_attr(target_os = "linux", path = "linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "not_linux.rs")]
mod system;

use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [runs, live, agent] = words.as_slice() else {
        eprintln!("usage: window-bench RUNS LIVE AGENT");
        return ExitCode::from(2);
    };
    match system::measure(runs, live, agent) {
        Ok(numbers) => {
            println!("{numbers}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
