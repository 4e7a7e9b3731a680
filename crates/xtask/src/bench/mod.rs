//! `cargo xtask bench`: measures a release build against the goals, each measurement in a home of its own.
//!
//! The numbers are of this machine and this moment: close other programs first, and compare only what one run printed.

mod lab;
mod numbers;
mod proc;

#[cfg_attr(unix, path = "api_unix.rs")]
#[cfg_attr(windows, path = "api_windows.rs")]
mod api;

#[cfg_attr(target_os = "linux", path = "cpu_linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "cpu_other.rs")]
mod cpu;

mod crash;
mod flood;
mod idle;
mod keeper;
mod marker;
mod output;
mod pages;
mod resident;
mod start;
mod stop;
mod verdict;
mod window;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use comfy_table::{Table, presets::UTF8_BORDERS_ONLY};

use crate::project::{Profile, Project};
use crate::setup::{self, Purpose};

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Only these measurements (`verdict`, `marker`, …); all when left out
    only: Vec<String>,
    /// Watch 1,000 runs instead of 100 where many runs are watched
    #[arg(long)]
    thousand: bool,
    /// How long to look at what should be idle, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    idle: u64,
}

/// What measurements need to know.
pub(crate) struct Bench {
    project: Project,
    /// How many runs are "many".
    many: usize,
    /// How long something idle is looked at.
    idle: Duration,
}

/// A line of the result.
#[derive(Debug, PartialEq)]
pub(crate) struct Row {
    what: String,
    measured: String,
    goal: String,
    is_reached: bool,
}

impl Row {
    fn new(what: impl Into<String>, measured: String, goal: impl Into<String>, is_reached: bool) -> Self {
        Self { what: what.into(), measured, goal: goal.into(), is_reached }
    }
}

type Measure = fn(&Bench) -> Result<Vec<Row>>;

const MEASUREMENTS: [(&str, Measure); 13] = [
    ("verdict", verdict::measure),
    ("marker", marker::measure),
    ("hostile", stop::measure_hostile),
    ("stubborn", stop::measure_stubborn),
    ("output", output::measure),
    ("flood", flood::measure),
    ("crash", crash::measure),
    ("start", start::measure),
    ("keeper", keeper::measure),
    ("idle", idle::measure),
    ("resident", resident::measure),
    ("window", window::measure),
    ("pages", pages::measure),
];

/// `cargo xtask bench`.
pub(crate) fn command(options: &Options) -> Result<ExitCode> {
    if std::env::consts::OS != "linux" {
        bail!("the bench reads `/proc` and so runs on Linux only");
    }
    let chosen = chosen(&options.only)?;
    let project = Project::find()?;
    setup::everything(&project, &[Purpose::Build, Purpose::Test, Purpose::Bench])?;
    let ours = [("nightkeep", "nightkeep"), ("nightkeep-app", "nightkeep-tray"), ("nightkeep-app", "nightkeep-app")];
    project.build(Profile::Release, &ours)?;
    project.build(Profile::Dev, &[("nightkeep-tests", "fake-agent"), ("nightkeep-tests", "window-bench")])?;
    let many = if options.thousand { 1000 } else { 100 };
    let bench = Bench { project, many, idle: Duration::from_secs(options.idle) };
    let mut table = Table::new();
    table.load_style(UTF8_BORDERS_ONLY).set_header(["what", "measured", "goal", "verdict"]);
    let mut is_good = true;
    for (name, measure) in chosen {
        println!("measuring: {name}");
        match measure(&bench).with_context(|| format!("measure `{name}`")) {
            Ok(rows) => {
                for row in rows {
                    is_good &= row.is_reached;
                    let verdict = if row.is_reached { "reached" } else { "MISSED" };
                    table.add_row([row.what, row.measured, row.goal, verdict.to_owned()]);
                }
            }
            Err(error) => {
                is_good = false;
                table.add_row([name.to_owned(), format!("{error:#}"), String::new(), "UNKNOWN".to_owned()]);
            }
        }
    }
    println!("{table}");
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn chosen(only: &[String]) -> Result<Vec<(&'static str, Measure)>> {
    let known = |wanted: &String| MEASUREMENTS.iter().any(|(name, _)| name == wanted);
    if let Some(unknown) = only.iter().find(|name| !known(name)) {
        let names: Vec<&str> = MEASUREMENTS.iter().map(|(name, _)| *name).collect();
        bail!("there is no measurement `{unknown}`; there are: {}", names.join(", "));
    }
    Ok(MEASUREMENTS
        .into_iter()
        .filter(|(name, _)| only.is_empty() || only.iter().any(|wanted| wanted == name))
        .collect())
}
