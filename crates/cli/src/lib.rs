//! The `nightkeep` binary: the commands, the engine's host, and the keeper.
//!
//! A command is an adapter: it reads its flags ([`args`]), asks the engine over the local socket, and prints what it
//! hears as a table ([`render`]) or as JSON. Exit codes and error lines are made in one place ([`failure`]).

#![forbid(unsafe_code)]

pub mod args;
mod commands;
mod console;
pub mod failure;
pub mod keeper;
pub mod render;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;
use nightkeep_engine::keeper::launch::KEEPER_COMMAND;

use args::Cli;
use failure::Failure;

/// Does what the command line says. `args` begins with the program's own name.
#[must_use]
pub fn run(args: Vec<OsString>) -> ExitCode {
    // A keeper is one of many and lives as long as its run: it must not pay for anything that the commands need.
    if let [_, command, run_dir] = args.as_slice()
        && command == KEEPER_COMMAND
    {
        return keeper::main(Path::new(run_dir));
    }
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(refusal) => return say(&refusal),
    };
    match commands::run(cli.command) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            console::tell(&failure.text());
            ExitCode::from(failure.code)
        }
    }
}

/// Help and version go to stdout; a line that cannot be understood goes to stderr, with what to do.
fn say(refusal: &clap::Error) -> ExitCode {
    let is_help = !refusal.use_stderr() || refusal.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    if is_help {
        // Nobody may be listening.
        refusal.print().ok();
    } else {
        console::tell(&failure::of_usage(&refusal.render().to_string()).text());
    }
    ExitCode::from(if refusal.use_stderr() { failure::USAGE } else { 0 })
}

/// What a command ends with: an exit code, or why it could not be done.
type Done = Result<u8, Failure>;
