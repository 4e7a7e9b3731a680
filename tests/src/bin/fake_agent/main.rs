//! `fake-agent`: a child that does what its arguments say, for tests of everything that an agent may do.
//!
//! Each argument is one step; the steps run one after the other, and after the last one the process ends with 0.
//!
//! ```text
//! fake-agent 'mark 1 collected' 'sleep 500ms' 'on-term mark -1 aborted then exit 143' 'hang'
//! ```
//!
//! | step | what it does |
//! | --- | --- |
//! | `mark N [NOTE]` | writes the marker named by `NIGHTKEEP_PROGRESS`, swapped in atomically |
//! | `advance N every D` | marks 1 to N, waiting D before each |
//! | `mark-loop N [NOTE] every D` | marks N again and again, in the background |
//! | `garble TEXT` | writes TEXT into the marker in place, as a careless agent does |
//! | `print TEXT` · `print-loop TEXT every D` | one line on standard output · again and again, in the background |
//! | `flood N` | N megabytes on standard output, numbered lines of 20 bytes, as fast as it goes |
//! | `complain TEXT` | one line on standard error |
//! | `sleep D` · `hang` · `spin` | waits · waits for ever · uses a whole core for ever |
//! | `spawn N` | N children that hang |
//! | `spawn-setsid` | a child that hangs in a session of its own |
//! | `daemon` · `daemon-group` | an orphan that hangs, in a session · process group of its own |
//! | `hostile-tree` | `ignore all`, then a child with a child, a child in a session of its own, and both kinds of orphan: six processes |
//! | `child STEP [then STEP …]` · `orphan STEP [then STEP …]` | a process that does these steps, of this one · whose parent has ended; goes on once it has settled |
//! | `bare-orphan STEP [then STEP …]` | an orphan with an empty environment |
//! | `settle` | tells whoever started this process that it is ready: the same as `close-stdout` |
//! | `role NAME` · `hostile-twelve` | one of the roles in `roles.rs` · all of them |
//! | `linger` | waits for a minute, or for what the tree has left of it |
//! | `stop-self` | stops by SIGSTOP, again and again |
//! | `wait-in-kernel` | waits for its child as after a `vfork`, in state D; only `linger` where there is no Perl |
//! | `respawn [PID]` | one of two that start each other anew |
//! | `overwrite-environment` · `hide` | as `setproctitle` does · as agents that keep keys do (not dumpable) |
//! | `hop every D` · `storm N every D` | starts its successor and ends · starts short lives, N at a time |
//! | `note TEXT` | a line `PID MS TEXT` in the file named by `FAKE_AGENT_NOTES`: what happened, told by the agent itself |
//! | `note-number PATH` · `until MS` · `leash PATH` | what a process hands down to those it starts: see `legacy.rs` |
//! | `new-session` · `new-group` | moves this process |
//! | `ignore SIGNAL` | `term`, `int`, `hup` or `all`; children of later steps ignore it as well |
//! | `on-term STEP [then STEP …]` | what is done at the polite signal, in the background |
//! | `close-stdout` | lets go of standard output |
//! | `exit N` · `crash` | ends with code N · ends by a signal |
//!
//! Lengths are `500ms`, `2s`, `1m`. When `FAKE_AGENT_PIDS` names a file, every process of the tree adds its number to it,
//! but for hoppers and short lives, of which there is no end. When `FAKE_AGENT_HOLD` names a file, the tree holds its lock
//! until the last process has ended: all inherit the one open file, and none closes it.
#![forbid(unsafe_code)]
#![expect(clippy::print_stderr, reason = "printing is what some steps are for")]

mod act;
mod hostile;
mod legacy;
mod roles;
mod script;
#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod system;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match script::parse(&arguments) {
        Ok(steps) => act::run(steps).unwrap_or_else(|error| {
            eprintln!("fake-agent: {error:#}");
            ExitCode::from(99)
        }),
        Err(error) => {
            eprintln!("fake-agent: {error:#}");
            ExitCode::from(2)
        }
    }
}
