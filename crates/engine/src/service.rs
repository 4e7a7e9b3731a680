//! Whether a service answers that a job needs: asked only when somebody tests the job.

use std::time::Duration;

use axum::body::Bytes;
use http_body_util::Full;
use hyper::header::{CONNECTION, HOST};
use hyper::{Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::api::{CheckName, CheckResult, JobCheck};

/// A service that has not answered by then does not.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);

/// A service that can be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Service {
    host: String,
    port: u16,
    /// What is asked for; `None` where being reached is enough.
    target: Option<String>,
}

impl Service {
    /// The service at `url`.
    ///
    /// # Errors
    /// Why it cannot be asked, as a fragment.
    pub(crate) fn at(url: &str) -> Result<Self, String> {
        let wanted = || format!("`{url}` has to be like `http://host:port/path` or `tcp://host:port`");
        let uri: Uri = url.parse().map_err(|_| wanted())?;
        let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(wanted)?;
        let host = host.trim_matches(['[', ']']).to_owned();
        match (uri.scheme_str(), uri.port_u16()) {
            (Some("http"), port) => {
                let target = uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
                Ok(Self { host, port: port.unwrap_or(80), target: Some(target) })
            }
            (Some("tcp"), Some(port)) => Ok(Self { host, port, target: None }),
            (Some("https"), port) => {
                let port = port.unwrap_or(443);
                Err(format!("TLS is not spoken here; `tcp://{host}:{port}` checks that it can be reached"))
            }
            (Some(_) | None, _) => Err(wanted()),
        }
    }

    /// Asks it, without a proxy.
    pub(crate) async fn check(&self) -> JobCheck {
        let at = format!("`{}:{}`", self.host, self.port);
        let asked = tokio::time::timeout(ANSWER_WITHIN, self.ask()).await;
        let (ok, says) = match asked {
            Ok(Ok(None)) => (CheckResult::Ok, format!("{at} can be reached.")),
            Ok(Ok(Some(status))) if status.is_server_error() => (CheckResult::Fail, format!("{at} answers {status}.")),
            Ok(Ok(Some(status))) => (CheckResult::Ok, format!("{at} answers {status}.")),
            Ok(Err(why)) => (CheckResult::Fail, format!("{at} does not answer: {why}.")),
            Err(_elapsed) => (CheckResult::Fail, format!("{at} did not answer within {} s.", ANSWER_WITHIN.as_secs())),
        };
        JobCheck { check: CheckName::Service, ok, says }
    }

    async fn ask(&self) -> Result<Option<StatusCode>, String> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await.map_err(|cause| cause.to_string())?;
        let Some(target) = &self.target else { return Ok(None) };
        let request = Request::get(target.as_str())
            .header(HOST, format!("{}:{}", self.host, self.port))
            .header(CONNECTION, "close")
            .body(Full::<Bytes>::default())
            .map_err(|cause| cause.to_string())?;
        let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = handshake.map_err(|cause| cause.to_string())?;
        let mut answer = std::pin::pin!(sender.send_request(request));
        let answer = tokio::select! {
            answer = &mut answer => answer,
            _ended = connection => answer.await,
        };
        answer.map(|answer| Some(answer.status())).map_err(|cause| cause.to_string())
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// What is found at a service that answers so; nothing listens where it says nothing.
    async fn found(scheme: &str, answer: &'static str) -> JobCheck {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("{scheme}://127.0.0.1:{}/health", listener.local_addr().unwrap().port());
        let served = tokio::spawn(async move {
            if answer.is_empty() {
                return;
            }
            let (mut stream, _from) = listener.accept().await.unwrap();
            let _read = stream.read(&mut [0; 512]).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
        });
        if answer.is_empty() {
            served.await.unwrap();
        }
        Service::at(&url).unwrap().check().await
    }

    #[tokio::test]
    async fn a_service_that_answers_is_fine_whatever_it_says_but_for_a_failure_of_its_own() {
        let not_found = found("http", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").await;
        assert_eq!(not_found.ok, CheckResult::Ok, "{not_found:?}");
        let down = found("http", "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n").await;
        assert_eq!(down.ok, CheckResult::Fail, "{down:?}");
        assert!(down.says.ends_with("answers 503 Service Unavailable."), "{down:?}");
        let gone = found("http", "").await;
        assert_eq!(gone.ok, CheckResult::Fail, "{gone:?}");
        assert_eq!(found("tcp", "").await.ok, CheckResult::Fail);
    }

    #[test]
    fn only_what_can_be_asked_is_taken() {
        let service = |host: &str, port, target: Option<&str>| {
            Ok(Service { host: host.to_owned(), port, target: target.map(str::to_owned) })
        };
        assert_eq!(
            Service::at("http://localhost:11434/api/tags?x=1"),
            service("localhost", 11434, Some("/api/tags?x=1"))
        );
        assert_eq!(Service::at("http://host"), service("host", 80, Some("/")));
        assert_eq!(Service::at("tcp://[::1]:5432"), service("::1", 5432, None));
        assert!(Service::at("https://api.example.com/v1").unwrap_err().contains("tcp://api.example.com:443"));
        for odd in ["", "host", "tcp://host", "ftp://host", "http://", "localhost:80"] {
            assert!(Service::at(odd).is_err(), "{odd}");
        }
    }
}
