//! The same elsewhere, where the hostile tree of twelve is not tried.

use std::time::Duration;

use anyhow::{Result, bail};

/// Never compared to anything that differs.
pub(crate) const fn parent() -> Option<u32> {
    None
}

/// Not known.
pub(crate) fn go_on_without_parent() -> Result<()> {
    bail!("`stop-self` is for Linux only")
}

/// Not tried.
pub(crate) fn stop_self() -> Result<()> {
    bail!("`stop-self` is for Linux only")
}

/// Not known.
pub(crate) fn hide() -> Result<()> {
    bail!("`hide` is for Linux only")
}

/// Not known.
pub(crate) fn overwrite_environment() -> Result<()> {
    bail!("`overwrite-environment` is for Linux only")
}

/// Not tried.
pub(crate) const fn wait_in_kernel(_length: Duration, _notes: Option<&str>) {}

/// Not tried.
pub(crate) fn ends_within(_pid: u32, _length: Duration) -> Result<bool> {
    bail!("`respawn` is for Linux only")
}
