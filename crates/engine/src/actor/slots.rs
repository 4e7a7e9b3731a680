//! Runs that are to be started: who waits for a slot, who starts when there is one, and what becomes of those who left.
//!
//! The core says whose turn it is. A run of `start` is started here, from the spec that was put into its directory when it
//! had to wait, so that a crash of the engine does not forget it. A run of `nightkeep run` is started by its caller, who
//! has the input and the environment for it, and who waits with an open request: one that closes gives the place up.

use std::time::Duration;

use nightkeep_core::{Input, RunId};
use nightkeep_os::ExecError;
use tokio::sync::watch;

use super::carry_out::unseen;
use super::fact::{Fact, Reply};
use super::launch::Registered;
use super::task::Actor;
use super::waiting::{Caller, OpenRequest, SlotRequest, Starter, Turn, Waiting};
use crate::api::{ApiError, ErrorCode, Outcome, QueuePlace, Reason, SlotNews, StartReply};
use crate::clock;
use crate::keeper::launch::{Launched, launch_prepared};
use crate::rundir::{RunDir, RunState, Spec};
use crate::store::StoreHandle;
use crate::store::entry::{Ending, Entry, Stamp, Stamped};
use crate::store::state::StoredRun;

/// Runs that wait at most.
const QUEUED_MAX: usize = 256;
/// A caller whose engine was started again comes back within this time, or is gone.
const CALLER_BACK_WITHIN: Duration = Duration::from_secs(10);
/// A keeper that a caller started just before he went shows itself within this time.
const KEEPER_SHOWS_WITHIN: Duration = Duration::from_secs(1);
/// Why a run is not started whose caller is no longer there.
const CALLER_GONE: &str = "whoever started it has gone";

impl Actor {
    /// How many runs may run side by side was read or edited.
    pub(super) fn take_capacities(&mut self) {
        let capacities = self.config.current().capacities();
        self.give(Input::Capacities(capacities));
    }

    /// Refuses to let more runs wait than anybody can mean.
    pub(super) fn check_queue(&self) -> Result<(), ApiError> {
        if self.waiting.len() < QUEUED_MAX {
            return Ok(());
        }
        Err(ApiError::new(ErrorCode::Conflict, format!("{QUEUED_MAX} runs wait for a free slot already"))
            .with_hint("raise `max_running`, or cancel some of them: `nightkeep stop RUN`"))
    }

    /// A run that has its number asks for a slot.
    pub(super) fn ask_for_slot(&mut self, waiting: Waiting) {
        let (run, kind) = (waiting.id, waiting.kind().to_owned());
        self.tell_whose(run, &waiting.registered.registration);
        if waiting.is_asked_for_first() {
            self.tell_restart(run, &waiting.registered.registration);
        }
        let _none = self.waiting.insert(run, waiting);
        self.give(Input::Ask { run, kind });
    }

