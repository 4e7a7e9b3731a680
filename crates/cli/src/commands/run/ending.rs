//! With what `run` ends.

use std::time::Duration;

use futures_util::StreamExt;
use nightkeep_engine::api::{HistoryRow, Outcome, Phase, Reason, RunDetail};
use nightkeep_engine::client::{Client, follow};
use nightkeep_engine::rundir::{Exit, RunDir, RunEnd};

use crate::Done;
use crate::commands::Here;
use crate::console;
use crate::failure::{FAILED, Failure, fragment};

/// What a run ends with that Nightkeep stopped; the code of `timeout`.
const STOPPED: u8 = 124;
/// How long the engine may take to write down an end it had no part in.
const RECORD_WITHIN: Duration = Duration::from_secs(3);
/// How long the keeper may take to write down an end that it has told of.
const WRITTEN_WITHIN: Duration = Duration::from_secs(1);
/// Between two looks for its record.
const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// How much longer than its grace a stop may take.
const STOP_WITHIN: Duration = Duration::from_secs(15);

/// The exit code for a command that ended so.
pub(super) async fn code(here: &Here, dir: &RunDir, run: Option<u64>, end: RunEnd) -> Done {
    let row = match run {
        Some(run) => recorded(here, run).await,
        None => None,
    };
    let is_stopped = match &row {
        Some(row) => row.outcome == Outcome::Aborted && row.reason != Some(Reason::User),
        // Nobody but Nightkeep has a keeper kill everything.
        None => record(dir).await.is_some_and(|exit| exit.killed && exit.interrupted_by.is_none()),
    };
    if is_stopped {
        return Err(stopped(run, row.as_ref()));
    }
    Ok(own_code(&end))
}

/// The keeper's record of the end, which it tells of just before it writes it.
async fn record(dir: &RunDir) -> Option<Exit> {
    let deadline = tokio::time::Instant::now() + WRITTEN_WITHIN;
    loop {
        let exit = dir.read_exit().ok().flatten();
        if exit.is_some() || tokio::time::Instant::now() >= deadline {
            return exit;
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

fn stopped(run: Option<u64>, row: Option<&HistoryRow>) -> Failure {
    let what = run.map_or_else(|| "the run".to_owned(), |run| format!("run {run}"));
    let failure = match row {
        Some(row) => Failure::new(format!("{what} was stopped: {}", fragment(&row.message))),
        None => Failure::new(format!("{what} was stopped")),
    };
    let hint = run.map_or_else(|| "see `nightkeep history`".to_owned(), |run| format!("see `nightkeep show {run}`"));
    Failure { code: STOPPED, ..failure.with_hint(hint) }
}

fn own_code(end: &RunEnd) -> u8 {
    match end {
        RunEnd::Code(code) => u8::try_from(code & 0xff).unwrap_or(FAILED),
        RunEnd::Signal(signal) => u8::try_from(128 + signal).unwrap_or(FAILED),
        RunEnd::ExecError(_) => 126,
        RunEnd::Unknown => {
            console::warn("nobody knows with which exit code the command ended");
            FAILED
        }
    }
}

/// What the engine has written down of the run's end. `None`: it is away, or takes too long. Another one may take its
/// place meanwhile.
async fn recorded(here: &Here, run: u64) -> Option<HistoryRow> {
    let socket = here.places.socket();
    let mut detail = Client::connect(&socket).await.ok()?.run(run).await.ok()?;
    let mut told = follow(socket.clone());
    let mut deadline = tokio::time::Instant::now() + RECORD_WITHIN;
    let mut is_stopping = false;
    loop {
        if detail.ended.is_some() {
            return detail.ended;
        }
        if detail.phase == Phase::Stopping && !is_stopping {
            is_stopping = true;
            deadline = tokio::time::Instant::now() + grace_of(&detail) + STOP_WITHIN;
        }
        let _news = tokio::time::timeout_at(deadline, told.next()).await.ok()?;
        // When nobody answers, who comes next is told.
        if let Ok(engine) = Client::connect(&socket).await {
            detail = engine.run(run).await.ok()?;
        }
    }
}

fn grace_of(detail: &RunDetail) -> Duration {
    Duration::try_from_secs_f64(detail.limits.grace_s).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_was_not_stopped_keeps_its_code() {
        assert_eq!([own_code(&RunEnd::Code(0)), own_code(&RunEnd::Code(7)), own_code(&RunEnd::Code(255))], [0, 7, 255]);
        assert_eq!([own_code(&RunEnd::Signal(2)), own_code(&RunEnd::Signal(15))], [130, 143]);
    }

    #[test]
    fn a_stop_is_told_in_one_line_that_says_where_to_read_more() {
        let failure = stopped(Some(41), None);
        assert_eq!(failure.code, STOPPED);
        assert_eq!(failure.text(), "error: run 41 was stopped\nhint: see `nightkeep show 41`\n");
    }
}
