//! Waiting for a slot, before the command is started.
//!
//! The run's directory with its spec is there from the beginning, so that an engine that is started again knows the run;
//! an open request says that somebody waits for it. Whoever goes away gives his place up, and nothing is left behind.

use std::path::Path;
use std::time::Duration;

use futures_util::StreamExt;
use nightkeep_engine::api::{ApiError, ErrorCode, QueuePlace, SlotNews, StopRequest};
use nightkeep_engine::client::{Client, SlotEvents};
use nightkeep_engine::rundir::{RunDir, RunDirError, Spec};
use nightkeep_engine::words;
use nightkeep_os::Signal;

use super::{Begun, begin, plan, system, waiter};
use crate::commands::Here;
use crate::console;
use crate::failure::{Failure, chain};

/// An engine that went away may be being replaced; for this long nobody but its successor is looked for.
const SUCCESSOR_WITHIN: Duration = Duration::from_secs(2);
/// Between two looks for it.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// How long a cancel may take to be taken down; the closed request says the same.
const CANCEL_WITHIN: Duration = Duration::from_secs(2);

/// How a wait ended.
pub(super) enum Waited {
    /// The run was started.
    Begun(Box<Begun>),
    /// Another process waits on, for a run with this number.
    HandedOver(u64),
}

/// Why a wait is over.
enum Turn {
    /// The run has a slot, which it keeps for as long as the request is open.
    Go(Box<(Client, SlotEvents)>),
    /// There is nobody to give one, though perhaps somebody to watch.
    NoSlot(Option<Client>),
    /// Another process waits on, for a run with this number.
    HandedOver(u64),
}

/// How it is waited.
pub(super) struct Queue<'w> {
    pub(super) here: &'w Here,
    pub(super) require_watch: bool,
    /// What ends the wait; `None` where the wait is handed over, since its caller wants to come back at once.
    pub(super) signals: Option<&'w mut system::Signals>,
}

/// Makes the run's directory, with what is to be run.
pub(super) async fn prepare(path: &Path, spec: &Spec) -> Result<RunDir, Failure> {
    let (path, spec) = (path.to_owned(), spec.clone());
    let made = tokio::task::spawn_blocking(move || {
        let dir = RunDir::create(path)?;
        dir.write_spec(&spec)?;
        Ok::<_, RunDirError>(dir)
    });
    let made = made.await.map_err(|fault| Failure::new(fault.to_string()))?;
    made.map_err(|error| Failure::new(format!("failed to {}", chain(&error))).with_hint("see `nightkeep doctor`"))
}

