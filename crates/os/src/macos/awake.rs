//! macOS: `caffeinate` keeps the computer awake for as long as it runs, and ends with the process that it is to wait for.
//! Never run.

use std::io;
use std::process::{Child, Command, Stdio};

/// By its full path: whoever is first in `PATH` is not asked.
const CAFFEINATE: &str = "/usr/bin/caffeinate";

/// The program that keeps it awake; ends with this value.
#[derive(Debug)]
pub(crate) struct Lock {
    caffeinate: Child,
}

/// No sleep for idleness.
pub(crate) fn keep_awake() -> io::Result<Lock> {
    let mut command = Command::new(CAFFEINATE);
    command.args(["-i", "-w", &std::process::id().to_string()]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    Ok(Lock { caffeinate: command.spawn()? })
}

impl Drop for Lock {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        self.caffeinate.kill().and_then(|()| self.caffeinate.wait()).map(drop).unwrap_or_default();
    }
}
