//! Keepers: finding them, hearing what they say, and going on without them.

use std::time::Duration;

use nightkeep_core::{Exit, Input, RunId, Stage, Wall};

use super::fact::Fact;
use super::run::{Body, Members};
use super::task::Actor;
use crate::keeper::link::{KeeperEvents, KeeperLink};
use crate::keeper::protocol::Event;
use crate::rundir::{self, RunDir, RunEnd, RunState};
use crate::store::entry::{Entry, Stamped};

/// Between two calls of a keeper that is there and does not answer.
const CALL_AGAIN: Duration = Duration::from_millis(500);

impl Actor {
    /// Finds out from its directory what has become of a run, and goes on from there.
    pub(super) fn adopt(&mut self, id: RunId) {
        let Some(dir) = self.runs.get(&id).and_then(|run| run.dir.clone()) else { return };
        match dir.state() {
            // The root has ended and left something behind: only the keeper knows when that is gone.
            Ok(RunState::Ended { exit: _, kept: true }) => {
                if !self.is_stopping(id) {
                    self.take_exit_record(id);
                }
                self.call_keeper(id, dir, Duration::ZERO);
            }
            // The keeper was killed while it held something.
            Ok(RunState::Ended { exit, kept: false }) if exit.all_gone.is_none() => self.seek_remains(id),
            Ok(RunState::Ended { exit, kept: false }) => self.ended_by_record(id, &exit),
            Ok(RunState::Kept(started)) => {
                if let Some(run) = self.runs.get_mut(&id) {
                    run.root = started.map(|started| started.root.pid);
                }
                self.call_keeper(id, dir, Duration::ZERO);
            }
            Ok(RunState::Orphaned(started)) => {
                tracing::warn!(run = id.0, "the keeper is gone, its run is not");
                self.adopted(id, "its keeper is gone, its command is alive");
                self.attach_to(id, Members::of_root(started.root));
                self.give(Input::Started(id));
            }
            Ok(RunState::NeverStarted) => self.give_up(id),
            Ok(RunState::Lost) => self.seek_remains(id),
            Err(fault) => {
                tracing::error!(run = id.0, %fault, "the records of a run cannot be used");
                self.over(id, Exit::Unknown);
            }
        }
    }

    /// Writes down how a run was found again.
    pub(super) fn adopted(&mut self, id: RunId, how: &str) {
        let now = self.now();
        let entry = Entry::Adopted { how: how.to_owned() };
        self.store.try_append(id.0, vec![Stamped { at: self.stamp(now), entry }]);
    }

    /// Calls the keeper of a run, after a while.
    pub(super) fn call_keeper(&self, id: RunId, dir: RunDir, after: Duration) {
        self.spawn_aside(async move {
            tokio::time::sleep(after).await;
            match KeeperLink::connect(&dir).await {
                Ok(link) => Fact::Linked(id, Box::new(link)),
                Err(fault) => {
                    tracing::debug!(run = id.0, %fault, "the keeper cannot be reached");
                    Fact::KeeperGone(id)
                }
            }
        });
    }

    /// The keeper answers: from here on the run is reached through it.
    pub(super) fn linked(&mut self, id: RunId, link: KeeperLink) {
        if self.left.contains_key(&id) {
            self.linked_leftovers(id, link);
            return;
        }
        let hello = link.hello().clone();
        let (requests, events) = link.split();
        let Some(run) = self.runs.get_mut(&id) else { return };
        run.body = Body::Kept { requests, keeper: hello.keeper, root: hello.root };
        self.hear(id, events);
        self.tell_found(id);
        self.give(Input::Started(id));
        self.signal_again(id);
    }

    /// A signal has reached the run. For the first request to stop that is written down, since its grace counts from it.
    pub(super) fn was_asked(&mut self, id: RunId) {
        if self.left.contains_key(&id) {
            self.give(Input::Delivered(id));
            return;
        }
        let now = self.now();
        let at = self.stamp(now);
        let Some(run) = self.runs.get_mut(&id) else { return };
        let is_polite = matches!(run.stage, Some(Stage::PoliteRoot | Stage::PoliteRest));
        if is_polite && run.asked.is_none() {
            run.asked = Some(now.wall);
            self.store.try_append(id.0, vec![Stamped { at, entry: Entry::SignalDelivered }]);
            self.give(Input::Delivered(id));
        }
    }

