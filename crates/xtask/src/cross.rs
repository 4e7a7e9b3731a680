//! `cargo xtask cross`: a look at the code for Windows and macOS from a Linux machine.
//!
//! The work is done by `scripts/check-cross.sh`, which can be run by hand as well.

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::project::Project;
use crate::setup::{self, Purpose};
use crate::shell::Task;

/// The exit code of the script for "cannot be had on this machine": a skip, never a pass.
pub(crate) const UNAVAILABLE: i32 = 77;

/// The packages without a window.
const LIBRARIES: [&str; 4] = ["nightkeep-core", "nightkeep-os", "nightkeep-engine", "nightkeep"];

/// The packages whose tests run under wine.
const UNDER_WINE: [&str; 2] = ["nightkeep-core", "nightkeep-os"];

/// The tests that wine fails and Windows should not, each with the reason.
const NOT_UNDER_WINE: [(&str, &str); 3] = [
    ("files::a_reader_of_a_marker_keeps_nobody_from_replacing_it", "wine 8 replaces no file that is open"),
    ("nursery::a_command_is_asked_to_end_by_ctrl_break", "wine 8 delivers no CTRL_BREAK"),
    ("processes::the_clocks_go_on_and_agree", "wine 8 has no `QueryInterruptTime`"),
];

/// What to check.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Only the packages without a window
    #[arg(long)]
    libs: bool,
    /// Build tests for Windows and run them under wine
    #[arg(long, conflicts_with = "libs")]
    test: bool,
}

/// `cargo xtask cross`.
pub(crate) fn command(options: &Options) -> Result<ExitCode> {
    let project = Project::find()?;
    let task = if options.test {
        setup::system(&[Purpose::Cross])?;
        under_wine(&project)
    } else if options.libs {
        script(&project, "check").args(packages(&LIBRARIES))
    } else {
        setup::everything(&project, &[Purpose::Build])?;
        all(&project)
    };
    match task.status()?.code() {
        Some(0) => {
            if options.test {
                NOT_UNDER_WINE.iter().for_each(|(test, reason)| println!("NOT RUN: {test}: {reason}"));
            }
            Ok(ExitCode::SUCCESS)
        }
        Some(UNAVAILABLE) => {
            println!("SKIPPED: the compiler for the other systems cannot be had here; nothing was checked");
            Ok(ExitCode::from(77))
        }
        _ => bail!("the check for the other systems failed; to repeat: {}", task.line()),
    }
}

/// The check of all packages. The window's code embeds the built pages.
pub(crate) fn all(project: &Project) -> Task {
    script(project, "check").args(["--workspace"])
}

/// The tests that can be run without Windows.
fn under_wine(project: &Project) -> Task {
    let left_out = NOT_UNDER_WINE.iter().flat_map(|(test, _)| ["--skip", *test]);
    script(project, "test").args(["--no-fail-fast"]).args(packages(&UNDER_WINE)).args(["--"]).args(left_out)
}

fn script(project: &Project, mode: &str) -> Task {
    project.task("bash").args(["crates/xtask/scripts/check-cross.sh", mode, "--locked"])
}

fn packages(names: &[&str]) -> Vec<String> {
    names.iter().flat_map(|name| ["--package".to_owned(), (*name).to_owned()]).collect()
}
