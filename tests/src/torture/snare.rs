//! Ending a keeper exactly while it writes a record: between two of its steps there is no time to be seen in, so the kernel
//! is told beforehand to end it at a byte of the file that it writes next.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use nightkeep_os::{Lock, Process};
use rustix::process::{Pid, Resource, Rlimit, prlimit};

use super::locks::holder;

/// How long a keeper may take to come up, and to reach the record.
const WITHIN: Duration = Duration::from_secs(5);
/// So much of the record gets into the file: neither nothing nor all of it.
const BYTES: u64 = 24;

/// The lock of a run that is about to be started, held so that its keeper waits for it.
#[derive(Debug)]
pub(super) struct Held {
    lock: Lock,
}

impl Held {
    /// Takes it, if the keeper has not.
    pub(super) fn take(run: &Path) -> Option<Self> {
        Lock::exclusive(&run.join("keeper.lock")).ok().flatten().map(|lock| Self { lock })
    }

    /// Waits for the keeper, lets it go on to its record of the start, and waits for its end there. Whether it came.
    pub(super) fn spring(self, run: &Path) -> bool {
        let Some(pid) = within(|| keeper_of(run)) else { return false };
        let Some(process) = Process::open_pid(pid).ok().flatten() else { return false };
        limit(pid);
        drop(self.lock);
        is_gone(&process)
    }
}

/// Ends the keeper that watches a run at its next record. Whether it came.
pub(super) fn lay(run: &Path) -> Option<Process> {
    let pid = holder(&run.join("keeper.lock"))?;
    let process = Process::open_pid(pid).ok().flatten()?;
    limit(pid);
    Some(process)
}

/// Waits for the end of what was limited.
pub(super) fn is_gone(process: &Process) -> bool {
    within(|| (!process.is_alive()).then_some(())).is_some()
}

/// Whoever writes beyond this is ended by the kernel.
fn limit(pid: u32) {
    let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return };
    for (resource, most) in [(Resource::Core, 0), (Resource::Fsize, BYTES)] {
        // One that has ended already is not there to be ended.
        let _gone = prlimit(Some(pid), resource, Rlimit { current: Some(most), maximum: Some(most) });
    }
}

/// The keeper that was started for a run, whether it has the lock or not.
fn keeper_of(run: &Path) -> Option<u32> {
    let pids = fs::read_dir("/proc").ok()?.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.into_iter().find(|pid: &u32| {
        let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let words: Vec<&[u8]> = words.split(|byte| *byte == 0).collect();
        matches!(words.as_slice(), [_, b"keeper", of, ..] if *of == run.as_os_str().as_encoded_bytes())
    })
}

fn within<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    loop {
        let found = look();
        if found.is_some() || start.elapsed() > WITHIN {
            return found;
        }
        std::thread::sleep(Duration::from_micros(500));
    }
}