    /// What the keeper of a run says, and its end, become facts.
    pub(super) fn hear(&self, id: RunId, mut events: KeeperEvents) {
        let facts = self.facts.clone();
        let _task = tokio::spawn(async move {
            while let Some(event) = events.next().await {
                if facts.send(Fact::Keeper(id, event)).await.is_err() {
                    return;
                }
            }
            drop(facts.send(Fact::KeeperGone(id)).await);
        });
    }

    /// A stage of a stop that was asked for while the run could not be reached.
    pub(super) fn signal_again(&mut self, id: RunId) {
        if let Some(stage) = self.runs.get(&id).and_then(|run| run.stage) {
            self.signal(id, stage);
        }
    }

    /// The keeper said something.
    pub(super) fn keeper_said(&mut self, id: RunId, event: Event) {
        if self.left.contains_key(&id) {
            self.leftover_keeper_said(id, &event);
            return;
        }
        match event {
            Event::RootEnded { end, leftovers: _ } => self.root_ended(id, &end),
            Event::Empty => {
                let _recorded = self.take_exit_record(id);
                let exit = self.runs.get(&id).and_then(|run| run.exit.clone()).unwrap_or(Exit::Unknown);
                self.over(id, exit);
            }
            Event::Error { message } => tracing::warn!(run = id.0, %message, "the keeper failed"),
            Event::Signalled { .. } => self.was_asked(id),
            Event::Hello { .. } | Event::Members { .. } | Event::Other => {}
        }
    }

    fn root_ended(&mut self, id: RunId, end: &RunEnd) {
        let Some(run) = self.runs.get_mut(&id) else { return };
        run.exit = Some(exit_of(end));
        let stopping = run.stage.is_some();
        self.give(Input::RootEnded(id));
        if !stopping {
            self.settle_leftovers(id);
        }
    }

    /// The keeper is gone. Its records tell whether its work was done.
    pub(super) fn keeper_gone(&mut self, id: RunId) {
        if self.left.contains_key(&id) {
            self.leftover_keeper_gone(id);
            return;
        }
        let Some(run) = self.runs.get_mut(&id) else { return };
        if matches!(run.body, Body::Attached(_)) {
            return;
        }
        let Some(dir) = run.dir.clone() else { return };
        run.body = Body::Unreached;
        let is_kept = match dir.state() {
            Ok(RunState::Kept(_)) => true,
            Ok(RunState::Ended { kept, .. }) => kept,
            Ok(RunState::Orphaned(_) | RunState::NeverStarted | RunState::Lost) | Err(_) => false,
        };
        if is_kept {
            self.call_keeper(id, dir, CALL_AGAIN);
        } else {
            self.adopt(id);
        }
    }

    fn is_stopping(&self, id: RunId) -> bool {
        self.runs.get(&id).is_some_and(|run| run.stage.is_some())
    }

    /// How the root ended, by the keeper's record, if there is one.
    pub(super) fn take_exit_record(&mut self, id: RunId) -> Option<Exit> {
        let run = self.runs.get_mut(&id)?;
        let Some(Ok(Some(exit))) = run.dir.as_ref().map(RunDir::read_exit) else { return None };
        let recorded = recorded_exit(&exit);
        run.exit = Some(recorded.clone());
        run.ended = Some(Wall::from_ms(exit.clocks.wall_ms));
        if exit.killed {
            self.give(Input::Killed(id));
        }
        Some(recorded)
    }

    fn ended_by_record(&mut self, id: RunId, exit: &rundir::Exit) {
        let _recorded = self.take_exit_record(id);
        let dir = self.runs.get(&id).and_then(|run| run.dir.as_ref());
        if dir.is_some_and(|dir| matches!(dir.read_started(), Ok(Some(_)))) {
            self.give(Input::Started(id));
        }
        let exit = recorded_exit(exit);
        self.over(id, exit);
    }
}

/// How the root ended, by the keeper's record.
fn recorded_exit(exit: &rundir::Exit) -> Exit {
    let ended = exit_of(&exit.end);
    match (exit.interrupted_by, ended) {
        (Some(_), Exit::Code(code)) => Exit::Interrupted { code: Some(code), signal: None },
        (Some(_), Exit::Signal(signal)) => Exit::Interrupted { code: None, signal: Some(signal) },
        (_, ended) => ended,
    }
}

/// How the root ended, as the core knows it.
pub(super) fn exit_of(end: &RunEnd) -> Exit {
    match end {
        RunEnd::Code(code) => Exit::Code(*code),
        RunEnd::Signal(signal) => Exit::Signal(*signal),
        RunEnd::ExecError(error) => Exit::NotStarted { errno: error.errno, message: error.message.clone() },
        RunEnd::Unknown => Exit::Unknown,
    }
}
