//! `nightkeep-app [PAGE]`: the window. It shows what the engine says, sends commands, and ends when it is closed.

#![forbid(unsafe_code)]
// Windows opens no console beside the window.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod appearance;
mod bridge;
#[cfg(test)]
mod command_names;
mod commands;
mod display;
mod export;
mod files;
mod folder;
mod kept;
mod link;
mod navigation;
mod notification_settings;
mod pace;
mod settings;
mod window;

use std::io::{Write, stderr, stdout};
use std::process::ExitCode;

use anyhow::Context as _;
use nightkeep_engine::VERSION;
use nightkeep_engine::places::Places;
use nightkeep_engine::surface::{PAGES, page_of};
use tracing_subscriber::EnvFilter;

/// What is logged, as `tracing` filters it; problems alone unless set.
const LOG_VARIABLE: &str = "NIGHTKEEP_LOG";
/// The program was called with what it does not take.
const EXIT_USAGE: u8 = 2;

const USAGE: &str = "Usage: nightkeep-app [PAGE]

Opens the window of Nightkeep, or brings the open one to the front.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let page = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => None,
        ["--version" | "-V"] => {
            tell(stdout(), &format!("nightkeep-app {VERSION}"));
            return ExitCode::SUCCESS;
        }
        ["--help" | "-h"] => {
            tell(stdout(), &usage());
            return ExitCode::SUCCESS;
        }
        [argument] if page_of(argument).is_some() => page_of(argument),
        [unknown, ..] => {
            tell(stderr(), &format!("error: `{unknown}` is no page\n\n{}", usage()));
            return ExitCode::from(EXIT_USAGE);
        }
    };
    let filter = EnvFilter::try_from_env(LOG_VARIABLE).unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr).init();
    match run(page) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell(stderr(), &format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn usage() -> String {
    format!("{USAGE}\nPAGE is {PAGES}; without one it is `overview`.")
}

fn run(page: Option<String>) -> anyhow::Result<()> {
    if let Some(missing) = display::missing() {
        anyhow::bail!("{missing}");
    }
    let places = Places::from_env().context("failed to find the places of Nightkeep's files")?;
    places.create().context("failed to prepare the places of Nightkeep's files")?;
    window::run(&places, page)
}

/// One line to a person. When nobody reads it there is nobody to tell.
fn tell(mut to: impl Write, line: &str) {
    writeln!(to, "{line}").unwrap_or_default();
}
