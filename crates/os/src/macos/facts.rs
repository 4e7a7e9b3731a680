//! Facts, trees and tags from libproc. Never run.

use std::collections::VecDeque;
use std::ffi::c_char;
use std::io;
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::process::{Pid, geteuid, getsid};

use super::process::{basic_info, full_info, identify, identity_of};
use super::sysctl::read_arguments;
use crate::facts::{ProcessFacts, ProcessState, TREE_PROCESSES_MAX, cut_command};
use crate::identity::{Identity, ProcessError};
use crate::kinship::{Family, Kinship};
use crate::unix;

pub(crate) fn facts(pid: u32) -> Result<Option<ProcessFacts>, ProcessError> {
    facts_at(pid, 0)
}

fn facts_at(pid: u32, depth: u32) -> Result<Option<ProcessFacts>, ProcessError> {
    let Some(basic) = basic_info(pid)? else { return Ok(None) };
    if basic.pbi_status == libc::SZOMB {
        return Ok(None);
    }
    // Processor time and memory are for the owner to see; without them there is still something to say.
    let task = full_info(pid).ok().flatten().map(|info| info.ptinfo);
    let name = text_of(&basic.pbi_name);
    let name = if name.is_empty() { text_of(&basic.pbi_comm) } else { name };
    let started_ms = basic.pbi_start_tvsec * 1000 + basic.pbi_start_tvusec / 1000;
    let wall_ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    let raw = i32::try_from(pid).ok().and_then(Pid::from_raw);
    Ok(Some(ProcessFacts {
        identity: identity_of(&basic)?,
        parent: basic.pbi_ppid,
        depth,
        command: command(pid).unwrap_or_else(|| cut_command(&format!("[{name}]"))),
        name,
        state: state_of(basic.pbi_status),
        cpu_ms: task.map_or(0, |task| ticks_to_ms(task.pti_total_user.saturating_add(task.pti_total_system))),
        memory_bytes: task.map_or(0, |task| task.pti_resident_size),
        age_ms: u64::try_from(wall_ms).unwrap_or(u64::MAX).saturating_sub(started_ms),
        session: getsid(raw).map_or(0, |session| session.as_raw_nonzero().get().unsigned_abs()),
        group: basic.pbi_pgid,
    }))
}

pub(crate) fn descendants(root: u32) -> Result<Vec<ProcessFacts>, ProcessError> {
    let Some(first) = facts_at(root, 0)? else { return Ok(Vec::new()) };
    let mut found = vec![first];
    let mut open = VecDeque::from([(root, 0)]);
    while let Some((pid, depth)) = open.pop_front() {
        for child in list(PROC_PPID_ONLY, pid)? {
            if found.len() >= TREE_PROCESSES_MAX {
                return Ok(found);
            }
            if let Ok(Some(facts)) = facts_at(child, depth + 1) {
                found.push(facts);
                open.push_back((child, depth + 1));
            }
        }
    }
    Ok(found)
}

/// What is below this process, and what is left of the command's group: orphans stay in it unless they chose to leave.
pub(crate) fn members_below(root: &Identity) -> Vec<ProcessFacts> {
    let mut members = descendants(std::process::id()).unwrap_or_default();
    members.retain(|member| member.depth > 0);
    for pid in list(PROC_PGRP_ONLY, root.pid).unwrap_or_default() {
        let is_known = members.iter().any(|member| member.identity.pid == pid);
        // Two: not a child of this process, and below the command in spirit.
        if !is_known && let Ok(Some(member)) = facts_at(pid, 2) {
            members.push(member);
        }
    }
    members
}

pub(crate) fn own_children() -> Vec<u32> {
    list(PROC_PPID_ONLY, std::process::id()).unwrap_or_default()
}

/// Nobody here is told of a process by its number alone.
pub(crate) const fn kinship(_pid: u32, _family: &Family) -> Kinship {
    Kinship::Untold
}

pub(crate) fn tagged(key: &str, value: &str) -> Result<Vec<Identity>, ProcessError> {
    let tag = format!("{key}={value}");
    let own = std::process::id();
    let mut found = Vec::new();
    for pid in list(PROC_UID_ONLY, geteuid().as_raw())? {
        if pid != own
            && carries(pid, tag.as_bytes())
            && let Ok(Some(identity)) = identify(pid)
            && carries(pid, tag.as_bytes())
        {
            found.push(identity);
        }
    }
    Ok(found)
}

