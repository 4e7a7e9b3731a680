//! The pages of the real window: a long history, and many runs that all move.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use super::numbers::{median, ms, worst};
use super::{Bench, Row};
use crate::project::Profile;

const RUNS: &str = "10000";
const LIVE: &str = "200";
const PAGE_MAX: Duration = Duration::from_millis(300);
const CHANGE_MAX: Duration = Duration::from_millis(200);

pub(super) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let program = bench.project.binary(Profile::Dev, "window-bench").display().to_string();
    let folder = bench.project.binaries(Profile::Release).display().to_string();
    let agent = bench.project.binary(Profile::Dev, "fake-agent").display().to_string();
    let told = bench.project.task(program).args([RUNS, LIVE, &agent]).env("NIGHTKEEP_BIN_DIR", folder).output()?;
    let told: Value = serde_json::from_str(&told).context("read what `window-bench` printed")?;
    Ok(vec![
        row(&told, "opened_ms", "history of 10,000 runs opens, drawn", PAGE_MAX)?,
        row(&told, "older_ms", "… and its next page", PAGE_MAX)?,
        row(&told, "changed_ms", "200 moving runs, marker written to drawn", CHANGE_MAX)?,
    ])
}

fn row(told: &Value, name: &str, what: &str, goal: Duration) -> Result<Row> {
    let numbers = told.get(name).and_then(Value::as_array).with_context(|| format!("find `{name}`"))?;
    let mut took: Vec<Duration> = numbers.iter().filter_map(Value::as_u64).map(Duration::from_millis).collect();
    let middle = median(&mut took);
    let measured = format!("median {}, worst {} of {}", ms(middle), ms(worst(&took)), took.len());
    let is_reached = !took.is_empty() && middle <= goal;
    Ok(Row::new(what, measured, format!("median ≤ {} ms", goal.as_millis()), is_reached))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_goal_is_for_the_median_and_what_was_not_measured_reaches_none() {
        let is_reached = |numbers: Value| row(&json!({ "a": numbers }), "a", "a", CHANGE_MAX).unwrap().is_reached;
        assert!(is_reached(json!([900, 199, 200])));
        assert!(!is_reached(json!([201, 201, 1])));
        assert!(!is_reached(json!([])));
        assert!(row(&json!({}), "a", "a", CHANGE_MAX).is_err());
    }
}
