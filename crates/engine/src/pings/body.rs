//! The body of a ping: kept up to a limit, read not much further, and never waited for.

use std::time::Duration;

use axum::body::Body;
use futures_util::StreamExt;
use tokio::time::{Instant, timeout_at};

/// How much of a body is kept: what Healthchecks says in `Ping-Body-Limit`.
pub(super) const KEPT_MAX: usize = 10_000;
/// A client that sends more than it should is listened to this far, so that it hears the answer: its ping counts.
pub(super) const READ_MAX: usize = 100_000;

/// Why there is no body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lost {
    /// It did not come in time.
    Slow,
    /// It broke off, or is none.
    Broken,
}

/// The beginning of a body.
pub(super) async fn read(body: Body, within: Duration) -> Result<Vec<u8>, Lost> {
    let deadline = Instant::now() + within;
    let mut chunks = body.into_data_stream();
    let (mut kept, mut read) = (Vec::new(), 0_usize);
    while read < READ_MAX {
        let chunk = match timeout_at(deadline, chunks.next()).await {
            Err(_elapsed) => return Err(Lost::Slow),
            Ok(None) => break,
            Ok(Some(chunk)) => chunk.map_err(|_| Lost::Broken)?,
        };
        read = read.saturating_add(chunk.len());
        let room = KEPT_MAX.saturating_sub(kept.len()).min(chunk.len());
        kept.extend_from_slice(chunk.get(..room).unwrap_or_default());
    }
    Ok(kept)
}
