//! Nightkeep's API over its Unix socket, with the little of HTTP that it takes.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// An answer that takes longer is none.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// Sends a request without a body.
pub(super) fn request(socket: &Path, method: &str, path: &str) -> Result<()> {
    let mut text = String::new();
    open(socket, method, path)?.read_to_string(&mut text).context("read the answer")?;
    if !is_success(&text) {
        bail!("`{method} {path}` was answered with: {text}");
    }
    Ok(())
}

/// What is answered to a question.
pub(super) fn ask(socket: &Path, path: &str) -> Result<Value> {
    let mut text = String::new();
    open(socket, "GET", path)?.read_to_string(&mut text).context("read the answer")?;
    let (_, body) = text.split_once("\r\n\r\n").context("find the body of the answer")?;
    serde_json::from_str(body).with_context(|| format!("read what is answered to `{path}`"))
}

/// The stream of live documents.
pub(super) struct Events {
    lines: BufReader<UnixStream>,
}

impl Events {
    /// Begins to listen.
    pub(super) fn open(socket: &Path) -> Result<Self> {
        Ok(Self { lines: BufReader::new(open(socket, "GET", "/v1/events")?) })
    }

    /// The next document.
    pub(super) fn next(&mut self) -> Result<Value> {
        let mut line = String::new();
        loop {
            line.clear();
            if self.lines.read_line(&mut line).context("read an event")? == 0 {
                bail!("the stream of events ended");
            }
            // Headings, sizes of chunks and comments are of no interest; a document is in one line.
            if let Some(document) = line.strip_prefix("data:") {
                return serde_json::from_str(document).context("read a live document");
            }
        }
    }
}

fn open(socket: &Path, method: &str, path: &str) -> Result<UnixStream> {
    let mut stream = UnixStream::connect(socket).with_context(|| format!("connect to `{}`", socket.display()))?;
    stream.set_read_timeout(Some(ANSWER_MAX))?;
    // What is asked for without more to say takes an empty object; a `GET` does not read it.
    let head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close");
    let body = "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
    stream.write_all(format!("{head}\r\n{body}").as_bytes()).context("send the request")?;
    Ok(stream)
}

fn is_success(answer: &str) -> bool {
    answer.split(' ').nth(1).is_some_and(|code| code.len() == 3 && code.starts_with('2'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_of_the_200s_is_a_success() {
        assert!(is_success("HTTP/1.1 201 Created\r\n\r\n{}"));
        assert!(!is_success("HTTP/1.1 409 Conflict\r\n\r\n{}"));
        assert!(!is_success(""));
    }
}
