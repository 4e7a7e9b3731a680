//! `cargo xtask torture`: kills engine, keepers, commands and surfaces at many moments of the lives of many runs, and ends
//! at the first promise that is broken, with the home directory as evidence.
//!
//! What is killed when, and what is promised, is in `tests/src/torture`.

use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail};

use crate::project::{Profile, Project};
use crate::setup::{self, Purpose};
use crate::shell::Task;

/// How much and for how long.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// At least so many kills
    #[arg(long, value_name = "N", default_value_t = 200)]
    kills: u64,
    /// What the rounds are made from; the same seed starts and kills the same at the same moments
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// At least so long, such as 90, 10m or 8h
    #[arg(long = "for", value_name = "D", value_parser = length, default_value = "0")]
    time: Duration,
    /// So many busy loops beside it, as on a machine that has other work
    #[arg(long, value_name = "N", default_value_t = 0)]
    busy: u64,
}

/// `cargo xtask torture`.
pub(crate) fn command(options: &Options) -> Result<ExitCode> {
    if std::env::consts::OS != "linux" {
        bail!("the torture watches `/proc` and so runs on Linux only");
    }
    let project = Project::find()?;
    setup::everything(&project, &[Purpose::Build, Purpose::Test])?;
    project.build(
        Profile::Dev,
        &[
            ("nightkeep", "nightkeep"),
            ("nightkeep-app", "nightkeep-tray"),
            ("nightkeep-app", "nightkeep-app"),
            ("nightkeep-tests", "fake-agent"),
            ("nightkeep-tests", "torture"),
        ],
    )?;
    let seed = options.seed.unwrap_or_else(any_seed);
    println!("seed {seed}: `cargo xtask torture --seed {seed}` plays the same rounds");
    let numbers = [options.kills, seed, options.time.as_secs(), options.busy].map(|number| number.to_string());
    let binary = project.binary(Profile::Dev, "torture").display().to_string();
    let bin_dir = project.binaries(Profile::Dev).display().to_string();
    let status = Task::new(binary).args(numbers).env("NIGHTKEEP_BIN_DIR", bin_dir).status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn any_seed() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_secs() % 1_000_000
}

/// `90`, `90s`, `10m`, `8h`.
fn length(text: &str) -> Result<Duration> {
    let units = [("h", 3600), ("m", 60), ("s", 1)];
    let (number, unit) =
        units.iter().find_map(|(name, unit)| Some((text.strip_suffix(name)?, *unit))).unwrap_or((text, 1));
    let number: u64 = number.parse().with_context(|| format!("`{text}` is no length of time"))?;
    Ok(Duration::from_secs(number.saturating_mul(unit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_read_with_and_without_a_unit() {
        let seconds = |text| length(text).map(|length| length.as_secs()).ok();
        assert_eq!(
            ["90", "90s", "10m", "8h", "soon"].map(seconds),
            [Some(90), Some(90), Some(600), Some(28_800), None]
        );
    }
}
