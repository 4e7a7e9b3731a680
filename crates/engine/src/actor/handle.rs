//! The way to the engine: what the API's routes call. Cloning it is cheap.

mod snoozes;
mod types;

use std::collections::BTreeMap;
use std::sync::Arc;

use nightkeep_core::Wall;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use super::fact::{Command, Reply};
use super::output;
use super::task::Actor;
use super::waiting::SlotRequest;
use crate::api::{
    ApiError, AttachRequest, Cleaned, ErrorCode, ExtendReply, HandOverRequest, HistoryPage, HistoryPageQuery,
    HistoryQuery, HistoryRow, JobCheck, JobSpec, JobView, Live, NightQuery, NightReport, NotificationTest, OutputTail,
    PauseRequest, PauseView, PingsView, ProbeReport, ProbeRequest, QuitChoice, Reconciled, ResumeReply, ResumedReply,
    RunDetail, RunEvent, SettingsSpec, SettingsView, SignalsReply, SignalsRequest, StartReply, StopReply, StorageView,
    Validation,
};
use crate::clock::Clock;
use crate::config::{self, ConfigFile, EditError, Surroundings};
use crate::notify::{Seen, trial};
use crate::places::Places;
use crate::retention::Broom;
use crate::rundir::{OsText, RunDir, is_tag};
use crate::service::Service;
use crate::store::entry::Stamp;
use crate::store::{HistoryBounds, StoreError, StoreHandle};
use crate::{marker, night};

/// What is told of a job beyond its runs: so many of the last entries.
const STORY_MAX: u32 = 10;

/// The way to the engine's task, its store and its configuration.
#[derive(Debug, Clone)]
pub struct Handle {
    commands: mpsc::Sender<Command>,
    live: watch::Receiver<Arc<Live>>,
    story: broadcast::Sender<Arc<RunEvent>>,
    store: StoreHandle,
    config: Arc<ConfigFile>,
    around: Surroundings,
    places: Places,
    clock: Clock,
    boot: String,
    broom: Broom,
}

impl Handle {
    pub(super) fn new(commands: mpsc::Sender<Command>, actor: &Actor) -> Self {
        Self {
            commands,
            live: actor.live.subscribe(),
            story: actor.story.clone(),
            store: actor.store.clone(),
            config: Arc::clone(&actor.config),
            around: actor.around.clone(),
            places: actor.places.clone(),
            clock: actor.clock.clone(),
            boot: actor.boot.clone(),
            broom: Broom::new().0,
        }
    }

    /// With somebody who removes old runs when that is asked for.
    #[must_use]
    pub(crate) fn with(self, broom: Broom) -> Self {
        Self { broom, ..self }
    }

