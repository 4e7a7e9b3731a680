//! Windows, which has no datagrams between the programs of one computer. Never run.

use std::path::{Path, PathBuf};

use nightkeep_core::Signal;
use tokio::sync::mpsc;

use super::NotifyError;

/// There is none.
#[derive(Debug)]
pub(super) enum Socket {}

impl Socket {
    pub(super) fn bind(_places: &[PathBuf], _out: mpsc::Sender<Vec<Signal>>) -> Result<Self, NotifyError> {
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

    #[expect(clippy::unused_async, reason = "the other systems wait here")]
    pub(super) async fn finish(self) -> Vec<Signal> {
        match self {}
    }
}
