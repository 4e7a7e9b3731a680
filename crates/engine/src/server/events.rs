//! The event stream: a whole [`crate::api::Live`] document at once, and again after every change.

use std::convert::Infallible;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{Stream, StreamExt};
use tokio_stream::wrappers::WatchStream;

use super::Failure;
use super::routes::Body;
use crate::actor::Handle;
use crate::api::{ApiError, RegisterRequest, SlotNews};

pub(super) type Told = Result<Event, Infallible>;

/// The stream of live documents.
#[utoipa::path(get, path = "/v1/events", responses((status = 200, description = "events named `live`, each a Live document")))]
pub(super) async fn events(State(handle): State<Handle>) -> Sse<impl Stream<Item = Told>> {
    kept_open(WatchStream::new(handle.changes()).filter_map(|live| async move { event("live", &*live) }))
}

/// Waits for a slot for a run whose directory is there, and which the caller starts himself and registers then. The place is
/// kept for as long as the request is open, and by an engine that is started again.
#[utoipa::path(post, path = "/v1/slots", request_body = RegisterRequest, responses((status = 200, description = "events named `slot`", body = SlotNews), (status = "4XX", body = ApiError)))]
pub(super) async fn slot(
    State(handle): State<Handle>,
    Body(body): Body<RegisterRequest>,
) -> Result<Sse<impl Stream<Item = Told>>, Failure> {
    let (news, open) = handle.slot(body.tag).await?.split();
    Ok(kept_open(WatchStream::new(news).filter_map(move |news| {
        // Dropped with the stream, which tells that nobody listens.
        let _open = &open;
        async move { event("slot", &news?) }
    })))
}

pub(super) fn event(name: &str, told: &impl serde::Serialize) -> Option<Told> {
    match Event::default().event(name).json_data(told) {
        Ok(event) => Some(Ok(event)),
        Err(fault) => {
            tracing::error!(%fault, name, "an event could not be written");
            None
        }
    }
}

pub(super) fn kept_open(events: impl Stream<Item = Told> + Send + 'static) -> Sse<impl Stream<Item = Told>> {
    Sse::new(events).keep_alive(KeepAlive::new().interval(std::time::Duration::from_secs(60)))
}
