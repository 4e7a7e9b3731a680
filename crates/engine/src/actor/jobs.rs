//! Jobs beyond their runs: what the core decides about them is carried out here, in the journal first.

use std::time::Duration;

use nightkeep_core::spending::DAY;
use nightkeep_core::{Awake, Input, JobEffect, JobInput, JobState, Now, Refusal, Restart, RunId, Span, Wall};

use super::decisions::DECISIONS;
use super::fact::{Fact, Reply, Then};
use super::launch::Registered;
use super::on_command::no_such_job;
use super::record;
use super::task::Actor;
use super::waiting::Starter;
use crate::api::{ApiError, ErrorCode, FaultKind, JobCondition, JobStatus, OnStall, ResumeReply};
use crate::clock::rfc3339;
use crate::store::entry::Registration;
use crate::store::job::{ALL_JOBS, JobEntries, JobEntry, StampedJob, StoredJob};
use crate::store::state::StoredRun;
use crate::words::job_sentence;

/// Whoever stops or resumes a job does not wait longer than this for a disk that takes nothing.
const NOTED_WITHIN: Duration = Duration::from_secs(2);

/// Somebody who resumed a job, until that is in the journal.
#[derive(Debug)]
pub(super) struct ResumeWait {
    job: String,
    answer: ResumeReply,
    reply: Reply<ResumeReply>,
}

impl Actor {
    /// After a start: what was known of jobs, before any of their runs is watched. `open` are the runs that are not over.
    pub(super) async fn recall_jobs(&mut self, open: &[StoredRun]) {
        let stored = match self.store.job_states().await {
            Ok(stored) => stored,
            Err(fault) => {
                let why = fault.with_causes();
                tracing::error!(fault = %why, "what is known of jobs cannot be read");
                self.faults.set(FaultKind::Storage, format!("What is known of jobs cannot be read: {why}."));
                return;
            }
        };
        let now = self.now();
        for (job, stored) in stored {
            if job == ALL_JOBS {
                self.recall_pause(&stored);
                continue;
            }
            if let Some(snooze) = stored.snoozed {
                self.recall_snooze(now, &job, snooze);
            }
            let state = self.recalled(now, &stored, open);
            tracing::info!(%job, ?state, "is remembered");
            self.give(Input::Job(JobInput::Known { job, state }));
        }
        self.forget_missing_jobs();
        self.recall_spending(now).await;
    }

    /// What runs cost within a day before this start is on the account of their jobs still.
    async fn recall_spending(&mut self, now: Now) {
        let day = i64::try_from(DAY.as_ms()).unwrap_or(i64::MAX);
        match self.store.spent_since(now.wall.as_ms().saturating_sub(day)).await {
            Ok(spent) => {
                for (job, at_ms, microusd) in spent {
                    self.give(Input::Spent { job, at: Wall::from_ms(at_ms), microusd });
                }
            }
            Err(fault) => tracing::error!(fault = %fault.with_causes(), "what jobs cost cannot be read"),
        }
    }

    fn recalled(&self, now: Now, stored: &StoredJob, open: &[StoredRun]) -> JobState {
        let since = |stamp: &crate::store::entry::Stamp| Wall::from_ms(stamp.at_wall_ms);
        let restart = stored.restart.as_ref().and_then(|restart| {
            // A pause in which the computer was started anew begins anew: nobody knows how much of it was awake.
            let from = record::awake_in(&restart.from, &self.boot).unwrap_or(now.awake);
            // A run that is over and was to be the restart was called off.
            let is_open = restart.run.is_none_or(|run| open.iter().any(|other| other.run == run));
            is_open.then(|| Restart {
                nth: restart.nth,
                due: from.plus(Span::from_ms(restart.after_ms)),
                run: restart.run.map(RunId),
            })
        });
        JobState {
            failures: stored.failures,
            breaker: stored.breaker.as_ref().map(since),
            stopped: stored.stopped.as_ref().map(since),
            restart,
        }
    }

