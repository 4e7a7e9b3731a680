//! How programs end, and a thread that waits for the ends of foreign ones.

use std::io;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::identity::{Identity, ProcessError};
use crate::imp;

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExitStatus {
    /// It ended by itself with this code.
    Code(i32),
    /// This signal ended it.
    Signal(i32),
    /// It is gone, and the system does not tell how.
    Unknown,
}

impl ExitStatus {
    /// Tells whether the process ended by itself with code 0.
    #[must_use]
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Code(0))
    }
}

/// Why a command could not be started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Error)]
#[error("start the command: {message}")]
pub struct ExecError {
    /// The number the system gives the error.
    pub errno: Option<i32>,
    /// The error in words.
    pub message: String,
}

impl From<io::Error> for ExecError {
    fn from(error: io::Error) -> Self {
        Self { errno: error.raw_os_error(), message: error.to_string() }
    }
}

/// One thread that waits for the end of any number of processes, which need not be children.
///
/// The thread sleeps until something ends. The exit code of a process that is not a child is known on Linux from 6.15 on
/// (earlier, if the parent takes its time to collect it) and on Windows; on macOS it is [`ExitStatus::Unknown`].
/// Dropping the watch ends the thread.
#[derive(Debug)]
pub struct ExitWatch {
    inner: imp::Watch,
}

impl ExitWatch {
    /// Starts the thread. `on_exit` is called from it, once for each watched process.
    ///
    /// # Errors
    ///
    /// Fails if the system gives no thread or no wait object.
    pub fn start(on_exit: impl Fn(&Identity, ExitStatus) + Send + 'static) -> io::Result<Self> {
        Ok(Self { inner: imp::Watch::start(Box::new(on_exit))? })
    }

    /// Waits for this process as well. `false`: it is gone already, and `on_exit` will not be called for it. Watching a
    /// process a second time changes nothing.
    ///
    /// # Errors
    ///
    /// Fails if the process cannot be opened for waiting.
    pub fn watch(&self, identity: &Identity) -> Result<bool, ProcessError> {
        self.inner.watch(identity)
    }

    /// Stops waiting for this process. A call of `on_exit` that is under way is not taken back.
    pub fn forget(&self, identity: &Identity) {
        self.inner.forget(identity);
    }
}
