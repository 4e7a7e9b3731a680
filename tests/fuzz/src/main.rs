//! Feeds a reader whatever libFuzzer makes up. `cargo xtask fuzz` builds and runs it; which reader it is for stands in
//! the environment, so that there is one program for all of them.
#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use nightkeep_engine::fuzz::{TARGETS, Target};

/// Names the reader.
const TARGET_VARIABLE: &str = "NIGHTKEEP_FUZZ_TARGET";

static TARGET: OnceLock<Target> = OnceLock::new();

fn chosen() -> Target {
    let name = std::env::var(TARGET_VARIABLE).unwrap_or_default();
    let found = TARGETS.into_iter().find(|target| target.name == name);
    found.unwrap_or_else(|| panic!("`{TARGET_VARIABLE}` names no reader: `{name}`"))
}

fuzz_target!(|bytes: &[u8]| (TARGET.get_or_init(chosen).read)(bytes));
