//! The event stream: a whole [`crate::api::Live`] document at once, and again after every change.

use std::convert::Infallible;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{Stream, StreamExt};
use tokio_stream::wrappers::WatchStream;

use crate::actor::Handle;

/// The stream of live documents.
#[utoipa::path(get, path = "/v1/events", responses((status = 200, description = "events named `live`, each a Live document")))]
pub(super) async fn events(State(handle): State<Handle>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let stream = WatchStream::new(handle.changes()).filter_map(|live| async move {
        match Event::default().event("live").json_data(&*live) {
            Ok(event) => Some(Ok(event)),
            Err(fault) => {
                tracing::error!(%fault, "a live document could not be written");
                None
            }
        }
    });
    Sse::new(stream).keep_alive(KeepAlive::new().interval(std::time::Duration::from_secs(60)))
}
