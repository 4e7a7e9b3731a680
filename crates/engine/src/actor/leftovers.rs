//! What runs left behind when their roots ended by themselves: shown, stopped where that is wanted, and known until the
//! last of it is gone.

use std::time::Duration;

use nightkeep_core::{Effect, Exit, Input, LeftBehind, LeftoverPolicy, Now, RunId, Span, Stage, Wall};
use nightkeep_os::{Identity, Signal};

use super::attached::{self, Kin};
use super::fact::Fact;
use super::run::{Body, Members, Watched};
use super::task::Actor;
use crate::api::LeftoverView;
use crate::clock::rfc3339;
use crate::keeper::link::{KeeperLink, KeeperRequests};
use crate::keeper::protocol::{Event, Request};
use crate::rundir::RunDir;
use crate::store::entry::{Entry, Stamped};
use crate::store::state::StoredRun;

use super::record;

/// How long what the root left behind may take to go by itself before it is called left over.
const LEFTOVERS_SETTLE: Duration = Duration::from_millis(500);

/// What one run left behind.
#[derive(Debug)]
pub(super) struct Left {
    pub(super) tag: String,
    pub(super) job: String,
    pub(super) dir: Option<RunDir>,
    pub(super) policy: LeftoverPolicy,
    stop_signal: Signal,
    ended: Wall,
    /// The way to the keeper, which knows all of it; without one, what was identified is all that is known.
    requests: Option<KeeperRequests>,
    members: Members,
    /// The last signal of its stop.
    stage: Option<Stage>,
}

impl Actor {
    /// The root ended by itself. What it left behind has a moment to go by itself.
    pub(super) fn settle_leftovers(&self, id: RunId) {
        self.spawn_aside(async move {
            tokio::time::sleep(LEFTOVERS_SETTLE).await;
            Fact::LeftoversSettled(id)
        });
    }

    /// What the root left behind had its moment: the run is over, and says what is still there.
    pub(super) fn leftovers_settled(&mut self, id: RunId) {
        let Some(run) = self.runs.get(&id) else { return };
        if run.stage.is_some() || run.over {
            return;
        }
        let left = left_of(run);
        // A keeper that has not said that all is gone knows of something, even when nothing can be seen of it.
        if matches!(run.body, Body::Kept { .. }) || !left.is_empty() {
            self.note_leftovers(id, left);
        }
        self.take_exit_record(id);
        let exit = self.runs.get(&id).and_then(|run| run.exit.clone()).unwrap_or(Exit::Unknown);
        self.over(id, exit);
    }

    /// What the run leaves behind is on record from here on, and outlives its watch.
    pub(super) fn note_leftovers(&mut self, id: RunId, left: Vec<Identity>) {
        let at = self.stamp(self.now());
        let pids = left.iter().map(|process| process.pid).collect();
        let identities = left.iter().filter_map(|process| serde_json::to_value(process).ok()).collect();
        self.store.try_append(id.0, vec![Stamped { at, entry: Entry::Leftovers { pids, identities } }]);
        if let Some(run) = self.runs.get_mut(&id) {
            run.left = Some(left);
        }
    }

    /// What a run that is about to be over leaves behind, taken over from its watch.
    pub(super) fn leave_behind(&mut self, id: RunId) -> Option<Left> {
        let now = self.now();
        let run = self.runs.get_mut(&id)?;
        let found = run.left.take()?;
        let (requests, root) = match std::mem::replace(&mut run.body, Body::Unreached) {
            Body::Kept { requests, .. } => (Some(requests), root_of(run.dir.as_ref())?),
            Body::Attached(members) => (None, members.root),
            Body::Unreached => (None, root_of(run.dir.as_ref())?),
        };
        Some(Left {
            tag: run.tag.clone(),
            job: run.job.clone(),
            dir: run.dir.clone(),
            policy: run.leftovers,
            stop_signal: run.stop_signal,
            ended: run.ended.unwrap_or(now.wall),
            requests,
            members: Members::of_leftovers(root, found),
            stage: None,
        })
    }

    /// The run is over: from here on only what it left behind is known of it.
    pub(super) fn watch_leftovers(&mut self, id: RunId, left: Left, grace: Span, begun: Option<bool>) {
        let (job, policy) = (left.job.clone(), left.policy);
        tracing::info!(run = id.0, %job, ?policy, processes = left.members.alive.len(), "processes were left behind");
        let _former = self.left.insert(id, left);
        self.news = true;
        self.give(Input::LeftBehind(Box::new(LeftBehind { run: id, job, grace, policy, begun })));
    }

