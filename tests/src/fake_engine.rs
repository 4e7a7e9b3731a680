//! An engine that says what a test wants it to say.

use std::convert::Infallible;
use std::path::Path;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::{Stream, StreamExt as _};
use nightkeep_engine::api::{Live, PauseView, ResumedReply};
use nightkeep_engine::local_socket::Listener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::WatchStream;

use crate::in_time;

/// Serves one [`Live`] document and the events of its changes; answers every request that changes something with
/// success. Dropping it ends it, connections included.
#[derive(Debug)]
pub struct FakeEngine {
    live: watch::Sender<Live>,
    requests: watch::Receiver<Vec<String>>,
    server: JoinHandle<()>,
}

#[derive(Debug, Clone)]
struct Said {
    live: watch::Receiver<Live>,
    requests: watch::Sender<Vec<String>>,
}

impl FakeEngine {
    /// Listens at `socket`, whose directory must be private.
    ///
    /// # Errors
    /// The socket cannot be bound.
    pub fn start(socket: &Path, live: Live) -> anyhow::Result<Self> {
        let (live, said) = watch::channel(live);
        let (sender, requests) = watch::channel(Vec::new());
        let router = Router::new().fallback(answer).with_state(Said { live: said, requests: sender });
        let listener = Listener::bind(socket)?;
        let server = tokio::spawn(serve(listener, router));
        Ok(Self { live, requests, server })
    }

    /// Says something else from here on.
    pub fn say(&self, live: Live) {
        self.live.send_replace(live);
    }

    /// All requests so far, written as `GET /v1/live`.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        self.requests.borrow().clone()
    }

    /// Ends, and waits until the socket is free.
    pub async fn end(&mut self) {
        self.server.abort();
        // An aborted task says so; there is nothing else to learn.
        (&mut self.server).await.unwrap_or_default();
    }

    /// Waits for a request, written as `POST /v1/history/seen`.
    ///
    /// # Errors
    /// It did not come in time.
    pub async fn wait_for_request(&self, request: &str) -> anyhow::Result<()> {
        let mut requests = self.requests.clone();
        in_time(request, requests.wait_for(|all| all.iter().any(|one| one == request))).await??;
        Ok(())
    }
}

impl Drop for FakeEngine {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Connections are tasks of this one, so that all of them end with it.
async fn serve(mut listener: Listener, router: Router) {
    use axum::serve::Listener as _;
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let (stream, _from) = listener.accept().await;
        let service = hyper_util::service::TowerToHyperService::new(router.clone());
        let stream = hyper_util::rt::TokioIo::new(stream);
        connections.spawn(hyper::server::conn::http1::Builder::new().serve_connection(stream, service));
    }
}

async fn answer(State(said): State<Said>, request: Request) -> Response {
    let asked = format!("{} {}", request.method(), request.uri().path());
    let live = said.live.borrow().clone();
    let answer = match asked.as_str() {
        "GET /v1/engine" => axum::Json(live.status.engine).into_response(),
        "GET /v1/live" => axum::Json(live).into_response(),
        "GET /v1/status" => axum::Json(live.status).into_response(),
        "GET /v1/events" => Sse::new(events(said.live.clone())).into_response(),
        "POST /v1/pause" => axum::Json(PauseView { since: live.at, until: None }).into_response(),
        "POST /v1/resume" => axum::Json(ResumedReply { was: live.status.paused }).into_response(),
        change if !change.starts_with("GET ") => StatusCode::NO_CONTENT.into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    };
    said.requests.send_modify(|all| all.push(asked));
    answer
}

fn events(live: watch::Receiver<Live>) -> impl Stream<Item = Result<Event, Infallible>> {
    WatchStream::new(live).map(|live| {
        let data = serde_json::to_string(&live).expect("the wire types are written as JSON");
        Ok(Event::default().event("live").data(data))
    })
}
