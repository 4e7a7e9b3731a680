//! Runs whose keeper was killed before it had done its work: what is left of them, and what is made of it.

use std::collections::BTreeMap;

use nightkeep_core::{Exit, Input, RunId};
use nightkeep_os::Identity;

use super::fact::{Fact, Remains};
use super::run::{Body, Members};
use super::task::Actor;
use crate::rundir::RunState;

/// Why a command was not started that never will be.
const NEVER: &str = "whoever was to start it was ended before it could";

impl Actor {
    /// The root is gone, and no keeper tells what it left: whatever carries the run's tag is looked for.
    pub(super) fn seek_remains(&self, id: RunId) {
        let Some(run) = self.runs.get(&id) else { return };
        let (tag, recovered) = (run.tag.clone(), run.recovered);
        self.spawn(async move {
            let seek = move || nightkeep_os::tagged(crate::environment::RUN, &tag).unwrap_or_default();
            let found = tokio::task::spawn_blocking(seek).await.unwrap_or_default();
            Fact::Remains(id, Remains { found, recovered })
        });
    }

    /// What is left of a run whose root and keeper are gone. A stop that had begun goes on with it, process by process;
    /// otherwise the run is over, and says what it left behind.
    pub(super) fn remains(&mut self, id: RunId, remains: Remains) {
        let Remains { found, recovered } = remains;
        let Some(run) = self.runs.get(&id) else { return };
        let stopping = run.stage.is_some();
        let started = run.dir.as_ref().and_then(|dir| dir.read_started().ok().flatten());
        let exit = self.take_exit_record(id);
        match (started, found.is_empty()) {
            (Some(started), false) if stopping => {
                self.adopted(id, "its keeper and its command are gone, processes of it are alive");
                self.attach_rest(id, Members { alive: by_pid(found), ..Members::of_root(started.root) });
            }
            (started, is_empty) => {
                if let (Some(started), true) = (&started, stopping) {
                    self.stopped_one_by_one(id, started.root.clone());
                }
                if started.is_some() {
                    self.give(Input::Started(id));
                }
                if !is_empty {
                    self.note_leftovers(id, found);
                }
                self.over_since(id, exit.unwrap_or(Exit::Unknown), recovered);
            }
        }
    }

    /// Whoever stopped it without a keeper did so process by process, of which the root is known at least.
    fn stopped_one_by_one(&mut self, id: RunId, root: Identity) {
        if let Some(run) = self.runs.get_mut(&id) {
            let stopped = by_pid(vec![root.clone()]);
            run.body = Body::Attached(Members { alive: BTreeMap::new(), stopped, ..Members::of_root(root) });
        }
    }

    /// The root is gone; these are reached one by one.
    fn attach_rest(&mut self, id: RunId, members: Members) {
        let found: Vec<Identity> = members.alive.values().cloned().collect();
        let Some(run) = self.runs.get_mut(&id) else { return };
        // Those whose end can be waited for are taken in below.
        run.body = Body::Attached(Members { alive: BTreeMap::new(), ..members });
        self.give(Input::Started(id));
        self.give(Input::RootEnded(id));
        self.members_found(id, found);
        self.signal_again(id);
    }

    /// Nothing tells that the command was ever started. From here on nobody starts it, unless somebody already does.
    pub(super) fn give_up(&self, id: RunId) {
        let Some(run) = self.runs.get(&id) else { return };
        let (Some(dir), recovered) = (run.dir.clone(), run.recovered) else { return };
        self.spawn(async move {
            let give_up = move || dir.give_up(NEVER);
            match tokio::task::spawn_blocking(give_up).await {
                Ok(Ok(())) => {}
                Ok(Err(fault)) => tracing::error!(run = id.0, %fault, "a run that was not started cannot be given up"),
                Err(fault) => tracing::error!(run = id.0, %fault, "a run that was not started cannot be given up"),
            }
            Fact::GivenUp { run: id, recovered }
        });
    }

    /// Nobody starts the command from here on, or it was started after all.
    pub(super) fn given_up(&mut self, id: RunId, recovered: bool) {
        let state = self.runs.get(&id).and_then(|run| run.dir.as_ref()).map(|dir| dir.state());
        if matches!(state, Some(Ok(RunState::NeverStarted))) {
            self.over_since(id, Exit::Unknown, recovered);
            return;
        }
        self.set_recovered(id, recovered);
        self.adopt(id);
        self.set_recovered(id, false);
    }

    fn over_since(&mut self, id: RunId, exit: Exit, recovered: bool) {
        self.set_recovered(id, recovered);
        self.over(id, exit);
    }

    fn set_recovered(&mut self, id: RunId, recovered: bool) {
        if let Some(run) = self.runs.get_mut(&id) {
            run.recovered = recovered;
        }
    }
}

fn by_pid(found: Vec<Identity>) -> BTreeMap<u32, Identity> {
    found.into_iter().map(|process| (process.pid, process)).collect()
}
