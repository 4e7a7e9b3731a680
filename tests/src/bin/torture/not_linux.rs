//! What the torture watches only Linux shows. Never run.

use anyhow::{Result, bail};

/// Nothing.
pub(crate) fn torture(_kills: u64, _seed: u64, _seconds: u64, _busy: u64) -> Result<String> {
    bail!("the torture watches `/proc` and so runs on Linux only")
}
