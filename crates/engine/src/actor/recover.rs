//! After a start: every run that was there before is found again, and none is started twice.

use nightkeep_core::{Exit, RunId};
use nightkeep_os::Identity;

use super::carry_out::unseen;
use super::launch::Registered;
use super::record;
use super::run::Members;
use super::task::Actor;
use crate::rundir::{RunDir, RunState};
use crate::store::entry::Registration;
use crate::store::state::StoredRun;

impl Actor {
    /// Goes on with the runs that the history calls open, and takes in those that it never heard of.
    pub(super) async fn recover(&mut self) {
        match self.store.open_runs().await {
            Ok(open) => {
                for run in open {
                    self.go_on_with(&run);
                }
            }
            Err(fault) => tracing::error!(fault = %fault.with_causes(), "the open runs cannot be read"),
        }
        self.take_in_strangers().await;
        self.unseen = unseen(&self.store).await;
    }

    fn go_on_with(&mut self, stored: &StoredRun) {
        let id = RunId(stored.run);
        tracing::info!(run = id.0, job = %stored.job, "goes on with a run");
        let resume = record::resume(stored, &self.boot);
        let last_sign = stored.last_advance.as_ref().or(stored.started.as_ref()).unwrap_or(&stored.registered);
        let clock_from = record::awake_in(last_sign, &self.boot);
        let registered = self.registered_before(stored);
        self.watch(id, registered, Some(resume), clock_from);
        if let Some(run) = self.runs.get_mut(&id) {
            run.recovered = true;
        }
        if stored.attached {
            self.attach_again(id, stored);
        } else {
            self.adopted(id, "the engine was started again");
            self.adopt(id);
        }
        // An end that is seen from here on is seen as it happens.
        if let Some(run) = self.runs.get_mut(&id) {
            run.recovered = false;
        }
    }

    fn registered_before(&self, stored: &StoredRun) -> Registered {
        let dir = (!stored.attached).then(|| RunDir::at(self.places.run_dir(&stored.tag)));
        let spec = dir.as_ref().and_then(|dir| dir.read_spec().ok().flatten());
        if let (Some(spec), Some(dir)) = (&spec, dir.clone()) {
            return Registered::launched(spec, dir);
        }
        let registration = Registration {
            tag: stored.tag.clone(),
            job: stored.job.clone(),
            job_type: stored.job_type.clone(),
            command: stored.command.clone(),
            cwd: stored.cwd.clone(),
            marker: stored.marker.clone(),
            attached: stored.attached,
            observe: stored.observe,
            limits: stored.limits,
            identity: stored.identity.clone(),
        };
        Registered { dir, ..Registered::attached(registration, record::limits(&stored.limits)) }
    }

    fn attach_again(&mut self, id: RunId, stored: &StoredRun) {
        let identity = stored.identity.clone().and_then(|value| serde_json::from_value::<Identity>(value).ok());
        match identity {
            Some(root) => self.attach_to(id, Members::of_root(root)),
            None => self.over(id, Exit::Unknown),
        }
    }

    /// Runs that were started while no engine was there: they have a directory, and no number yet.
    async fn take_in_strangers(&mut self) {
        let Ok(entries) = std::fs::read_dir(self.places.runs_dir()) else { return };
        for entry in entries.flatten() {
            let Ok(tag) = entry.file_name().into_string() else { continue };
            let dir = RunDir::at(entry.path());
            let Ok(Some(spec)) = dir.read_spec() else { continue };
            if spec.tag != tag || !matches!(self.store.find_tag(tag.clone()).await, Ok(None)) {
                continue;
            }
            // Whoever made the directory may be about to start its keeper, and will register it then.
            if matches!(dir.state(), Ok(RunState::NeverStarted)) {
                continue;
            }
            let registered = Registered::launched(&spec, dir);
            let now = self.now();
            match self.store.register(self.stamp(now), registered.registration.clone()).await {
                Ok(number) => self.take_in(RunId(number), registered),
                Err(fault) => tracing::error!(%tag, fault = %fault.with_causes(), "a run cannot be taken in"),
            }
        }
    }

    fn take_in(&mut self, id: RunId, registered: Registered) {
        tracing::info!(run = id.0, "takes in a run that was started while no engine was there");
        self.watch(id, registered, None, None);
        if let Some(run) = self.runs.get_mut(&id) {
            run.recovered = true;
        }
        self.adopted(id, "it was started while no engine was there");
        self.adopt(id);
        if let Some(run) = self.runs.get_mut(&id) {
            run.recovered = false;
        }
    }
}
