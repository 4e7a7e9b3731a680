//! Signals and open files, on Unix.

use std::io;

use nightkeep_os::Signal;
use tokio::signal::unix::{self, SignalKind};

/// The signals that a person or a supervisor ends a command with.
#[derive(Debug)]
pub(super) struct Signals {
    interrupt: unix::Signal,
    terminate: unix::Signal,
    quit: unix::Signal,
    hang_up: unix::Signal,
}

impl Signals {
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: unix::signal(SignalKind::interrupt())?,
            terminate: unix::signal(SignalKind::terminate())?,
            quit: unix::signal(SignalKind::quit())?,
            hang_up: unix::signal(SignalKind::hangup())?,
        })
    }

    /// The next one. [`Signal::Hup`] says that whoever started this is gone. Giving up the wait loses nothing.
    pub(super) async fn next(&mut self) -> Option<Signal> {
        tokio::select! {
            came = self.interrupt.recv() => came.map(|()| Signal::Int),
            came = self.terminate.recv() => came.map(|()| Signal::Term),
            came = self.quit.recv() => came.map(|()| Signal::Quit),
            came = self.hang_up.recv() => came.map(|()| Signal::Hup),
        }
    }
}

/// Whether stdout and stderr go to different places. Where the system does not say, they are taken for one.
pub(super) fn stderr_is_elsewhere() -> bool {
    let place = |stat: rustix::fs::Stat| (stat.st_dev, stat.st_ino);
    match (rustix::fs::fstat(io::stdout()), rustix::fs::fstat(io::stderr())) {
        (Ok(out), Ok(err)) => place(out) != place(err),
        (Err(_), _) | (_, Err(_)) => false,
    }
}
