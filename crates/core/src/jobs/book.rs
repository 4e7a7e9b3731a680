//! All jobs of which there is anything to say, and the runs that are theirs.

use std::collections::{BTreeMap, BTreeSet};

use super::{FAILURES_MAX, JobEffect, JobEntry, JobInput, JobState, LastEnd, Refusal, Restart, back_off};
use crate::effect::{Effect, Notice};
use crate::ids::RunId;
use crate::life::{Outcome, Reason};
use crate::time::{Awake, Now};

/// A run of a job that is to be started or is not over.
#[derive(Debug, Clone)]
struct Member {
    job: String,
    restarts: bool,
    unreachable: bool,
    stage: Stage,
}

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Known,
    Begun,
    /// It was to be a restart that was called off, or made by another run, before this one had its number.
    Superfluous,
}

/// All that is known of jobs beyond their runs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Jobs {
    /// Those of which there is anything to say.
    states: BTreeMap<String, JobState>,
    runs: BTreeMap<RunId, Member>,
    /// Those whose restart was asked for and has no number so far.
    asked: BTreeSet<String>,
}

/// How a run of a job ended.
#[derive(Debug, Clone)]
pub(crate) struct End {
    pub(crate) run: RunId,
    pub(crate) last: LastEnd,
    /// Something of it could not be stopped.
    pub(crate) survived: bool,
}

impl Jobs {
    /// Takes one input in.
    pub(crate) fn handle(&mut self, now: Now, input: JobInput, out: &mut Vec<Effect>) {
        match input {
            JobInput::Known { job, state } => self.put(job, state),
            JobInput::RunOf { run, job, restarts } => {
                let member = || Member { job, restarts, unreachable: false, stage: Stage::Known };
                let _known = self.runs.entry(run).or_insert_with(member);
            }
            JobInput::Restarting { job, run } => self.restarting(job, run),
            JobInput::NotRestarted { job } => {
                let _was_asked = self.asked.remove(&job);
                self.change(job, |state| {
                    if let Some(restart) = &mut state.restart {
                        restart.due = now.awake.plus(back_off(restart.nth));
                    }
                });
            }
            JobInput::Stop { job } => self.stop(now, job, out),
            JobInput::Resume { job } => self.resume(now, job, out),
            JobInput::Renamed { from, to } => self.rename(&from, &to),
            JobInput::Removed { job } => {
                let _state = self.states.remove(&job);
                let _was_asked = self.asked.remove(&job);
            }
            JobInput::Unreachable { run, is } => {
                if let Some(member) = self.runs.get_mut(&run) {
                    member.unreachable = is;
                }
            }
        }
    }

    /// What is known of a job.
    pub(crate) fn state(&self, job: &str) -> JobState {
        self.states.get(job).copied().unwrap_or_default()
    }

    /// All jobs of which there is anything to say.
    pub(crate) fn states(&self) -> impl Iterator<Item = (&str, &JobState)> {
        self.states.iter().map(|(job, state)| (job.as_str(), state))
    }

    /// Why a job is not started.
    pub(crate) fn refusal(&self, job: &str) -> Option<Refusal> {
        let unreachable = || {
            let lost = self.runs.iter().find(|(_, member)| member.unreachable && member.job == job);
            lost.map(|(run, _)| Refusal::Unreachable { run: *run })
        };
        self.states.get(job).and_then(JobState::refusal).or_else(unreachable)
    }

    /// Whether a run is not to be started: its job is not, or another run has taken its place.
    pub(crate) fn is_refused(&self, run: RunId) -> bool {
        let superfluous = |member: &Member| member.stage == Stage::Superfluous;
        self.runs.get(&run).is_some_and(|member| superfluous(member) || self.refusal(&member.job).is_some())
    }

    /// Whether the job is being started again at this moment, by a run that has no number so far.
    pub(crate) fn is_restarting(&self, job: &str) -> bool {
        self.asked.contains(job)
    }

    /// Runs of jobs that are not started, and that have not begun.
    pub(crate) fn refused_runs(&self) -> Vec<RunId> {
        if self.states.is_empty() {
            return Vec::new();
        }
        let refused = self.runs.iter().filter(|(run, member)| member.stage != Stage::Begun && self.is_refused(**run));
        refused.map(|(run, _)| *run).collect()
    }

