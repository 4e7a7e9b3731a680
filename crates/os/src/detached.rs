//! Starting a program that outlives the caller.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;

use crate::imp;

/// Where a detached program reads from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DetachedStdin {
    /// From nowhere.
    Null,
    /// From where the caller reads.
    Inherit,
}

/// Runs a program in the foreground of this terminal, an editor for example, and waits for its end. Whether it succeeded,
/// and how it ended in the system's words.
///
/// # Errors
///
/// Fails if the program cannot be started.
pub fn run_in_foreground(program: &OsStr, args: &[OsString]) -> io::Result<(bool, String)> {
    let status = std::process::Command::new(program).args(args).status()?;
    Ok((status.success(), status.to_string()))
}

/// Starts a program that outlives the caller, and returns its pid.
///
/// It runs in a session of its own with default signal handling; its output goes nowhere, and no other open file of the
/// caller reaches it. On Unix it is a grandchild whose parent is already gone (double fork), so the system's own reaper
/// collects it and the caller is left without a zombie however long it lives. `env` is set on top of the caller's
/// environment.
///
/// # Errors
///
/// Fails if the program cannot be started; that includes a program that does not exist.
pub fn spawn_detached(
    program: &OsStr,
    args: &[OsString],
    env: &[(OsString, OsString)],
    cwd: Option<&Path>,
    stdin: DetachedStdin,
) -> io::Result<u32> {
    imp::spawn_detached(program, args, env, cwd, stdin)
}
