//! Processes that carry a tag in their environment.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::MetadataExt;

use rustix::process::geteuid;

use super::process;
use super::procfs;
use crate::identity::{Identity, ProcessError};

/// The most bytes of one environment that are compared: the kernel's own default limit.
const ENVIRONMENT_BYTES_MAX: u64 = 2 * 1024 * 1024;

pub(crate) fn tagged(key: &str, value: &str) -> Result<Vec<Identity>, ProcessError> {
    let pids = procfs::pids().map_err(|source| ProcessError::System { what: "list the processes", source })?;
    let own = std::process::id();
    let user = geteuid().as_raw();
    let tag = format!("{key}={value}");
    let mut environment = Vec::new();
    let mut found = Vec::new();
    for pid in pids.filter(|pid| *pid != own) {
        if !belongs_to(pid, user) {
            continue;
        }
        // The first comparison is cheap and finds candidates; the second one, made once the process is known, makes sure
        // that the environment is that of the identity returned.
        let carries_tag = carries(pid, tag.as_bytes(), &mut environment);
        if carries_tag
            && let Ok(Some((identity, _handle))) = process::open(pid)
            && carries(pid, tag.as_bytes(), &mut environment)
        {
            found.push(identity);
        }
    }
    Ok(found)
}

fn belongs_to(pid: u32, user: u32) -> bool {
    fs::metadata(format!("/proc/{pid}")).is_ok_and(|directory| directory.uid() == user)
}

/// Whether a process was started with an entry in its environment, and shows that.
pub(super) fn carries(pid: u32, tag: &[u8], environment: &mut Vec<u8>) -> bool {
    environment.clear();
    let read = File::open(format!("/proc/{pid}/environ"))
        .and_then(|file| file.take(ENVIRONMENT_BYTES_MAX).read_to_end(environment));
    let carries = read.is_ok() && environment.split(|byte| *byte == 0).any(|entry| entry == tag);
    environment.fill(0);
    carries
}