    /// A live document at once, and another after every change.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<Arc<Live>> {
        let mut changes = self.live.clone();
        changes.mark_changed();
        changes
    }

    /// What happens to runs from this moment on.
    #[must_use]
    pub fn story(&self) -> broadcast::Receiver<Arc<RunEvent>> {
        self.story.subscribe()
    }

    /// Every run as an event, `of_life` with a look at its processes.
    pub async fn signs(&self, of_life: bool) -> Result<Vec<RunEvent>, ApiError> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(Command::Signs { of_life, reply }).await.map_err(|_| is_ending())?;
        answer.await.map_err(|_| is_ending())
    }

    /// All that is the case at this moment, with what processes use.
    pub async fn live(&self) -> Result<Live, ApiError> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(Command::Live(reply)).await.map_err(|_| is_ending())?;
        answer.await.map_err(|_| is_ending())
    }

    /// Watches a run whose directory is there.
    pub async fn register(&self, tag: String) -> Result<StartReply, ApiError> {
        check_tag(&tag)?;
        let known = self.store.find_tag(tag.clone()).await.unwrap_or_default();
        self.ask(|reply| Command::Register { tag, known, reply }).await
    }

    /// Waits for a slot for a run whose directory is there, and which the caller starts himself.
    pub async fn slot(&self, tag: String) -> Result<SlotRequest, ApiError> {
        check_tag(&tag)?;
        let known = self.store.find_tag(tag.clone()).await.unwrap_or_default();
        self.ask(|reply| Command::AskForSlot { tag, known, reply }).await
    }

    /// Watches a process that somebody else started.
    pub async fn attach(&self, request: AttachRequest) -> Result<StartReply, ApiError> {
        self.ask(|reply| Command::Attach { request: Box::new(request), reply }).await
    }

    /// Starts a job.
    pub async fn start_job(&self, job: String) -> Result<StartReply, ApiError> {
        if self.config.current().job(&job).is_none() {
            // It may have been written by hand a moment ago.
            let file = Arc::clone(&self.config);
            let reread = tokio::task::spawn_blocking(move || file.reread()).await;
            if matches!(reread, Ok(Some(_))) {
                self.commands.send(Command::ConfigEdited).await.map_err(|_| is_ending())?;
            }
        }
        self.ask(|reply| Command::StartJob { job, reply }).await
    }

    /// Starts the demonstration.
    pub async fn start_demo(&self) -> Result<StartReply, ApiError> {
        self.ask(Command::StartDemo).await
    }

    /// Gives the present step of a run more time.
    pub async fn extend_run(&self, run: u64, by_s: f64) -> Result<ExtendReply, ApiError> {
        self.ask(|reply| Command::ExtendRun { run, by_s, reply }).await
    }

    /// Begins to stop a run.
    pub async fn stop_run(&self, run: u64, force: bool) -> Result<StopReply, ApiError> {
        self.ask(|reply| Command::StopRun { run, force, reply }).await
    }

    /// Begins to stop a job with all its runs; it stays stopped until somebody resumes it.
    pub async fn stop_job(&self, job: String, force: bool) -> Result<StopReply, ApiError> {
        self.ask(|reply| Command::StopJob { job, force, reply }).await
    }

    /// Takes in what somebody says of a run.
    pub async fn signals(&self, request: SignalsRequest) -> Result<SignalsReply, ApiError> {
        self.ask(|reply| Command::Signals { request, reply }).await
    }

    /// Lets a job start again that was stopped or that failed too often.
    pub async fn resume_job(&self, job: String) -> Result<ResumeReply, ApiError> {
        self.ask(|reply| Command::ResumeJob { job, reply }).await
    }

    /// Compares the history with what really runs, and mends what does not fit.
    pub async fn reconcile(&self) -> Result<Reconciled, ApiError> {
        self.ask(Command::Reconcile).await
    }

    /// Pauses the watch, or changes the end of the pause.
    pub async fn pause(&self, request: PauseRequest) -> Result<PauseView, ApiError> {
        self.ask(|reply| Command::Pause { request, reply }).await
    }

    /// Lets the watch go on.
    pub async fn resume(&self) -> Result<ResumedReply, ApiError> {
        self.ask(Command::Resume).await
    }

    /// Ends the tray, the engine, or all runs and both.
    pub async fn quit(&self, choice: QuitChoice) -> Result<StopReply, ApiError> {
        self.ask(|reply| Command::Quit { choice, reply }).await
    }

    /// Whether the desktop has a place for the tray.
    pub async fn tray_reports(&self, has_place: bool) -> Result<(), ApiError> {
        self.commands.send(Command::TrayReports { has_place }).await.map_err(|_| is_ending())
    }

    /// Ends the engine's task. Runs go on.
    pub async fn stop_engine(&self) -> Result<(), ApiError> {
        self.commands.send(Command::Shutdown).await.map_err(|_| is_ending())
    }

    /// Lets a later version take over: finishes what was begun, then ends the engine's task.
    pub async fn hand_over(&self, request: HandOverRequest) -> Result<(), ApiError> {
        self.ask(|reply| Command::HandOver { request, reply }).await
    }

    /// Waits until the engine's task has ended.
    pub async fn ended(&self) {
        self.commands.closed().await;
    }

    /// Runs that are over, newest first.
    pub async fn history(&self, query: &HistoryQuery) -> Result<Vec<HistoryRow>, ApiError> {
        // An engine that is busy or ends hears of it another time.
        drop(self.commands.try_send(Command::SomebodyIsHere));
        self.store.history(query.clone()).await.map_err(|fault| storage(&fault))
    }

    /// Ended runs that match, a page of them.
    pub async fn history_page(&self, query: HistoryPageQuery) -> Result<HistoryPage, ApiError> {
        drop(self.commands.try_send(Command::SomebodyIsHere));
        let filter = HistoryBounds::of(&query.filter)?;
        self.store.history_page(query, filter).await.map_err(|fault| storage(&fault))
    }

    /// What the runs of a night came to; the last night when none is named.
    pub async fn night(&self, query: NightQuery) -> Result<NightReport, ApiError> {
        let date = query.date.as_deref().map(night::date_of).transpose()?;
        self.store.night(date, self.stamp().at_wall_ms).await.map_err(|fault| storage(&fault))
    }

    /// One run with all that is known of it.
    pub async fn run(&self, run: u64) -> Result<RunDetail, ApiError> {
        let lives = self.live.borrow().status.runs.iter().any(|view| view.run == run);
        if lives {
            // What its status shows is not missing from its page.
            self.store.written(run).await;
        }
        let Some(mut detail) = self.store.detail(run).await.map_err(|fault| storage(&fault))? else {
            return Err(ApiError::new(ErrorCode::NotFound, format!("there is no run {run}"))
                .with_hint("`nightkeep history` lists the runs that have ended, `nightkeep status` the others"));
        };
        let dir = RunDir::at(self.places.run_dir(&detail.tag));
        let removed_at = detail.output.removed_at.take();
        detail.output = output::tail(&dir).unwrap_or_else(|fault| OutputTail {
            lines: vec![format!("(the output cannot be read: {fault})")],
            ..OutputTail::default()
        });
        // A command that was started has a file to print into.
        let has_printed = !detail.command.is_empty() && detail.timeline.iter().any(|event| event.kind == "started");
        detail.output.removed = detail.ended.is_some() && has_printed && !dir.output().exists();
        // What was to be removed when an engine crashed may be there.
        detail.output.removed_at = removed_at.filter(|_| detail.output.removed);
        Ok(detail)
    }

    /// The latest run of a job, over or not, with all that is known of it.
    pub async fn latest_run(&self, job: String) -> Result<RunDetail, ApiError> {
        match self.store.latest_of_job(job.clone()).await.map_err(|fault| storage(&fault))? {
            Some(run) => self.run(run).await,
            None => Err(ApiError::new(ErrorCode::NotFound, format!("there was no run of `{job}`"))
                .with_hint("see `nightkeep status` and `nightkeep history`")),
        }
    }

    /// Somebody looked at a run.
    pub async fn see_run(&self, run: u64) -> Result<(), ApiError> {
        let _was_unseen = self.store.mark_seen(run, self.stamp()).await.map_err(|fault| storage(&fault))?;
        self.commands.send(Command::HistorySeen(Seen::Run(run))).await.map_err(|_| is_ending())
    }

    /// A run that is over is to count as if nobody had looked at it.
    pub async fn unsee_run(&self, run: u64) -> Result<(), ApiError> {
        let _was_seen = self.store.mark_unseen(run, self.stamp()).await.map_err(|fault| storage(&fault))?;
        self.commands.send(Command::HistoryUnseen).await.map_err(|_| is_ending())
    }

    /// Somebody looked at all runs.
    pub async fn see_all(&self) -> Result<(), ApiError> {
        let _count = self.store.mark_all_seen(self.stamp()).await.map_err(|fault| storage(&fault))?;
        self.commands.send(Command::HistorySeen(Seen::All)).await.map_err(|_| is_ending())
    }

    /// What the environment of a job's next run says: of the run before it, and of where to ping.
    pub async fn last_run(&self, job: String) -> Result<BTreeMap<String, String>, ApiError> {
        let name = job.clone();
        let last = self.store.last_of_job(job).await.map_err(|fault| storage(&fault))?;
        let pings = self.ping_environment(name).await?;
        let variables = last.iter().flat_map(crate::environment::of_last_run).chain(pings);
        Ok(variables.map(|(name, value)| (name, value.lossy())).collect())
    }

    /// Where pings are heard, and what was pinged.
    pub async fn pings(&self) -> Result<PingsView, ApiError> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(Command::Pings(reply)).await.map_err(|_| is_ending())?;
        answer.await.map_err(|_| is_ending())
    }

    async fn ping_environment(&self, job: String) -> Result<BTreeMap<String, OsText>, ApiError> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(Command::PingEnvironment { job, reply }).await.map_err(|_| is_ending())?;
        answer.await.map_err(|_| is_ending())
    }

    /// All jobs, with what is known of each.
    pub async fn jobs(&self) -> Result<Vec<JobView>, ApiError> {
        let config = self.config.current();
        let summaries = self.store.job_summaries().await.map_err(|fault| storage(&fault))?;
        let live = self.live().await?;
        let pings = self.pings().await?;
        let mut views = Vec::with_capacity(config.jobs().len());
        for job in config.jobs() {
            let last = summaries.iter().find(|summary| summary.job == job.name);
            let story = self.store.job_story(job.name.clone(), STORY_MAX).await.map_err(|fault| storage(&fault))?;
            views.push(JobView {
                spec: job.clone(),
                limits: config::view(&config.limits_of(job).unwrap_or_default()),
                running: live.status.runs.iter().find(|run| run.job == job.name).map(|run| run.run),
                last_outcome: last.map(|last| last.outcome),
                last_run: last.map(|last| last.last_run),
                last_ended_at: last.map(|last| last.ended_at.clone()),
                condition: live.status.jobs.iter().find(|status| status.job == job.name).cloned(),
                snoozed_until: live.status.snoozed.iter().find(|one| one.job == job.name).map(|one| one.until.clone()),
                story: story.iter().map(crate::words::job_event).collect(),
                recent: self.recent_runs(&job.name).await?,
                check: pings.check_of(&job.name).filter(|check| check.url.is_some() || check.last.is_some()),
            });
        }
        Ok(views)
    }

    /// Says what is wrong with a job before it is saved; `replacing` is the job that it is to take the place of.
    #[must_use]
    pub fn validate_job(&self, job: &JobSpec, replacing: Option<&str>) -> Validation {
        config::validate(job, &self.config.current(), replacing, &self.around)
    }

    /// Checks whether a job could be left alone; `replacing` is the job that it is, or is to take the place of.
    pub async fn preflight(&self, job: &JobSpec, replacing: Option<&str>) -> Vec<JobCheck> {
        let (config, now) = (self.config.current(), self.clock.now().wall);
        let mut checks = config::preflight(job, &config, replacing, &self.around, now);
        if let Some(Ok(service)) = job.check_url.as_deref().map(Service::at) {
            checks.push(service.check().await);
        }
        checks
    }

    /// The same for a job that is in the configuration.
    pub async fn test_job(&self, name: &str) -> Result<Vec<JobCheck>, ApiError> {
        let job = self.config.current().job(name).cloned();
        let job = job.ok_or_else(|| ApiError::new(ErrorCode::NotFound, format!("there is no job `{name}`")))?;
        Ok(self.preflight(&job, Some(name)).await)
    }

    /// Adds a job to `config.toml`.
    pub async fn add_job(&self, job: JobSpec) -> Result<(), ApiError> {
        self.refuse_invalid(&job, None)?;
        self.edit(move |file| file.add_job(&job).map(drop)).await
    }

    /// Changes a job in `config.toml`.
    pub async fn replace_job(&self, name: String, job: JobSpec) -> Result<(), ApiError> {
        self.refuse_invalid(&job, Some(&name))?;
        let to = job.name.clone();
        if to == name || self.config.current().job(&name).is_none() || self.config.current().job(&to).is_some() {
            return self.edit(move |file| file.replace_job(&name, &job).map(drop)).await;
        }
        // Whoever asked may go away half-way.
        let handle = self.clone();
        let renamed = tokio::spawn(async move { handle.rename(name, to, job).await });
        renamed.await.map_err(|fault| ApiError::new(ErrorCode::Internal, fault.to_string()))?
    }

    /// What is known of the job is there under its other name before that is.
    async fn rename(&self, from: String, to: String, job: JobSpec) -> Result<(), ApiError> {
        self.ask(|reply| Command::RenameJob { from: from.clone(), to: to.clone(), reply }).await?;
        let name = from.clone();
        let edited = self.edit(move |file| file.replace_job(&name, &job).map(drop)).await;
        let told = match edited {
            Ok(()) => Command::JobRenamed { from, to },
            Err(_) => Command::JobNotRenamed { from, to },
        };
        self.commands.send(told).await.map_err(|_| is_ending())?;
        edited
    }

    /// Removes a job from `config.toml`.
    pub async fn remove_job(&self, name: String) -> Result<(), ApiError> {
        let job = name.clone();
        self.edit(move |file| file.remove_job(&name).map(drop)).await?;
        self.commands.send(Command::JobRemoved { job }).await.map_err(|_| is_ending())
    }

    /// What is not about one job or type.
    #[must_use]
    pub fn settings(&self) -> SettingsView {
        SettingsView {
            spec: self.config.current().settings_spec(),
            defaults: SettingsSpec::default(),
            file: self.config.path().display().to_string(),
            data_dir: self.places.data_dir().display().to_string(),
            fault: self.config.fault().map(|fault| fault.to_string()),
        }
    }

    /// Sets it in `config.toml`.
    pub async fn set_settings(&self, wanted: SettingsSpec) -> Result<(), ApiError> {
        self.edit(move |file| file.set_settings(&wanted).map(drop)).await
    }

    /// Takes all of it out of `config.toml`, so that it is as it comes.
    pub async fn reset_settings(&self) -> Result<(), ApiError> {
        self.edit(move |file| file.reset_settings().map(drop)).await
    }

    /// Shows a notification that only says that it is there.
    pub async fn test_notification(&self) -> NotificationTest {
        trial(self.config.current().notifications().sound).await
    }

    /// What is taken up on the disk.
    pub async fn storage(&self) -> Result<StorageView, ApiError> {
        let (broom, places) = (self.broom.clone(), self.places.clone());
        let looked = tokio::task::spawn_blocking(move || broom.storage(&places)).await;
        looked.map_err(|fault| ApiError::new(ErrorCode::Internal, fault.to_string()))
    }

    /// Removes what is left of old runs, at once.
    pub async fn clean(&self) -> Result<Cleaned, ApiError> {
        self.broom.clean().await
    }

    /// Calls that off.
    pub fn cancel_clean(&self) {
        self.broom.cancel();
    }

    /// Looks at a marker's path.
    #[must_use]
    pub fn probe(&self, request: &ProbeRequest) -> ProbeReport {
        marker::probe(&request.path, request.cwd.as_deref(), &self.around.home, self.clock.now().wall)
    }

    fn refuse_invalid(&self, job: &JobSpec, replacing: Option<&str>) -> Result<(), ApiError> {
        match self.validate_job(job, replacing).errors.into_iter().next() {
            None => Ok(()),
            Some(fault) => Err(ApiError::new(ErrorCode::Invalid, fault.message).at_field(fault.field)),
        }
    }

    async fn edit(
        &self,
        edit: impl FnOnce(&ConfigFile) -> Result<(), EditError> + Send + 'static,
    ) -> Result<(), ApiError> {
        let file = Arc::clone(&self.config);
        let done = tokio::task::spawn_blocking(move || edit(&file)).await;
        done.map_err(|fault| ApiError::new(ErrorCode::Internal, fault.to_string()))?.map_err(ApiError::from)?;
        self.commands.send(Command::ConfigEdited).await.map_err(|_| is_ending())
    }

    async fn ask<T>(&self, command: impl FnOnce(Reply<T>) -> Command) -> Result<T, ApiError> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(command(reply)).await.map_err(|_| is_ending())?;
        answer.await.map_err(|_| is_ending())?
    }

    fn stamp(&self) -> Stamp {
        let now = self.clock.now();
        let wall: Wall = now.wall;
        Stamp { at_wall_ms: wall.as_ms(), at_awake_ms: now.awake.as_ms(), boot: self.boot.clone() }
    }
}

/// A tag is the name of a directory, so it has to be one that a tag can be.
fn check_tag(tag: &str) -> Result<(), ApiError> {
    if is_tag(tag) {
        return Ok(());
    }
    let what = "a tag has letters, digits and `-` only, at most 64 of them";
    Err(ApiError::new(ErrorCode::Invalid, what).at_field("tag"))
}

fn is_ending() -> ApiError {
    ApiError::new(ErrorCode::Unreachable, "the engine is ending")
        .with_hint("try again; the next command starts another one")
}

fn storage(fault: &StoreError) -> ApiError {
    ApiError::new(ErrorCode::Storage, fault.with_causes())
}
