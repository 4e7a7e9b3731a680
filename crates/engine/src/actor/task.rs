//! The task: what it holds, and its loop.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use nightkeep_core::{Awake, Continuity, Input, RunId, Supervisor};
use nightkeep_os::ExitWatch;
use tokio::sync::{broadcast, mpsc, watch};

use super::alerts::Alerts;
use super::awake::Awakeness;
use super::early::Early;
use super::fact::{Command, Fact, Reply, Unseen};
use super::faults::Faults;
use super::hand_over::{Leaving, UnderWay};
use super::handle::Handle;
use super::jobs::ResumeWait;
use super::leftovers::Left;
use super::pause::PauseWaits;
use super::pings::Pings;
use super::presses;
use super::quit::Quits;
use super::reconcile::{self, Reconciling};
use super::run::{Found, Watched};
use super::snooze::Snoozes;
use super::stops::StopWait;
use super::time::until;
use super::waiting::Waiting;
use crate::api::{EngineInfo, Live, RunEvent, StartReply};
use crate::clock::{self, Clock};
use crate::config::{ConfigFile, Surroundings};
use crate::hand_over::{HandedOver, Successor};
use crate::marker::MarkerWatch;
use crate::notify::{Notifier, Recovery};
use crate::pings::Asked;
use crate::places::Places;
use crate::store::job::JobEntries;
use crate::store::{Quarantine, StoreHandle};

/// Facts that wait at most; whoever has one more waits too.
const FACTS_MAX: usize = 4096;
/// Commands that wait at most.
const COMMANDS_MAX: usize = 256;
/// Edits of the configuration that wait at most.
const CONFIG_EVENTS_MAX: usize = 8;
/// Events of runs that a slow reader may be behind; it misses the oldest ones then. Each has its place from the start,
/// which is why a place holds no more than a pointer.
const EVENTS_MAX: usize = 1024;
/// Inputs that are taken before surfaces are told again.
const BATCH_MAX: usize = 256;

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
    /// Where the time comes from.
    pub clock: Clock,
    /// The engine before this one let it take over.
    pub taken_over: Option<HandedOver>,
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
    /// Where sources of runs are.
    pub(super) places_of_sources: crate::sources::Places,
    pub(super) live: watch::Sender<Arc<Live>>,
    /// What happens to runs, for whoever follows that.
    pub(super) story: broadcast::Sender<Arc<RunEvent>>,
    pub(super) info: EngineInfo,
    pub(super) boot: String,
    pub(super) revision: u64,
    /// When surfaces were last told.
    pub(super) published: Awake,
    pub(super) unseen: Unseen,
    pub(super) faults: Faults,
    /// Runs that are to be started.
    pub(super) waiting: BTreeMap<RunId, Waiting>,
    /// How many callers have waited for a slot.
    pub(super) requests: u64,
    /// The way for whoever closes his request.
    pub(super) commands: mpsc::WeakSender<Command>,
    /// Who waits to hear how the start of a run went.
    pub(super) starting: BTreeMap<RunId, Reply<StartReply>>,
    /// What was recovered and not yet told to the owner.
    pub(super) recoveries: Vec<Recovery>,
    pub(super) alerts: Alerts,
    pub(super) snoozes: Snoozes,
    pub(super) awakeness: Awakeness,
    pub(super) reconciling: Reconciling,
    pub(super) clock: Clock,
    /// What the clocks showed last.
    pub(super) continuity: Continuity,
    pub(super) pings: Pings,
    /// Who waits to hear that stops have begun.
    pub(super) stop_waits: Vec<StopWait>,
    /// What was said of runs that are not known yet.
    pub(super) early: Vec<Early>,
    /// Who waits to hear that a job may be started again.
    pub(super) resume_waits: Vec<ResumeWait>,
    /// Former and future names of jobs that are being renamed.
    pub(super) renaming: BTreeSet<String>,
    /// What the ends of runs mean for their jobs, to be recorded with them.
    pub(super) with_end: BTreeMap<RunId, JobEntries>,
    /// The history or the configuration changed, which a live document does not hold but whose change it announces.
    pub(super) news: bool,
    pub(super) ending: bool,
    /// Who waits to hear of a pause of the watch.
    pub(super) pause_waits: PauseWaits,
    pub(super) quitting: Quits,
    /// What was begun and has to be finished before a successor takes over.
    pub(super) under_way: UnderWay,
    /// A successor takes over as soon as it is.
    pub(super) leaving: Option<Leaving>,
    /// The engine before this one let it take over.
    pub(super) taken_over: Option<HandedOver>,
}

/// Starts the task, finds again what ran before, and returns the way to it. The task ends with who takes over, if somebody
/// does. Must be called inside a tokio runtime.
///
/// # Errors
/// When the system gives no thread, or does not tell which boot this is.
pub async fn start(parts: Parts) -> std::io::Result<(Handle, tokio::task::JoinHandle<Option<Successor>>)> {
    let (facts, fact_queue) = mpsc::channel(FACTS_MAX);
    let (commands, command_queue) = mpsc::channel(COMMANDS_MAX);
    let found = if parts.after_crash { Found::AfterCrash } else { Found::InOrder };
    let (mut actor, pinged) = Actor::new(parts, facts, commands.downgrade())?;
    let handle = Handle::new(commands, &actor);
    actor.recall_told().await;
    let health = actor.store.health().borrow().clone();
    // Before anything is judged.
    actor.storage(&health);
    actor.recover(found).await;
    actor.open_pings().await;
    actor.plan_morning(false);
    reconcile::remind(actor.facts.clone());
    actor.publish();
    let task = tokio::spawn(actor.run(fact_queue, command_queue, pinged));
    Ok((handle, task))
}

