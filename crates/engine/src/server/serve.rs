//! Connections, and what one of them may cost: nobody can take up memory or file descriptors without end, not even a
//! program of this user that went wrong.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::sync::Semaphore;

use crate::local_socket::Listener;

/// What connections may cost.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    /// How many there may be at a time; one more is ended at once.
    connections: usize,
    /// How long the head of a request may take, from the beginning of the connection or the end of the last request.
    head_within: Duration,
}

const BOUNDS: Bounds = Bounds { connections: 256, head_within: Duration::from_secs(30) };
/// The largest head of a request, in bytes and in fields. What arrives at once may be twice as many bytes.
const HEAD_BYTES_MAX: usize = 32 * 1024;
const HEAD_FIELDS_MAX: usize = 64;

/// Answers for ever.
pub(crate) async fn serve(listener: Listener, routes: Router) {
    serve_within(BOUNDS, listener, routes).await;
}

async fn serve_within(bounds: Bounds, listener: Listener, routes: Router) {
    let free = Arc::new(Semaphore::new(bounds.connections));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(bounds.head_within)
        .max_buf_size(HEAD_BYTES_MAX)
        .max_headers(HEAD_FIELDS_MAX);
    loop {
        let stream = listener.accept_own().await;
        let Ok(place) = Arc::clone(&free).try_acquire_owned() else {
            tracing::warn!(connections = bounds.connections, "ended a connection: there are too many");
            continue;
        };
        let connection = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes.clone()));
        let _task = tokio::spawn(async move {
            let _place = place;
            if let Err(fault) = connection.await {
                tracing::debug!(%fault, "a connection broke off");
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::local_socket::{Stream, connect};

    /// A server in a private directory that answers `/` with `here`.
    struct Server {
        home: tempfile::TempDir,
        task: tokio::task::JoinHandle<()>,
    }

    impl Server {
        fn start(bounds: Bounds) -> Self {
            let home = tempfile::tempdir().unwrap();
            nightkeep_os::private_dir(&home.path().join("home")).unwrap();
            let listener = Listener::bind(&home.path().join("home/engine.sock")).unwrap();
            let routes = Router::new().route("/", get(|| async { "here" }));
            Self { home, task: tokio::spawn(serve_within(bounds, listener, routes)) }
        }

        async fn connect(&self) -> Stream {
            connect(&self.home.path().join("home/engine.sock")).await.unwrap()
        }

        /// What is answered to these bytes.
        async fn answer(&self, said: &str) -> String {
            let mut stream = self.connect().await;
            // It may be ended before all is said.
            drop(stream.write_all(said.as_bytes()).await);
            let mut heard = Vec::new();
            // What was not read of the request breaks the connection off behind the answer.
            drop(stream.read_to_end(&mut heard).await);
            String::from_utf8(heard).unwrap()
        }
    }

    impl Drop for Server {
        fn drop(&mut self) {
            self.task.abort();
        }
    }

    fn request(fields: &str) -> String {
        format!("GET / HTTP/1.1\r\nHost: nightkeep\r\nConnection: close\r\n{fields}\r\n")
    }

    #[tokio::test]
    async fn one_connection_too_many_is_ended_and_its_place_is_free_again_later() {
        let server = Server::start(Bounds { connections: 2, ..BOUNDS });
        let (held, other) = (server.connect().await, server.connect().await);
        assert_eq!(server.answer(&request("")).await, "");
        drop((held, other));
        let mut answer = server.answer(&request("")).await;
        while answer.is_empty() {
            answer = server.answer(&request("")).await;
        }
        assert!(answer.ends_with("here"), "{answer}");
    }

    #[tokio::test]
    async fn whoever_says_nothing_or_half_a_request_is_not_waited_for() {
        let server = Server::start(Bounds { head_within: Duration::from_millis(50), ..BOUNDS });
        for said in ["", "GET / HTTP/1.1\r\nHost: night"] {
            let begun = Instant::now();
            server.answer(said).await;
            assert!(begun.elapsed() < Duration::from_secs(10), "{said}");
        }
    }

    #[tokio::test]
    async fn a_head_that_is_too_long_is_refused() {
        let server = Server::start(BOUNDS);
        let long = server.answer(&request(&format!("X-Long: {}\r\n", "x".repeat(2 * HEAD_BYTES_MAX)))).await;
        assert!(long.starts_with("HTTP/1.1 431"), "{long}");
        let many: String = (0..=HEAD_FIELDS_MAX).map(|n| format!("X-{n}: x\r\n")).collect();
        let many = server.answer(&request(&many)).await;
        assert!(many.starts_with("HTTP/1.1 431"), "{many}");
        assert!(server.answer(&request("X-Short: x\r\n")).await.ends_with("here"));
    }
}
