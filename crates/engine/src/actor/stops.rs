//! Requests for a stop, which are answered when it has begun for good: an engine that dies later goes on with it, and one
//! that dies earlier has promised nothing.

use std::collections::BTreeSet;

use nightkeep_core::{Input, RunId};

use super::fact::Reply;
use super::task::Actor;
use crate::api::{ApiError, ErrorCode, StopReply};

/// Somebody who waits until stops have begun.
#[derive(Debug)]
pub(super) struct StopWait {
    runs: Vec<u64>,
    left: BTreeSet<RunId>,
    reply: Reply<StopReply>,
}

impl Actor {
    pub(super) fn stop_run(&mut self, id: RunId, force: bool, reply: Reply<StopReply>) {
        if self.left.contains_key(&id) || self.runs.contains_key(&id) || self.waiting.contains_key(&id) {
            self.stop_each(&[id], force, reply);
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
        if !ids.is_empty() {
            self.stop_each(&ids, force, reply);
            return;
        }
        let missing = ApiError::new(ErrorCode::NotFound, format!("no run of `{name}` is there to be stopped"));
        let _heard = reply.send(Err(missing.with_hint("`nightkeep status` lists what runs")));
    }

    fn stop_each(&mut self, ids: &[RunId], force: bool, reply: Reply<StopReply>) {
        let is_to_begin = |id: &&RunId| self.runs.get(id).is_some_and(|run| run.stage.is_none());
        let left = ids.iter().filter(is_to_begin).copied().collect();
        self.stop_waits.push(StopWait { runs: ids.iter().map(|id| id.0).collect(), left, reply });
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

    fn answer_stops(&mut self) {
        for wait in self.stop_waits.extract_if(.., |wait| wait.left.is_empty()) {
            // Whoever asked may have gone.
            let _heard = wait.reply.send(Ok(StopReply { runs: wait.runs }));
        }
    }
}
