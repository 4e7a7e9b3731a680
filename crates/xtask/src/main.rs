//! The workshop: everything that is done to Nightkeep from a checkout, as `cargo xtask COMMAND`.
//!
//! `setup` puts in place what a build needs, `run` builds and starts, `test` is the one gate that people and machines
//! share, `cross` looks at the code of the other systems, `bench` measures the goals, `package` packs, `fuzz` looks for
//! input that breaks a reader, `torture` kills. Each command calls `setup` for
//! what it needs, so that a fresh checkout and one command are enough.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for people at a terminal")]

mod nightkeep;
mod project;
mod shell;

mod bench;
mod cross;
mod fuzz;
mod package;
mod run;
mod setup;
mod test;
mod torture;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Sets up, builds, runs and tests Nightkeep.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Put in place what a build needs: system packages, npm packages, the built pages of the window
    Setup(setup::Options),
    /// Build Nightkeep and start it
    Run(run::Options),
    /// Run every check: format, lints, documentation, tests, the window's checks, the other systems, a clean tree
    Test(test::Options),
    /// Check the code for Windows and macOS from here (clippy), or run tests of Windows programs under wine
    Cross(cross::Options),
    /// Measure a release build against the goals
    Bench(bench::Options),
    /// Build for people and make a package of it for Debian
    Package(package::Options),
    /// Try to find input that breaks a reader
    Fuzz(fuzz::Options),
    /// Kill engine, keepers and surfaces at many moments, and compare what is said with the truth
    Torture(torture::Options),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match &arguments.command {
        Command::Setup(options) => setup::command(options),
        Command::Run(options) => run::command(options),
        Command::Test(options) => test::command(options),
        Command::Cross(options) => cross::command(options),
        Command::Bench(options) => bench::command(options),
        Command::Package(options) => package::command(options),
        Command::Fuzz(options) => fuzz::command(options),
        Command::Torture(options) => torture::command(options),
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
