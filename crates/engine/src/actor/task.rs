//! The task: what it holds, and its loop.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use nightkeep_core::{Awake, Input, Now, RunId, Supervisor};
use nightkeep_os::ExitWatch;
use tokio::sync::{mpsc, watch};

use super::fact::{Command, Fact, Reply, Unseen};
use super::faults::Faults;
use super::handle::Handle;
use super::leftovers::Left;
use super::reconcile::{self, Reconciling};
use super::run::{Found, Watched};
use super::stops::StopWait;
use crate::api::{EngineInfo, Live, StartReply};
use crate::clock;
use crate::config::{ConfigFile, Surroundings};
use crate::marker::MarkerWatch;
use crate::notify::{Notifier, Recovery};
use crate::places::Places;
use crate::store::entry::Stamp;
use crate::store::{Quarantine, StoreHandle};

/// Facts that wait at most; whoever has one more waits too.
const FACTS_MAX: usize = 4096;
/// Commands that wait at most.
const COMMANDS_MAX: usize = 256;
/// Edits of the configuration that wait at most.
const CONFIG_EVENTS_MAX: usize = 8;
/// Inputs that are taken before surfaces are told again.
const BATCH_MAX: usize = 256;
/// The boot clock ahead of the awake clock by this much more than before: the computer slept.
const SLEPT_MS: u64 = 2_000;

/// What the task is made of.
#[derive(Debug)]
pub struct Parts {
    /// Where everything is.
    pub places: Places,
    /// The history.
    pub store: StoreHandle,
    /// What the user wants.
    pub config: Arc<ConfigFile>,
    /// The `nightkeep` program, which keepers are.
    pub nightkeep: PathBuf,
    /// A damaged database that was set aside at the start.
    pub quarantine: Option<Quarantine>,
    /// Whether the engine before this one crashed.
    pub after_crash: bool,
    /// Shows notifications; switched off where no desktop is wanted.
    pub notifications: bool,
}

/// The task's own state.
#[derive(Debug)]
pub(super) struct Actor {
    pub(super) core: Supervisor,
    pub(super) runs: BTreeMap<RunId, Watched>,
    /// What runs that are over left behind.
    pub(super) left: BTreeMap<RunId, Left>,
    /// The runs that ended under this engine: their ends may still be on the way into the history.
    pub(super) ended: BTreeSet<RunId>,
    pub(super) places: Places,
    pub(super) store: StoreHandle,
    pub(super) config: Arc<ConfigFile>,
    pub(super) around: Surroundings,
    pub(super) nightkeep: PathBuf,
    pub(super) markers: Arc<MarkerWatch>,
    pub(super) exits: ExitWatch,
    pub(super) notifier: Option<Notifier>,
    pub(super) facts: mpsc::Sender<Fact>,
    pub(super) live: watch::Sender<Arc<Live>>,
    pub(super) info: EngineInfo,
    pub(super) boot: String,
    pub(super) revision: u64,
    pub(super) unseen: Unseen,
    pub(super) faults: Faults,
    /// Who waits to hear how the start of a run went.
    pub(super) starting: BTreeMap<RunId, Reply<StartReply>>,
    /// What was recovered and not yet told to the owner.
    pub(super) recoveries: Vec<Recovery>,
    pub(super) reconciling: Reconciling,
    /// Who waits to hear that stops have begun.
    pub(super) stop_waits: Vec<StopWait>,
    /// How far the boot clock was ahead of the awake clock.
    slept_ms: u64,
    /// The history or the configuration changed, which a live document does not hold but whose change it announces.
    pub(super) news: bool,
    pub(super) ending: bool,
}

/// Starts the task, finds again what ran before, and returns the way to it. Must be called inside a tokio runtime.
///
/// # Errors
/// When the system gives no thread, or does not tell which boot this is.
pub async fn start(parts: Parts) -> std::io::Result<(Handle, tokio::task::JoinHandle<()>)> {
    let (facts, fact_queue) = mpsc::channel(FACTS_MAX);
    let (commands, command_queue) = mpsc::channel(COMMANDS_MAX);
    let found = if parts.after_crash { Found::AfterCrash } else { Found::InOrder };
    let mut actor = Actor::new(parts, facts)?;
    let handle = Handle::new(commands, &actor);
    let health = actor.store.health().borrow().clone();
    // Before anything is judged.
    actor.storage(&health);
    actor.recover(found).await;
    reconcile::remind(actor.facts.clone());
    actor.publish();
    let task = tokio::spawn(actor.run(fact_queue, command_queue));
    Ok((handle, task))
}

