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
//! `systemd-notify` may be gone before anybody could ask which process it was. One that is seen to be no process of the
//! run is not heard. Descriptors that come along are closed at once; this is the answer that a barrier waits for.
//!
//! The engine listens, and listens again after a crash. While none is there, a program is told at once that nobody
//! listens, which it is free to ignore; it never waits.

mod datagram;
mod feed;
#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod imp;
#[cfg_attr(windows, expect(dead_code, reason = "no such socket is there to be spoken to"))]
mod senders;

use std::io;
use std::path::{Path, PathBuf};

use std::sync::Arc;

use nightkeep_core::Signal;
use tokio::sync::Notify;

use crate::rundir::RunDir;

pub use datagram::{DATAGRAM_MAX, signals};
pub use feed::Listening;
pub(super) use feed::Notified;
pub use senders::TurnedAway;

/// The name of the source.
pub const SOURCE: &str = "sd-notify";

/// The variable that tells a program where to send.
pub const SOCKET_VARIABLE: &str = "NOTIFY_SOCKET";

/// The variable that tells a program how often it is expected to say that it is alive, in microseconds.
pub const WATCHDOG_VARIABLE: &str = "WATCHDOG_USEC";

/// What a program must not inherit: it would speak to whoever supervises somebody else.
pub const VARIABLES: [&str; 3] = [SOCKET_VARIABLE, WATCHDOG_VARIABLE, "WATCHDOG_PID"];

/// The socket of one run. It is listened to, and its file is there, until this is dropped.
#[derive(Debug)]
pub struct NotifySocket {
    inner: imp::Socket,
}

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
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
            Self::Failed { .. } => "check that the directory exists and is yours alone",
            Self::NotOnThisSystem => "let the agent stamp a marker instead",
        }
    }
}

/// The first of `places` that a program could name: a socket's address has room for about a hundred bytes.
#[must_use]
pub fn place(places: &[PathBuf]) -> Option<&Path> {
    places.iter().map(PathBuf::as_path).find(|path| imp::is_short(path))
}

impl NotifySocket {
    /// Binds `path`, whose directory has to be private to this user, in the place of a socket that lies there. Only `run`
    /// is heard, or whoever can reach the socket where none is named. `woken` is told when something has come in. Must be
    /// called inside a tokio runtime.
    ///
    /// A flood is slowed down rather than kept: what is held is bounded, and the oldest goes first.
    ///
    /// # Errors
    /// When the system does not give the socket.
    pub fn bind(path: &Path, run: Option<RunDir>, woken: Arc<Notify>) -> Result<Self, NotifyError> {
        imp::Socket::bind(path, run, woken).map(|inner| Self { inner })
    }

    /// Where it is: the value of [`SOCKET_VARIABLE`].
    #[must_use]
    pub fn path(&self) -> &Path {
        self.inner.path()
    }

    /// All that was sent until this moment and not taken before. The last words of a run are often sent right before it
    /// ends.
    #[must_use]
    pub fn take(&self) -> Vec<Signal> {
        self.inner.take()
    }

    /// How many signals of a flood were left out so far.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.inner.left_out()
    }

    /// The datagrams of processes that are not the run's.
    #[must_use]
    pub fn turned_away(&self) -> TurnedAway {
        self.inner.turned_away()
    }

    /// How many datagrams of other users were passed over so far.
    #[must_use]
    pub fn foreign(&self) -> u64 {
        self.inner.foreign()
    }
}
