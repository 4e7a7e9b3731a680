//! Meeting an engine of another version: an earlier one is asked to hand over, a later one is taken as it is.

use std::path::Path;
use std::time::Duration;

use nightkeep_core::Span;

use super::start::{self, nightkeep_program};
use super::{Client, engine_at, http};
use crate::api::{API_VERSION, ApiError, EngineInfo, ErrorCode, HandOverRequest};
use crate::clock;
use crate::version::{VERSION, is_later};

/// How long an engine may take to finish what it has begun, and its successor to come up.
const HANDS_OVER_WITHIN: Span = Span::from_secs(15);
/// When nobody answers for this long, the engine that handed over did not live to start its successor.
const NOBODY_FOR: Span = Span::from_secs(2);
/// Between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// The engine to work with, where `met` is the one that listens: its successor if it is an earlier version and hands
/// over, otherwise itself.
///
/// # Errors
/// Neither speaks this program's version of the API.
pub(super) async fn fitting(socket: &Path, met: EngineInfo) -> Result<Client, ApiError> {
    let engine = if is_later(VERSION, &met.version) { take_over(socket, met).await? } else { met };
    if engine.api == API_VERSION { Ok(Client { socket: socket.into(), engine }) } else { Err(other_version(&engine)) }
}

/// Has an earlier version hand over. One that does not is worked with as far as that is possible.
async fn take_over(socket: &Path, earlier: EngineInfo) -> Result<EngineInfo, ApiError> {
    let asked = match nightkeep_program() {
        Ok(program) => ask(socket, HandOverRequest { version: VERSION.to_owned(), program }).await,
        Err(cause) => Err(start::cannot_start(&cause)),
    };
    match asked {
        Ok(()) => successor_of(socket, &earlier).await,
        // It may be handing over already, and have closed its door just now.
        Err(error) if error.code == ErrorCode::Unreachable => successor_of(socket, &earlier).await,
        Err(error) => {
            tracing::warn!(version = %earlier.version, %error, "the engine does not hand over");
            Ok(earlier)
        }
    }
}

async fn ask(socket: &Path, request: HandOverRequest) -> Result<(), ApiError> {
    let body = http::Body::json(&request)?;
    http::request(socket, "POST", "/v1/engine/hand-over", body).await.map(drop)
}

/// Waits for whoever answers in place of `earlier`; for itself too, when it had to go on in the successor's place.
async fn successor_of(socket: &Path, earlier: &EngineInfo) -> Result<EngineInfo, ApiError> {
    let asked = clock::now().awake;
    let mut nobody_since = None;
    loop {
        let now = clock::now().awake;
        match engine_at(socket).await {
            Ok(engine) if (engine.pid, &engine.started_at) != (earlier.pid, &earlier.started_at) => return Ok(engine),
            Ok(still) if now.since(asked) >= HANDS_OVER_WITHIN => return Ok(still),
            Ok(_) => nobody_since = None,
            Err(error) if error.code != ErrorCode::Unreachable => return Err(error),
            Err(_) => {
                if now.since(*nobody_since.get_or_insert(now)) >= NOBODY_FOR {
                    return start::start_and_wait(socket).await;
                }
            }
        }
        // Nothing tells when a socket begins to listen.
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Two versions that cannot talk: said, with what to do, and nothing guessed.
pub(super) fn other_version(engine: &EngineInfo) -> ApiError {
    let message = format!(
        "the engine is of version {} and speaks API version {}, this program is of version {VERSION} and speaks \
         {API_VERSION}",
        engine.version, engine.api,
    );
    let hint = if is_later(&engine.version, VERSION) {
        format!(
            "use the programs of version {}; or run `nightkeep engine --stop` to go back: runs go on, and the next \
             command starts the engine that fits",
            engine.version
        )
    } else {
        "run `nightkeep engine --stop`; runs go on, and the next command starts the engine that fits".to_owned()
    };
    ApiError::new(ErrorCode::Version, message).with_hint(hint)
}
