//! A later version of Nightkeep beside the one under test.

use std::ffi::OsStr;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};
use nightkeep_engine::api::EngineInfo;
use nightkeep_engine::client::engine_at;
use serde_json::{Value, json};

use super::{Night, Said};
use crate::{eventually, later_binary};

impl Night {
    /// A `nightkeep` command of the later version.
    ///
    /// # Errors
    /// When it was not built.
    pub fn later<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<Command> {
        let mut command = self.program(later_binary()?);
        command.args(arguments).current_dir(self.work());
        Ok(command)
    }

    /// What a command of the later version prints with `--json`.
    ///
    /// # Errors
    /// When it fails.
    pub fn later_json(&self, arguments: &[&str]) -> Result<Value> {
        let said = Said::of(&self.later(&[arguments, &["--json"]].concat())?.output()?);
        ensure!(said.code == Some(0), "the later `nightkeep` ended with {:?}: {}", said.code, said.err);
        Ok(serde_json::from_str(&said.out)?)
    }

    /// The version of the engine that answers.
    #[must_use]
    pub fn engine_version(&self) -> Option<String> {
        self.engine_info().map(|engine| engine.version)
    }

    /// When the engine that answers began to watch.
    #[must_use]
    pub fn engine_started_at(&self) -> Option<String> {
        self.engine_info().map(|engine| engine.started_at)
    }

    /// Waits until no engine is there.
    ///
    /// # Errors
    /// When one goes on.
    pub fn until_away(&self) -> Result<()> {
        eventually("the engine to be away", || self.engine_pid().is_none().then_some(()))
    }

    fn engine_info(&self) -> Option<EngineInfo> {
        let socket = self.socket();
        self.runtime.block_on(async move { engine_at(&socket).await }).ok()
    }

    /// Asks the engine to hand over to `program`, as a client that then goes away.
    ///
    /// # Errors
    /// When it refuses.
    pub fn asks_to_hand_over(&self, version: &str, program: &Path) -> Result<()> {
        let status = self.posts("/v1/engine/hand-over", &json!({"version": version, "program": program}))?;
        ensure!(status == 200, "it answered {status}");
        Ok(())
    }

    /// The status of the answer to a request that no client of ours makes.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn posts(&self, path: &str, body: &Value) -> Result<u16> {
        let (body, mut stream) = (body.to_string(), UnixStream::connect(self.socket())?);
        let head = "Host: nightkeep\r\nConnection: close\r\nContent-Type: application/json";
        write!(stream, "POST {path} HTTP/1.1\r\n{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let answer = String::from_utf8_lossy(&answer);
        let status = answer.split_whitespace().nth(1).and_then(|status| status.parse().ok());
        status.ok_or_else(|| anyhow::anyhow!("no answer: {answer}"))
    }
}
