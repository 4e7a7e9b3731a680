//! The same where the bench does not run. Never run.

use std::time::Duration;

use anyhow::{Result, bail};

/// Not here.
pub(super) fn used(_pid: u32) -> Result<Duration> {
    bail!("the bench runs on Linux only")
}
