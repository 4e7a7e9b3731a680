//! Linux: a named pipe in the run's directory. The kernel says when the keeper has opened and closed it, however the
//! keeper ended, and a launch costs neither a thread nor one of the user's few inotify instances.

use std::io;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use tokio::{
    io::AsyncReadExt,
    net::unix::pipe::{OpenOptions, Receiver},
};

use super::Report;
use crate::rundir::RunDir;

/// The longest report that is read.
const REPORT_BYTES_MAX: u64 = 16 * 1024;

#[derive(Debug)]
pub(super) struct Ready {
    pipe: Receiver,
}

impl Ready {
    pub(super) fn prepare(run: &RunDir) -> io::Result<Self> {
        let path = run.ready();
        mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
        Ok(Self { pipe: OpenOptions::new().open_receiver(path)? })
    }

    /// Waits until the keeper has closed the pipe, and returns what it said. `None`: it ended without a word.
    pub(super) async fn wait(self, _run: &RunDir) -> Option<Report> {
        let mut said = Vec::new();
        self.pipe.take(REPORT_BYTES_MAX).read_to_end(&mut said).await.ok()?;
        serde_json::from_slice(&said).ok()
    }
}
