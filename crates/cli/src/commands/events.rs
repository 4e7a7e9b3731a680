//! Following the engine: `events` and `wait`.

use futures_util::StreamExt;
use nightkeep_engine::api::{ErrorCode, HistoryRow, Outcome, Reason};

use super::Here;
use crate::Done;
use crate::console;
use crate::failure::{FAILED, Failure, fragment};

/// What a run ends with that Nightkeep stopped.
const STOPPED: u8 = 124;

/// Prints each picture as one line.
pub(super) async fn events(here: &Here) -> Result<(), Failure> {
    let mut events = here.engine().await?.events().await?;
    let mut interrupt = std::pin::pin!(tokio::signal::ctrl_c());
    loop {
        let live = tokio::select! {
            _ended = &mut interrupt => return Ok(()),
            live = events.next() => live.ok_or_else(engine_ended)??,
        };
        let line = serde_json::to_string(&live)
            .map_err(|cause| Failure::new(format!("the event cannot be written as JSON: {cause}")))?;
        console::print(&format!("{line}\n"))?;
    }
}

/// Ends as the run did. Looks at the run whenever something has changed.
pub(super) async fn wait(here: &Here, run: u64) -> Done {
    let engine = here.engine().await?;
    let mut events = engine.events().await?;
    loop {
        let detail = engine.run(run).await.map_err(|error| {
            if error.code == ErrorCode::NotFound {
                Failure::new(format!("there is no run {run}"))
                    .with_hint("see `nightkeep status` and `nightkeep history`")
            } else {
                error.into()
            }
        })?;
        if let Some(row) = detail.ended {
            console::tell(&format!("run {run}: {}\n", fragment(&row.message)));
            return Ok(code(&row));
        }
        events.next().await.ok_or_else(engine_ended)??;
    }
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
