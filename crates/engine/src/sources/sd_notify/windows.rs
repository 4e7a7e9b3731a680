//! Windows, which has no datagrams between the programs of one computer. Never run.

use std::path::Path;
use std::sync::Arc;

use nightkeep_core::Signal;
use tokio::sync::Notify;

use super::NotifyError;
use super::senders::TurnedAway;
use crate::rundir::RunDir;

/// There is none.
#[derive(Debug)]
pub(super) enum Socket {}

pub(super) const fn is_short(_path: &Path) -> bool {
    false
}

impl Socket {
    pub(super) fn bind(_path: &Path, _run: Option<RunDir>, _woken: Arc<Notify>) -> Result<Self, NotifyError> {
        Err(NotifyError::NotOnThisSystem)
    }

    pub(super) fn path(&self) -> &Path {
        match *self {}
    }

    pub(super) fn left_out(&self) -> u64 {
        match *self {}
    }

    pub(super) fn foreign(&self) -> u64 {
        match *self {}
    }

    pub(super) fn turned_away(&self) -> TurnedAway {
        match *self {}
    }

    pub(super) fn take(&self) -> Vec<Signal> {
        match *self {}
    }
}