    /// A run has begun: no restart of its job is owed any more.
    pub(crate) fn began(&mut self, run: RunId, out: &mut Vec<Effect>) {
        let Some(member) = self.runs.get_mut(&run).filter(|member| member.stage != Stage::Begun) else { return };
        member.stage = Stage::Begun;
        let job = member.job.clone();
        if self.change(job.clone(), |state| state.restart.take()).is_some() {
            out.push(record(job, JobEntry::RestartDone { run }));
        }
    }

    /// A run will not be started after all.
    pub(crate) fn cancelled(&mut self, run: RunId, out: &mut Vec<Effect>) {
        let Some(member) = self.runs.remove(&run) else { return };
        let job = member.job;
        let is_it = self.state(&job).restart.is_some_and(|restart| restart.run == Some(run));
        if is_it {
            let _restart = self.change(job.clone(), |state| state.restart.take());
            out.push(record(job, JobEntry::RestartCalledOff));
        }
    }

    /// A run is over: what that means for its job, to be recorded with its end, and what its owner is told.
    pub(crate) fn ended(&mut self, now: Now, end: End) -> Option<(JobEffect, Option<Notice>)> {
        let Member { job, restarts, stage, .. } = self.runs.remove(&end.run)?;
        let began = stage == Stage::Begun;
        let others = self.runs.values().any(|member| member.job == job);
        let End { run, last, survived } = end;
        let mut entries = Vec::new();
        let mut opened = None;
        let is_owed = self.state(&job).restart.is_some_and(|restart| restart.run == Some(run));
        self.change(job.clone(), |state| {
            if is_owed {
                state.settle_owed(now, began, last.outcome, &mut entries);
            }
            match (last.outcome, last.reason) {
                (Outcome::Succeeded, _) => state.succeed(run, &mut entries),
                (_, Some(Reason::User)) | (Outcome::Lost, _) => {}
                (Outcome::Failed | Outcome::Aborted, _) => {
                    let again = restarts && !others && !survived && is_stall(last.reason);
                    opened = state.fail(now, run, again, &mut entries);
                }
            }
        });
        let notice = opened.map(|failures| Notice::BreakerOpened { run, job: job.clone(), failures, last });
        (!entries.is_empty()).then_some((JobEffect::RecordWithEnd { run, job, entries }, notice))
    }

    /// When the next restart is due.
    pub(crate) fn due(&self) -> Option<Awake> {
        self.open_restarts().map(|(_, restart)| restart.due).min()
    }

    /// Asks for the restarts that are due.
    pub(crate) fn tick(&mut self, now: Now, out: &mut Vec<Effect>) {
        let due: Vec<(String, u32)> = self
            .open_restarts()
            .filter(|(_, restart)| restart.due <= now.awake)
            .map(|(job, restart)| (job.to_owned(), restart.nth))
            .collect();
        for (job, nth) in due {
            let _new = self.asked.insert(job.clone());
            out.push(Effect::Job(JobEffect::Start { job, nth }));
        }
    }

    /// What is owed is not due before `from`: nobody was late with it.
    pub(crate) fn none_before(&mut self, from: Awake) {
        for restart in self.states.values_mut().filter_map(|state| state.restart.as_mut()) {
            restart.due = restart.due.max(from);
        }
    }

    /// Restarts that nobody makes yet: while another run of the job is there, that one may be it.
    fn open_restarts(&self) -> impl Iterator<Item = (&str, &Restart)> {
        self.states.iter().filter_map(|(job, state)| {
            let restart = state.restart.as_ref().filter(|restart| restart.run.is_none())?;
            let is_free = !self.asked.contains(job) && !self.runs.values().any(|member| member.job == *job);
            (is_free && self.refusal(job).is_none()).then_some((job.as_str(), restart))
        })
    }

    fn restarting(&mut self, job: String, run: RunId) {
        let _was_asked = self.asked.remove(&job);
        let others = self.runs.iter().any(|(other, member)| *other != run && member.job == job);
        let is_it = self.change(job, |state| {
            let restart = state.restart.as_mut().filter(|restart| restart.run.is_none() && !others);
            restart.map(|restart| restart.run = Some(run)).is_some()
        });
        if let Some(member) = self.runs.get_mut(&run) {
            member.stage = if is_it { Stage::Known } else { Stage::Superfluous };
        }
    }

