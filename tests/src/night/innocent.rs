//! Somebody who has nothing to do with any run, and a number that a process of one had before.

use std::fs;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

use super::namespace::OWN_PIDS;
use super::processes::alive;
use crate::eventually;

/// The number of the last process; whoever may set it says which one comes next.
const LAST_PID: &str = "/proc/sys/kernel/ns_last_pid";

/// A process that dies of the first signal that ends it. It ends with this value.
#[derive(Debug)]
pub struct Innocent(Child);

impl Innocent {
    /// One that has the number `pid`, which nobody has any more. Only for a test that is called through
    /// [`super::with_own_pids`].
    ///
    /// # Errors
    /// When the number cannot be had.
    pub fn with_pid(pid: u32) -> Result<Self> {
        ensure!(std::env::var_os(OWN_PIDS).is_some(), "a test that reuses numbers is called through `with_own_pids`");
        eventually(&format!("the number {pid} to be free"), || (!is_taken(pid)).then_some(()))?;
        // Somebody else may have come in between, and ends again.
        eventually(&format!("a process with the number {pid}"), || {
            fs::write(LAST_PID, (pid - 1).to_string()).ok()?;
            let innocent = Self::start(&[]).ok()?;
            (innocent.pid() == pid).then_some(innocent)
        })
        .with_context(|| format!("`{LAST_PID}` has to be writable, by root or in a user namespace"))
    }

    /// One with whatever number, and this in its environment.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(environment: &[(&str, &str)]) -> Result<Self> {
        let mut command = Command::new("sleep");
        command.arg("600").stdin(Stdio::null()).envs(environment.iter().copied());
        Ok(Self(command.spawn().context("start `sleep`")?))
    }

    /// Its number.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    /// Whether nothing was done to it.
    #[must_use]
    pub fn is_unharmed(&self) -> bool {
        alive(self.pid())
    }
}

impl Drop for Innocent {
    fn drop(&mut self) {
        self.0.kill().unwrap_or_default();
        self.0.wait().map(drop).unwrap_or_default();
    }
}

/// Ends a process for good, so that its number is free: also one that has come down to the test from a parent that ended.
///
/// # Errors
/// When it does not end.
pub fn end_for_good(pid: u32) -> Result<()> {
    let raw = i32::try_from(pid).ok().and_then(Pid::from_raw).context("a number of a process")?;
    kill_process(raw, Signal::KILL)?;
    eventually(&format!("process {pid} to be gone"), || {
        // It fails while somebody else is the parent.
        let _status = waitpid(Some(raw), WaitOptions::NOHANG);
        (!is_taken(pid)).then_some(())
    })
}

/// Whether somebody has this number, be he dead or alive.
fn is_taken(pid: u32) -> bool {
    fs::metadata(format!("/proc/{pid}")).is_ok()
}
