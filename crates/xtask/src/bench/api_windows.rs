//! The same on Windows, where the bench does not run. Never run.

use std::path::Path;

use anyhow::{Result, bail};
use serde_json::Value;

/// Not here.
pub(super) fn request(_socket: &Path, _method: &str, _path: &str) -> Result<()> {
    bail!("the bench runs on Linux only")
}

/// Not here.
pub(super) fn ask(_socket: &Path, _path: &str) -> Result<Value> {
    bail!("the bench runs on Linux only")
}

/// Not here.
pub(super) struct Events;

impl Events {
    /// Not here.
    pub(super) fn open(_socket: &Path) -> Result<Self> {
        bail!("the bench runs on Linux only")
    }

    /// Not here.
    #[expect(clippy::unused_self, reason = "the signature is the one of Unix")]
    pub(super) fn next(&mut self) -> Result<Value> {
        bail!("the bench runs on Linux only")
    }
}