    fn stop(&mut self, now: Now, job: String, out: &mut Vec<Effect>) {
        let is_new = self.change(job.clone(), |state| {
            state.restart = None;
            let is_new = state.stopped.is_none();
            state.stopped.get_or_insert(now.wall);
            is_new
        });
        let _was_asked = self.asked.remove(&job);
        if is_new {
            out.push(record(job, JobEntry::Stopped));
        }
    }

    /// What was owed is due at once: whoever resumes has waited long enough.
    fn resume(&mut self, now: Now, job: String, out: &mut Vec<Effect>) {
        let former = self.state(&job);
        if former == JobState::default() {
            return;
        }
        let restart = former.restart.map(|restart| Restart { due: now.awake, ..restart });
        self.put(job.clone(), JobState { restart, ..JobState::default() });
        out.push(record(job.clone(), JobEntry::Resumed));
        if let Some(Restart { nth, due, .. }) = restart {
            let after = due.since(now.awake);
            out.push(record(job, JobEntry::RestartDue { nth, after }));
        }
    }

    fn rename(&mut self, from: &str, to: &str) {
        let mut state = self.states.remove(from).unwrap_or_default();
        if self.asked.remove(from) {
            // It is being started under the former name.
            state.restart = None;
        }
        self.put(to.to_owned(), state);
        for member in self.runs.values_mut().filter(|member| member.job == from) {
            to.clone_into(&mut member.job);
        }
    }

    fn put(&mut self, job: String, state: JobState) {
        if state == JobState::default() {
            let _former = self.states.remove(&job);
        } else {
            let _former = self.states.insert(job, state);
        }
    }

    fn change<T>(&mut self, job: String, change: impl FnOnce(&mut JobState) -> T) -> T {
        let mut state = self.state(&job);
        let answer = change(&mut state);
        self.put(job, state);
        answer
    }
}

impl JobState {
    /// The run that was to be the restart is over. One that never began, and that nobody called off, leaves it owed.
    fn settle_owed(&mut self, now: Now, began: bool, outcome: Outcome, entries: &mut Vec<JobEntry>) {
        let Some(restart) = self.restart.take() else { return };
        if !began && outcome == Outcome::Lost && self.refusal().is_none() {
            let after = restart.due.since(now.awake);
            self.restart = Some(Restart { run: None, due: now.awake.plus(after), ..restart });
            entries.push(JobEntry::RestartDue { nth: restart.nth, after });
        } else {
            entries.push(JobEntry::RestartCalledOff);
        }
    }

    /// An open breaker stays open: only a person closes it.
    fn succeed(&mut self, run: RunId, entries: &mut Vec<JobEntry>) {
        if self.breaker.is_none() && std::mem::take(&mut self.failures) > 0 {
            entries.push(JobEntry::Succeeded { run });
        }
    }

    /// Returns how many failed in a row when that opened the breaker.
    fn fail(&mut self, now: Now, run: RunId, again: bool, entries: &mut Vec<JobEntry>) -> Option<u32> {
        self.failures = self.failures.saturating_add(1);
        entries.push(JobEntry::Failed { run, failures: self.failures });
        if self.breaker.is_none() && self.failures >= FAILURES_MAX {
            self.breaker = Some(now.wall);
            self.restart = None;
            entries.push(JobEntry::BreakerOpened { run, failures: self.failures });
            return Some(self.failures);
        }
        if again && self.refusal().is_none() {
            let (nth, after) = (self.failures, back_off(self.failures));
            self.restart = Some(Restart { nth, due: now.awake.plus(after), run: None });
            entries.push(JobEntry::RestartDue { nth, after });
        }
        None
    }
}

const fn record(job: String, entry: JobEntry) -> Effect {
    Effect::Job(JobEffect::Record { job, entry })
}

/// Whether a run was stopped for what a restart may mend: it had stopped moving, answering or getting anywhere.
const fn is_stall(reason: Option<Reason>) -> bool {
    match reason {
        Some(Reason::Stalled | Reason::Unresponsive | Reason::Circling) => true,
        Some(Reason::MaxRuntime | Reason::Budget | Reason::User) | None => false,
    }
}
