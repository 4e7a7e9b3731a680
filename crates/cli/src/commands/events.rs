//! Following the engine: `events` and `wait`.

use std::time::Duration;

use futures_util::StreamExt;
use nightkeep_engine::api::{ApiError, EngineInfo, ErrorCode, HistoryRow, Live, Outcome, Reason, RunDetail};
use nightkeep_engine::client::{Client, Events, follow};

use super::Here;
use crate::Done;
use crate::console;
use crate::failure::{FAILED, Failure, fragment};

/// What a run ends with that Nightkeep stopped.
const STOPPED: u8 = 124;
/// How long an engine may take to come up in the place of one that ended.
const NEXT_WITHIN: Duration = Duration::from_secs(10);

/// Prints each picture as one line.
pub(super) async fn events(here: &Here) -> Result<(), Failure> {
    let (mut engine, mut events) = followed(here).await?;
    let mut interrupt = std::pin::pin!(tokio::signal::ctrl_c());
    loop {
        let live = tokio::select! {
            _ended = &mut interrupt => return Ok(()),
            live = events.next() => live,
        };
        let Some(live) = unless_away(live)? else {
            (engine, events) = next_engine(here, engine.engine()).await?;
            continue;
        };
        let line = serde_json::to_string(&live)
            .map_err(|cause| Failure::new(format!("the event cannot be written as JSON: {cause}")))?;
        console::print(&format!("{line}\n"))?;
    }
}

/// Ends as the run did. Looks at the run whenever something has changed.
pub(super) async fn wait(here: &Here, run: u64) -> Done {
    let (mut engine, mut events) = followed(here).await?;
    loop {
        match engine.run(run).await {
            Ok(RunDetail { ended: Some(row), .. }) => {
                console::tell(&format!("run {run}: {}\n", fragment(&row.message)));
                return Ok(code(&row));
            }
            Ok(RunDetail { ended: None, .. }) => {
                if unless_away(events.next().await)?.is_some() {
                    continue;
                }
            }
            Err(error) if error.code == ErrorCode::Unreachable => {}
            Err(error) if error.code == ErrorCode::NotFound => {
                return Err(Failure::new(format!("there is no run {run}"))
                    .with_hint("see `nightkeep status` and `nightkeep history`"));
            }
            Err(error) => return Err(error.into()),
        }
        (engine, events) = next_engine(here, engine.engine()).await?;
    }
}

/// A stream that breaks off has ended, as one does whose engine is gone at once.
fn unless_away(told: Option<Result<Live, ApiError>>) -> Result<Option<Live>, Failure> {
    match told.transpose() {
        Err(error) if error.code != ErrorCode::Unreachable => Err(error.into()),
        live => Ok(live.ok().flatten()),
    }
}

/// The engine, and what it tells.
async fn followed(here: &Here) -> Result<(Client, Events), Failure> {
    let engine = here.engine().await?;
    match engine.events().await {
        Ok(events) => Ok((engine, events)),
        Err(error) if error.code == ErrorCode::Unreachable => next_engine(here, engine.engine()).await,
        Err(error) => Err(error.into()),
    }
}

/// The engine that takes the place of `ended`, as after a hand-over. None is started: it may have been ended by hand.
async fn next_engine(here: &Here, ended: &EngineInfo) -> Result<(Client, Events), Failure> {
    let socket = here.places.socket();
    let mut told = follow(socket.clone());
    let reached = async {
        loop {
            let _news = told.next().await;
            let Ok(engine) = Client::connect(&socket).await else { continue };
            if (engine.engine().pid, &engine.engine().started_at) == (ended.pid, &ended.started_at) {
                return Err(engine_ended());
            }
            if let Ok(events) = engine.events().await {
                return Ok((engine, events));
            }
        }
    };
    tokio::time::timeout(NEXT_WITHIN, reached).await.unwrap_or_else(|_| Err(engine_ended()))
}

fn engine_ended() -> Failure {
    Failure::new("the engine has ended").with_hint("its runs go on; say it again to start the engine")
}

fn code(row: &HistoryRow) -> u8 {
    let is_stopped = row.outcome == Outcome::Aborted && row.reason != Some(Reason::User);
    match (row.exit_code, row.signal) {
        _ if is_stopped => STOPPED,
        (Some(code), _) => u8::try_from(code & 0xff).unwrap_or(FAILED),
        (None, Some(signal)) => u8::try_from(128 + signal).unwrap_or(FAILED),
        (None, None) => FAILED,
    }
}
