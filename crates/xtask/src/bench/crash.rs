//! The engine is killed under ten runs and started again.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::Value;

use super::lab::{Agent, Lab};
use super::numbers::seconds;
use super::{Bench, Row};

const RUNS: usize = 10;

pub(super) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let ends: Vec<String> = (0..RUNS).map(|number| format!("exit {}", number + 40)).collect();
    let scripts: Vec<[&str; 2]> = ends.iter().map(|end| ["sleep 12s", end.as_str()]).collect();
    let named = scripts.iter().enumerate();
    let agents: Vec<Agent<'_>> =
        named.map(|(number, steps)| Agent { name: format!("a{number}"), steps, limits: "" }).collect();
    let mut lab = Lab::open(bench, &agents)?;
    lab.start_same(RUNS, RUNS)?;
    let all = |lab: &Lab| Ok(Some(running(&lab.status()?)).filter(|pids| pids.len() == RUNS));
    let before = lab.until("ten run", || all(&lab))?;
    let start = Instant::now();
    lab.crash_engine()?;
    let after = lab.until("ten run again", || all(&lab))?;
    let took = start.elapsed();
    let codes = lab.until("all have ended", || Ok(Some(codes(&lab.history()?)).filter(|codes| codes.len() >= RUNS)))?;
    let wanted: Vec<i64> = (40..).take(RUNS).collect();
    let duplicates = lab.agents().len().saturating_sub(RUNS);
    let is_same = before == after && duplicates == 0;
    Ok(vec![
        Row::new(
            "kill -9 of the engine with 10 runs: found again",
            format!("{} of 10 in {}, {duplicates} duplicates", before.intersection(&after).count(), seconds(took)),
            "10 in ≤ 1 s, 0 duplicates",
            is_same && took <= Duration::from_secs(1),
        ),
        Row::new("… and their exit codes", format!("{codes:?}"), "40 to 49", codes == wanted),
    ])
}

/// The root processes of runs.
fn running(status: &Value) -> BTreeSet<u64> {
    let runs = status.get("runs").and_then(Value::as_array).into_iter().flatten();
    runs.filter_map(|run| run.get("pid")?.as_u64()).collect()
}

/// The exit codes of ended runs, sorted.
fn codes(history: &[Value]) -> Vec<i64> {
    let mut codes: Vec<i64> =
        history.iter().map(|row| row.get("exit_code").and_then(Value::as_i64).unwrap_or(-1)).collect();
    codes.sort_unstable();
    codes
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_lost_exit_code_is_no_exit_code() {
        assert_eq!(codes(&[json!({"exit_code": 41}), json!({"exit_code": null})]), [-1, 41]);
    }

    #[test]
    fn a_run_without_a_process_is_not_running() {
        let status = json!({"runs": [{"pid": 7}, {"pid": null}]});
        assert_eq!(running(&status), BTreeSet::from([7]));
    }
}
