//! The way to the engine, kept up for as long as the tray lives.

use std::path::PathBuf;
use std::time::Duration;

use futures_util::stream::{self, Stream, StreamExt as _};
use nightkeep_app::tray::Link;
use nightkeep_engine::api::ApiError;
use nightkeep_engine::client::{Client, Events};
use tokio::time::sleep;

/// Between two attempts: the first pause and the longest.
const BACK_OFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// What is known of the engine at `socket`, at once and after each change, for ever. Starts it when nobody listens:
/// runs without an engine are not watched.
pub(crate) fn links(socket: PathBuf) -> impl Stream<Item = Link> {
    let way = Way { socket, events: None, pause: None };
    stream::unfold(way, |mut way| async move { Some((way.next().await, way)) })
}

struct Way {
    socket: PathBuf,
    events: Option<Box<Events>>,
    /// Before the next attempt; none before the first.
    pause: Option<Duration>,
}

impl Way {
    async fn next(&mut self) -> Link {
        match self.live().await {
            Ok(link) => {
                self.pause = Some(BACK_OFF.0);
                link
            }
            Err(error) => {
                tracing::warn!(%error, "the engine is away");
                self.events = None;
                self.pause = Some(self.pause.map_or(BACK_OFF.0, |pause| (pause * 2).min(BACK_OFF.1)));
                Link::Away(error.message)
            }
        }
    }

    async fn live(&mut self) -> Result<Link, ApiError> {
        let events = match &mut self.events {
            Some(events) => events,
            none @ None => {
                if let Some(pause) = self.pause {
                    sleep(pause).await;
                }
                let client = Client::connect_or_start(&self.socket).await?;
                none.insert(Box::new(client.events().await?))
            }
        };
        match events.next().await {
            Some(Ok(live)) => Ok(Link::Live(Box::new(live))),
            Some(Err(error)) => Err(error),
            None => Err(ApiError::new(nightkeep_engine::api::ErrorCode::Unreachable, "the engine ended")),
        }
    }
}
