//! An engine that says what it is told to say and remembers what it was asked, and a `nightkeep` that asks it.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use nightkeep_engine::api::{API_VERSION, ApiError, EngineInfo};
use nightkeep_engine::local_socket::Listener;
use nightkeep_engine::places::Places;
use serde::Serialize;
use tempfile::TempDir;
use tokio::process::Command;
use tokio::task::JoinHandle;

/// What takes longer than this has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// A home with an engine in it that is not one.
pub(crate) struct Fake {
    pub(crate) home: TempDir,
    pub(crate) places: Places,
    known: Arc<Known>,
    server: JoinHandle<()>,
}

#[derive(Default)]
struct Known {
    answers: Mutex<HashMap<String, (StatusCode, String)>>,
    asked: Mutex<Vec<String>>,
}

/// What came of a command.
pub(crate) struct Ended {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    status: ExitStatus,
}

impl Ended {
    /// The exit code.
    pub(crate) fn code(&self) -> i32 {
        self.status.code().unwrap_or(-1)
    }

    /// Everything a reader sees, for a snapshot.
    pub(crate) fn shown(&self) -> String {
        format!("exit code {}\n--- stdout\n{}--- stderr\n{}", self.code(), self.stdout, self.stderr)
    }
}

impl Fake {
    /// An engine of this version.
    pub(crate) fn start() -> Self {
        Self::of_version(API_VERSION)
    }

    pub(crate) fn of_version(api: u32) -> Self {
        let home = private_home();
        let places = Places::below(home.path());
        places.create().unwrap();
        let known = Arc::new(Known::default());
        let routes = Router::new().fallback(answer).with_state(Arc::clone(&known));
        let listener = Listener::bind(&places.socket()).unwrap();
        let server = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        let fake = Self { home, places, known, server };
        let started_at = "2026-11-22T00:00:00Z".to_owned();
        fake.says(
            "GET /v1/engine",
            &EngineInfo { version: nightkeep_engine::VERSION.to_owned(), api, pid: 4000, started_at },
        )
    }

    /// What it answers to requests of this method and path; the query does not matter.
    pub(crate) fn says(self, request: &str, answer: &impl Serialize) -> Self {
        self.replies(request, StatusCode::OK, answer)
    }

    /// What it refuses, and how.
    pub(crate) fn refuses(self, request: &str, status: StatusCode, error: &ApiError) -> Self {
        self.replies(request, status, error)
    }

    fn replies(self, request: &str, status: StatusCode, answer: &impl Serialize) -> Self {
        let body = serde_json::to_string(answer).unwrap();
        self.known.answers.lock().unwrap().insert(request.to_owned(), (status, body));
        self
    }

    /// What it was asked so far, but for its version.
    pub(crate) fn asked(&self) -> Vec<String> {
        let asked = self.known.asked.lock().unwrap();
        asked.iter().filter(|request| *request != "GET /v1/engine").cloned().collect()
    }

    /// Runs `nightkeep` to its end.
    pub(crate) async fn run<S: AsRef<OsStr>>(&self, args: &[S]) -> Ended {
        run(self.home.path(), args, &[]).await
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// A home, private as it has to be.
pub(crate) fn private_home() -> TempDir {
    use std::os::unix::fs::PermissionsExt;
    tempfile::Builder::new().permissions(std::fs::Permissions::from_mode(0o700)).tempdir().unwrap()
}

/// Runs `nightkeep` to its end, with this home.
pub(crate) async fn run<S: AsRef<OsStr>>(home: &Path, args: &[S], env: &[(&str, &str)]) -> Ended {
    let mut command = nightkeep(home);
    command.args(args).envs(env.iter().copied()).stdin(Stdio::null());
    let output = tokio::time::timeout(PATIENCE, command.output()).await.expect("the command ends").unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().replace(home.to_str().unwrap(), "[HOME]");
    Ended { stdout: text(output.stdout), stderr: text(output.stderr), status: output.status }
}

/// A `nightkeep` with this home, in this home, and nothing of the environment of the test.
pub(crate) fn nightkeep(home: &Path) -> Command {
    let mut command = Command::new(program());
    command.current_dir(home).env_clear().env("NIGHTKEEP_HOME", home).env("HOME", home).env("TZ", "UTC");
    command.env("PATH", std::env::var_os("PATH").unwrap()).kill_on_drop(true);
    command
}

/// The program under test.
pub(crate) fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_nightkeep"))
}

async fn answer(State(known): State<Arc<Known>>, method: Method, uri: Uri, body: String) -> Response {
    let asked = if body.is_empty() { format!("{method} {uri}") } else { format!("{method} {uri} {body}") };
    known.asked.lock().unwrap().push(asked);
    let request = format!("{method} {}", uri.path());
    let answer = known.answers.lock().unwrap().get(&request).cloned();
    match answer {
        Some((status, body)) if request.contains("/v1/events") => {
            let name = if request.ends_with("/runs") { "liveness" } else { "live" };
            (status, [("content-type", "text/event-stream")], format!("event: {name}\ndata: {body}\n\n"))
                .into_response()
        }
        Some((status, body)) => (status, [("content-type", "application/json")], body).into_response(),
        None => (StatusCode::NOT_FOUND, "nobody told this fake what to say").into_response(),
    }
}