    /// After a start: what runs that are over had left behind may still be there.
    pub(super) fn recover_leftovers(&mut self, stored: &StoredRun) {
        let id = RunId(stored.run);
        let dir = (!stored.attached).then(|| RunDir::at(self.places.run_dir(&stored.tag)));
        let spec = dir.as_ref().and_then(|dir| dir.read_spec().ok().flatten());
        let recorded = || stored.identity.clone().and_then(|value| serde_json::from_value(value).ok());
        let Some(root) = root_of(dir.as_ref()).or_else(recorded) else { return };
        let identities = stored.left_identities.iter().filter_map(|value| serde_json::from_value(value.clone()).ok());
        let left = Left {
            tag: stored.tag.clone(),
            job: stored.job.clone(),
            policy: spec.as_ref().map_or(LeftoverPolicy::Report, |spec| spec.leftovers.into()),
            stop_signal: spec.as_ref().map_or(Signal::Term, |spec| spec.stop_signal),
            ended: Wall::from_ms(stored.ended.as_ref().map_or(0, |ending| ending.ended_wall_ms)),
            requests: None,
            members: Members::of_leftovers(root, identities.collect()),
            stage: None,
            dir,
        };
        let kept = left.dir.as_ref().is_some_and(|dir| matches!(nightkeep_os::lock_is_held(&dir.lock()), Ok(true)));
        let grace = record::limits(&stored.limits).grace;
        if kept {
            let dir = left.dir.clone();
            self.watch_leftovers(id, left, grace, None);
            // The stop that had begun goes on once its keeper can be told.
            if let Some(dir) = dir {
                self.call_keeper(id, dir, Duration::ZERO);
            }
            if let Some(force) = stored.leftover_stop {
                self.give(Input::StopLeftovers { run: id, force });
            }
        } else {
            self.watch_leftovers(id, left, grace, stored.leftover_stop);
            self.watch_one_by_one(id);
        }
    }

    /// The keeper of a run that is over answers.
    pub(super) fn linked_leftovers(&mut self, id: RunId, link: KeeperLink) {
        let (requests, events) = link.split();
        if let Some(left) = self.left.get_mut(&id) {
            left.requests = Some(requests);
        }
        self.hear(id, events);
        self.signal_leftovers_again(id);
    }

    /// The keeper of a run that is over said something.
    pub(super) fn leftover_keeper_said(&mut self, id: RunId, event: &Event) {
        match event {
            Event::Empty => self.give(Input::LeftoversGone(id)),
            Event::Signalled { .. } => self.was_asked(id),
            Event::Hello { .. }
            | Event::RootEnded { .. }
            | Event::Members { .. }
            | Event::Error { .. }
            | Event::Other => {}
        }
    }

    /// The keeper of a run that is over is gone: its record tells whether all was gone with it.
    pub(super) fn leftover_keeper_gone(&mut self, id: RunId) {
        let Some(left) = self.left.get_mut(&id) else { return };
        left.requests = None;
        let exit = left.dir.as_ref().and_then(|dir| dir.read_exit().ok().flatten());
        if exit.is_some_and(|exit| exit.all_gone.is_some()) {
            self.give(Input::LeftoversGone(id));
        } else {
            self.watch_one_by_one(id);
            // What the keeper was asked for may not have been done.
            self.signal_leftovers_again(id);
        }
    }

    /// Goes on with a stop that has begun, where its last signal may not have been sent.
    fn signal_leftovers_again(&mut self, id: RunId) {
        let stage = self.left.get(&id).and_then(|left| left.stage);
        if let Some(stage) = stage.filter(|_| self.core.is_stopping_leftovers(id)) {
            self.signal_leftovers(id, stage);
        }
    }

    /// Without a keeper: the end of each process that was identified is waited for.
    fn watch_one_by_one(&mut self, id: RunId) {
        let Some(left) = self.left.get_mut(&id) else { return };
        left.members.alive.retain(|_, member| matches!(self.exits.watch(member), Ok(true)));
        if left.members.alive.is_empty() {
            self.give(Input::LeftoversGone(id));
        }
    }

    /// A process ended that may be one of those that were left behind.
    pub(super) fn leftover_exited(&mut self, identity: &Identity) {
        let belongs = self.left.iter_mut().find_map(|(id, left)| {
            let is_it = left.members.alive.get(&identity.pid) == Some(identity);
            is_it.then(|| {
                let _gone = left.members.alive.remove(&identity.pid);
                (*id, left.members.alive.is_empty() && left.requests.is_none() && !left.members.forcing)
            })
        });
        if let Some((id, true)) = belongs {
            self.give(Input::LeftoversGone(id));
        }
    }

