//! Facts of one process, and the walk of the tree below it.

use std::collections::{HashMap, VecDeque};
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::sync::OnceLock;

use rustix::param::{clock_ticks_per_second, page_size};

use super::process;
use super::procfs::{self, Stat};
use crate::facts::{ProcessFacts, TREE_PROCESSES_MAX};
use crate::identity::{Identity, ProcessError};
use crate::unix;

/// The most bytes of a command line that are read.
const COMMAND_BYTES_MAX: u64 = 4096;

pub(crate) fn facts(pid: u32) -> Result<Option<ProcessFacts>, ProcessError> {
    facts_at(pid, 0)
}

fn facts_at(pid: u32, depth: u32) -> Result<Option<ProcessFacts>, ProcessError> {
    let Some((identity, handle)) = process::open(pid)? else { return Ok(None) };
    let Some(stat) = procfs::stat(pid)? else { return Ok(None) };
    let command = command(pid, &stat.name);
    let cpu_ms = cpu_ms(pid, &stat);
    if !process::is_alive(&handle, &identity) {
        return Ok(None);
    }
    Ok(Some(ProcessFacts {
        parent: stat.parent,
        depth,
        state: stat.state(),
        command,
        cpu_ms,
        memory_bytes: stat.resident_pages.saturating_mul(page_size() as u64),
        age_ms: super::boot_ms().saturating_sub(ticks_to_ms(stat.start)),
        session: stat.session,
        group: stat.group,
        name: stat.name,
        identity,
    }))
}

pub(crate) fn descendants(root: u32) -> Result<Vec<ProcessFacts>, ProcessError> {
    let Some(first) = facts_at(root, 0)? else { return Ok(Vec::new()) };
    let children = Children::new()?;
    let mut found = vec![first];
    let mut open = VecDeque::from([(root, 0)]);
    while let Some((pid, depth)) = open.pop_front() {
        for child in children.of(pid) {
            if found.len() >= TREE_PROCESSES_MAX {
                return Ok(found);
            }
            // Whatever cannot be looked at is on its way out, or hidden from this user and not his to signal.
            if let Ok(Some(facts)) = facts_at(child, depth + 1) {
                found.push(facts);
                open.push_back((child, depth + 1));
            }
        }
    }
    Ok(found)
}

/// Who is whose child.
enum Children {
    /// The kernel keeps the lists (`CONFIG_PROC_CHILDREN`).
    Listed,
    /// One scan of all processes.
    Scanned(HashMap<u32, Vec<u32>>),
}

impl Children {
    fn new() -> Result<Self, ProcessError> {
        static LISTED: OnceLock<bool> = OnceLock::new();
        if *LISTED.get_or_init(|| Path::new("/proc/thread-self/children").exists()) {
            return Ok(Self::Listed);
        }
        Self::scan()
    }

    fn scan() -> Result<Self, ProcessError> {
        let pids = procfs::pids().map_err(|source| ProcessError::System { what: "list the processes", source })?;
        let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
        for pid in pids {
            if let Ok(Some(stat)) = procfs::stat(pid) {
                children.entry(stat.parent).or_default().push(pid);
            }
        }
        Ok(Self::Scanned(children))
    }

    fn of(&self, pid: u32) -> Vec<u32> {
        match self {
            Self::Listed => listed_children(pid),
            Self::Scanned(children) => children.get(&pid).cloned().unwrap_or_default(),
        }
    }
}

/// Lists the children of a process, the dead ones that were not collected included. Empty if it is gone.
fn listed_children(pid: u32) -> Vec<u32> {
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let mut children = Vec::new();
    for task in tasks.flatten() {
        if let Ok(list) = fs::read_to_string(task.path().join("children")) {
            children.extend(list.split_ascii_whitespace().filter_map(|child| child.parse::<u32>().ok()));
        }
    }
    children
}

/// Lists the children of the calling process that it has not collected, dead or alive.
pub(crate) fn own_children() -> Vec<u32> {
    match Children::new() {
        Ok(children) => children.of(std::process::id()),
        Err(_) => Vec::new(),
    }
}

/// Everything that a nursery has below it: all of it, since orphans come to the subreaper.
pub(crate) fn members_below(_root: &Identity) -> Vec<ProcessFacts> {
    let mut members = descendants(std::process::id()).unwrap_or_default();
    members.retain(|member| member.depth > 0);
    members
}

fn command(pid: u32, name: &str) -> String {
    let mut bytes = Vec::new();
    let read = File::open(format!("/proc/{pid}/cmdline"))
        .and_then(|file| file.take(COMMAND_BYTES_MAX).read_to_end(&mut bytes));
    if read.is_err() || bytes.iter().all(|byte| *byte == 0) {
        return format!("[{name}]");
    }
    unix::show_command(bytes)
}

/// Ticks are 10 ms; the scheduler counts nanoseconds, but for the main thread only.
fn cpu_ms(pid: u32, stat: &Stat) -> u64 {
    let coarse = ticks_to_ms(stat.cpu_ticks);
    let fine = || -> Option<u64> {
        let text = fs::read_to_string(format!("/proc/{pid}/schedstat")).ok()?;
        let nanos: u64 = text.split_ascii_whitespace().next()?.parse().ok()?;
        Some(nanos / 1_000_000)
    };
    coarse.max(fine().unwrap_or(0))
}

fn ticks_to_ms(ticks: u64) -> u64 {
    ticks.saturating_mul(1000) / clock_ticks_per_second().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scan_finds_the_same_children_as_the_kernels_list() {
        let mut child = std::process::Command::new("/bin/sleep").arg("60").spawn().unwrap();
        let own = std::process::id();
        let scanned = Children::scan().unwrap().of(own);
        let listed = listed_children(own);
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(scanned.contains(&child.id()), "{scanned:?}");
        assert!(listed.contains(&child.id()), "{listed:?}");
    }
}
