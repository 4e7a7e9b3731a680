//! A process that stands still, as on a machine that has no time for it.

use anyhow::{Context as _, Result};
use nightkeep_os::{Process, Signal};

/// A process that stands still until this is dropped.
#[derive(Debug)]
pub struct Frozen {
    process: Process,
}

impl Frozen {
    /// Freezes a process.
    ///
    /// # Errors
    /// When it is not there.
    pub fn new(pid: u32) -> Result<Self> {
        let process = Process::open_pid(pid)?.context("it is gone")?;
        process.signal(Signal::Stop)?;
        Ok(Self { process })
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        // It fails when the process has ended, which is as good.
        drop(self.process.signal(Signal::Cont));
    }
}
