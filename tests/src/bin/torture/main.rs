//! `torture KILLS SEED SECONDS BUSY`: what `cargo xtask torture` runs.
#![forbid(unsafe_code)]
#![expect(clippy::print_stderr, clippy::print_stdout, reason = "the table is what it is for")]

#[cfg_attr(target_os = "linux", path = "linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "not_linux.rs")]
mod system;

use std::process::ExitCode;

fn main() -> ExitCode {
    let numbers: Vec<u64> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    let [kills, seed, seconds, busy] = numbers.as_slice() else {
        eprintln!("usage: torture KILLS SEED SECONDS BUSY");
        return ExitCode::from(2);
    };
    match system::torture(*kills, *seed, *seconds, *busy) {
        Ok(table) => {
            println!("{table}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
