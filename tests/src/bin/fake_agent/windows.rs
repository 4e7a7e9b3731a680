//! The same on Windows, where none of it exists under these names. Never run.

#[path = "not_linux.rs"]
pub(crate) mod only;

use anyhow::{Result, bail};

use crate::script::Signals;

/// There is nothing to ignore: a polite end is a console event.
#[expect(clippy::unnecessary_wraps, reason = "the signature is the one of Unix")]
pub(crate) fn ignore(_signals: Signals) -> Result<()> {
    Ok(())
}

/// Cannot be had without `unsafe` code.
pub(crate) fn at_polite_signal(_act: impl FnOnce() + Send + 'static) -> Result<()> {
    bail!("`on-term` is for Unix only")
}

/// Sessions are not known.
pub(crate) fn new_session() -> Result<()> {
    bail!("`new-session` is for Unix only")
}

/// Groups are given at the start of a process only.
pub(crate) fn new_group() -> Result<()> {
    bail!("`new-group` is for Unix only")
}

/// Cannot be had without `unsafe` code.
pub(crate) fn close_stdout() -> Result<()> {
    bail!("`close-stdout` is for Unix only")
}

/// No file is handed down without being named.
pub(crate) fn hold(_path: &str) -> Result<()> {
    bail!("`FAKE_AGENT_HOLD` is for Unix only")
}
