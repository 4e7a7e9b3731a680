//! Puts in place what a build needs, and does nothing, quickly, when all is there.

mod packages;
mod pages;

use std::process::ExitCode;

use anyhow::Result;

pub(crate) use packages::Purpose;

use crate::project::Project;

/// What to set up.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Also what the tests need (a display without a screen, a WebDriver, …)
    #[arg(long)]
    test: bool,
    /// Also what the bench and the screenshots need
    #[arg(long)]
    bench: bool,
    /// Also what `cross --test` needs (a Windows compiler and wine)
    #[arg(long)]
    cross: bool,
}

/// `cargo xtask setup`.
pub(crate) fn command(options: &Options) -> Result<ExitCode> {
    let mut purposes = vec![Purpose::Build];
    let asked = [(options.test, Purpose::Test), (options.bench, Purpose::Bench), (options.cross, Purpose::Cross)];
    purposes.extend(asked.into_iter().filter_map(|(is_asked, purpose)| is_asked.then_some(purpose)));
    let project = Project::find()?;
    everything(&project, &purposes)?;
    println!("setup: everything is in place; `cargo xtask run` starts Nightkeep");
    Ok(ExitCode::SUCCESS)
}

/// System packages for the purposes, npm packages, built pages.
pub(crate) fn everything(project: &Project, purposes: &[Purpose]) -> Result<()> {
    packages::install(purposes)?;
    pages::install(project)?;
    pages::build(project)
}

/// System packages only.
pub(crate) fn system(purposes: &[Purpose]) -> Result<()> {
    packages::install(purposes)
}
