//! The limit of open files: raised for an engine, given back to what it starts.

use std::sync::atomic::{AtomicU64, Ordering};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The limit before it was raised; 0 when it was not.
static BEFORE: AtomicU64 = AtomicU64::new(0);

pub(crate) fn raise_open_files_limit() {
    let limit = getrlimit(Resource::Nofile);
    // What was not granted shows when the present limit is reached.
    if setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).is_ok() {
        BEFORE.store(limit.current.unwrap_or(0), Ordering::Relaxed);
    }
}

/// Gives a started program the limit that its user's other programs have: some allocate by it, and `select` does not
/// reach beyond 1,024. System calls only, so it may run between `fork` and `exec`.
pub(super) fn restore_open_files_limit() {
    let before = BEFORE.load(Ordering::Relaxed);
    if before > 0 {
        let limit = getrlimit(Resource::Nofile);
        let _lowered = setrlimit(Resource::Nofile, Rlimit { current: Some(before), ..limit });
    }
}
