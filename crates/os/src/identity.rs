//! Who a process is, and a handle that stays with it.

use std::io;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::imp;
use crate::signal::Signal;

/// What tells one process from every other one, before and after it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Identity {
    /// The boot it belongs to, as [`crate::boot_id`] names it.
    pub boot: String,
    /// Its process id.
    pub pid: u32,
    /// When it was started, in a unit of the system's own: only good for comparing.
    pub start: u64,
    /// The inode of its pidfd, on kernels that give each process its own one. The start time has a resolution of 10 ms
    /// there, which a busy machine needs to reuse a pid; the inode is never reused within a boot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inode: Option<u64>,
}

impl Identity {
    /// Tells whether both describe the same process. An inode that only one of them knows does not count.
    #[must_use]
    pub fn is_same_process(&self, other: &Self) -> bool {
        let inodes_agree = match (self.inode, other.inode) {
            (Some(mine), Some(theirs)) => mine == theirs,
            (None, _) | (_, None) => true,
        };
        self.pid == other.pid && self.start == other.start && self.boot == other.boot && inodes_agree
    }
}

/// Why nothing can be said about a process, or done to it.
#[derive(Debug, Error)]
pub enum ProcessError {
    /// The system did not tell what was asked.
    #[error("read {what} of process {pid}")]
    Unreadable {
        /// The process.
        pid: u32,
        /// What was to be read.
        what: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The system refused to deliver a signal.
    #[error("send {signal} to process {pid}")]
    Refused {
        /// The process.
        pid: u32,
        /// The signal.
        signal: Signal,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A request to the system that concerns no process in particular failed.
    #[error("{what}")]
    System {
        /// What was tried, as a fragment that reads after "failed to".
        what: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// Reads who the process `pid` is. `None`: there is no such process, or it is dead and waits for its parent to notice.
///
/// # Errors
///
/// Fails if the system does not tell; whoever gets an error knows nothing and must not signal.
pub fn identify(pid: u32) -> Result<Option<Identity>, ProcessError> {
    imp::identify(pid)
}

/// Tells whether the process with this identity runs. One that cannot be compared counts as gone: nothing may be done to
/// it anyway.
#[must_use]
pub fn is_running(identity: &Identity) -> bool {
    matches!(Process::open(identity), Ok(Some(process)) if process.is_alive())
}

/// What became of a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The process has it. Whether it acts on it is its own affair.
    Delivered,
    /// The process is dead.
    Gone,
}

/// An open handle of one process. It never comes to mean another process.
///
/// On macOS, which has no such handle, the identity is read again right before each signal; a window of microseconds
/// stays open there.
#[derive(Debug)]
pub struct Process {
    identity: Identity,
    handle: imp::Handle,
}

impl Process {
    /// Opens the process with this identity. `None`: it is gone, or its pid belongs to somebody else.
    ///
    /// # Errors
    ///
    /// Fails if the system does not let the identity be compared.
    pub fn open(identity: &Identity) -> Result<Option<Self>, ProcessError> {
        let Some((found, handle)) = imp::open(identity.pid)? else { return Ok(None) };
        if !identity.is_same_process(&found) {
            return Ok(None);
        }
        Ok(Some(Self { identity: found, handle }))
    }

    /// Opens whatever process has this pid at the moment, and reads who it is. `None`: there is none.
    ///
    /// # Errors
    ///
    /// Fails if the system does not tell who it is.
    pub fn open_pid(pid: u32) -> Result<Option<Self>, ProcessError> {
        Ok(imp::open(pid)?.map(|(identity, handle)| Self { identity, handle }))
    }

    /// Returns who it is.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Sends a signal through the handle.
    ///
    /// # Errors
    ///
    /// Fails if the system refuses, for want of permission or because it has no such signal.
    pub fn signal(&self, signal: Signal) -> Result<Delivery, ProcessError> {
        imp::signal(&self.handle, &self.identity, signal)
    }

    /// Tells whether this user may send it signals. Nothing is sent.
    #[must_use]
    pub fn may_be_signalled(&self) -> bool {
        imp::may_be_signalled(&self.handle, &self.identity)
    }

    /// Tells whether it is still running. A process that has ended and waits for its parent to notice is not.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        imp::is_alive(&self.handle, &self.identity)
    }

    #[cfg_attr(target_os = "macos", expect(dead_code, reason = "there is no handle to hold there"))]
    pub(crate) fn handle(&self) -> &imp::Handle {
        &self.handle
    }
}
