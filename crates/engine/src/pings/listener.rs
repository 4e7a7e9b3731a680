//! The port: one request a connection, read within bounds, turned into one question to whoever knows the checks.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request as HttpRequest, State};
use axum::http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep, timeout};

use super::address::{Listen, url_of};
use super::body::{self, KEPT_MAX, Lost};
use super::rate::Rates;
use super::request::{self, Flaw, Refusal, Request};
use super::{files, guard};
use crate::places::Places;

/// So many pings wait at most for whoever takes them in; one more is refused and counted.
pub const HEARD_MAX: usize = 256;
/// How long a client may take for the head of its request, and again for the body.
const READ_WITHIN: Duration = Duration::from_secs(2);
/// How long the answer may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// How long a whole connection may last.
const ALL_WITHIN: Duration = Duration::from_secs(8);
/// How many connections there may be at a time; one more is ended at once.
const CONNECTIONS_MAX: usize = 64;
/// The largest head of a request, in bytes and in fields.
const HEAD_BYTES_MAX: usize = 16 * 1024;
const HEAD_FIELDS_MAX: usize = 64;
/// How much is kept of what a client calls itself.
const USER_AGENT_CHARS_MAX: usize = 200;
/// When the system has no more sockets, it is given this long.
const PAUSE: Duration = Duration::from_millis(100);

const BODY_LIMIT: HeaderName = HeaderName::from_static("ping-body-limit");

/// A ping as it was heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// Which check it is of, and what it says.
    pub request: Request,
    /// The beginning of its body, as it came.
    pub body: Vec<u8>,
    /// What the client calls itself.
    pub user_agent: Option<String>,
}

/// A ping that waits for an answer.
#[derive(Debug)]
pub struct Asked {
    /// The ping.
    pub heard: Heard,
    /// Where the answer goes. When it is dropped, the client is told to come again.
    pub reply: oneshot::Sender<Reply>,
}

/// What is answered to a ping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// There is such a check, and the ping was taken, if it could be.
    Known,
    /// There was none, and it was made.
    Created,
    /// There is none.
    Unknown,
    /// There are several of that name.
    Ambiguous,
}

/// How many requests came to what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Taken in.
    pub heard: u64,
    /// Sent by a web page, or to another host.
    pub foreign: u64,
    /// Came too often.
    pub limited: u64,
    /// Found nobody to take them in, or a connection too many.
    pub dropped: u64,
}

/// A way to the counts of a port, which outlives it.
#[derive(Debug, Clone)]
pub(crate) struct Counted(Arc<Counters>);

impl Counted {
    /// What came so far.
    pub(crate) fn counts(&self) -> Counts {
        let Counters { heard, foreign, limited, dropped } = &*self.0;
        let [heard, foreign, limited, dropped] =
            [heard, foreign, limited, dropped].map(|count| count.load(Ordering::Relaxed));
        Counts { heard, foreign, limited, dropped }
    }
}

#[derive(Debug, Default)]
struct Counters {
    heard: AtomicU64,
    foreign: AtomicU64,
    limited: AtomicU64,
    dropped: AtomicU64,
}

/// A port that is open. It is closed, with its connections, soon after this is dropped.
#[derive(Debug)]
pub struct Listening {
    url: String,
    counters: Arc<Counters>,
    tasks: Vec<JoinHandle<()>>,
}

impl Listening {
    /// Opens the port and leaves its URL in the data directory. Where any port will do, it is the one of the last time, if
    /// that is free. What is heard goes to `heard`. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// The port is taken, or the system refuses.
    pub async fn open(places: &Places, listen: Listen, heard: mpsc::Sender<Asked>) -> io::Result<Self> {
        let (first, second) = listen.addresses();
        let socket = match (listen.port(), files::last_port(places)) {
            (Some(port), _) => TcpListener::bind((first, port)).await?,
            (None, None) => TcpListener::bind((first, 0)).await?,
            (None, Some(last)) => match TcpListener::bind((first, last)).await {
                Ok(socket) => socket,
                Err(fault) => {
                    tracing::warn!(%fault, last, "the port of the last time is taken; pings are heard at another one");
                    TcpListener::bind((first, 0)).await?
                }
            },
        };
        let address = socket.local_addr()?;
        let mut sockets = vec![socket];
        if let Some(second) = second {
            match TcpListener::bind((second, address.port())).await {
                Ok(socket) => sockets.push(socket),
                Err(fault) => tracing::warn!(%fault, "pings are heard on IPv4 only"),
            }
        }
        let url = url_of(address);
        if let Err(fault) = files::write_url(places, &url) {
            tracing::warn!(%fault, "scripts cannot look up where pings are heard");
        }
        tracing::info!(url, "pings are heard");
        let counters = Arc::<Counters>::default();
        let free = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let desk = Arc::new(Desk {
            port: address.port(),
            rates: Mutex::new(Rates::new(Instant::now())),
            counters: Arc::clone(&counters),
            heard,
        });
        let routes = Router::new().fallback(take).with_state(desk);
        let serve = |socket| tokio::spawn(accept(socket, routes.clone(), Arc::clone(&free), Arc::clone(&counters)));
        let tasks = sockets.into_iter().map(serve).collect();
        Ok(Self { url, counters, tasks })
    }

    /// What stands before the path of a ping.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Closes the port, so that it can be opened again at once.
    pub async fn close(mut self) {
        for task in self.tasks.drain(..) {
            task.abort();
            // It ends because it was told to.
            drop(task.await);
        }
    }