fn carries(pid: u32, tag: &[u8]) -> bool {
    let Ok(bytes) = read_arguments(pid) else { return false };
    let Some((arguments, strings)) = split_arguments(&bytes) else { return false };
    strings.skip(arguments).any(|entry| entry == tag)
}

fn command(pid: u32) -> Option<String> {
    let bytes = read_arguments(pid).ok()?;
    let (arguments, strings) = split_arguments(&bytes)?;
    let words: Vec<&[u8]> = strings.take(arguments).collect();
    let command = unix::show_command(words.join(&b' '));
    (!command.is_empty()).then_some(command)
}

/// Returns the number of arguments, and the strings: first the arguments, then the environment.
fn split_arguments(bytes: &[u8]) -> Option<(usize, impl Iterator<Item = &[u8]>)> {
    let (count, rest) = bytes.split_first_chunk::<4>()?;
    let program_end = rest.iter().position(|byte| *byte == 0)?;
    let padded = rest.get(program_end..)?;
    let start = padded.iter().position(|byte| *byte != 0)?;
    let strings = padded.get(start..)?.split(|byte| *byte == 0);
    Some((usize::try_from(i32::from_ne_bytes(*count)).ok()?, strings))
}

/// The kinds of list of sys/proc_info.h.
const PROC_PGRP_ONLY: u32 = 2;
const PROC_UID_ONLY: u32 = 4;
const PROC_PPID_ONLY: u32 = 6;

fn list(kind: u32, of: u32) -> Result<Vec<u32>, ProcessError> {
    /// Room for processes that come between the two calls.
    const SPARE: usize = 32;
    let failed = || ProcessError::System { what: "list the processes", source: io::Error::last_os_error() };
    #[expect(unsafe_code, reason = "libc has no safe wrapper")]
    // SAFETY: a null buffer asks for the size.
    let bytes = unsafe { libc::proc_listpids(kind, of, std::ptr::null_mut(), 0) };
    let room = usize::try_from(bytes).map_err(|_| failed())? / size_of::<i32>() + SPARE;
    let mut pids = vec![0_i32; room];
    let size = i32::try_from(room * size_of::<i32>()).map_err(|_| failed())?;
    #[expect(unsafe_code, reason = "libc has no safe wrapper")]
    // SAFETY: the buffer has room for `size` bytes.
    let bytes = unsafe { libc::proc_listpids(kind, of, pids.as_mut_ptr().cast(), size) };
    let count = usize::try_from(bytes).map_err(|_| failed())? / size_of::<i32>();
    pids.truncate(count);
    Ok(pids.into_iter().filter_map(|pid| u32::try_from(pid).ok()).filter(|pid| *pid != 0).collect())
}

fn text_of(chars: &[c_char]) -> String {
    let bytes: Vec<u8> = chars.iter().map(|byte| byte.cast_unsigned()).take_while(|byte| *byte != 0).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The states of sys/proc.h. A process that sleeps without letting signals through is not told apart.
fn state_of(status: u32) -> ProcessState {
    match status {
        2 => ProcessState::Running,
        1 | 3 => ProcessState::Sleeping,
        4 => ProcessState::Stopped,
        5 => ProcessState::Zombie,
        _ => ProcessState::Unknown,
    }
}

/// Times of tasks are in units of the processor's own clock.
fn ticks_to_ms(ticks: u64) -> u64 {
    static TIMEBASE: OnceLock<(u64, u64)> = OnceLock::new();
    let (numerator, denominator) = *TIMEBASE.get_or_init(|| {
        let mut base = MachTimebaseInfo { numerator: 1, denominator: 1 };
        #[expect(unsafe_code, reason = "libc leaves this function to others")]
        // SAFETY: the call fills the two numbers.
        unsafe {
            mach_timebase_info(&raw mut base);
        }
        (u64::from(base.numerator), u64::from(base.denominator.max(1)))
    });
    let nanos = u128::from(ticks) * u128::from(numerator) / u128::from(denominator);
    u64::try_from(nanos / 1_000_000).unwrap_or(u64::MAX)
}

#[repr(C)]
struct MachTimebaseInfo {
    numerator: u32,
    denominator: u32,
}

#[expect(unsafe_code, reason = "libc leaves this function to others")]
// SAFETY: the signature is that of mach/mach_time.h.
unsafe extern "C" {
    fn mach_timebase_info(info: *mut MachTimebaseInfo) -> i32;
}
