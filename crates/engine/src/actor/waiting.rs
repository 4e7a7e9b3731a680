//! A run that is to be started when there is a slot for it.

use nightkeep_core::{RunId, Wall};
use tokio::sync::{mpsc, watch};

use super::fact::{Command, Reply};
use super::launch::Registered;
use crate::api::{SlotNews, StartReply};
use crate::rundir::Spec;

/// A run that is to be started.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) id: RunId,
    pub(super) since: Wall,
    pub(super) registered: Registered,
    pub(super) starter: Starter,
    pub(super) turn: Turn,
    /// It has its slot, and is about to begin.
    pub(super) has_slot: bool,
    /// Why it will not be started, if it will not and nobody asked for that.
    pub(super) why: Option<String>,
}

/// Who starts it.
#[derive(Debug)]
pub(super) enum Starter {
    /// The engine. Whoever asked for it hears when it has begun, or that it waits.
    Engine(Box<Spec>, Option<Reply<StartReply>>),
    /// Whoever called `nightkeep run`.
    Caller(Caller),
}

/// Whoever called `nightkeep run`.
#[derive(Debug, Default)]
pub(super) struct Caller {
    /// His open request, while it is open, and which one it is.
    pub(super) request: Option<(u64, watch::Sender<Option<SlotNews>>)>,
    /// The run is to be stopped as soon as he has started it; whether by force.
    pub(super) stop: Option<bool>,
}

/// How far the wait of a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// It has only just asked.
    Asked,
    /// It has to wait, which is being written down.
    Noting,
    /// It waits.
    Waits,
}

impl Waiting {
    /// A run that has only just asked.
    pub(super) const fn asks(id: RunId, since: Wall, registered: Registered, starter: Starter) -> Self {
        Self { id, since, registered, starter, turn: Turn::Asked, has_slot: false, why: None }
    }

    /// Whether no engine before this one has asked for it.
    pub(super) fn is_asked_for_first(&self) -> bool {
        self.turn == Turn::Asked
    }

    /// The name of its directory.
    pub(super) fn tag(&self) -> &str {
        &self.registered.registration.tag
    }

    /// The job's name.
    pub(super) fn job(&self) -> &str {
        &self.registered.registration.job
    }

    /// The job's type.
    pub(super) fn kind(&self) -> &str {
        &self.registered.registration.job_type
    }

    /// Tells the caller, if it is one who waits and he listens.
    pub(super) fn tell(&self, news: SlotNews) {
        if let Starter::Caller(Caller { request: Some((_, request)), .. }) = &self.starter {
            let _former = request.send_replace(Some(news));
        }
    }

    /// Whether this open request is the one that it waits with.
    pub(super) fn waits_with(&self, request: u64) -> bool {
        match &self.starter {
            Starter::Caller(Caller { request: Some((open, _)), .. }) => *open == request,
            Starter::Caller(Caller { request: None, .. }) | Starter::Engine(..) => false,
        }
    }
}

/// The open request of a caller: what he is told, and what tells that he has gone.
#[derive(Debug)]
pub struct SlotRequest {
    /// What he is told; `None` until it is known.
    pub(super) news: watch::Receiver<Option<SlotNews>>,
    /// Closes the request when it is dropped.
    pub(super) open: OpenRequest,
}

impl SlotRequest {
    /// What is told, and what has to be kept for as long as somebody listens.
    pub(crate) fn split(self) -> (watch::Receiver<Option<SlotNews>>, OpenRequest) {
        (self.news, self.open)
    }
}

/// Somebody listens.
#[derive(Debug)]
pub(crate) struct OpenRequest {
    pub(super) run: RunId,
    pub(super) number: u64,
    pub(super) commands: mpsc::Sender<Command>,
}

impl Drop for OpenRequest {
    fn drop(&mut self) {
        let left = Command::CallerLeft { run: self.run, request: self.number };
        if let Err(mpsc::error::TrySendError::Full(left)) = self.commands.try_send(left) {
            let commands = self.commands.clone();
            let _task = tokio::spawn(async move { drop(commands.send(left).await) });
        }
    }
}
