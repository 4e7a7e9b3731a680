//! Starting many runs, until every command runs.

use std::time::Duration;

use anyhow::Result;

use super::lab::Lab;
use super::numbers::seconds;
use super::{Bench, Row};

const RUNS: usize = 100;

pub(super) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let lab = Lab::open_with_same(bench, RUNS, &["hang"], "")?;
    let took = lab.start_same(RUNS, RUNS)?;
    Ok(vec![Row::new("start 100 runs", seconds(took), "≤ 1.2 s", took <= Duration::from_millis(1200))])
}
