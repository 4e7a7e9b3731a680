//! The service of a model, played: it answers what a test wrote down for it, on loopback.

pub mod anthropic;
pub mod openai;

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// More of a request is not read: a coding agent sends all of its instructions each time.
const REQUEST_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What is answered to one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Answer {
    /// A stream of events, each with its name.
    fn stream(events: &[(&str, Value)]) -> Self {
        let body = events.iter().map(|(name, data)| format!("event: {name}\ndata: {data}\n\n")).collect();
        Self { status: 200, headers: vec![("content-type", "text/event-stream".to_owned())], body }
    }

    /// An error as a document.
    fn error(status: u16, document: &Value) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Self { status, headers, body: document.to_string() }
    }

    /// With the time after which the service wants to be asked again.
    #[must_use]
    pub fn retry_after(mut self, secs: u32) -> Self {
        self.headers.push(("retry-after", secs.to_string()));
        self
    }

    /// Cut off in its middle, as by a connection that broke.
    #[must_use]
    pub fn cut_off(mut self) -> Self {
        let middle = self.body.find("\n\n").unwrap_or_default();
        self.body.truncate(middle);
        self
    }
}

/// The service. Dropping it ends it.
#[derive(Debug)]
pub struct Model {
    port: u16,
    heard: Arc<Mutex<Heard>>,
    let_in: watch::Sender<usize>,
    _runtime: Runtime,
}

/// What was asked of it.
#[derive(Debug, Default)]
struct Heard {
    turns: usize,
    others: Vec<String>,
}

#[derive(Debug, Clone)]
struct Played {
    path: &'static str,
    answers: Arc<[Answer]>,
    heard: Arc<Mutex<Heard>>,
    let_in: watch::Receiver<usize>,
}

impl Model {
    /// One that answers what is posted to `path` in this order, and answers the first `let_in` requests at once.
    fn play(path: &'static str, answers: Vec<Answer>, let_in: usize) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let heard = Arc::new(Mutex::new(Heard::default()));
        let (sender, receiver) = watch::channel(let_in);
        let played = Played { path, answers: answers.into(), heard: Arc::clone(&heard), let_in: receiver };
        let router = Router::new().fallback(answer).with_state(played);
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))?;
        let port = listener.local_addr()?.port();
        let _server = runtime.spawn(async move { axum::serve(listener, router).await });
        Ok(Self { port, heard, let_in: sender, _runtime: runtime })
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Answers so many requests in all, also those that wait.
    pub fn let_in(&self, requests: usize) {
        self.let_in.send_replace(requests);
    }

    /// How many answers were asked for so far, those that wait included.
    #[must_use]
    pub fn turns(&self) -> usize {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).turns
    }

    /// What else was asked for, as `GET /v1/models`.
    #[must_use]
    pub fn others(&self) -> Vec<String> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).others.clone()
    }
}

async fn answer(State(mut played): State<Played>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let is_turn = parts.method == Method::POST && parts.uri.path() == played.path;
    // It is read to its end: who is answered too early calls that an error.
    let read = axum::body::to_bytes(body, REQUEST_BYTES_MAX).await;
    if read.is_err() || !is_turn {
        let mut heard = played.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.others.push(format!("{} {}", parts.method, parts.uri.path()));
        return (StatusCode::NOT_FOUND, json!({}).to_string()).into_response();
    }
    let turn = {
        let mut heard = played.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.turns += 1;
        heard.turns - 1
    };
    if played.let_in.wait_for(|let_in| turn < *let_in).await.is_err() {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let Some(answer) = played.answers.get(turn) else {
        return (StatusCode::BAD_REQUEST, "this was not written down for the model").into_response();
    };
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, answer.body.clone()).into_response();
    response.headers_mut().remove(header::CONTENT_TYPE);
    for (name, value) in &answer.headers {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(*name, value);
        }
    }
    response
}