    /// Jobs that were taken out of the configuration by hand are forgotten. A file that is broken, missing or empty says
    /// nothing of that kind.
    pub(super) fn forget_missing_jobs(&mut self) {
        let config = self.config.current();
        if self.config.fault().is_some() || config.jobs().is_empty() {
            return;
        }
        let is_missing = |job: &str| config.job(job).is_none() && !self.renaming.contains(job);
        let missing = self.core.jobs().filter(|(job, _)| is_missing(job)).map(|(job, _)| job.to_owned());
        for job in missing.collect::<Vec<_>>() {
            self.job_removed(job);
        }
    }

    /// A run of a job is known: the core hears whose it is before it hears anything else of it.
    pub(super) fn tell_whose(&mut self, run: RunId, registration: &Registration) {
        if let Some(on_stall) = registration.by_job {
            let (job, restarts) = (registration.job.clone(), on_stall == OnStall::Restart);
            self.give(Input::Job(JobInput::RunOf { run, job, restarts }));
        }
    }

    /// A restart has its number, or comes too late to be one.
    pub(super) fn tell_restart(&mut self, run: RunId, registration: &Registration) {
        if registration.restart.is_some() {
            self.give(Input::Job(JobInput::Restarting { job: registration.job.clone(), run }));
        }
    }

    /// Whether the job of a run that the engine itself starts is not started any more.
    pub(super) fn is_refused_here(&self, id: RunId) -> bool {
        self.waiting.get(&id).is_some_and(|waiting| {
            let is_ours = matches!(waiting.starter, Starter::Engine(..));
            is_ours && waiting.registered.registration.by_job.is_some() && self.core.refusal(waiting.job()).is_some()
        })
    }

    /// Carries out what was decided about a job.
    pub(super) fn carry_out_job(&mut self, now: Now, effect: JobEffect) {
        match effect {
            JobEffect::Record { job, entry } => self.note_job(now, job, stored(entry)),
            JobEffect::RecordWithEnd { run, job, entries } => {
                let entries: Vec<JobEntry> = entries.into_iter().map(stored).collect();
                for entry in &entries {
                    tracing::info!(target: DECISIONS, %job, run = run.0, decision = entry.kind(), why = %job_sentence(entry), "job");
                }
                let at = self.stamp(now);
                let entries = entries.into_iter().map(|entry| StampedJob { at: at.clone(), entry }).collect();
                let _none = self.with_end.insert(run, JobEntries { job, entries });
            }
            JobEffect::Start { job, nth } => self.start_again(job, nth),
        }
    }

    pub(super) fn note_job(&mut self, now: Now, job: String, entry: JobEntry) {
        tracing::info!(target: DECISIONS, %job, decision = entry.kind(), why = %job_sentence(&entry), "job");
        let at = self.stamp(now);
        let durable =
            self.store.try_append_job(JobEntries { job: job.clone(), entries: vec![StampedJob { at, entry }] });
        self.spawn(async move {
            match tokio::time::timeout(NOTED_WITHIN, durable).await {
                Ok(Ok(())) => {}
                Ok(Err(fault)) => tracing::error!(%job, fault = %fault.with_causes(), "it could not be recorded"),
                Err(_) => tracing::warn!(%job, "it is recorded as soon as that is possible"),
            }
            Fact::JobNoted(job)
        });
    }

    /// What was decided about a job is in the journal, or waits for that.
    pub(super) fn job_noted(&mut self, job: &str) {
        if job == ALL_JOBS {
            self.pause_noted();
        }
        self.stop_noted(job);
        for wait in self.resume_waits.extract_if(.., |wait| wait.job == job) {
            // Whoever asked may have gone.
            let _heard = wait.reply.send(Ok(wait.answer));
        }
    }

