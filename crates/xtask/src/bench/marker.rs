//! From a marker that was swapped in to a live document that shows it.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde_json::Value;

use super::api::Events;
use super::lab::{Agent, Lab};
use super::numbers::{median, ms, worst};
use super::{Bench, Row};

const MARKS: i64 = 100;

pub(super) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let agent = Agent { name: "quiet".to_owned(), steps: &["hang"], limits: "" };
    let lab = Lab::open(bench, &[agent])?;
    lab.start("quiet")?;
    let pid = lab.until("the agent runs", || Ok(lab.agents().first().copied()))?;
    let marker = lab.home().join("marker.json");
    let attach =
        ["attach", "--name", "watched", "--pid", &pid.to_string(), "--progress", &marker.display().to_string()];
    lab.nightkeep.task(attach).output()?;
    let mut events = Events::open(&lab.socket())?;
    let mut delays = Vec::new();
    for step in 1..=MARKS {
        fs::write(marker.with_extension("tmp"), format!(r#"{{"step": {step}, "note": "n"}}"#))?;
        let start = Instant::now();
        fs::rename(marker.with_extension("tmp"), &marker)?;
        until_shown(&mut events, step)?;
        delays.push(start.elapsed());
    }
    let middle = median(&mut delays);
    let what = format!("marker written to live document, {MARKS} marks");
    let measured = format!("median {}, worst {}", ms(middle), ms(worst(&delays)));
    Ok(vec![Row::new(what, measured, "median ≤ 20 ms", middle <= Duration::from_millis(20))])
}

fn until_shown(events: &mut Events, step: i64) -> Result<()> {
    loop {
        match shown(&events.next()?) {
            Some(seen) if seen == step => return Ok(()),
            Some(seen) if seen > step => bail!("step {step} was asked for and {seen} is shown"),
            _ => {}
        }
    }
}

/// The step of the watched run in a live document.
fn shown(live: &Value) -> Option<i64> {
    let runs = live.pointer("/status/runs")?.as_array()?;
    runs.iter().find(|run| run.get("job").and_then(Value::as_str) == Some("watched"))?.get("step")?.as_i64()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_step_is_that_of_the_watched_run() {
        let live = json!({"status": {"runs": [{"job": "quiet", "step": 9}, {"job": "watched", "step": 4}]}});
        assert_eq!(shown(&live), Some(4));
        assert_eq!(shown(&json!({"status": {"runs": [{"job": "watched", "step": null}]}})), None);
    }
}