    /// What came so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counted().counts()
    }

    /// A way to what comes.
    pub(crate) fn counted(&self) -> Counted {
        Counted(Arc::clone(&self.counters))
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

async fn accept(listener: TcpListener, routes: Router, free: Arc<Semaphore>, counters: Arc<Counters>) {
    let mut http = http1::Builder::new();
    // One request each: nobody keeps a place by saying nothing.
    http.timer(TokioTimer::new())
        .keep_alive(false)
        .header_read_timeout(READ_WITHIN)
        .max_buf_size(HEAD_BYTES_MAX)
        .max_headers(HEAD_FIELDS_MAX);
    let mut connections = JoinSet::new();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_ended) = connections.join_next() => continue,
        };
        let stream: TcpStream = match stream {
            Ok((stream, from)) if is_own(from) => stream,
            Ok(_) => continue,
            Err(fault) => {
                tracing::warn!(%fault, "a ping could not be heard");
                sleep(PAUSE).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&free).try_acquire_owned() else {
            count(&counters.dropped);
            continue;
        };
        let connection = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes.clone()));
        connections.spawn(async move {
            let _place = place;
            match timeout(ALL_WITHIN, connection).await {
                Ok(Ok(())) | Err(_) => {}
                Ok(Err(fault)) => tracing::debug!(%fault, "a ping broke off"),
            }
        });
    }
}

/// The socket is bound to loopback already; nothing rests on a system that takes that lightly.
fn is_own(from: SocketAddr) -> bool {
    match from.ip() {
        IpAddr::V4(ip) => ip.is_loopback(),
        IpAddr::V6(ip) => ip.is_loopback(),
    }
}

/// What every connection uses.
#[derive(Debug)]
struct Desk {
    port: u16,
    rates: Mutex<Rates>,
    counters: Arc<Counters>,
    heard: mpsc::Sender<Asked>,
}

async fn take(State(desk): State<Arc<Desk>>, request: HttpRequest) -> Response {
    let mut response = match desk.hear(request).await {
        Ok(Reply::Known) => (StatusCode::OK, "OK"),
        Ok(Reply::Created) => (StatusCode::CREATED, "Created"),
        Ok(Reply::Unknown) => Denial::NotFound.answer(),
        Ok(Reply::Ambiguous) => (StatusCode::CONFLICT, "ambiguous slug"),
        Err(denial) => denial.answer(),
    }
    .into_response();
    let status = response.status();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(BODY_LIMIT, HeaderValue::from(KEPT_MAX));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, HeaderValue::from_static("HEAD, GET, POST"));
    }
    if [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE].contains(&status) {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// Why a request is not answered by whoever knows the checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Denial {
    Foreign,
    Method,
    NotFound,
    BadUrl,
    BadRid,
    Limited,
    Slow,
    Broken,
    Busy,
}

impl Denial {
    const fn answer(self) -> (StatusCode, &'static str) {
        match self {
            Self::Foreign => (StatusCode::FORBIDDEN, "not for web pages"),
            Self::Method => (StatusCode::METHOD_NOT_ALLOWED, "method not allowed"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not found"),
            Self::BadUrl => (StatusCode::BAD_REQUEST, "invalid url format"),
            Self::BadRid => (StatusCode::BAD_REQUEST, "invalid uuid format"),
            Self::Limited => (StatusCode::TOO_MANY_REQUESTS, "rate limited"),
            Self::Slow => (StatusCode::REQUEST_TIMEOUT, "timeout"),
            Self::Broken => (StatusCode::BAD_REQUEST, "broken body"),
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
        }
    }
}

impl Desk {
    async fn hear(&self, request: HttpRequest) -> Result<Reply, Denial> {
        let (head, body) = request.into_parts();
        if let Err(foreign) = guard::check(&head.uri, &head.headers, self.port) {
            tracing::debug!(?foreign, "a ping was refused");
            count(&self.counters.foreign);
            return Err(Denial::Foreign);
        }
        let request = request::read(&head.method, &head.uri).map_err(|refusal| match refusal {
            Refusal::Method => Denial::Method,
            Refusal::NotFound => Denial::NotFound,
            Refusal::Slug => Denial::BadUrl,
        })?;
        if !self.rates().admits(&request.target, Instant::now()) {
            count(&self.counters.limited);
            return Err(Denial::Limited);
        }
        let body = body::read(body, READ_WITHIN).await.map_err(|lost| match lost {
            Lost::Slow => Denial::Slow,
            Lost::Broken => Denial::Broken,
        })?;
        let said = head.headers.get(USER_AGENT).map(|said| String::from_utf8_lossy(said.as_bytes()));
        let user_agent = said.map(|said| said.chars().take(USER_AGENT_CHARS_MAX).collect());
        self.ask(Heard { request, body, user_agent }).await
    }

    async fn ask(&self, heard: Heard) -> Result<Reply, Denial> {
        let (reply, answer) = oneshot::channel();
        let (target, ping) = (heard.request.target.clone(), heard.request.ping);
        let busy = || {
            count(&self.counters.dropped);
            Denial::Busy
        };
        self.heard.try_send(Asked { heard, reply }).map_err(|_| busy())?;
        let reply = timeout(ANSWER_WITHIN, answer).await.ok().and_then(Result::ok).ok_or_else(busy)?;
        match reply {
            Reply::Unknown => return Ok(reply),
            Reply::Known | Reply::Created | Reply::Ambiguous => self.rates().knows(&target, Instant::now()),
        }
        match ping {
            // Nobody knows whose it is.
            Ok(_) | Err(_) if reply == Reply::Ambiguous => Ok(reply),
            Err(Flaw::Status) => Err(Denial::BadUrl),
            Err(Flaw::Rid) => Err(Denial::BadRid),
            Ok(_) => {
                count(&self.counters.heard);
                Ok(reply)
            }
        }
    }

    fn rates(&self) -> std::sync::MutexGuard<'_, Rates> {
        // Limits are numbers: a panic elsewhere leaves nothing half done.
        self.rates.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