    /// What a run waits for.
    pub(super) fn place(&self, id: RunId) -> Option<QueuePlace> {
        let place = self.core.place(id)?;
        Some(QueuePlace { r#type: place.kind, running: place.running, slots: place.capacity, ahead: place.ahead })
    }

    /// The run of this tag, if it waits.
    pub(super) fn waiting_with(&self, tag: &str) -> Option<RunId> {
        self.waiting.values().find(|waiting| waiting.tag() == tag).map(|waiting| waiting.id)
    }

    /// There is no slot: that the run waits is written down before anybody is told.
    pub(super) fn note_wait(&mut self, id: RunId) {
        let now = clock::now();
        let (at, place) = (self.stamp(now), self.place(id));
        let store = self.store.clone();
        let Some(waiting) = self.waiting.get_mut(&id) else { return };
        if waiting.turn != Turn::Asked {
            return;
        }
        waiting.turn = Turn::Noting;
        tracing::info!(run = id.0, job = %waiting.job(), "waits for a free slot");
        let tag = waiting.tag().to_owned();
        let (plan, by_caller, reply) = match &mut waiting.starter {
            Starter::Engine(spec, reply) => {
                (waiting.registered.dir.clone().map(|dir| (dir, spec.clone())), false, reply.take())
            }
            Starter::Caller(_) => (None, true, None),
        };
        self.spawn(async move {
            let noted = note(&store, id, at, plan, by_caller).await;
            if let Some(reply) = reply {
                let answer = noted.clone().map(|()| StartReply { run: id.0, tag, queued: place });
                let _heard = reply.send(answer);
            }
            Fact::WaitNoted(id, noted)
        });
    }

    /// That a run waits is on the disk, or could not be written.
    pub(super) fn wait_noted(&mut self, id: RunId, result: Result<(), ApiError>) {
        let place = self.place(id);
        let Some(waiting) = self.waiting.get_mut(&id) else { return };
        waiting.turn = Turn::Waits;
        match (result, &waiting.starter) {
            (Err(fault), Starter::Engine(..)) => {
                waiting.why = Some(fault.message);
                self.give(Input::GivenUp(id));
                return;
            }
            // His place is as good as before, as long as this engine lives.
            (Err(fault), Starter::Caller(_)) => tracing::warn!(run = id.0, %fault, "a wait could not be written down"),
            (Ok(()), _) => {}
        }
        if waiting.has_slot {
            self.turn_came(id);
        } else if let Some(place) = place {
            waiting.tell(SlotNews::Queued { run: id.0, place });
        }
    }

    /// There is a slot for the run. It is started behind the effects that are being carried out.
    pub(super) fn slot_given(&mut self, id: RunId) {
        if let Some(waiting) = self.waiting.get_mut(&id) {
            waiting.has_slot = true;
            self.spawn(async move { Fact::TurnCame(id) });
        }
    }

    /// The run is started, by whoever starts it.
    pub(super) fn turn_came(&mut self, id: RunId) {
        let now = clock::now();
        let at = self.stamp(now);
        if self.is_refused_here(id) {
            self.give(Input::GivenUp(id));
            return;
        }
        let Some(waiting) = self.waiting.get(&id) else { return };
        match (waiting.turn, &waiting.starter) {
            (Turn::Noting, _) => return,
            (Turn::Asked, Starter::Engine(spec, _)) => {
                let spec = spec.clone();
                self.begin(id, &spec, false);
                return;
            }
            (Turn::Asked, Starter::Caller(_)) => {}
            (Turn::Waits, starter) => {
                self.store.try_append(id.0, vec![Stamped { at, entry: Entry::SlotGiven }]);
                if let Starter::Engine(spec, _) = starter {
                    let (store, spec) = (self.store.clone(), spec.clone());
                    self.spawn(async move { Fact::Refreshed(id, refreshed(&store, spec).await) });
                }
            }
        }
        waiting.tell(SlotNews::Go { run: id.0 });
    }

    /// Starts a run whose turn it is; everything that counts from its start counts from here.
    pub(super) fn begin(&mut self, id: RunId, spec: &Spec, is_prepared: bool) {
        let Some(Waiting { registered: Registered { dir: Some(dir), .. }, starter, .. }) = self.waiting.remove(&id)
        else {
            return;
        };
        if let Starter::Engine(_, Some(reply)) = starter {
            let _none = self.starting.insert(id, reply);
        }
        let registered = Registered::launched(spec, dir.clone());
        // Somebody listens to its socket before its command can speak.
        let is_prepared = is_prepared || registered.notify.is_some() && RunDir::create(dir.path()).is_ok();
        self.watch(id, registered, None, None);
        if is_prepared {
            self.launch_prepared(id, spec.clone(), dir);
        } else {
            self.launch(id, spec.clone(), &dir);
        }
    }

    /// Starts the keeper of a run whose directory is there.
    fn launch_prepared(&self, id: RunId, spec: Spec, dir: RunDir) {
        let nightkeep = self.nightkeep.clone();
        self.spawn(async move {
            let result = match launch_prepared(&dir, spec, &nightkeep).await {
                Ok(Launched::Running(started)) => Ok(started),
                Ok(Launched::NotStarted(error)) => Err(error),
                // An engine that ended at this very moment may have started the keeper already.
                Err(fault) => match dir.read_started() {
                    Ok(Some(started)) => Ok(started),
                    Ok(None) | Err(_) => Err(ExecError { errno: None, message: fault.to_string() }),
                },
            };
            Fact::Launched(id, result)
        });
    }

    /// A caller waits, or waits again after he lost the engine: his place is kept for as long as his request is open.
    pub(super) fn connect_caller(&mut self, id: RunId, reply: Reply<SlotRequest>) {
        let place = self.place(id);
        self.requests += 1;
        let number = self.requests;
        let (Some(waiting), Some(commands)) = (self.waiting.get_mut(&id), self.commands.upgrade()) else { return };
        let news = match (waiting.has_slot, waiting.turn, place) {
            (true, Turn::Asked | Turn::Waits, _) => Some(SlotNews::Go { run: id.0 }),
            (false, Turn::Waits, Some(place)) => Some(SlotNews::Queued { run: id.0, place }),
            (true | false, Turn::Asked | Turn::Noting | Turn::Waits, _) => None,
        };
        let Starter::Caller(caller) = &mut waiting.starter else {
            let theirs = ApiError::new(ErrorCode::Conflict, format!("the engine itself starts run {id}"));
            let _heard = reply.send(Err(theirs));
            return;
        };
        let (sender, news) = watch::channel(news);
        caller.request = Some((number, sender));
        let open = OpenRequest { run: id, number, commands };
        // Nobody there to take it drops it, which says that he left.
        let _heard = reply.send(Ok(SlotRequest { news, open }));
    }

    /// The request of a caller was closed.
    pub(super) fn caller_left(&mut self, id: RunId, request: u64) {
        let Some(waiting) = self.waiting.get_mut(&id).filter(|waiting| waiting.waits_with(request)) else { return };
        if let Starter::Caller(caller) = &mut waiting.starter {
            caller.request = None;
        }
        if waiting.has_slot {
            self.look_for_caller(id, KEEPER_SHOWS_WITHIN);
        } else {
            waiting.why = Some(CALLER_GONE.to_owned());
            self.give(Input::GivenUp(id));
        }
    }

    fn look_for_caller(&self, id: RunId, after: Duration) {
        self.spawn(async move {
            tokio::time::sleep(after).await;
            Fact::CallerDue(id)
        });
    }

    /// A caller who is not there had his time to come back: his run has begun, or never will.
    pub(super) fn caller_due(&mut self, id: RunId) {
        let Some(waiting) = self.waiting.get_mut(&id) else { return };
        let Starter::Caller(Caller { request: None, stop }) = &waiting.starter else { return };
        if matches!(waiting.registered.dir.as_ref().map(RunDir::state), Some(Ok(RunState::NeverStarted)) | None) {
            waiting.why = if stop.is_some() { None } else { Some(CALLER_GONE.to_owned()) };
            self.give(Input::GivenUp(id));
        } else {
            self.begun_by_caller(id);
        }
    }

    /// A caller has started his run.
    pub(super) fn begun_by_caller(&mut self, id: RunId) {
        let Some(waiting) = self.waiting.remove(&id) else { return };
        let dir = waiting.registered.dir.clone();
        // He has written down anew when it began.
        let spec = dir.as_ref().and_then(|dir| dir.read_spec().ok().flatten());
        let registered = match (spec, dir) {
            (Some(spec), Some(dir)) => Registered::launched(&spec, dir),
            (Some(_) | None, _) => waiting.registered,
        };
        self.watch(id, registered, None, None);
        self.adopt(id);
        if let Starter::Caller(Caller { stop: Some(force), .. }) = waiting.starter {
            self.give(Input::Stop { run: id, force });
        }
    }

    /// Somebody wants a run that waits not to start. Whether there is such a run.
    pub(super) fn stop_waiting(&mut self, id: RunId, force: bool) -> bool {
        let Some(waiting) = self.waiting.get_mut(&id) else { return false };
        match (&mut waiting.starter, waiting.has_slot) {
            // He may have started it already; it is stopped as soon as it shows.
            (Starter::Caller(caller), true) => caller.stop = Some(force || caller.stop == Some(true)),
            (Starter::Engine(..), true) => self.give(Input::GivenUp(id)),
            (Starter::Caller(_) | Starter::Engine(..), false) => self.give(Input::Stop { run: id, force }),
        }
        true
    }

    /// The run is not started: that is its end.
    pub(super) fn cancelled(&mut self, id: RunId) {
        let now = clock::now();
        let Some(mut waiting) = self.waiting.remove(&id) else { return };
        let _new = self.ended.insert(id);
        waiting.why = waiting.why.take().or_else(|| self.why_refused(waiting.job()));
        tracing::info!(run = id.0, job = %waiting.job(), why = ?waiting.why, "is not started");
        waiting.tell(SlotNews::Cancelled { run: id.0 });
        if let Starter::Engine(_, Some(reply)) = waiting.starter {
            let cancelled = ApiError::new(ErrorCode::Conflict, format!("run {id} was cancelled before it began"));
            let _heard = reply.send(Err(cancelled));
        }
        let (store, at, end) = (self.store.clone(), self.stamp(now), self.end_to_tell(id));
        let entries = [Entry::Cancelled { why: waiting.why }, Entry::Ended(Box::new(never_begun(&at)))];
        let entries = entries.map(|entry| Stamped { at: at.clone(), entry }).into();
        self.spawn(async move {
            if let Err(fault) = store.append_in_the_end(id.0, entries).await {
                tracing::error!(run = id.0, fault = %fault.with_causes(), "an end was not recorded");
            }
            end.tell(&store).await;
            Fact::History(unseen(&store).await)
        });
    }

    /// A run of an earlier engine that waited when that one ended, and was not started since.
    pub(super) fn still_waits(&mut self, stored: &StoredRun) -> Option<Waiting> {
        let wait = stored.queued.as_ref().filter(|_| stored.started.is_none())?;
        let dir = RunDir::at(self.places.run_dir(&stored.tag));
        let spec = dir.read_spec().ok().flatten().filter(|spec| spec.tag == stored.tag)?;
        if !matches!(dir.state(), Ok(RunState::NeverStarted)) {
            return None;
        }
        let id = RunId(stored.run);
        if wait.given.is_some() {
            let now = clock::now();
            let entry = Entry::Queued { by_caller: wait.by_caller };
            self.store.try_append(id.0, vec![Stamped { at: self.stamp(now), entry }]);
        }
        let registered = Registered::launched(&spec, dir);
        let starter = match wait.by_caller {
            true => Starter::Caller(Caller::default()),
            false => Starter::Engine(Box::new(spec), None),
        };
        let since = nightkeep_core::Wall::from_ms(wait.from.at_wall_ms);
        Some(Waiting { turn: Turn::Waits, ..Waiting::asks(id, since, registered, starter) })
    }

    /// Runs that waited before take their places again, in their order. To be called when all that runs is known.
    pub(super) fn wait_again(&mut self, found: Vec<Waiting>) {
        for waiting in found {
            let (id, is_theirs) = (waiting.id, matches!(waiting.starter, Starter::Caller(_)));
            tracing::info!(run = id.0, job = %waiting.job(), "waits again for a free slot");
            self.ask_for_slot(waiting);
            if is_theirs {
                self.look_for_caller(id, CALLER_BACK_WITHIN);
            }
        }
    }
}

/// Writes down that a run waits, and what is to be started when its turn comes.
async fn note(
    store: &StoreHandle,
    id: RunId,
    at: Stamp,
    plan: Option<(RunDir, Box<Spec>)>,
    by_caller: bool,
) -> Result<(), ApiError> {
    let storage = |message| ApiError::new(ErrorCode::Storage, message).with_hint("see `nightkeep doctor`");
    if let Some((dir, spec)) = plan {
        let written = tokio::task::spawn_blocking(move || {
            RunDir::create(dir.path()).and_then(|dir| dir.write_spec(&spec)).map_err(|fault| fault.to_string())
        });
        let written = written.await.unwrap_or_else(|fault| Err(fault.to_string()));
        written.map_err(|fault| storage(format!("the run cannot be prepared: failed to {fault}")))?;
    }
    let entry = Entry::Queued { by_caller };
    let appended = store.append(id.0, vec![Stamped { at, entry }]).await;
    appended.map_err(|fault| storage(format!("the run cannot be written into the history: {}", fault.with_causes())))
}

/// The spec as it has to be at the start: while the run waited, time passed and another run of its job may have ended.
async fn refreshed(store: &StoreHandle, mut spec: Box<Spec>) -> Box<Spec> {
    let last = store.last_of_job(spec.job.clone()).await.unwrap_or_default();
    spec.env.retain(|name, _| !crate::environment::is_of_last_run(name));
    spec.env.extend(last.iter().flat_map(crate::environment::of_last_run));
    spec.marker_before = nightkeep_os::stamp(spec.marker.as_path()).ok().flatten();
    spec.clocks = nightkeep_os::clocks();
    spec
}

/// The end of a run that never began: nothing was signalled.
fn never_begun(at: &Stamp) -> Ending {
    Ending { reason: Some(Reason::User), took_ms: Some(0), ..Ending::new(Outcome::Aborted, at.at_wall_ms) }
}