/// What is said of this engine.
fn info(started: nightkeep_core::Wall) -> EngineInfo {
    EngineInfo {
        version: crate::VERSION.to_owned(),
        api: crate::api::API_VERSION,
        pid: std::process::id(),
        started_at: clock::rfc3339(started),
    }
}

impl Actor {
    fn new(
        parts: Parts,
        facts: mpsc::Sender<Fact>,
        commands: mpsc::WeakSender<Command>,
    ) -> std::io::Result<(Self, mpsc::Receiver<Asked>)> {
        let first = parts.clock.sample();
        let info = info(first.wall);
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
        let notifier = parts.notifications.then(|| presses::notifier(&parts.store, &facts));
        let boot = nightkeep_os::boot_id()?;
        let (pings, pinged) = Pings::new(&parts.places, &boot);
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
            places_of_sources: crate::sources::Places::default(),
            live: watch::Sender::new(Arc::new(super::live::empty(&info))),
            story: broadcast::Sender::new(EVENTS_MAX),
            info,
            boot,
            revision: 0,
            published: Awake::default(),
            unseen: Unseen::default(),
            faults: Faults::default(),
            waiting: BTreeMap::new(),
            requests: 0,
            commands,
            starting: BTreeMap::new(),
            recoveries: Vec::new(),
            alerts: Alerts::default(),
            snoozes: Snoozes::default(),
            awakeness: Awakeness::default(),
            reconciling: Reconciling::default(),
            clock: parts.clock,
            continuity: Continuity::new(first),
            pings,
            stop_waits: Vec::new(),
            early: Vec::new(),
            resume_waits: Vec::new(),
            renaming: BTreeSet::new(),
            with_end: BTreeMap::new(),
            news: false,
            ending: false,
            pause_waits: PauseWaits::default(),
            quitting: Quits::default(),
            under_way: UnderWay::default(),
            leaving: None,
            taken_over: parts.taken_over,
        };
        actor.note_first_faults(parts.quarantine.as_ref());
        Ok((actor, pinged))
    }

    async fn run(
        mut self,
        mut facts: mpsc::Receiver<Fact>,
        mut commands: mpsc::Receiver<Command>,
        mut pinged: mpsc::Receiver<Asked>,
    ) -> Option<Successor> {
        while !self.ending {
            let wake = self.core.next_wakeup().map(|(at, _)| at);
            let turn = tokio::select! {
                fact = facts.recv() => Turn::Fact(fact),
                command = commands.recv() => Turn::Command(command),
                Some(asked) = pinged.recv() => Turn::Pinged(asked),
                () = until(self.clock.clone(), wake) => Turn::Wake,
                () = UnderWay::look_again(), if self.is_leaving() => Turn::Leaving,
            };
            if matches!(turn, Turn::Wake) {
                // Whoever has something to tell is let in first.
                tokio::task::yield_now().await;
            }
            self.notice_breaks();
            self.notice_lateness(wake);
            let due = matches!(turn, Turn::Wake);
            match turn {
                Turn::Fact(Some(fact)) => self.on_fact(fact),
                Turn::Command(Some(command)) => self.on_command(command),
                Turn::Pinged(asked) => self.pinged(asked),
                Turn::Command(None) => break,
                Turn::Fact(None) | Turn::Wake | Turn::Leaving => {}
            }
            for _ in 0..BATCH_MAX {
                let Ok(fact) = facts.try_recv() else { break };
                self.on_fact(fact);
            }
            for _ in 0..BATCH_MAX {
                let Ok(asked) = pinged.try_recv() else { break };
                self.pinged(asked);
            }
            if due {
                self.give(Input::Tick);
            }
            self.mind_sleep();
            self.publish();
            self.leave_when_finished(facts.is_empty());
            self.quit_when_finished(facts.is_empty());
        }
        self.close_pings().await;
        tracing::info!("the engine's task ends");
        self.leaving.map(Leaving::successor)
    }

    /// Whether only what is under way holds up the end.
    fn is_leaving(&self) -> bool {
        self.leaving.is_some() || self.ends_with_the_last_run()
    }

    /// A task whose result comes back as a fact. A successor takes over only when it has.
    pub(super) fn spawn(&self, work: impl Future<Output = Fact> + Send + 'static) {
        let under_way = self.under_way.begun();
        self.spawn_aside(async move {
            let _under_way = under_way;
            work.await
        });
    }

    /// A task whose result comes back as a fact, and which a successor does for itself.
    pub(super) fn spawn_aside(&self, work: impl Future<Output = Fact> + Send + 'static) {
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

/// What the task wakes up for.
enum Turn {
    Fact(Option<Fact>),
    Command(Option<Command>),
    Pinged(Asked),
    Wake,
    Leaving,
}
