//! Where no window is driven.

use anyhow::{Result, bail};
use serde_json::Value;

pub(super) fn measure(_runs: &str, _live: &str, _agent: &str) -> Result<Value> {
    bail!("the window is driven on Linux only")
}