    /// A restart is due: the job is started as `start` does it. Its number and that it is the restart are one entry.
    fn start_again(&mut self, name: String, nth: u32) {
        let config = self.config.current();
        let job = config.job(&name).cloned();
        let planned = match job {
            None => Err(ApiError::new(ErrorCode::NotFound, format!("there is no job `{name}`"))),
            Some(job) => self.check_idle(&name).and_then(|()| self.check_queue()).and_then(|()| self.spec_of(&job)),
        };
        match planned {
            Ok((mut spec, dir)) => {
                tracing::info!(job = %name, nth, "is started again");
                spec.restart = Some(nth);
                self.register_run(Registered::launched(&spec, dir), Then::Restart(Box::new(spec)));
            }
            Err(error) => self.not_restarted(name, &error),
        }
    }

    /// A restart could not be begun; it is owed on.
    pub(super) fn not_restarted(&mut self, job: String, error: &ApiError) {
        tracing::warn!(%job, %error, "could not be started again; it is tried later");
        self.give(Input::Job(JobInput::NotRestarted { job }));
    }

    /// Refuses to start a job that is not to be started.
    pub(super) fn check_startable(&self, name: &str) -> Result<(), ApiError> {
        self.core.refusal(name).map_or(Ok(()), |refusal| Err(refused(name, refusal)))
    }

    /// Somebody lets a job start again.
    pub(super) fn resume_job(&mut self, name: &str, reply: Reply<ResumeReply>) {
        let was = self.job_statuses().into_iter().find(|status| status.job == name);
        let known = self.core.job(name) != JobState::default();
        let config = self.config.current();
        if !known && config.job(name).is_none() {
            let _heard = reply.send(Err(no_such_job(name, config.jobs().iter().map(|job| job.name.as_str()))));
            return;
        }
        let answer = ResumeReply { was };
        if known {
            self.resume_waits.push(ResumeWait { job: name.to_owned(), answer, reply });
            self.give(Input::Job(JobInput::Resume { job: name.to_owned() }));
        } else {
            let _heard = reply.send(Ok(answer));
        }
    }

    /// A job is about to get another name: what is known of it is written down under that first, so that a crash at any
    /// moment loses nothing of it.
    pub(super) fn rename_job(&mut self, from: &str, to: String, reply: Reply<()>) {
        let now = self.now();
        self.renaming.extend([from.to_owned(), to.clone()]);
        let state = self.stored_state(now, from);
        if state == StoredJob::default() {
            let _heard = reply.send(Ok(()));
            return;
        }
        let entry = JobEntry::CarriedOver { from: from.to_owned(), state: Box::new(state) };
        let entries = vec![StampedJob { at: self.stamp(now), entry }];
        let durable = self.store.try_append_job(JobEntries { job: to.clone(), entries });
        self.spawn(async move {
            let _late = tokio::time::timeout(NOTED_WITHIN, durable).await;
            let _heard = reply.send(Ok(()));
            Fact::JobNoted(to)
        });
    }

    /// The job has its other name.
    pub(super) fn job_renamed(&mut self, from: String, to: String) {
        let now = self.now();
        self.renaming.retain(|job| *job != from && *job != to);
        let was_snoozed = self.move_snooze(&from, Some(&to));
        let was_known = was_snoozed || self.core.job(&from) != JobState::default();
        self.give(Input::Job(JobInput::Renamed { from: from.clone(), to }));
        if was_known {
            self.note_job(now, from, JobEntry::Removed);
        }
    }

    /// There is no such job any more.
    pub(super) fn job_removed(&mut self, job: String) {
        let now = self.now();
        let _was_snoozed = self.move_snooze(&job, None);
        self.give(Input::Job(JobInput::Removed { job: job.clone() }));
        self.note_job(now, job, JobEntry::Removed);
    }

    /// The job keeps its name: what was written down under the other one is taken back.
    pub(super) fn job_not_renamed(&mut self, from: &str, to: String) {
        self.renaming.retain(|job| job != from && *job != to);
        self.job_removed(to);
    }

