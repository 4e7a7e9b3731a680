//! Stopping what does not want to be stopped.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::lab::Lab;
use super::numbers::seconds;
use super::{Bench, Row};

const LIMITS: &str = "grace = \"2s\"";
const LAST_MAX: Duration = Duration::from_millis(2300);

/// The hostile tree of six: children, sessions, orphans, and all of them deaf.
pub(super) fn measure_hostile(bench: &Bench) -> Result<Vec<Row>> {
    let lab = Lab::open_with_same(bench, 1, &["hostile-tree", "hang"], LIMITS)?;
    // Two of the eight were only the parents of orphans.
    lab.start_same(1, 8)?;
    lab.until("six live", || Ok((lab.survivors().len() == 6).then_some(())))?;
    let (took, left) = stop(&lab, 1)?;
    let measured = format!("{left} survivors, last dead after {}", seconds(took));
    let goal = "0 survivors, ≤ 2.3 s";
    Ok(vec![Row::new("hostile tree of six, grace 2 s", measured, goal, left == 0 && took <= LAST_MAX)])
}

/// Ten runs that ignore the polite signal, stopped at once.
pub(super) fn measure_stubborn(bench: &Bench) -> Result<Vec<Row>> {
    let lab = Lab::open_with_same(bench, 10, &["ignore all", "hang"], LIMITS)?;
    lab.start_same(10, 10)?;
    let (took, left) = stop(&lab, 10)?;
    let measured = format!("last dead after {}", seconds(took));
    Ok(vec![Row::new("ten stubborn runs at once, grace 2 s", measured, "≤ 2.3 s", left == 0 && took <= LAST_MAX)])
}

/// Stops the jobs and says when the last process was dead, and how many were not.
fn stop(lab: &Lab, jobs: usize) -> Result<(Duration, usize)> {
    let start = Instant::now();
    for number in 0..jobs {
        lab.stop(&format!("a{number}"))?;
    }
    // The goal is missed long before that.
    let patience = LAST_MAX * 3;
    let took = lab.until("all are dead", || {
        Ok((lab.survivors().is_empty() || start.elapsed() > patience).then(|| start.elapsed()))
    })?;
    Ok((took, lab.survivors().len()))
}
