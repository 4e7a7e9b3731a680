//! `wait`: what came of a run, for a script or an agent that acts on it.

use nightkeep_engine::api::{ApiError, ErrorCode, HistoryRow, Method, Outcome, Phase, Reason, RunDetail};
use nightkeep_engine::client::Client;
use serde::Serialize;

use super::Here;
use super::following::Following;
use crate::Done;
use crate::args::Wait;
use crate::console;
use crate::failure::{FAILED, Failure};

/// What `wait` ends with when the run was not over in time.
const NOT_IN_TIME: u8 = 124;
/// How many lines of the output are passed on, and how many bytes.
const TAIL_LINES_MAX: usize = 40;
const TAIL_BYTES_MAX: usize = 4096;

/// What is printed.
#[derive(Debug, PartialEq, Serialize)]
struct Report {
    run: u64,
    job: String,
    phase: Phase,
    /// `null` while the run is not over.
    outcome: Option<Outcome>,
    reason: Option<Reason>,
    method: Option<Method>,
    exit_code: Option<i32>,
    signal: Option<i32>,
    /// What the run handed back, where it can hand anything back.
    result: Option<serde_json::Value>,
    last_step: Option<i64>,
    last_note: Option<String>,
    duration_s: Option<f64>,
    survivors: Vec<u32>,
    message: String,
    /// The last lines of its output.
    tail: Vec<String>,
}

pub(super) async fn wait(here: &Here, wanted: &Wait) -> Done {
    let mut following = Following::begin(here, Client::events).await?;
    let run = number(&following.engine, &wanted.target).await?;
    let over = async {
        loop {
            match following.engine.run(run).await {
                Ok(detail) if detail.ended.is_some() => return Ok(detail),
                Ok(_) => {
                    if following.news().await?.is_some() {
                        continue;
                    }
                }
                Err(error) if error.code == ErrorCode::Unreachable => {}
                Err(error) => return Err(no_such_run(error, run)),
            }
            following.go_on_after_a_crash().await?;
        }
    };
    let detail = match wanted.timeout {
        None => over.await?,
        Some(longest) => match tokio::time::timeout(longest, over).await {
            Ok(detail) => detail?,
            Err(_elapsed) => here.engine().await?.run(run).await.map_err(|error| no_such_run(error, run))?,
        },
    };
    let report = Report::of(detail);
    console::print_json(&report)?;
    Ok(match report.outcome {
        Some(Outcome::Succeeded) => 0,
        Some(Outcome::Failed | Outcome::Aborted | Outcome::Lost) => FAILED,
        None => NOT_IN_TIME,
    })
}

/// The run that is meant: numbers are those of runs, and of a job it is the latest one.
async fn number(engine: &Client, target: &str) -> Result<u64, Failure> {
    match target.parse() {
        Ok(run) => Ok(run),
        Err(_) => Ok(engine.latest_run(target).await?.run),
    }
}

fn no_such_run(error: ApiError, run: u64) -> Failure {
    if error.code != ErrorCode::NotFound {
        return error.into();
    }
    Failure::new(format!("there is no run {run}")).with_hint("see `nightkeep status` and `nightkeep history`")
}

impl Report {
    fn of(detail: RunDetail) -> Self {
        let RunDetail { run, job, phase, started_at, ended, message, advances, output, result, .. } = detail;
        let tail = tail(&output.lines);
        match ended {
            Some(row) => Self { result, tail, ..Self::over(row) },
            None => {
                let last = advances.last();
                Self {
                    run,
                    job,
                    phase,
                    outcome: None,
                    reason: None,
                    method: None,
                    exit_code: None,
                    signal: None,
                    result,
                    last_step: last.map(|last| last.step),
                    last_note: last.and_then(|last| last.note.clone()),
                    duration_s: since(&started_at),
                    survivors: Vec::new(),
                    message,
                    tail,
                }
            }
        }
    }

    fn over(row: HistoryRow) -> Self {
        Self {
            run: row.run,
            job: row.job,
            phase: Phase::Ended,
            outcome: Some(row.outcome),
            reason: row.reason,
            method: row.method,
            exit_code: row.exit_code,
            signal: row.signal,
            result: None,
            last_step: row.last_step,
            last_note: row.last_note,
            duration_s: Some(row.duration_s),
            survivors: row.survivors,
            message: row.message,
            tail: Vec::new(),
        }
    }
}

fn since(started_at: &str) -> Option<f64> {
    let started: jiff::Timestamp = started_at.parse().ok()?;
    let ms = nightkeep_engine::clock::timestamp().as_millisecond().saturating_sub(started.as_millisecond());
    Some(std::time::Duration::from_millis(u64::try_from(ms).unwrap_or(0)).as_secs_f64())
}

/// The last lines that fit. Of one that alone is too long, its end.
fn tail(lines: &[String]) -> Vec<String> {
    let mut left = TAIL_BYTES_MAX;
    let mut kept = Vec::new();
    for line in lines.iter().rev().take(TAIL_LINES_MAX) {
        if line.len() > left {
            if kept.is_empty() {
                let from = line.ceil_char_boundary(line.len() - left);
                kept.extend(line.get(from..).map(str::to_owned));
            }
            break;
        }
        left -= line.len();
        kept.push(line.clone());
    }
    kept.reverse();
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_is_bounded_in_lines_and_in_bytes() {
        let numbered: Vec<String> = (0..100).map(|n| n.to_string()).collect();
        assert_eq!(tail(&numbered), numbered[60..]);
        let long: Vec<String> = (0..9).map(|_| "x".repeat(1000)).collect();
        assert_eq!(tail(&long).len(), 4);
        let longest = vec!["first".to_owned(), format!("ä{}", "y".repeat(TAIL_BYTES_MAX - 1))];
        assert_eq!(tail(&longest), ["y".repeat(TAIL_BYTES_MAX - 1)]);
        assert_eq!(tail(&[]), Vec::<String>::new());
    }
}
