//! Stopping what does not want to be stopped.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde_json::Value;

use super::lab::Lab;
use super::numbers::seconds;
use super::{Bench, Row};

const LIMITS: &str = "grace = \"2s\"";
const LAST_MAX: Duration = Duration::from_millis(2300);
const LAST_OF_FIFTY_MAX: Duration = Duration::from_secs(3);

/// The hostile trees of six and of twelve: children, sessions, orphans, and all of them deaf.
pub(super) fn measure_hostile(bench: &Bench) -> Result<Vec<Row>> {
    let lab = Lab::open_with_same(bench, 1, &["hostile-tree", "hang"], LIMITS)?;
    // Two of the eight were only the parents of orphans.
    lab.start_same(1, 8)?;
    lab.until("six live", || Ok((lab.survivors().len() == 6).then_some(())))?;
    let (took, left) = stop(&lab, 1)?;
    Ok(vec![hostile("six", took, left), measure_twelve(bench)?])
}

/// The one with somebody who is never the same for long, and with daemons that cannot be recognized.
fn measure_twelve(bench: &Bench) -> Result<Row> {
    let lab = Lab::open_with_same(bench, 1, &["hostile-twelve", "ignore all", "mark 1", "linger"], LIMITS)?;
    lab.start_same(1, 1)?;
    lab.until("all twelve roles are there", || Ok(has_begun(&lab.status()?).then_some(())))?;
    let (took, left) = stop(&lab, 1)?;
    Ok(hostile("twelve", took, left))
}

fn hostile(size: &str, took: Duration, left: usize) -> Row {
    let measured = format!("{left} survivors, last dead after {}", seconds(took));
    let what = format!("hostile tree of {size}, grace 2 s");
    Row::new(what, measured, "0 survivors, ≤ 2.3 s", left == 0 && took <= LAST_MAX)
}

/// Whether the run in `status --json` has made its first step.
fn has_begun(status: &Value) -> bool {
    status.pointer("/runs/0/step").and_then(Value::as_i64) == Some(1)
}

/// Ten runs that ignore the polite signal, stopped at once, and fifty.
pub(super) fn measure_stubborn(bench: &Bench) -> Result<Vec<Row>> {
    Ok(vec![stubborn(bench, 10, LAST_MAX)?, stubborn(bench, 50, LAST_OF_FIFTY_MAX)?])
}

fn stubborn(bench: &Bench, count: usize, goal: Duration) -> Result<Row> {
    let lab = Lab::open_with_same(bench, count, &["ignore all", "hang"], LIMITS)?;
    lab.start_same(count, count)?;
    let (took, left) = stop(&lab, count)?;
    let what = format!("{count} stubborn runs at once, grace 2 s");
    let measured = format!("{left} survivors, last dead after {}", seconds(took));
    let reached = left == 0 && took <= goal;
    Ok(Row::new(what, measured, format!("0 survivors, ≤ {:.1} s", goal.as_secs_f64()), reached))
}

/// Stops the jobs and says when the last process was dead, and how many were not.
fn stop(lab: &Lab, jobs: usize) -> Result<(Duration, usize)> {
    let start = Instant::now();
    // All at once: each request is answered only when its stop is on record.
    std::thread::scope(|scope| {
        let asked: Vec<_> = (0..jobs).map(|number| scope.spawn(move || lab.stop(&format!("a{number}")))).collect();
        asked.into_iter().try_for_each(|asked| asked.join().unwrap_or_else(|_| bail!("a request was not made")))
    })?;
    // The goal is missed long before that.
    let patience = LAST_MAX * 3;
    let took =
        lab.until("all are dead", || Ok((left(lab)? == 0 || start.elapsed() > patience).then(|| start.elapsed())))?;
    Ok((took, left(lab)?))
}

/// How many live: those that gave their number, or one of whom nothing is known but that the tree's lock is held.
fn left(lab: &Lab) -> Result<usize> {
    Ok(lab.survivors().len().max(usize::from(lab.is_held()?)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_survivor_misses_the_goal_and_so_does_an_end_that_is_late() {
        let is_reached = |took, left| hostile("twelve", Duration::from_millis(took), left).is_reached;
        assert!(is_reached(2300, 0));
        assert!(!is_reached(2300, 1));
        assert!(!is_reached(2301, 0));
    }

    #[test]
    fn a_run_has_begun_with_its_first_step() {
        assert!(has_begun(&json!({"runs": [{"step": 1}]})));
        assert!(!has_begun(&json!({"runs": [{"step": null}]})));
        assert!(!has_begun(&json!({"runs": []})));
    }
}
