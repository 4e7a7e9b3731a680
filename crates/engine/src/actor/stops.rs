//! Requests for a stop, which are answered when it has begun for good: an engine that dies later goes on with it, and one
//! that dies earlier has promised nothing.

use std::collections::BTreeSet;

use nightkeep_core::{Input, JobInput, RunId};

use super::fact::Reply;
use super::task::Actor;
use crate::api::{ApiError, ErrorCode, StopReply};

/// Somebody who waits until stops have begun.
#[derive(Debug)]
pub(super) struct StopWait {
    runs: Vec<u64>,
    left: BTreeSet<RunId>,
    /// The job that stays stopped, and whether that is in the journal.
    job: Option<(String, bool)>,
    reply: Reply<StopReply>,
}

impl Actor {
    pub(super) fn stop_run(&mut self, id: RunId, force: bool, reply: Reply<StopReply>) {
        if self.left.contains_key(&id) || self.runs.contains_key(&id) || self.waiting.contains_key(&id) {
            self.stop_each(&[id], force, None, reply);
            return;
        }
        let _heard = reply.send(Err(ApiError::new(ErrorCode::NotFound, format!("run {id} is not running"))
            .with_hint("`nightkeep status` lists what runs, `nightkeep history` what has ended")));
    }

    pub(super) fn stop_job(&mut self, name: &str, force: bool, reply: Reply<StopReply>) {
        let runs = self.runs.values().filter(|run| run.job == name).map(|run| run.id);
        let left = self.left.iter().filter(|(_, left)| left.job == name).map(|(id, _)| *id);
        let waiting = self.waiting.values().filter(|waiting| waiting.job() == name).map(|waiting| waiting.id);
        let ids: Vec<RunId> = runs.chain(waiting).chain(left).collect();
        // What is called like a job and is none has nothing but its runs.
        let is_job = self.config.current().job(name).is_some();
        if ids.is_empty() && !is_job {
            let missing = format!("there is no job `{name}`, and no run of that name is there to be stopped");
            let missing = ApiError::new(ErrorCode::NotFound, missing);
            let _heard = reply.send(Err(missing.with_hint("`nightkeep status` lists what runs")));
            return;
        }
        let job = is_job.then(|| {
            let is_noted = self.core.job(name).stopped.is_some();
            // Before its runs are stopped: none of them is followed by another one.
            self.give(Input::Job(JobInput::Stop { job: name.to_owned() }));
            (name.to_owned(), is_noted)
        });
        self.stop_each(&ids, force, job, reply);
    }

    pub(super) fn stop_each(
        &mut self,
        ids: &[RunId],
        force: bool,
        job: Option<(String, bool)>,
        reply: Reply<StopReply>,
    ) {
        let is_to_begin = |id: &&RunId| self.runs.get(id).is_some_and(|run| run.stage.is_none());
        let left = ids.iter().filter(is_to_begin).copied().collect();
        self.stop_waits.push(StopWait { runs: ids.iter().map(|id| id.0).collect(), left, job, reply });
        for id in ids {
            // One that waits for a slot is called off without a signal.
            if self.stop_waiting(*id, force) {
                continue;
            }
            let is_over = self.left.contains_key(id);
            self.give(if is_over { Input::StopLeftovers { run: *id, force } } else { Input::Stop { run: *id, force } });
        }
        self.answer_stops();
    }

    /// The stop of a run is in the journal, cannot be written there, or is not needed any more.
    pub(super) fn stop_begun(&mut self, id: RunId) {
        for wait in &mut self.stop_waits {
            let _was_left = wait.left.remove(&id);
        }
        self.answer_stops();
    }

    /// That a job stays stopped is in the journal, or waits for that.
    pub(super) fn stop_noted(&mut self, job: &str) {
        for (name, is_noted) in self.stop_waits.iter_mut().filter_map(|wait| wait.job.as_mut()) {
            *is_noted |= name == job;
        }
        self.answer_stops();
    }

    fn answer_stops(&mut self) {
        let is_noted = |wait: &StopWait| wait.job.as_ref().is_none_or(|(_, is_noted)| *is_noted);
        for wait in self.stop_waits.extract_if(.., |wait| wait.left.is_empty() && is_noted(wait)) {
            // Whoever asked may have gone.
            let _heard = wait.reply.send(Ok(StopReply { runs: wait.runs, stays_stopped: wait.job.is_some() }));
        }
    }
}
