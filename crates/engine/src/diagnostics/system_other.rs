//! macOS and Windows say no more than their names here. Never run.

use std::env;

pub(super) fn lines() -> Vec<String> {
    vec![format!("{} on {}", env::consts::OS, env::consts::ARCH)]
}
