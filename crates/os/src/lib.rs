//! Nightkeep's contact with the operating system: processes, their trees, their ends, and private files.
//!
//! # Theory of operation
//!
//! **A process is never a bare number.** Process ids are reused, within one clock tick if the machine is busy. An
//! [`Identity`] is the boot, the pid, the start time and, where the kernel has one, the inode of the process's pidfd; a
//! [`Process`] is an open handle that was checked against it, and a signal goes *through* the handle. What cannot be read
//! is an error, never a guess, so that nobody signals a process on the strength of "probably".
//!
//! **Emptiness is said by the kernel, not by a scan.** A scan of the process table takes longer than a process needs to
//! fork and exit, so a tree that looks empty may be alive. [`Nursery`] makes the calling process the reaper of
//! everything its command leaves behind; as long as any descendant lives, the nursery has at least one child, and
//! `ECHILD` is the proof that nothing is left. Killing and reaping happen in one thread, so the pid of a child that is
//! killed cannot have been recycled.
//!
//! **Ends are events.** [`ExitWatch`] waits for any number of foreign processes with one thread and no polling, and
//! reports the true exit code where the kernel tells it to others than the parent.
//!
//! **Scans are named as such.** [`descendants`] walks one tree and costs microseconds; [`tagged`] reads the whole process
//! table and belongs to the moment something is stopped. Environments are compared and never stored.
//!
//! The crate holds no policy: which signal, when, and what follows is decided elsewhere. It is the only crate with
//! `unsafe` code. Each system has its files behind the private module `imp`, with the same signatures.

#[cfg(not(target_os = "linux"))]
mod awake;
mod clock;
mod code;
mod detached;
mod exit;
mod facts;
mod files;
mod held_file;
mod identity;
mod kinship;
mod nursery;
mod open_files;
mod power;
mod signal;

#[cfg(target_os = "linux")]
#[path = "linux/mod.rs"]
mod imp;
#[cfg(target_os = "macos")]
#[path = "macos/mod.rs"]
mod imp;
#[cfg(windows)]
#[path = "windows/mod.rs"]
mod imp;
#[cfg(unix)]
mod unix;

#[cfg(not(target_os = "linux"))]
pub use awake::{KeptAwake, keep_awake};
pub use clock::{Clocks, boot_id, clocks};
pub use code::let_go_of_code;
pub use detached::{DetachedStdin, run_in_foreground, spawn_detached};
pub use exit::{ExecError, ExitStatus, ExitWatch};
pub use facts::{ProcessFacts, ProcessState, SocketFacts, descendants, facts, open_sockets, tagged};
pub use files::{
    FileError, FileStamp, Lock, MarkerFile, append_private, create_private, keep_private, lock_is_held, open_marker,
    private_dir, stamp, write_private,
};
pub use held_file::{WriteWatch, first_kept, give_back_head};
pub use identity::{Delivery, Identity, Process, ProcessError, identify, is_running};
pub use kinship::{Family, Kinship, kinship};
pub use nursery::{ChildNews, ChildSpec, ChildStdio, Nursery, Reaped, Sweep, Waiter};
pub use open_files::raise_open_files_limit;
pub use power::is_plugged_in;
pub use signal::{Signal, UnknownSignal};