impl Actor {
    fn new(parts: Parts, facts: mpsc::Sender<Fact>) -> std::io::Result<Self> {
        let clocks = nightkeep_os::clocks();
        let info = EngineInfo {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            api: crate::api::API_VERSION,
            pid: std::process::id(),
            started_at: clock::rfc3339(clock::now().wall),
        };
        let exits = {
            let facts = facts.clone();
            ExitWatch::start(move |identity, status| {
                let told = facts.blocking_send(Fact::Exited(identity.clone(), status));
                if told.is_err() {
                    tracing::debug!(pid = identity.pid, "an end was noticed after the engine's own");
                }
            })?
        };
        forward(&facts, &parts.store, &parts.config);
        let notifier = parts.notifications.then(|| {
            let facts = facts.clone();
            Notifier::start(move |result| drop(facts.try_send(Fact::Notified(result))))
        });
        let mut actor = Self {
            core: Supervisor::new(),
            runs: BTreeMap::new(),
            left: BTreeMap::new(),
            ended: BTreeSet::new(),
            markers: Arc::new(super::launch::marker_watch(&facts)),
            places: parts.places,
            store: parts.store,
            config: parts.config,
            around: Surroundings::of_this_process(),
            nightkeep: parts.nightkeep,
            exits,
            notifier,
            facts,
            live: watch::Sender::new(Arc::new(super::live::empty(&info))),
            info,
            boot: nightkeep_os::boot_id()?,
            revision: 0,
            unseen: Unseen::default(),
            faults: Faults::default(),
            starting: BTreeMap::new(),
            recoveries: Vec::new(),
            reconciling: Reconciling::default(),
            stop_waits: Vec::new(),
            slept_ms: clocks.boot_ms.saturating_sub(clocks.awake_ms),
            news: false,
            ending: false,
        };
        actor.note_first_faults(parts.quarantine.as_ref());
        Ok(actor)
    }

    async fn run(mut self, mut facts: mpsc::Receiver<Fact>, mut commands: mpsc::Receiver<Command>) {
        while !self.ending {
            let wake = self.core.next_wakeup().map(|(at, _)| at);
            tokio::select! {
                fact = facts.recv() => if let Some(fact) = fact { self.on_fact(fact); },
                command = commands.recv() => match command {
                    Some(command) => self.on_command(command),
                    None => break,
                },
                () = until(wake) => self.give(Input::Tick),
            }
            for _ in 0..BATCH_MAX {
                let Ok(fact) = facts.try_recv() else { break };
                self.on_fact(fact);
            }
            self.publish();
        }
        tracing::info!("the engine's task ends");
    }

    /// Hands one input to the core and carries out all that it answers.
    pub(super) fn give(&mut self, input: Input) {
        let now = self.now();
        self.core.handle(now, input);
        while let Some(effect) = self.core.poll_effect() {
            self.carry_out(now, effect);
        }
    }

    /// This moment; and when the computer slept since the last one, the core is told before anything else.
    pub(super) fn now(&mut self) -> Now {
        let clocks = nightkeep_os::clocks();
        let slept_ms = clocks.boot_ms.saturating_sub(clocks.awake_ms);
        let now = clock::now();
        if slept_ms > self.slept_ms.saturating_add(SLEPT_MS) {
            tracing::info!(slept_ms = slept_ms - self.slept_ms, "the computer slept");
            self.core.handle(now, Input::Woke);
            debug_assert!(self.core.poll_effect().is_none(), "waking asks for nothing");
        }
        self.slept_ms = slept_ms;
        now
    }

    /// The stamp of `now` for the journal.
    pub(super) fn stamp(&self, now: Now) -> Stamp {
        Stamp { at_wall_ms: now.wall.as_ms(), at_awake_ms: now.awake.as_ms(), boot: self.boot.clone() }
    }

    /// A task whose result comes back as a fact.
    pub(super) fn spawn(&self, work: impl Future<Output = Fact> + Send + 'static) {
        let facts = self.facts.clone();
        let _task = tokio::spawn(async move {
            let fact = work.await;
            if facts.send(fact).await.is_err() {
                tracing::debug!("a result came after the engine's end");
            }
        });
    }
}

/// What goes on beside the task becomes facts: the health of the store, edits of the configuration.
fn forward(facts: &mpsc::Sender<Fact>, store: &StoreHandle, config: &Arc<ConfigFile>) {
    let mut health = store.health();
    let told = facts.clone();
    let _task = tokio::spawn(async move {
        while health.changed().await.is_ok() {
            let health = health.borrow_and_update().clone();
            if told.send(Fact::Storage(health)).await.is_err() {
                return;
            }
        }
    });
    let (events, mut edits) = mpsc::channel(CONFIG_EVENTS_MAX);
    let _task = tokio::spawn(Arc::clone(config).watch(events));
    let told = facts.clone();
    let _task = tokio::spawn(async move {
        while let Some(event) = edits.recv().await {
            if told.send(Fact::Config(event)).await.is_err() {
                return;
            }
        }
    });
}

/// Sleeps until a point of the awake clock; for ever when there is none.
async fn until(wake: Option<Awake>) {
    let Some(at) = wake else { return std::future::pending().await };
    let left = at.since(clock::now().awake);
    tokio::time::sleep(Duration::from_millis(left.as_ms())).await;
}
