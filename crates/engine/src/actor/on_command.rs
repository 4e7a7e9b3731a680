//! What a client's command leads to.

use nightkeep_core::RunId;

use super::carry_out::unseen;
use super::fact::{Command, Fact, Reply, Then};
use super::launch::Registered;
use super::task::Actor;
use super::waiting::SlotRequest;
use crate::api::{ApiError, AttachRequest, ErrorCode, StartReply};
use crate::rundir::RunDir;
use crate::store::StoreHandle;
use crate::store::entry::Stamp;

impl Actor {
    /// Carries out one command.
    pub(super) fn on_command(&mut self, command: Command) {
        match command {
            Command::Live(reply) => {
                let _heard = reply.send(self.fresh_document());
            }
            Command::Signs { of_life, reply } => {
                let _heard = reply.send(self.signs(of_life));
            }
            Command::Register { tag, known, reply } => self.register(&tag, known, reply),
            Command::AskForSlot { tag, known, reply } => self.slot_wanted(&tag, known, reply),
            Command::CallerLeft { run, request } => self.caller_left(run, request),
            Command::Attach { request, reply } => self.attach(&request, reply),
            Command::StartJob { job, reply } => self.start_job(&job, reply),
            Command::StartDemo(reply) => self.start_demo(reply),
            Command::ExtendRun { run, by_s, reply } => self.extend_run(RunId(run), by_s, reply),
            Command::StopRun { run, force, reply } => self.stop_run(RunId(run), force, reply),
            Command::StopJob { job, force, reply } => self.stop_job(&job, force, reply),
            Command::Signals { request, reply } => self.signals_came(request, reply),
            Command::Pings(reply) => self.tell_pings(reply),
            Command::PingEnvironment { job, reply } => {
                let _heard = reply.send(self.ping_environment(&job));
            }
            Command::ResumeJob { job, reply } => self.resume_job(&job, reply),
            Command::SnoozeJob { job, reply } => self.snooze_job(&job, reply),
            Command::UnsnoozeJob { job, reply } => self.unsnooze_job(&job, reply),
            Command::RenameJob { from, to, reply } => self.rename_job(&from, to, reply),
            Command::JobRenamed { from, to } => self.job_renamed(from, to),
            Command::JobNotRenamed { from, to } => self.job_not_renamed(&from, to),
            Command::JobRemoved { job } => self.job_removed(job),
            Command::Reconcile(reply) => self.reconcile(Some(reply)),
            Command::ConfigEdited => {
                self.note_config_fault();
                self.take_capacities();
                self.take_pings();
                self.forget_missing_jobs();
                self.plan_morning(false);
            }
            Command::SomebodyIsHere => self.somebody_is_here(),
            Command::HistorySeen(seen) => {
                self.somebody_is_here();
                self.take_away(seen);
                self.count_unseen();
            }
            Command::HistoryUnseen => self.count_unseen(),
            Command::HandOver { request, reply } => self.hand_over(request, reply),
            Command::Pause { request, reply } => self.pause_watch(request, reply),
            Command::Resume(reply) => self.resume_watch(reply),
            Command::Quit { choice, reply } => self.quit(choice, reply),
            Command::TrayReports { has_place } => self.tray_reports(has_place),
            Command::Shutdown => self.ending = true,
        }
    }

    fn count_unseen(&self) {
        let store = self.store.clone();
        self.spawn(async move { Fact::History(unseen(&store).await) });
    }

    fn register(&mut self, tag: &str, known: Option<u64>, reply: Reply<StartReply>) {
        let waited = self.waiting_with(tag);
        if let Some(id) = waited {
            self.begun_by_caller(id);
        }
        if let Some(run) = waited.map(|id| id.0).or_else(|| self.watched_with(tag)).or(known) {
            let _heard = reply.send(Ok(StartReply::begun(run, tag.to_owned())));
            return;
        }
        match self.planned(tag) {
            Ok(registered) => self.register_run(registered, Then::Adopt(reply)),
            Err(error) => {
                let _heard = reply.send(Err(error));
            }
        }
    }

    /// A caller wants to start a run whose directory is there, or comes back to wait on.
    fn slot_wanted(&mut self, tag: &str, known: Option<u64>, reply: Reply<SlotRequest>) {
        if let Some(id) = self.waiting_with(tag) {
            self.connect_caller(id, reply);
            return;
        }
        let begun = |run| Err(ApiError::new(ErrorCode::Conflict, format!("run {run} does not wait for a slot")));
        let planned = match self.watched_with(tag).or(known) {
            Some(run) => begun(run),
            None => self.check_queue().and_then(|()| self.planned(tag)),
        };
        match planned {
            Ok(registered) => self.register_run(registered, Then::Ask(reply)),
            Err(error) => {
                let _heard = reply.send(Err(error));
            }
        }
    }

    fn watched_with(&self, tag: &str) -> Option<u64> {
        self.runs.values().find(|run| run.tag == tag).map(|run| run.id.0)
    }

