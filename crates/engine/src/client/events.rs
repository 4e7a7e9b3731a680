//! The event stream: whole pictures, each replacing the one before.

use std::fmt;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::stream::{self, Stream, StreamExt};
use hyper::Response;
use hyper::body::Incoming;
use serde::de::DeserializeOwned;
use sse_stream::SseStream;

use super::Client;
use super::http::{self, Body, Connection};
use crate::api::{ApiError, ErrorCode, Live, RegisterRequest, RunEvent, SlotNews};

/// The name of the events that carry a [`Live`].
const LIVE: &[&str] = &["live"];
/// Between two attempts to reach an engine that is away: the first pause and the longest.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// The name of the events that carry a [`SlotNews`].
const SLOT: &[&str] = &["slot"];

/// The names of the events that carry a [`RunEvent`].
const STORY: &[&str] = &["liveness", "output", "advance", "state"];

/// The events of one connection. Ends when the engine ends; dropping it ends the connection.
pub struct Told<T> {
    connection: Option<Connection>,
    blocks: SseStream<Incoming>,
    names: &'static [&'static str],
    what: PhantomData<fn() -> T>,
}

/// Everything that a surface shows.
pub type Events = Told<Live>;

/// What somebody is told who waits for a slot. Dropping it gives the place up.
pub type SlotEvents = Told<SlotNews>;

impl Events {
    pub(super) async fn open(socket: &Path) -> Result<Self, ApiError> {
        Ok(Self::of(http::open(socket, "GET", "/v1/events", Body::None).await?, LIVE))
    }
}

/// What happens to runs, one event at a time.
pub type RunEvents = Told<RunEvent>;

impl RunEvents {
    pub(super) async fn open(socket: &Path, every_s: u64) -> Result<Self, ApiError> {
        let path = format!("/v1/events/runs?every_s={every_s}");
        Ok(Self::of(http::open(socket, "GET", &path, Body::None).await?, STORY))
    }
}

impl SlotEvents {
    pub(super) async fn open(socket: &Path, wanted: &RegisterRequest) -> Result<Self, ApiError> {
        Ok(Self::of(http::open(socket, "POST", "/v1/slots", Body::json(wanted)?).await?, SLOT))
    }
}

impl<T> Told<T> {
    fn of((response, connection): (Response<Incoming>, Connection), names: &'static [&'static str]) -> Self {
        let blocks = SseStream::new(response.into_body());
        Self { connection: Some(connection), blocks, names, what: PhantomData }
    }
}

impl<T> fmt::Debug for Told<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Told")
            .field("names", &self.names)
            .field("connected", &self.connection.is_some())
            .finish_non_exhaustive()
    }
}

impl<T: DeserializeOwned> Stream for Told<T> {
    type Item = Result<T, ApiError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(connection) = &mut self.connection
            && Pin::new(connection).poll(cx).is_ready()
        {
            // All that came over it is in the body already, its failure included.
            self.connection = None;
        }
        loop {
            let block = match ready!(self.blocks.poll_next_unpin(cx)) {
                None => return Poll::Ready(None),
                Some(Ok(block)) => block,
                Some(Err(cause)) => {
                    let message = format!("the event stream broke off: {cause}");
                    return Poll::Ready(Some(Err(ApiError::new(ErrorCode::Unreachable, message))));
                }
            };
            // Other events are those of a later engine; a client of this version has no use for them.
            if let (Some(name), Some(data)) = (block.event.as_deref(), &block.data)
                && self.names.contains(&name)
            {
                return Poll::Ready(Some(http::json(data.as_bytes())));
            }
        }
    }
}

/// Follows the engine at `socket` for ever: each picture as `Some`, and `None` once whenever it is away. Comes back
/// by itself, at first quickly and then every few seconds.
pub fn follow(socket: PathBuf) -> impl Stream<Item = Option<Live>> + Send + Unpin {
    let followed = Followed { socket, events: None, pause: BACK_OFF.0, said_away: false };
    stream::unfold(followed, |mut followed| async move { Some((followed.next().await, followed)) }).boxed()
}

struct Followed {
    socket: PathBuf,
    events: Option<Events>,
    pause: Duration,
    said_away: bool,
}

impl Followed {
    async fn next(&mut self) -> Option<Live> {
        loop {
            match &mut self.events {
                Some(events) => match events.next().await {
                    Some(Ok(live)) => {
                        self.pause = BACK_OFF.0;
                        self.said_away = false;
                        return Some(live);
                    }
                    Some(Err(error)) => {
                        tracing::debug!(%error, "lost the engine");
                        self.events = None;
                    }
                    None => self.events = None,
                },
                None => {
                    if self.reach().await {
                        continue;
                    }
                }
            }
            if self.events.is_none() && !self.said_away {
                self.said_away = true;
                return None;
            }
        }
    }

    /// One attempt, after the pause that is due when the one before was in vain.
    async fn reach(&mut self) -> bool {
        if self.said_away {
            tokio::time::sleep(self.pause).await;
            self.pause = (self.pause * 2).min(BACK_OFF.1);
        }
        let events = match Client::connect(&self.socket).await {
            Ok(client) => client.events().await,
            Err(error) => Err(error),
        };
        self.events = events.inspect_err(|error| tracing::debug!(%error, "the engine is away")).ok();
        self.events.is_some()
    }
}
