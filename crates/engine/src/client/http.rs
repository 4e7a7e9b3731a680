//! One request over one connection.

use std::io;
use std::path::Path;
use std::time::Duration;

use axum::body::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Request, Response, StatusCode, body::Incoming};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::api::{ApiError, ErrorCode};
use crate::local_socket::{self, Stream};

/// The largest answer that is read.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;
/// How long a request may take in all. The engine answers at once; a stop is answered when it has begun.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// What goes with a request.
pub(super) enum Body {
    /// Nothing.
    None,
    /// JSON.
    Json(Vec<u8>),
}

impl Body {
    pub(super) fn json(value: &impl Serialize) -> Result<Self, ApiError> {
        match serde_json::to_vec(value) {
            Ok(text) if text == b"null" => Ok(Self::None),
            Ok(text) => Ok(Self::Json(text)),
            Err(cause) => {
                Err(ApiError::new(ErrorCode::Invalid, format!("the request cannot be written as JSON: {cause}")))
            }
        }
    }
}

/// Sends a request and reads the whole answer.
pub(super) async fn request(socket: &Path, method: &str, path: &str, body: Body) -> Result<Bytes, ApiError> {
    match tokio::time::timeout(ANSWER_WITHIN, exchange(socket, method, path, body)).await {
        Ok(answer) => answer,
        Err(_elapsed) => Err(ApiError::new(
            ErrorCode::Unreachable,
            format!("the engine did not answer within {} s", ANSWER_WITHIN.as_secs()),
        )
        .with_hint("see `nightkeep doctor`")),
    }
}

async fn exchange(socket: &Path, method: &str, path: &str, body: Body) -> Result<Bytes, ApiError> {
    let stream = local_socket::connect(socket).await.map_err(|cause| cannot_reach(&cause))?;
    let (mut sender, connection) = handshake(stream).await?;
    let answer = async {
        let response = sender.send_request(build(method, path, body)?).await.map_err(|cause| broken_off(&cause))?;
        let status = response.status();
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
        let body =
            body.map_err(|cause| ApiError::new(ErrorCode::Unreachable, format!("the answer broke off: {cause}")))?;
        Ok((status, body.to_bytes()))
    };
    let (status, body) = alongside(connection, answer).await?;
    if status.is_success() { Ok(body) } else { Err(refused(status, &body)) }
}

/// Sends a request and hands back the answer while its body is still coming in, with the connection that feeds it.
pub(super) async fn open(
    socket: &Path,
    method: &str,
    path: &str,
    body: Body,
) -> Result<(Response<Incoming>, Connection), ApiError> {
    let stream = local_socket::connect(socket).await.map_err(|cause| cannot_reach(&cause))?;
    let (mut sender, mut connection) = handshake(stream).await?;
    let sent = async {
        let request = build(method, path, body)?;
        sender.send_request(request).await.map_err(|cause| broken_off(&cause))
    };
    let response = alongside(&mut connection, sent).await?;
    let status = response.status();
    if status.is_success() {
        return Ok((response, connection));
    }
    let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect();
    let body = alongside(&mut connection, async { Ok(body.await.map(|body| body.to_bytes()).unwrap_or_default()) });
    Err(refused(status, &body.await?))
}

/// What moves the bytes; it has to be polled beside whatever waits for them.
pub(super) type Connection = hyper::client::conn::http1::Connection<TokioIo<Stream>, Full<Bytes>>;
type Sender = hyper::client::conn::http1::SendRequest<Full<Bytes>>;

async fn handshake(stream: Stream) -> Result<(Sender, Connection), ApiError> {
    hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|cause| broken_off(&cause))
}

/// Awaits `wanted` while `connection` moves the bytes.
async fn alongside<T>(
    connection: impl Future<Output = hyper::Result<()>>,
    wanted: impl Future<Output = Result<T, ApiError>>,
) -> Result<T, ApiError> {
    let mut wanted = std::pin::pin!(wanted);
    tokio::select! {
        biased;
        done = &mut wanted => done,
        // An ended connection has delivered all it had: what is wanted is there, or says itself what is missing.
        _ended = connection => wanted.await,
    }
}

fn build(method: &str, path: &str, body: Body) -> Result<Request<Full<Bytes>>, ApiError> {
    let request = Request::builder().method(method).uri(path).header(HOST, "nightkeep");
    let request = match body {
        Body::None => request.body(Full::default()),
        Body::Json(text) => request.header(CONTENT_TYPE, "application/json").body(Full::from(text)),
    };
    request.map_err(|cause| ApiError::new(ErrorCode::Invalid, format!("the request cannot be sent: {cause}")))
}

/// Reads an answer.
pub(super) fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|cause| {
        ApiError::new(ErrorCode::Internal, format!("the engine's answer cannot be understood: {cause}"))
    })
}

/// Writes a part of a path or of a query so that nothing in it is taken for syntax.
pub(super) fn encode(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("writing into a string cannot fail");
        }
        encoded
    })
}

fn refused(status: StatusCode, body: &[u8]) -> ApiError {
    serde_json::from_slice(body).unwrap_or_else(|_| {
        let text: String = String::from_utf8_lossy(body).chars().filter(|c| !c.is_control()).take(200).collect();
        ApiError::new(ErrorCode::Internal, format!("the engine answered {status}: {text}"))
    })
}

fn cannot_reach(cause: &io::Error) -> ApiError {
    let kind = cause.kind();
    if kind == io::ErrorKind::NotFound || kind == io::ErrorKind::ConnectionRefused {
        ApiError::new(ErrorCode::Unreachable, "the engine is not running")
            .with_hint("start it with `nightkeep engine`, or see `nightkeep doctor`")
    } else if kind == io::ErrorKind::PermissionDenied {
        ApiError::new(ErrorCode::NotPermitted, format!("the engine's socket may not be used: {cause}"))
    } else {
        ApiError::new(ErrorCode::Unreachable, format!("the engine's socket cannot be reached: {cause}"))
    }
}

fn broken_off(cause: &hyper::Error) -> ApiError {
    ApiError::new(ErrorCode::Unreachable, format!("the connection to the engine broke off: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_any_characters_stay_one_part_of_a_path() {
        assert_eq!(encode("docs/ä ?#%"), "docs%2F%C3%A4%20%3F%23%25");
        assert_eq!(encode("plain-name_1.2~"), "plain-name_1.2~");
    }

    #[test]
    fn an_answer_that_is_no_api_error_is_shown_as_it_is() {
        let error = refused(StatusCode::BAD_GATEWAY, b"<p>no\x1b[31m</p>");
        assert_eq!(error.message, "the engine answered 502 Bad Gateway: <p>no[31m</p>");
    }
}
