//! What is said of a run before the engine knows of it: a command runs as soon as its keeper has recorded it, and whoever
//! started it tells the engine a moment later. A quick command may have said all it has to say by then.

use std::time::Duration;

use nightkeep_core::RunId;

use super::fact::{Fact, Reply};
use super::task::Actor;
use crate::api::{SignalsReply, SignalsRequest};
use crate::rundir::{RunDir, is_tag};

/// So long it is held. Whoever says something of its run waits two seconds for an answer.
const HELD_FOR: Duration = Duration::from_millis(1_500);
/// So much is held at most.
const HELD_MAX: usize = 64;

/// Something that was said too early.
#[derive(Debug)]
pub(super) struct Early {
    request: SignalsRequest,
    reply: Reply<SignalsReply>,
}

impl Actor {
    /// Holds what is said of a run that is about to become known. What is of no such run comes back.
    pub(super) fn hold_early(
        &mut self,
        request: SignalsRequest,
        reply: Reply<SignalsReply>,
    ) -> Option<(SignalsRequest, Reply<SignalsReply>)> {
        let is_begun = is_tag(&request.run) && {
            let dir = RunDir::at(self.places.run_dir(&request.run));
            // What is over is known, or will be by its own record.
            dir.path().is_dir() && matches!(dir.read_exit(), Ok(None))
        };
        if !is_begun || self.early.len() >= HELD_MAX {
            return Some((request, reply));
        }
        let tag = request.run.clone();
        self.early.push(Early { request, reply });
        self.spawn_aside(async move {
            tokio::time::sleep(HELD_FOR).await;
            Fact::EarlyDue(tag)
        });
        None
    }

    /// The run has become known: what was said of it counts from here.
    pub(super) fn early_known(&mut self, id: RunId) {
        if let Some(tag) = self.runs.get(&id).map(|run| run.tag.clone()) {
            self.early_due(&tag);
        }
    }

    /// Takes in what was held of a run, or says that nobody knows it.
    pub(super) fn early_due(&mut self, tag: &str) {
        let due: Vec<Early> = self.early.extract_if(.., |early| early.request.run == tag).collect();
        for Early { request, reply } in due {
            self.signals_said(request, reply);
        }
    }
}
