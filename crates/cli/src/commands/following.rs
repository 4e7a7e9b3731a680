//! Following what an engine tells, and the engine that takes its place.

use std::time::Duration;

use futures_util::StreamExt;
use nightkeep_engine::api::{ApiError, EngineInfo, ErrorCode};
use nightkeep_engine::client::{Client, Told, engine_at, follow};
use serde::de::DeserializeOwned;

use super::Here;
use crate::failure::Failure;

/// How long an engine may take to come up in the place of one that ended.
const NEXT_WITHIN: Duration = Duration::from_secs(10);

/// An engine, and what it tells of one kind.
pub(super) struct Following<'h, T, O> {
    here: &'h Here,
    open: O,
    pub(super) engine: Client,
    told: Told<T>,
}

impl<'h, T, O> Following<'h, T, O>
where
    T: DeserializeOwned,
    O: AsyncFn(&Client) -> Result<Told<T>, ApiError>,
{
    /// The engine, started when there is none, with what `open` opens there.
    pub(super) async fn begin(here: &'h Here, open: O) -> Result<Self, Failure> {
        let engine = here.engine().await?;
        let (engine, told) = match open(&engine).await {
            Ok(told) => (engine, told),
            Err(error) if error.code == ErrorCode::Unreachable => next(here, &open, engine.engine()).await?,
            Err(error) => return Err(error.into()),
        };
        Ok(Self { here, open, engine, told })
    }

    /// What is told next; `None` when the engine is away. A stream that breaks off has ended, as one does whose engine is
    /// gone at once.
    pub(super) async fn news(&mut self) -> Result<Option<T>, Failure> {
        match self.told.next().await.transpose() {
            Err(error) if error.code != ErrorCode::Unreachable => Err(error.into()),
            told => Ok(told.ok().flatten()),
        }
    }

    /// Goes on with the engine that takes the place of this one, as after a hand-over. None is started: it may have been
    /// ended by hand.
    pub(super) async fn go_on(&mut self) -> Result<(), Failure> {
        (self.engine, self.told) = next(self.here, &self.open, self.engine.engine()).await?;
        Ok(())
    }

    /// The same, and starts an engine where this one has crashed: one that ends in order takes its socket away.
    pub(super) async fn go_on_after_a_crash(&mut self) -> Result<(), Failure> {
        let socket = self.here.places.socket();
        let is_silent = matches!(engine_at(&socket).await, Err(error) if error.code == ErrorCode::Unreachable);
        if is_silent
            && socket.exists()
            && let Ok(engine) = self.here.engine().await
            && let Ok(told) = (self.open)(&engine).await
        {
            (self.engine, self.told) = (engine, told);
            return Ok(());
        }
        self.go_on().await
    }
}

async fn next<T>(
    here: &Here,
    open: &impl AsyncFn(&Client) -> Result<Told<T>, ApiError>,
    ended: &EngineInfo,
) -> Result<(Client, Told<T>), Failure> {
    let socket = here.places.socket();
    let mut pictures = follow(socket.clone());
    let reached = async {
        loop {
            let _news = pictures.next().await;
            let Ok(engine) = Client::connect(&socket).await else { continue };
            if (engine.engine().pid, &engine.engine().started_at) == (ended.pid, &ended.started_at) {
                return Err(engine_ended());
            }
            if let Ok(told) = open(&engine).await {
                return Ok((engine, told));
            }
        }
    };
    tokio::time::timeout(NEXT_WITHIN, reached).await.unwrap_or_else(|_| Err(engine_ended()))
}

fn engine_ended() -> Failure {
    Failure::new("the engine has ended").with_hint("its runs go on; say it again to start the engine")
}