    /// The run that its directory plans.
    fn planned(&self, tag: &str) -> Result<Registered, ApiError> {
        let dir = RunDir::at(self.places.run_dir(tag));
        match dir.read_spec() {
            Ok(Some(spec)) if spec.tag == tag => Ok(Registered::launched(&spec, dir)),
            Ok(Some(_) | None) => Err(ApiError::new(ErrorCode::NotFound, format!("there is no run directory `{tag}`"))),
            Err(fault) => Err(ApiError::new(ErrorCode::Invalid, fault.to_string())),
        }
    }

    fn attach(&mut self, request: &AttachRequest, reply: Reply<StartReply>) {
        match self.attachable(request) {
            Ok((registered, members)) => self.register_run(registered, Then::Attach(members, reply)),
            Err(error) => {
                let _heard = reply.send(Err(error));
            }
        }
    }

    pub(super) fn start_job(&mut self, name: &str, reply: Reply<StartReply>) {
        let config = self.config.current();
        let Some(job) = config.job(name).cloned() else {
            let missing = no_such_job(name, config.jobs().iter().map(|job| job.name.as_str()));
            let answer = match self.config.fault() {
                None => missing,
                // The job may be there for whoever reads the file.
                Some(fault) => missing.with_hint(format!("`config.toml` cannot be used as it is: {fault}")),
            };
            let _heard = reply.send(Err(answer));
            return;
        };
        let restarting = || {
            let message = format!("`{name}` is being started again at this moment");
            ApiError::new(ErrorCode::Conflict, message).with_hint("see `nightkeep status`")
        };
        let is_restarting = self.core.is_restarting(name);
        let is_free = self.check_startable(name).and_then(|()| self.check_idle(name));
        let is_free = is_free.and_then(|()| if is_restarting { Err(restarting()) } else { Ok(()) });
        match is_free.and_then(|()| self.check_queue()).and_then(|()| self.spec_of(&job)) {
            Ok((spec, dir)) => {
                self.register_run(Registered::launched(&spec, dir), Then::Launch(Box::new(spec), reply));
            }
            Err(error) => {
                let _heard = reply.send(Err(error));
            }
        }
    }

    /// Refuses to start a job a second time.
    pub(super) fn check_idle(&self, name: &str) -> Result<(), ApiError> {
        if let Some(run) = self.runs.values().find(|run| run.job == name) {
            let busy = ApiError::new(ErrorCode::Conflict, format!("`{name}` is running already, as run {}", run.id));
            return Err(busy.with_hint(format!("stop it first: `nightkeep stop {}`", run.id)));
        }
        if let Some(waiting) = self.waiting.values().find(|waiting| waiting.job() == name) {
            let message = format!("`{name}` waits for a free slot already, as run {}", waiting.id);
            let busy = ApiError::new(ErrorCode::Conflict, message);
            return Err(busy.with_hint(format!("it starts by itself; cancel it with `nightkeep stop {}`", waiting.id)));
        }
        Ok(())
    }

    /// Asks the store for a number; everything else follows when it is durable.
    pub(super) fn register_run(&mut self, registered: Registered, mut then: Then) {
        let now = self.now();
        let (store, at) = (self.store.clone(), self.stamp(now));
        let (facts, under_way) = (self.facts.clone(), self.under_way.begun());
        let _task = tokio::spawn(async move {
            let _under_way = under_way;
            if let Then::Launch(spec, _) | Then::Restart(spec) = &mut then {
                // The run before this one may not be readable; that is no reason not to start.
                let last = store.last_of_job(spec.job.clone()).await.unwrap_or_default();
                spec.env.extend(last.iter().flat_map(crate::environment::of_last_run));
            }
            match number(&store, at, &registered).await {
                Ok(id) => drop(facts.send(Fact::Registered(id, Box::new(registered), then)).await),
                Err(error) => match then {
                    Then::Restart(spec) => drop(facts.send(Fact::NotRestarted(spec.job, error)).await),
                    Then::Launch(..) | Then::Ask(_) | Then::Adopt(_) | Then::Attach(..) => then.refuse(error),
                },
            }
        });
    }
}

async fn number(store: &StoreHandle, at: Stamp, registered: &Registered) -> Result<RunId, ApiError> {
    store.register(at, registered.registration.clone()).await.map(RunId).map_err(|fault| {
        ApiError::new(
            ErrorCode::Storage,
            format!("the run cannot be written into the history: {}", fault.with_causes()),
        )
        .with_hint(
            "free some space or check the permissions of the data directory; `nightkeep doctor` says where it is",
        )
    })
}

/// A name that no job has, and those that there are.
pub(super) fn no_such_job<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> ApiError {
    let known: Vec<&str> = known.collect();
    let hint = if known.is_empty() {
        "add one with `nightkeep job add NAME -- COMMAND`".to_owned()
    } else {
        format!("the jobs are: {}", known.join(", "))
    };
    ApiError::new(ErrorCode::NotFound, format!("there is no job `{name}`")).with_hint(hint)
}
