//! The truth about a tree of processes, whatever is said of it: all of them hold the lock of one file, which the kernel
//! gives back when the last one has ended.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::Result;
use nightkeep_os::{Identity, Process, Signal};

use super::processes::{alive, pids_in};

/// A tree of fake agents that is watched by what it holds. Ends with this value.
#[derive(Debug)]
pub struct Tree {
    path: PathBuf,
    file: File,
    pids: PathBuf,
}

impl Tree {
    /// For a tree that is yet to be started, with files of its own in a folder.
    ///
    /// # Errors
    /// When a file cannot be made.
    pub fn watched_in(folder: &Path, name: &str) -> Result<Self> {
        let path = folder.join(format!("{name}.held"));
        let file = File::create(&path)?;
        Ok(Self { path, file, pids: folder.join(format!("{name}.pids")) })
    }

    /// What its first process must have in its environment.
    #[must_use]
    pub fn environment(&self) -> [(&'static str, String); 2] {
        [("FAKE_AGENT_HOLD", self.path.display().to_string()), ("FAKE_AGENT_PIDS", self.pids.display().to_string())]
    }

    /// Whether any process of it lives, the nameless ones included.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn lives(&self) -> Result<bool> {
        match self.file.try_lock() {
            Ok(()) => {
                self.file.unlock()?;
                Ok(false)
            }
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }

    /// Those that gave their number and live.
    #[must_use]
    pub fn members(&self) -> Vec<Identity> {
        let known = pids_in(&self.pids).into_iter().filter(|pid| alive(*pid) && is_fake_agent(*pid));
        known.filter_map(|pid| nightkeep_os::identify(pid).ok().flatten()).collect()
    }

    /// Ends what is left: those that are known, each by its identity, while the others end by themselves without the file.
    pub fn end(&self) {
        fs::remove_file(&self.path).unwrap_or_default();
        for member in self.members() {
            if let Ok(Some(process)) = Process::open(&member) {
                // It fails when the process has ended, which is as good.
                drop(process.signal(Signal::Kill));
            }
        }
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        self.end();
    }
}

/// The number of one that has ended may be somebody else's by this time.
fn is_fake_agent(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim() == "fake-agent")
}
