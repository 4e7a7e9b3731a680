//! `sd_notify`: datagrams of `KEY=VALUE` lines to the socket that `NOTIFY_SOCKET` names, as programs send them that were
//! written for systemd.
//!
//! | key | what it says here |
//! | --- | --- |
//! | `X_PROGRESS=3/10` | the step, and how many there are; a `STATUS` beside it is its note |
//! | `STATUS=…` | a note, never progress |
//! | `EXTEND_TIMEOUT_USEC=…` | the present step may take this long |
//! | `ERRNO`, `EXIT_STATUS`, `WATCHDOG=trigger` | what the run says of its end |
//! | `STOPPING=1` | a note |
//! | `READY`, `WATCHDOG=1`, and any other | that it is alive |
//!
//! Every run has a socket of its own, so that whoever sends is told by where it arrives: a sender such as
//! `systemd-notify` is gone before anybody could ask which process it was. Descriptors that come along are closed at
//! once; this is the answer that a barrier waits for.

mod datagram;
#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod imp;

use std::io;
use std::path::{Path, PathBuf};

use nightkeep_core::Signal;
use tokio::sync::mpsc;

pub use datagram::{DATAGRAM_MAX, signals};

/// The variable that tells a program where to send.
pub const SOCKET_VARIABLE: &str = "NOTIFY_SOCKET";

/// The socket of one run. It is listened to, and its file is there, until this is dropped.
#[derive(Debug)]
pub struct NotifySocket {
    inner: imp::Socket,
}

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// Programs could not name any of the places: a socket's address has room for about a hundred bytes.
    #[error("make a socket for `{SOCKET_VARIABLE}` at `{}`: a path of at most {limit} bytes is needed", path.display())]
    TooLong {
        /// The last place that was tried.
        path: PathBuf,
        /// The longest that is possible.
        limit: usize,
    },
    /// The system does not give it.
    #[error("make a socket for `{SOCKET_VARIABLE}` at `{}`", path.display())]
    Failed {
        /// Where.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// There is no such thing on this system.
    #[error("make a socket for `{SOCKET_VARIABLE}`: this system has none")]
    NotOnThisSystem,
}

impl NotifyError {
    /// What can be done about it.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "set `NIGHTKEEP_HOME` to a shorter path",
            Self::Failed { .. } => "check that the directory exists and is yours alone",
            Self::NotOnThisSystem => "let the agent stamp a marker instead",
        }
    }
}

impl NotifySocket {
    /// Binds the first of `places` that is short enough for an address, and sends what comes in to `out`. The place's
    /// directory has to be private to this user; a socket that lies there is taken for a leftover and replaced. Must be
    /// called inside a tokio runtime.
    ///
    /// A flood is slowed down rather than kept: what is held for `out` is bounded, and the oldest goes first.
    ///
    /// # Errors
    /// When there is no such place, or the system does not give the socket.
    pub fn bind(places: &[PathBuf], out: mpsc::Sender<Vec<Signal>>) -> Result<Self, NotifyError> {
        imp::Socket::bind(places, out).map(|inner| Self { inner })
    }

    /// Where it is: the value of [`SOCKET_VARIABLE`].
    #[must_use]
    pub fn path(&self) -> &Path {
        self.inner.path()
    }

    /// How many signals of a flood were left out so far.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.inner.left_out()
    }

    /// How many datagrams of other users were passed over so far.
    #[must_use]
    pub fn foreign(&self) -> u64 {
        self.inner.foreign()
    }

    /// Ends it, and returns what came in and was not handed on: the last words of a run are often sent right before it
    /// ends.
    pub async fn finish(self) -> Vec<Signal> {
        self.inner.finish().await
    }
}
