//! From the moment at which a run has stood still for its limit to the moment at which that is decided.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use super::lab::{Lab, event, time};
use super::numbers::{median, ms, worst};
use super::{Bench, Row};

/// Measured here and elsewhere with this limit.
const STALL_AFTER: Duration = Duration::from_secs(4);

pub(super) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let limits = "warn_after = \"2s\"\nstall_after = \"4s\"\ngrace = \"2s\"";
    let lab = Lab::open_with_same(bench, bench.many, &["mark 1", "hang"], limits)?;
    lab.start_same(bench.many, bench.many)?;
    lab.until("all were stopped", || {
        Ok((lab.survivors().is_empty() && lab.agents().len() >= bench.many).then_some(()))
    })?;
    let rows = lab.until("all are in the history", || {
        Ok(Some(lab.history()?).filter(|rows| rows.len() >= bench.many.min(100)))
    })?;
    let mut delays = Vec::new();
    for row in &rows {
        let run = row.get("run").and_then(Value::as_u64).context("find a run's number")?;
        delays.push(delay(&lab.nightkeep.json(&["show", &run.to_string()])?)?);
    }
    let middle = median(&mut delays);
    let what = format!("threshold to verdict, {} runs stall at once", bench.many);
    Ok(vec![
        Row::new(format!("{what}: median"), ms(middle), "≤ 50 ms", middle <= Duration::from_millis(50)),
        Row::new(
            format!("{what}: worst"),
            ms(worst(&delays)),
            "≤ 250 ms",
            worst(&delays) <= Duration::from_millis(250),
        ),
    ])
}

/// The time from the last advance to the verdict, less the limit. The evidence carries the time of the verdict that
/// asked for it; the intent to stop is recorded when the evidence is there.
pub(super) fn delay(detail: &Value) -> Result<Duration> {
    let last = detail.get("advances").and_then(Value::as_array).and_then(|advances| advances.last());
    let advanced = time(last.context("find the last advance")?, "at")?;
    let decided = time(event(detail, "evidence-taken").context("find the evidence")?, "at")?;
    let since = Duration::try_from(decided.duration_since(advanced)).context("compare the times")?;
    since.checked_sub(STALL_AFTER).context("the run was stopped before its limit")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn detail(decided: &str) -> Value {
        json!({
            "advances": [{"at": "2026-01-02T03:04:04Z"}, {"at": "2026-01-02T03:04:05.100Z"}],
            "timeline": [{"kind": "evidence-taken", "at": decided}],
        })
    }

    #[test]
    fn the_delay_counts_from_the_last_advance_and_the_limit() {
        assert_eq!(delay(&detail("2026-01-02T03:04:09.112Z")).unwrap(), Duration::from_millis(12));
    }

    #[test]
    fn a_stop_before_the_limit_is_an_error_and_no_good_number() {
        assert!(delay(&detail("2026-01-02T03:04:09.099Z")).is_err());
    }
}