    /// What is known of a job, as it is stored.
    fn stored_state(&self, now: Now, job: &str) -> StoredJob {
        let JobState { failures, breaker, stopped, restart } = self.core.job(job);
        let at = |wall: Wall| {
            let mut stamp = self.stamp(now);
            stamp.at_wall_ms = wall.as_ms();
            stamp
        };
        StoredJob {
            paused: None,
            snoozed: self.snooze_of(job),
            failures,
            breaker: breaker.map(at),
            stopped: stopped.map(at),
            restart: restart.map(|Restart { nth, due, run }| crate::store::job::StoredRestart {
                nth,
                from: self.stamp(now),
                after_ms: due.since(now.awake).as_ms(),
                run: run.map(|run| run.0),
            }),
        }
    }

    /// The jobs that are not started as usual, as surfaces show them.
    pub(super) fn job_statuses(&self) -> Vec<JobStatus> {
        let now = self.now();
        self.core.jobs().filter_map(|(job, state)| status(now, job, state)).collect()
    }

    /// Why a run of a job that waits will not be started, for its story; `None` where a person stopped the job.
    pub(super) fn why_refused(&self, job: &str) -> Option<String> {
        match self.core.refusal(job)? {
            Refusal::Stopped { .. } => None,
            Refusal::BreakerOpen { .. } => Some("its job is not started again until somebody resumes it".to_owned()),
            Refusal::Unreachable { run } => Some(format!("run {run} of its job gives no sign of life")),
        }
    }
}

fn status(now: Now, job: &str, state: &JobState) -> Option<JobStatus> {
    let (condition, since) = match (state.stopped, state.breaker, state.restart) {
        (Some(since), _, _) => (JobCondition::Killed, Some(since)),
        (None, Some(since), _) => (JobCondition::BreakerOpen, Some(since)),
        (None, None, Some(_)) => (JobCondition::Restarting, None),
        (None, None, None) => return None,
    };
    let next = state.restart.filter(|restart| restart.run.is_none()).map(|restart| at_wall(now, restart.due));
    Some(JobStatus {
        job: job.to_owned(),
        state: condition,
        since: since.map(rfc3339),
        failures: state.failures,
        next_start: next.map(rfc3339),
    })
}

/// A point of the awake clock on the wall clock, if the computer does not sleep until then.
fn at_wall(now: Now, at: Awake) -> Wall {
    let left = i64::try_from(at.since(now.awake).as_ms()).unwrap_or(i64::MAX);
    Wall::from_ms(now.wall.as_ms().saturating_add(left))
}

/// A refusal in words.
fn refused(job: &str, refusal: Refusal) -> ApiError {
    let resume = format!("`nightkeep resume {job}` lets it start again");
    match refusal {
        Refusal::Stopped { .. } => {
            ApiError::new(ErrorCode::Conflict, format!("`{job}` was stopped and stays stopped")).with_hint(resume)
        }
        Refusal::BreakerOpen { failures, .. } => {
            let message = format!("`{job}` is not started: it failed or was stopped {failures} times in a row");
            ApiError::new(ErrorCode::Conflict, message).with_hint(resume)
        }
        Refusal::Unreachable { run } => {
            ApiError::new(ErrorCode::Conflict, format!("`{job}` gets no new work: run {run} gives no sign of life"))
                .with_hint(format!("look at it with `nightkeep show {run}`, or end it with `nightkeep stop {run}`"))
        }
    }
}

/// What the core says of a job, as it is stored.
const fn stored(entry: nightkeep_core::JobEntry) -> JobEntry {
    use nightkeep_core::JobEntry as Said;
    match entry {
        Said::Failed { run, failures } => JobEntry::Failed { run: run.0, failures },
        Said::Succeeded { run } => JobEntry::Succeeded { run: run.0 },
        Said::BreakerOpened { run, failures } => JobEntry::BreakerOpened { run: run.0, failures },
        Said::RestartDue { nth, after } => JobEntry::RestartDue { nth, after_ms: after.as_ms() },
        Said::RestartDone { run } => JobEntry::RestartDone { run: run.0 },
        Said::RestartCalledOff => JobEntry::RestartCalledOff,
        Said::Stopped => JobEntry::Stopped,
        Said::Resumed => JobEntry::Resumed,
    }
}
