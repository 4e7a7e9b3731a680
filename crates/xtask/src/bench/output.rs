//! A run that prints without end: what it costs on the disk, and what its keeper does for it.

use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::lab::Lab;
use super::numbers::seconds;
use super::{Bench, Row, cpu, proc};

/// What is printed.
const PRINTED: u64 = 1_000_000_000;
/// What is kept of it, and as much as there may be between two looks: a sixteenth and the rest of a block.
const KEPT_MAX: u64 = 21_300_000;
/// What may be there for a moment: what is printed while the keeper wakes up.
const PEAK_MAX: u64 = 40_000_000;
const CPU_MAX: Duration = Duration::from_millis(500);

pub(super) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let lab = Lab::open_with_same(bench, 1, &["flood 1000", "hang"], "")?;
    lab.start_same(1, 1)?;
    let output = lab.until("it prints", || Ok(output_below(&lab.home().join("runs"))))?;
    let start = Instant::now();
    let mut peak = 0;
    lab.until("a gigabyte is printed and most of it given back", || {
        let found = fs::metadata(&output).context("look at the output")?;
        peak = peak.max(bytes_on_disk(&found));
        Ok((found.len() >= PRINTED && bytes_on_disk(&found) <= KEPT_MAX).then_some(()))
    })?;
    let took = start.elapsed();
    let keeper = proc::find("nightkeep", &lab.home().join("runs").display().to_string())?;
    let used = cpu::used(*keeper.first().context("find the keeper")?)?;
    let kept = bytes_on_disk(&fs::metadata(&output)?);
    let disk = format!("{} kept, {} at most, printed in {}", megabytes(kept), megabytes(peak), seconds(took));
    Ok(vec![
        Row::new("a run that prints 1 GB: on the disk", disk, "≤ 21.3 MB kept, ≤ 40 MB at most", peak <= PEAK_MAX),
        Row::new("a run that prints 1 GB: its keeper's CPU", seconds(used), "≤ 0.50 s", used <= CPU_MAX),
    ])
}

/// The output of the one run that has one.
fn output_below(runs: &Path) -> Option<PathBuf> {
    let run = fs::read_dir(runs).ok()?.flatten().next()?;
    Some(run.path().join("output.log")).filter(|path| path.exists())
}

fn megabytes(bytes: u64) -> String {
    format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000)
}

#[cfg(unix)]
fn bytes_on_disk(found: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::blocks(found) * 512
}

#[cfg(not(unix))]
fn bytes_on_disk(found: &Metadata) -> u64 {
    found.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn megabytes_are_read_to_a_tenth() {
        assert_eq!((megabytes(21_299_999), megabytes(400_000)), ("21.2 MB".to_owned(), "0.4 MB".to_owned()));
    }
}
