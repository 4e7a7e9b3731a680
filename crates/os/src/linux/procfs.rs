//! `/proc/PID/stat`, read directly: a general library costs four times as much per process.

use std::fs;
use std::io;

use crate::facts::ProcessState;
use crate::identity::ProcessError;

/// The fields of `/proc/PID/stat` that are used here.
#[derive(Clone, Debug)]
pub(super) struct Stat {
    pub(super) name: String,
    state: u8,
    pub(super) parent: u32,
    pub(super) group: u32,
    pub(super) session: u32,
    /// User and system time, in clock ticks.
    pub(super) cpu_ticks: u64,
    pub(super) threads: u64,
    /// Start time since boot, in clock ticks.
    pub(super) start: u64,
    pub(super) resident_pages: u64,
    /// The wait status, if the process has ended; 0 also where the kernel hides it.
    pub(super) exit_code: i32,
}

impl Stat {
    /// Tells whether the process has ended. A dead main thread does not end a process whose other threads go on.
    pub(super) fn is_dead(&self) -> bool {
        matches!(self.state, b'Z' | b'X' | b'x') && self.threads <= 1
    }

    pub(super) fn state(&self) -> ProcessState {
        match self.state {
            b'R' => ProcessState::Running,
            b'S' | b'I' => ProcessState::Sleeping,
            b'D' => ProcessState::Blocked,
            b'T' | b't' => ProcessState::Stopped,
            b'Z' | b'X' | b'x' => ProcessState::Zombie,
            _ => ProcessState::Unknown,
        }
    }
}

/// Reads the stat line of a process, dead or alive. `None`: there is no such process.
pub(super) fn stat(pid: u32) -> Result<Option<Stat>, ProcessError> {
    let unreadable = |source| ProcessError::Unreadable { pid, what: "the state", source };
    match fs::read(format!("/proc/{pid}/stat")) {
        Ok(line) => match parse_stat(&line) {
            Some(stat) => Ok(Some(stat)),
            None => Err(unreadable(io::Error::from(io::ErrorKind::InvalidData))),
        },
        Err(error) if is_gone(&error) => Ok(None),
        Err(error) => Err(unreadable(error)),
    }
}

/// Tells whether an error of a read below `/proc/PID` means that the process has gone.
pub(super) fn is_gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(libc::ESRCH)
}

/// Lists all process ids.
pub(super) fn pids() -> io::Result<impl Iterator<Item = u32>> {
    let entries = fs::read_dir("/proc")?;
    Ok(entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()))
}

/// The name may contain blanks and parentheses, so the fields are counted from the last closing one.
fn parse_stat(line: &[u8]) -> Option<Stat> {
    let open = line.iter().position(|byte| *byte == b'(')?;
    let close = line.iter().rposition(|byte| *byte == b')')?;
    let name = String::from_utf8_lossy(line.get(open + 1..close)?).into_owned();
    let rest = std::str::from_utf8(line.get(close + 1..)?).ok()?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    // proc(5) counts from 1, and the first field behind the name is number 3.
    let number = |field: usize| fields.get(field - 3).and_then(|text| text.parse::<u64>().ok());
    let id = |field: usize| fields.get(field - 3).and_then(|text| text.parse::<i32>().ok()).map(i32::unsigned_abs);
    Some(Stat {
        name,
        state: *fields.first()?.as_bytes().first()?,
        parent: id(4)?,
        group: id(5)?,
        session: id(6)?,
        cpu_ticks: number(14)? + number(15)?,
        threads: number(20)?,
        start: number(22)?,
        resident_pages: number(24)?,
        exit_code: fields.get(52 - 3).and_then(|text| text.parse().ok()).unwrap_or(0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_and_blanks_does_not_shift_the_fields() {
        let line =
            b"42 (a) Z (b 7) S 1 40 39 0 -1 4194560 1 2 3 4 30 12 0 0 20 0 5 0 777 1000 250 18446744073709551615 \
            1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 256\n";
        let stat = parse_stat(line).unwrap();
        assert_eq!(stat.name, "a) Z (b 7");
        assert_eq!((stat.parent, stat.group, stat.session), (1, 40, 39));
        assert_eq!((stat.cpu_ticks, stat.threads, stat.start), (42, 5, 777));
        assert_eq!((stat.resident_pages, stat.exit_code), (250, 256));
        assert_eq!(stat.state(), ProcessState::Sleeping);
    }

    #[test]
    fn a_dead_main_thread_does_not_end_a_process_with_other_threads() {
        let line = |threads: u32| format!("42 (x) Z 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 {threads} 0 7 0 0");
        assert!(!parse_stat(line(3).as_bytes()).unwrap().is_dead());
        assert!(parse_stat(line(1).as_bytes()).unwrap().is_dead());
    }

    #[test]
    fn a_torn_line_is_not_guessed_at() {
        assert!(parse_stat(b"42 (sh) S 1 40").is_none());
        assert!(parse_stat(b"").is_none());
    }
}
