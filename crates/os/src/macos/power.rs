//! macOS: `pmset` says what the computer draws its power from. Never run.

use std::io;
use std::process::{Command, Stdio};

/// By its full path: whoever is first in `PATH` is not asked.
const PMSET: &str = "/usr/bin/pmset";

pub(crate) fn is_plugged_in() -> io::Result<bool> {
    let asked = Command::new(PMSET).args(["-g", "batt"]).stdin(Stdio::null()).stderr(Stdio::null()).output()?;
    let told = String::from_utf8_lossy(&asked.stdout);
    // "Now drawing from 'AC Power'"; a computer without a battery says that too, or nothing at all.
    Ok(!told.contains("'Battery Power'") && !told.contains("'UPS Power'"))
}
