//! Who holds the lock of a home or of a run, told by the kernel.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use nightkeep_os::{Process, Signal};

/// The process that holds the lock of a file: an engine's or a keeper's.
pub(super) fn holder(path: &Path) -> Option<u32> {
    // The list is given out in pieces, and a lock that is given back meanwhile makes another one fall between two of them.
    listed(path).or_else(|| listed(path)).or_else(|| named(path))
}

fn listed(path: &Path) -> Option<u32> {
    let file = fs::metadata(path).ok()?;
    let inode = format!(":{}", file.ino());
    // `12: FLOCK  ADVISORY  WRITE 4711 fe:00:131090 0 EOF`
    let locks = fs::read_to_string("/proc/locks").ok()?;
    locks.lines().find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, "FLOCK", _, "WRITE", pid, place, ..] = words.as_slice() else { return None };
        place.ends_with(&inode).then(|| pid.parse().ok())?
    })
}

/// The process that was started to hold it, and has it open.
fn named(path: &Path) -> Option<u32> {
    let pids = fs::read_dir("/proc").ok()?.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.into_iter().find(|pid: &u32| {
        let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let is_one = [&b"engine"[..], b"keeper"].contains(&words.split(|byte| *byte == 0).nth(1).unwrap_or_default());
        is_one && has_open(*pid, path)
    })
}

fn has_open(pid: u32, path: &Path) -> bool {
    let files = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    files.into_iter().any(|file| fs::read_link(file.path()).is_ok_and(|open| open == path))
}

/// Signals whoever holds the lock of a file. Whether there was somebody.
pub(super) fn signal_holder(path: &Path, signal: Signal) -> bool {
    let Some(pid) = holder(path) else { return false };
    let Ok(Some(process)) = Process::open_pid(pid) else { return false };
    // The handle is of the process that has this number; it is the holder only if it still holds.
    holder(path) == Some(pid) && process.signal(signal).is_ok()
}
