//! What can be seen of processes from outside.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::identity::{Identity, ProcessError};
use crate::imp;

/// The most characters of a command line that are kept.
pub(crate) const COMMAND_CHARS_MAX: usize = 512;
/// The most processes one walk of a tree returns.
pub(crate) const TREE_PROCESSES_MAX: usize = 4096;

/// What a process is doing, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProcessState {
    /// On a processor, or waiting for one.
    Running,
    /// Waiting for something.
    Sleeping,
    /// Waiting in the kernel, where no signal reaches it: for a disk or a server that does not answer.
    Blocked,
    /// Stopped by a signal or a debugger.
    Stopped,
    /// Dead; its parent has not noticed yet.
    Zombie,
    /// The system does not tell.
    Unknown,
}

impl ProcessState {
    /// Returns the word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Sleeping => "sleeping",
            Self::Blocked => "blocked",
            Self::Stopped => "stopped",
            Self::Zombie => "zombie",
            Self::Unknown => "unknown",
        }
    }
}

/// What one look at a process shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessFacts {
    /// Who it is.
    pub identity: Identity,
    /// The process id of its parent.
    pub parent: u32,
    /// How many generations it is below the process that was asked about; 0 for that process itself.
    pub depth: u32,
    /// Its short name.
    pub name: String,
    /// Its command line, cut to 512 characters; the short name in brackets if it has none.
    pub command: String,
    /// What it is doing.
    pub state: ProcessState,
    /// The processor time it has used, in milliseconds.
    pub cpu_ms: u64,
    /// The memory it occupies, in bytes.
    pub memory_bytes: u64,
    /// How long ago it was started, sleep of the machine included, in milliseconds.
    pub age_ms: u64,
    /// Its session; 0 where there is no such thing.
    pub session: u32,
    /// Its process group; 0 where there is no such thing.
    pub group: u32,
}

/// One open socket of a process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SocketFacts {
    /// The process.
    pub pid: u32,
    /// `tcp` or `udp`.
    pub protocol: String,
    /// The near end.
    pub local: SocketAddr,
    /// The far end, if there is one.
    pub remote: Option<SocketAddr>,
    /// The state as the system's tools name it, in lower case: `established`, `listen`, `close_wait`.
    pub state: String,
}

/// Looks at one process. `None`: there is no such process, or it is dead and waits for its parent to notice.
///
/// # Errors
///
/// Fails if the system does not show it.
pub fn facts(pid: u32) -> Result<Option<ProcessFacts>, ProcessError> {
    imp::facts(pid)
}

/// Looks at a process and everything below it, parents before children; empty if the process is gone.
///
/// This is a walk of what is there at the moment: what a dead parent left behind is not below it any more, and a process
/// that comes while the walk goes on may be missed. It is evidence, not proof. At most 4,096 processes are returned.
///
/// # Errors
///
/// Fails if the system does not show the root. Members that vanish during the walk are left out.
pub fn descendants(root: u32) -> Result<Vec<ProcessFacts>, ProcessError> {
    imp::descendants(root)
}

/// Lists the open internet sockets of these processes, at most 512. Processes that do not show theirs are left out.
///
/// # Errors
///
/// Fails if the system's table of sockets cannot be read.
pub fn open_sockets(pids: &[u32]) -> Result<Vec<SocketFacts>, ProcessError> {
    imp::open_sockets(pids)
}

/// Finds the processes of this user that were started with `key=value` in their environment, the caller left out.
///
/// This reads the whole process table. Environments are compared and forgotten; processes that do not show theirs are
/// left out.
///
/// # Errors
///
/// Fails if the process table cannot be read.
pub fn tagged(key: &str, value: &str) -> Result<Vec<Identity>, ProcessError> {
    imp::tagged(key, value)
}

/// Cuts a command line to a length that fits a table and a database row.
pub(crate) fn cut_command(command: &str) -> String {
    let command = command.trim_end();
    match command.char_indices().nth(COMMAND_CHARS_MAX) {
        Some((end, _)) => format!("{}…", command.get(..end).unwrap_or(command)),
        None => command.to_owned(),
    }
}
