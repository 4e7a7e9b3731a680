//! Signals and open files, on Windows. Never run.

use std::io::{self, IsTerminal};

use nightkeep_os::Signal;
use tokio::signal::windows::{self, CtrlBreak, CtrlC, CtrlClose};

/// The signals that a person or a supervisor ends a command with.
#[derive(Debug)]
pub(super) struct Signals {
    interrupt: CtrlC,
    terminate: CtrlBreak,
    close: CtrlClose,
}

impl Signals {
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self { interrupt: windows::ctrl_c()?, terminate: windows::ctrl_break()?, close: windows::ctrl_close()? })
    }

    /// The next one. [`Signal::Hup`] says that whoever started this is gone. Giving up the wait loses nothing.
    pub(super) async fn next(&mut self) -> Option<Signal> {
        tokio::select! {
            came = self.interrupt.recv() => came.map(|()| Signal::Int),
            came = self.terminate.recv() => came.map(|()| Signal::Term),
            came = self.close.recv() => came.map(|()| Signal::Hup),
        }
    }
}

/// Whether stdout and stderr go to different places: unless both are the console, they are taken for two.
pub(super) fn stderr_is_elsewhere() -> bool {
    !(io::stdout().is_terminal() && io::stderr().is_terminal())
}
