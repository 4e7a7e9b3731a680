//! An observer of its own: which processes are there, told by the system and not by Nightkeep.

use std::fs;
use std::path::Path;

/// Whether a process is there and not a zombie.
#[must_use]
pub fn alive(pid: u32) -> bool {
    // `4711 (a name) S 1 …`
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

/// The processes that carry the tag of a run in their environment; its keeper does not.
#[must_use]
pub fn of_run(tag: &str) -> Vec<u32> {
    let tagged = format!("NIGHTKEEP_RUN={tag}");
    let pids = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let carries = |pid: &u32| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|entry| entry == tagged.as_bytes())
    };
    pids.filter(carries).filter(|pid| alive(*pid)).collect()
}

/// The numbers that processes have written into a file, one a line.
#[must_use]
pub fn pids_in(file: &Path) -> Vec<u32> {
    let text = fs::read_to_string(file).unwrap_or_default();
    text.lines().filter_map(|line| line.trim().parse().ok()).collect()
}