impl Queue<'_> {
    /// Waits for a slot and starts the run then; or without one, when nobody gives any.
    pub(super) async fn wait(mut self, engine: Client, dir: &RunDir, spec: Spec) -> Result<Waited, Failure> {
        let tag = spec.tag.clone();
        let (engine, slot) = match self.turn(engine, dir, &tag).await? {
            Turn::Go(given) => (Some(given.0), Some(given.1)),
            Turn::NoSlot(engine) => (engine, None),
            Turn::HandedOver(number) => return Ok(Waited::HandedOver(number)),
        };
        let spec = plan::refresh(spec, engine.as_ref()).await;
        let begun = begin(self.here, engine.as_ref(), dir.clone(), spec).await?;
        // From here on the slot is the run's own.
        drop(slot);
        Ok(Waited::Begun(Box::new(begun)))
    }

    async fn turn(&mut self, mut engine: Client, dir: &RunDir, tag: &str) -> Result<Turn, Failure> {
        let mut told = Told::default();
        loop {
            match engine.slot(tag).await {
                Ok(mut slot) => match self.hear(&engine, &mut slot, dir, &mut told).await? {
                    Some(Heard::Go) => return Ok(Turn::Go(Box::new((engine, slot)))),
                    Some(Heard::HandedOver(number)) => return Ok(Turn::HandedOver(number)),
                    None => tracing::debug!("the engine went away"),
                },
                Err(error) if error.code == ErrorCode::Unreachable => tracing::debug!(%error, "the engine is away"),
                Err(error) if error.code == ErrorCode::Conflict => return Err(error.into()),
                Err(error) => {
                    console::warn(&format!("started without waiting for a slot: {}", error.message));
                    return Ok(Turn::NoSlot(Some(engine)));
                }
            }
            let back = match &mut self.signals {
                None => self.here.engine_again().await,
                Some(signals) => tokio::select! {
                    back = self.here.engine_again() => back,
                    signal = signals.next() => return Err(ended_by(signal)),
                },
            };
            engine = match back {
                Ok(engine) => engine,
                Err(error) if self.require_watch => return Err(error.into()),
                Err(error) => {
                    console::warn(&format!("not watched, and started without waiting for a slot: {}", error.message));
                    return Ok(Turn::NoSlot(None));
                }
            };
        }
    }

    /// Listens until the turn has come. `None`: the engine went away.
    async fn hear(
        &mut self,
        engine: &Client,
        slot: &mut SlotEvents,
        dir: &RunDir,
        told: &mut Told,
    ) -> Result<Option<Heard>, Failure> {
        loop {
            let news = match &mut self.signals {
                None => slot.next().await,
                Some(signals) => tokio::select! {
                    // What came first counts: a slot that was given is used.
                    biased;
                    news = slot.next() => news,
                    signal = signals.next() => {
                        cancel(engine, told.run).await;
                        return Err(ended_by(signal));
                    }
                },
            };
            match news {
                Some(Ok(SlotNews::Go { .. })) => return Ok(Some(Heard::Go)),
                Some(Ok(SlotNews::Cancelled { run })) => return Err(cancelled(run)),
                Some(Ok(SlotNews::Queued { run, place })) => {
                    told.say(run, &place);
                    if self.signals.is_none() {
                        waiter::hand_over(dir, slot).await?;
                        return Ok(Some(Heard::HandedOver(run)));
                    }
                }
                Some(Err(error)) => {
                    tracing::debug!(%error, "the request broke off");
                    return Ok(None);
                }
                None => return Ok(None),
            }
        }
    }
}

/// What ended the listening.
enum Heard {
    Go,
    HandedOver(u64),
}

/// What whoever waits was told.
#[derive(Default)]
struct Told {
    run: Option<u64>,
}

impl Told {
    /// One line, once.
    fn say(&mut self, run: u64, place: &QueuePlace) {
        if self.run.replace(run).is_none() {
            let text = format!("{}; run {run}: {}", words::waits(place), words::place_in_queue(place));
            console::tell(&format!("{text}\n"));
        }
    }
}

/// The run is to leave nothing behind but its line in the history.
async fn cancel(engine: &Client, run: Option<u64>) {
    let Some(run) = run else { return };
    // It need not be heard: closing the request cancels as well.
    let _done = tokio::time::timeout(CANCEL_WITHIN, engine.stop_run(run, StopRequest::default())).await;
}

fn ended_by(signal: Option<Signal>) -> Failure {
    Failure::silent(match signal {
        Some(Signal::Int) => 128 + 2,
        Some(Signal::Quit) => 128 + 3,
        Some(Signal::Term) => 128 + 15,
        Some(_) | None => 128 + 1,
    })
}

fn cancelled(run: u64) -> Failure {
    let failure = Failure::new(format!("run {run} was cancelled while it waited for a free slot"));
    Failure { code: 128 + 15, ..failure.with_hint(format!("see `nightkeep show {run}`")) }
}

impl Here {
    /// The engine that follows one that went away; started when nobody else does.
    async fn engine_again(&self) -> Result<Client, ApiError> {
        let deadline = tokio::time::Instant::now() + SUCCESSOR_WITHIN;
        while tokio::time::Instant::now() < deadline {
            match Client::connect(&self.places.socket()).await {
                Err(error) if error.code == ErrorCode::Unreachable => tokio::time::sleep(LOOK_AGAIN).await,
                answered => return answered,
            }
        }
        Client::connect_or_start(&self.places.socket()).await
    }
}
