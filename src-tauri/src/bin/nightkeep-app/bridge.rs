//! Carries the engine's snapshots to the page, and comes back by itself after the engine was away.

use std::path::PathBuf;
use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt as _;
use nightkeep_engine::api::{ApiError, ErrorCode, Live};
use nightkeep_engine::client::Client;
use serde::Serialize;
use tauri::{AppHandle, Emitter as _};
use tokio::time::sleep;

use crate::link::Way;
use crate::pace::paced;
use crate::window::LABEL;

/// Between two attempts to reach an engine that is away: the first pause and the longest.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(5));

/// How often the page is told of changes at most. Where hundreds of runs move, a page that is told of each would be ever
/// further behind; of what happens now and then it is told at once.
const PACE: Duration = Duration::from_millis(100);

/// Follows the engine at `socket` for as long as the window lives.
///
/// The engine is started when the window opens and when a person asks for another attempt. In between it is only
/// looked for: who stopped it on purpose does not want it back.
pub(crate) async fn forward(app: AppHandle, way: Way, socket: PathBuf) {
    let mut pause = BACK_OFF.0;
    let mut may_start = true;
    loop {
        let was_there = way.client().is_ok();
        let error = follow(&app, &way, &socket, may_start).await;
        if was_there || way.client().is_ok() {
            pause = BACK_OFF.0;
        }
        tracing::info!(%error, "the engine is away");
        way.lost(&error);
        tell(&app, "away", &error);
        may_start = tokio::select! {
            () = sleep(pause) => false,
            () = way.wanted_again() => true,
        };
        pause = (pause * 2).min(BACK_OFF.1);
    }
}

/// One connection, from its first snapshot to its end. Says why it ended.
async fn follow(app: &AppHandle, way: &Way, socket: &std::path::Path, may_start: bool) -> ApiError {
    let reached = if may_start { Client::connect_or_start(socket).await } else { Client::connect(socket).await };
    let events = match reached {
        Err(error) => return error,
        Ok(client) => {
            way.reached(client.clone());
            match client.events().await {
                Ok(events) => events,
                Err(error) => return error,
            }
        }
    };
    let mut events = pin!(paced(events, PACE));
    loop {
        match events.next().await {
            Some(Ok(live)) => show(app, way, &live),
            Some(Err(error)) => return error,
            None => {
                return ApiError::new(ErrorCode::Unreachable, "the engine ended")
                    .with_hint("runs go on; try again to start it");
            }
        }
    }
}

fn show(app: &AppHandle, way: &Way, live: &Live) {
    if way.show(live) {
        tell(app, "live", live);
    }
}

/// A page that is not there yet asks for the newest snapshot when it comes up.
fn tell(app: &AppHandle, event: &str, payload: &(impl Serialize + Clone)) {
    if let Err(error) = app.emit_to(LABEL, event, payload.clone()) {
        tracing::warn!(%error, event, "the page could not be told");
    }
}
