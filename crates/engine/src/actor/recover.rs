//! Finding runs again: every run that was there before is watched again or taken in with its true end, and none is
//! started twice.

use std::collections::HashSet;

use nightkeep_core::{Exit, RunId, Span, Wall};
use nightkeep_os::Identity;

use super::carry_out::unseen;
use super::launch::Registered;
use super::reconcile::{Reconciling, strangers};
use super::record;
use super::run::{Before, Found, Members};
use super::task::Actor;
use crate::api::FaultKind;
use crate::rundir::RunDir;
use crate::store::entry::{Registration, Stamp};
use crate::store::state::StoredRun;

impl Actor {
    /// After a start: goes on with the runs that the history calls open, and takes in those that it never heard of.
    pub(super) async fn recover(&mut self, found: Found) {
        self.take_capacities();
        self.take_pings();
        let mut queued = Vec::new();
        match self.store.open_runs().await {
            Ok(open) => {
                self.recall_jobs(&open).await;
                for run in open {
                    match self.still_waits(&run) {
                        Some(waiting) => queued.push(waiting),
                        None => self.go_on_with(&run, found),
                    }
                }
            }
            Err(fault) => {
                let why = fault.with_causes();
                tracing::error!(fault = %why, "the open runs cannot be read");
                self.faults.set(FaultKind::Storage, format!("The runs from before the start cannot be found: {why}."));
            }
        }
        // What is found again later was lost by this engine.
        self.taken_over = None;
        self.take_in_strangers().await;
        match self.store.runs_with_leftovers().await {
            Ok(left) => left.iter().for_each(|run| self.recover_leftovers(run)),
            Err(fault) => tracing::error!(fault = %fault.with_causes(), "what runs left behind cannot be read"),
        }
        self.wait_again(queued);
        self.unseen = unseen(&self.store).await;
    }

    /// Watches a run again that the history calls open.
    pub(super) fn go_on_with(&mut self, stored: &StoredRun, found: Found) {
        let id = RunId(stored.run);
        let last_sign = last_sign(stored);
        let (held_ms, quiet_ms) = stored.held.until(&self.stamp(self.now()), stored.last_advance.as_ref());
        let mut resume = record::resume(stored, &self.boot);
        resume.held.in_all = Span::from_ms(held_ms);
        let clock_from = record::awake_in(last_sign, &self.boot).map(|at| at.plus(Span::from_ms(quiet_ms)));
        let mut registered = self.registered_before(stored);
        let start = stored.started.as_ref().unwrap_or(&stored.registered);
        // A run of an earlier boot has ended; until that is found out, no limit may count on a clock that began anew.
        let started = record::awake_in(start, &self.boot).unwrap_or_else(|| self.now().awake);
        registered.read.clone_from(&stored.heard.read);
        registered.started = Some((started, Wall::from_ms(start.at_wall_ms)));
        self.watch(id, registered, Some(resume), clock_from);
        if let Some(run) = self.runs.get_mut(&id) {
            // A successor that was let in is as good as the same engine: nobody was away.
            run.recovered = self.taken_over.is_none();
            run.around.step = stored.best_step;
            run.around.total = stored.total;
            run.around.last_advance = stored.last_advance.as_ref().map(|at| Wall::from_ms(at.at_wall_ms));
            run.before = Some(Before {
                last_sign: Wall::from_ms(last_sign.at_wall_ms),
                rebooted: last_sign.boot != self.boot,
                untold: Some(found),
            });
        }
        if stored.attached {
            self.attach_again(id, stored);
        } else {
            let how = self.taken_over.as_ref().map(ToString::to_string);
            self.adopted(id, how.as_deref().unwrap_or("the engine was started again"));
            self.adopt(id);
        }
        self.see_from_here_on(id);
    }

    /// An end that is seen from here on is seen as it happens.
    pub(super) fn see_from_here_on(&mut self, id: RunId) {
        // Its root has ended unseen when that is on record already; what it left behind may keep it open a little.
        if let Some(run) = self.runs.get_mut(&id).filter(|run| run.exit.is_none()) {
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
            sources: stored.sources.clone(),
            by_job: stored.by_job,
            restart: stored.restart,
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
        let (strangers, known) = strangers(&self.store, self.places.runs_dir(), HashSet::new()).await;
        self.reconciling = Reconciling::knowing(known);
        for stranger in strangers {
            let now = self.now();
            match self.store.register(self.stamp(now), stranger.registration.clone()).await {
                Ok(number) => self.take_in(RunId(number), stranger),
                Err(fault) => tracing::error!(fault = %fault.with_causes(), "a run cannot be taken in"),
            }
        }
    }

    /// Watches a run that the history has only just heard of, although it began before.
    pub(super) fn take_in(&mut self, id: RunId, mut registered: Registered) {
        let rebooted = self.is_of_an_earlier_boot(&registered);
        if let Some((started, _)) = registered.started.as_mut().filter(|_| rebooted) {
            *started = self.now().awake;
        }
        self.watch(id, registered, None, None);
        if let Some(run) = self.runs.get_mut(&id) {
            run.recovered = true;
            run.before = Some(Before { last_sign: run.started, rebooted, untold: Some(Found::Stranger) });
        }
        self.adopted(id, "it was started while no engine was there");
        self.adopt(id);
        self.see_from_here_on(id);
    }

    /// Its keeper says in which boot it has started the command.
    fn is_of_an_earlier_boot(&self, registered: &Registered) -> bool {
        let started = registered.dir.as_ref().and_then(|dir| dir.read_started().ok().flatten());
        started.is_some_and(|started| started.boot != self.boot)
    }
}

/// The last thing that the history knows of a run that is not over.
fn last_sign(stored: &StoredRun) -> &Stamp {
    stored.last_advance.as_ref().unwrap_or_else(|| stored.start())
}
