//! The processor time of another process.

use std::time::Duration;

use anyhow::{Context, Result};
use nix::time::{clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;

/// Processor time of a process, all its threads together, those that have ended included.
pub(super) fn used(pid: u32) -> Result<Duration> {
    let clock =
        clock_getcpuclockid(Pid::from_raw(pid.cast_signed())).with_context(|| format!("find the clock of {pid}"))?;
    Ok(clock_gettime(clock).with_context(|| format!("read the clock of {pid}"))?.into())
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn a_thread_that_ended_is_not_forgotten() {
        let own = std::process::id();
        let before = used(own).unwrap();
        thread::spawn(move || while used(own).unwrap() < before + Duration::from_millis(20) {}).join().unwrap();
        assert!(used(own).unwrap() >= before + Duration::from_millis(20));
    }
}
