//! What the kernel says of processes.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// Memory of a process in KiB, shared pages counted in parts.
pub(super) fn pss(pid: u32) -> Result<u64> {
    let text =
        fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).with_context(|| format!("read the memory of {pid}"))?;
    number_after("Pss:", &text).with_context(|| format!("find the memory of {pid}"))
}

/// Memory of a process in KiB at this moment, and at most since [`forget_most`].
pub(super) fn resident(pid: u32) -> Result<(u64, u64)> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).with_context(|| format!("read the state of {pid}"))?;
    let found = |name| number_after(name, &text).with_context(|| format!("find the memory of {pid}"));
    Ok((found("VmRSS:")?, found("VmHWM:")?))
}

/// From here on, the most memory is counted anew.
pub(super) fn forget_most(pid: u32) -> Result<()> {
    fs::write(format!("/proc/{pid}/clear_refs"), "5").with_context(|| format!("reset the peak of {pid}"))
}

/// How often a process woke up, all its threads together.
pub(super) fn wakeups(pid: u32) -> Result<u64> {
    let mut sum = 0;
    for thread in fs::read_dir(format!("/proc/{pid}/task")).with_context(|| format!("list the threads of {pid}"))? {
        let text = fs::read_to_string(thread?.path().join("status"))?;
        sum += number_after("voluntary_ctxt_switches:", &text).context("read wake-ups")?;
    }
    Ok(sum)
}

/// Whether a process can still do something; a zombie cannot.
pub(super) fn lives(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|text| !matches!(state(&text), Some('Z' | 'X')))
}

/// Processes of a program (by the name of its file) with a word among their arguments.
pub(super) fn find(program: &str, word: &str) -> Result<Vec<u32>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").context("list processes")? {
        let entry = entry?;
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // A process may end while it is looked at.
        let command = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        if is_command_of(&command, program, word) {
            found.push(pid);
        }
    }
    Ok(found)
}

/// Children of a process that run a program.
pub(super) fn children_called(parent: u32, program: &str) -> Result<Vec<u32>> {
    let path = format!("/proc/{parent}/task/{parent}/children");
    let list = fs::read_to_string(path).with_context(|| format!("list the children of {parent}"))?;
    let is_program = |pid: &u32| {
        fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|path| path.file_name().is_some_and(|name| name == program))
    };
    Ok(list.split_whitespace().filter_map(|pid| pid.parse().ok()).filter(is_program).collect())
}

fn is_command_of(command: &[u8], program: &str, word: &str) -> bool {
    let text = String::from_utf8_lossy(command);
    let mut words = text.split('\0');
    let file = words.next().map(Path::new).and_then(Path::file_name);
    file.is_some_and(|file| file == program) && words.any(|argument| argument.contains(word))
}

fn number_after(name: &str, text: &str) -> Option<u64> {
    first_number(text.lines().find_map(|line| line.strip_prefix(name))?)
}

fn first_number(text: &str) -> Option<u64> {
    text.split_whitespace().next()?.parse().ok()
}

/// The state in `/proc/PID/stat`; the name before it may hold anything, parentheses included.
fn state(stat: &str) -> Option<char> {
    stat.rsplit_once(") ")?.1.chars().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_from_the_rollup_and_not_from_its_parts() {
        let text =
            "55d0-7ffc ---p 00000000 00:00 0    [rollup]\nRss:    5120 kB\nPss:    3321 kB\nPss_Dirty:  900 kB\n";
        assert_eq!(number_after("Pss:", text), Some(3321));
    }

    #[test]
    fn waking_up_is_told_from_being_pushed_aside() {
        let text = "Name:\tx\nvoluntary_ctxt_switches:\t12\nnonvoluntary_ctxt_switches:\t99\n";
        assert_eq!(number_after("voluntary_ctxt_switches:", text), Some(12));
    }

    #[test]
    fn the_state_is_found_behind_the_strangest_name() {
        assert_eq!(state("12 (a ) Z (b) S 1 2 3"), Some('S'));
        assert_eq!(state("12 (fake-agent) Z 1 2 3"), Some('Z'));
    }

    #[test]
    fn a_process_is_found_by_its_program_and_an_argument() {
        let command = b"/x/release/nightkeep\0keeper\0/tmp/home/runs/1\0";
        assert!(is_command_of(command, "nightkeep", "/tmp/home"));
        assert!(!is_command_of(command, "nightkeep", "/tmp/other"));
        assert!(!is_command_of(b"/bin/sh\0-c\0nightkeep keeper /tmp/home", "nightkeep", "/tmp/home"));
        assert!(!is_command_of(b"", "nightkeep", ""));
    }
}