    /// Processes that belong to what was left behind were identified while it is being stopped.
    pub(super) fn leftovers_found(&mut self, id: RunId, found: Vec<Identity>) {
        let Some(left) = self.left.get_mut(&id) else { return };
        for member in found {
            if !left.members.alive.contains_key(&member.pid) && matches!(self.exits.watch(&member), Ok(true)) {
                let _new = left.members.alive.insert(member.pid, member);
            }
        }
    }

    /// What a forced stop could not end of it.
    pub(super) fn leftovers_survived(&mut self, id: RunId, survivors: &[u32]) {
        let Some(left) = self.left.get_mut(&id) else { return };
        left.members.forcing = false;
        if survivors.is_empty() && left.members.alive.is_empty() && left.requests.is_none() {
            self.give(Input::LeftoversGone(id));
        }
    }

    /// Carries out one effect that concerns what a run left behind.
    pub(super) fn carry_out_leftovers(&mut self, now: Now, effect: &Effect) {
        match *effect {
            Effect::Record(id, nightkeep_core::Entry::Leftovers(what)) => {
                let entry = record::leftovers(what);
                self.store.try_append(id.0, vec![Stamped { at: self.stamp(now), entry }]);
            }
            Effect::RecordIntent(id, nightkeep_core::Entry::Leftovers(what)) => {
                self.append_intent(id, Stamped { at: self.stamp(now), entry: record::leftovers(what) });
            }
            Effect::Signal(id, stage) => self.signal_leftovers(id, stage),
            Effect::Forget(id) => {
                self.news = true;
                if let Some(left) = self.left.remove(&id) {
                    left.members.alive.values().for_each(|member| self.exits.forget(member));
                }
            }
            Effect::Record(..)
            | Effect::RecordIntent(..)
            | Effect::Look(_)
            | Effect::TakeEvidence(_)
            | Effect::LeaveAbortedNote { .. }
            | Effect::Notify(_)
            | Effect::Launch(_)
            | Effect::Wait(_)
            | Effect::Cancel(_)
            | Effect::Job(_)
            | Effect::Pause(_) => {}
        }
    }

    fn signal_leftovers(&mut self, id: RunId, stage: Stage) {
        let Some(left) = self.left.get_mut(&id) else { return };
        tracing::info!(run = id.0, job = %left.job, ?stage, "stops what was left behind");
        left.members.forcing = stage == Stage::Forced;
        left.stage = Some(stage);
        let facts = self.facts.clone();
        if let Some(requests) = left.requests.clone() {
            let request = match stage {
                Stage::PoliteRoot | Stage::PoliteRest => Request::SignalRest { signal: left.stop_signal },
                Stage::Forced => Request::KillAll,
            };
            let _task = tokio::spawn(async move {
                if requests.send(request).await.is_err() {
                    drop(facts.send(Fact::KeeperGone(id)).await);
                }
            });
            return;
        }
        let tag = left.dir.is_some().then(|| left.tag.clone());
        let (kin, polite) = (Kin { members: left.members.clone(), tag }, left.stop_signal);
        let _task = tokio::spawn(attached::stop(id, kin, (stage, polite), self.store.clone(), facts));
    }

    /// What surfaces show of it; what a job wants to live on is no news.
    pub(super) fn leftover_views(&self) -> Vec<LeftoverView> {
        let shown = self.left.iter().filter(|(_, left)| left.policy != LeftoverPolicy::Keep);
        shown
            .map(|(id, left)| LeftoverView {
                run: id.0,
                job: left.job.clone(),
                pids: left.members.alive.keys().copied().collect(),
                stopping: self.core.is_stopping_leftovers(*id),
                ended_at: rfc3339(left.ended),
            })
            .collect()
    }
}

/// The root of a run as its keeper has noted it.
fn root_of(dir: Option<&RunDir>) -> Option<Identity> {
    Some(dir?.read_started().ok()??.root)
}

/// The processes of a run whose root is gone.
fn left_of(run: &Watched) -> Vec<Identity> {
    match &run.body {
        Body::Attached(members) => members.alive.values().cloned().collect(),
        Body::Kept { .. } | Body::Unreached => {
            let seen = run.top().and_then(|top| top.processes().ok()).unwrap_or_default();
            seen.into_iter().map(|process| process.identity).collect()
        }
    }
}
