//! Facts, trees and tags, from one snapshot of all processes.
//!
//! Never run on Windows; its tests pass under wine.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io;

use sysinfo::{Pid, Process, ProcessRefreshKind, ProcessStatus, ProcessesToUpdate, System, UpdateKind};

use super::process::identify;
use crate::facts::{ProcessFacts, ProcessState, TREE_PROCESSES_MAX, cut_command};
use crate::identity::{Identity, ProcessError};
use crate::kinship::{Family, Kinship};

pub(crate) fn facts(pid: u32) -> Result<Option<ProcessFacts>, ProcessError> {
    let only = [Pid::from_u32(pid)];
    let system = snapshot(ProcessesToUpdate::Some(&only), what_facts_need())?;
    match system.process(Pid::from_u32(pid)) {
        Some(process) => facts_of(process, 0),
        None => Ok(None),
    }
}

pub(crate) fn descendants(root: u32) -> Result<Vec<ProcessFacts>, ProcessError> {
    let system = snapshot(ProcessesToUpdate::All, what_facts_need())?;
    let mut children: HashMap<Pid, Vec<&Process>> = HashMap::new();
    for process in system.processes().values() {
        if let Some(parent) = process.parent() {
            children.entry(parent).or_default().push(process);
        }
    }
    let Some(process) = system.process(Pid::from_u32(root)) else { return Ok(Vec::new()) };
    let Some(first) = facts_of(process, 0)? else { return Ok(Vec::new()) };
    let mut found = vec![first];
    let mut next = 0;
    while let Some(parent) = found.get(next) {
        let (pid, started, depth) = (parent.identity.pid, parent.identity.start, parent.depth);
        next += 1;
        for child in children.get(&Pid::from_u32(pid)).into_iter().flatten() {
            // The number of a dead parent may have gone to a younger process.
            if found.len() < TREE_PROCESSES_MAX
                && let Ok(Some(facts)) = facts_of(child, depth + 1)
                && facts.identity.start >= started
            {
                found.push(facts);
            }
        }
    }
    Ok(found)
}

/// Nobody here is told of a process by its number alone.
pub(crate) const fn kinship(_pid: u32, _family: &Family) -> Kinship {
    Kinship::Untold
}

pub(crate) fn tagged(key: &str, value: &str) -> Result<Vec<Identity>, ProcessError> {
    let tag = OsString::from(format!("{key}={value}"));
    let own = std::process::id();
    let system = snapshot(
        ProcessesToUpdate::All,
        ProcessRefreshKind::nothing().without_tasks().with_environ(UpdateKind::Always),
    )?;
    let mut found = Vec::new();
    for process in system.processes().values().filter(|process| process.environ().contains(&tag)) {
        let pid = process.pid().as_u32();
        if pid != own
            && let Ok(Some(identity)) = identify(pid)
        {
            found.push(identity);
        }
    }
    Ok(found)
}

fn what_facts_need() -> ProcessRefreshKind {
    ProcessRefreshKind::nothing().without_tasks().with_cpu().with_memory().with_cmd(UpdateKind::Always)
}

fn snapshot(which: ProcessesToUpdate<'_>, what: ProcessRefreshKind) -> Result<System, ProcessError> {
    let failed = |error| ProcessError::System { what: "list the processes", source: io::Error::other(error) };
    let mut system = System::new().map_err(failed)?;
    system.refresh_processes_specifics(which, true, what);
    Ok(system)
}

fn facts_of(process: &Process, depth: u32) -> Result<Option<ProcessFacts>, ProcessError> {
    let Some(identity) = identify(process.pid().as_u32())? else { return Ok(None) };
    let name = process.name().to_string_lossy().into_owned();
    let words: Vec<_> = process.cmd().iter().map(|word| word.to_string_lossy()).collect();
    let command = if words.is_empty() { format!("[{name}]") } else { words.join(" ") };
    Ok(Some(ProcessFacts {
        identity,
        parent: process.parent().map_or(0, Pid::as_u32),
        depth,
        name,
        command: cut_command(&command),
        state: state_of(process.status()),
        cpu_ms: process.accumulated_cpu_time(),
        memory_bytes: process.memory(),
        age_ms: process.run_time().saturating_mul(1000),
        session: 0,
        group: 0,
    }))
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the states are another crate's, and most are of other systems")]
fn state_of(status: ProcessStatus) -> ProcessState {
    match status {
        ProcessStatus::Run => ProcessState::Running,
        ProcessStatus::Sleep | ProcessStatus::Idle => ProcessState::Sleeping,
        ProcessStatus::Stop => ProcessState::Stopped,
        _ => ProcessState::Unknown,
    }
}
