//! What is said of a run from inside of it. Whoever says it works on something else: nothing here waits for long, and no
//! engine is started.

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use nightkeep_engine::api::{AdvanceView, ApiError, ErrorCode, RunView, SignalSpec, SignalsReply, SignalsRequest};
use nightkeep_engine::client::Client;
use nightkeep_engine::environment::{RUN, SOCKET};
use nightkeep_engine::places::Places;
use tokio::time::{Instant, timeout_at};

use crate::failure::chain;

/// The way of one source to the engine.
#[derive(Debug, Clone)]
pub(super) struct Teller {
    socket: PathBuf,
    run: String,
    source: &'static str,
}

/// What became of something that was said.
#[derive(Debug)]
pub(super) enum Told {
    /// It was taken in.
    Taken(SignalsReply),
    /// It was not sent, as no engine was reached.
    Away(ApiError),
    /// It was sent, and was refused or not answered.
    NotTaken(ApiError),
}

/// What is known of a run.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) view: RunView,
    /// What is the case, in a sentence.
    pub(super) message: String,
    /// How it last moved forward.
    pub(super) last: Option<AdvanceView>,
}

impl Teller {
    /// For the run with this number or tag, else for the one in which this is called.
    ///
    /// # Errors
    /// When there is neither, or no way to tell where an engine would listen: in words.
    pub(super) fn new(source: &'static str, run: Option<&str>) -> Result<Self, String> {
        let run = run.map(str::to_owned).or_else(|| env::var(RUN).ok()).filter(|run| !run.is_empty());
        let Some(run) = run else { return Err(format!("no run is named: `{RUN}` is not set")) };
        let socket = match env::var_os(SOCKET).filter(|socket| !socket.is_empty()) {
            Some(socket) => PathBuf::from(socket),
            None => Places::from_env().map_err(|error| format!("failed to {}", chain(&error)))?.socket(),
        };
        Ok(Self { socket, run, source })
    }

    /// Looks at a living run, and gives up after `within`.
    pub(super) async fn look(&self, run: u64, within: Duration) -> Result<Known, ApiError> {
        let look = async {
            let engine = Client::connect(&self.socket).await?;
            let detail = engine.run(run).await?;
            let view = engine.status().await?.runs.into_iter().find(|view| view.run == run);
            let view = view.ok_or_else(|| ApiError::new(ErrorCode::NotFound, format!("run {run} is over")))?;
            Ok(Known { view, message: detail.message, last: detail.advances.into_iter().next_back() })
        };
        tokio::time::timeout(within, look).await.unwrap_or_else(|_| Err(no_answer()))
    }

    /// The engine, if it answers by then.
    async fn engine(&self, by: Instant) -> Result<Client, ApiError> {
        timeout_at(by, Client::connect(&self.socket)).await.unwrap_or_else(|_| Err(no_answer()))
    }

    /// Says something, and gives up after `within`.
    pub(super) async fn say(&self, signals: Vec<SignalSpec>, within: Duration) -> Told {
        let by = Instant::now() + within;
        let engine = match self.engine(by).await {
            Ok(engine) => engine,
            Err(error) => return Told::Away(error),
        };
        let said = SignalsRequest { run: self.run.clone(), source: self.source.to_owned(), signals };
        match timeout_at(by, engine.signals(&said)).await.unwrap_or_else(|_| Err(no_answer())) {
            Ok(reply) => Told::Taken(reply),
            Err(error) => Told::NotTaken(error),
        }
    }
}

fn no_answer() -> ApiError {
    ApiError::new(ErrorCode::Unreachable, "the engine did not answer in time")
}
