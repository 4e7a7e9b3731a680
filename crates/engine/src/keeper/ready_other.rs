//! macOS and Windows: the run's directory is watched for the keeper's records. Never run.
//!
//! The keeper's death shows only by the caller's deadline.

use std::io;

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;

use super::Report;
use crate::rundir::{Exit, RunDir, RunEnd};

#[derive(Debug)]
pub(super) struct Ready {
    changes: mpsc::Receiver<()>,
    _watcher: RecommendedWatcher,
}

impl Ready {
    pub(super) fn prepare(run: &RunDir) -> io::Result<Self> {
        let (sender, changes) = mpsc::channel(1);
        let mut watcher = notify::recommended_watcher(move |_| {
            // A full channel means that a look at the directory is due already.
            let _due_already = sender.try_send(());
        })
        .map_err(io::Error::other)?;
        watcher.watch(run.path(), RecursiveMode::NonRecursive).map_err(io::Error::other)?;
        Ok(Self { changes, _watcher: watcher })
    }

    /// Waits until a record is there. `None`: the directory can no longer be watched.
    pub(super) async fn wait(mut self, run: &RunDir) -> Option<Report> {
        loop {
            if let Ok(Some(started)) = run.read_started() {
                return Some(Report::Running(started));
            }
            if let Ok(Some(Exit { end: RunEnd::ExecError(error), .. })) = run.read_exit() {
                return Some(Report::NotStarted(error));
            }
            self.changes.recv().await?;
        }
    }
}
