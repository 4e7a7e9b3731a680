//! Linux: `/proc`, pidfds, epoll, and the child subreaper.

mod code;
mod exit_watch;
mod group;
mod holes;
mod kinship;
mod power;
mod process;
mod procfs;
mod sockets;
mod tagged;
mod tree;
mod write_watch;

use std::fs;
use std::io;
use std::sync::OnceLock;

use rustix::time::{ClockId, Timespec, clock_gettime};

use crate::clock::Clocks;

pub(crate) use self::code::let_go_of_code;
pub(crate) use self::exit_watch::Watch;
pub(crate) use self::group::RunGroup;
pub(crate) use self::holes::make_hole;
pub(crate) use self::kinship::kinship;
pub(crate) use self::power::is_plugged_in;
pub(crate) use self::process::{Handle, identify, identify_child, is_alive, may_be_signalled, open, signal};
pub(crate) use self::sockets::open_sockets;
pub(crate) use self::tagged::tagged;
pub(crate) use self::tree::{descendants, facts, members_below, own_children};
pub(crate) use self::write_watch::WriteWatch;
pub(crate) use crate::unix::files::{
    check_private_dir, create_private_dir, file_stamp, is_in_the_hands_of_others, keep_private, make_private,
    open_without_waiting, path_stamp, sync_dir,
};
pub(crate) use crate::unix::holes::{hole_unit, next_data};
pub(crate) use crate::unix::nursery::Nursery;
pub(crate) use crate::unix::open_files::raise_open_files_limit;
pub(crate) use crate::unix::reap::Waiter;
pub(crate) use crate::unix::signal_number;
pub(crate) use crate::unix::spawn::spawn_detached;

/// A subreaper inherits everything below it, so having no child means that nothing is left.
pub(crate) const NURSERY_PROVES_EMPTINESS: bool = true;

/// Makes whatever loses its parent below this process a child of this process.
pub(crate) fn inherit_orphans() -> io::Result<()> {
    Ok(rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?)
}

pub(crate) fn clocks() -> Clocks {
    Clocks {
        awake_ms: u64::try_from(millis(clock_gettime(ClockId::Monotonic))).unwrap_or(0),
        boot_ms: boot_ms(),
        wall_ms: millis(clock_gettime(ClockId::Realtime)),
    }
}

/// Milliseconds since boot, sleep included: the clock of the start times in `/proc`.
fn boot_ms() -> u64 {
    u64::try_from(millis(clock_gettime(ClockId::Boottime))).unwrap_or(0)
}

fn millis(time: Timespec) -> i64 {
    time.tv_sec * 1000 + time.tv_nsec / 1_000_000
}

pub(crate) fn boot_id() -> io::Result<String> {
    static BOOT: OnceLock<String> = OnceLock::new();
    if let Some(boot) = BOOT.get() {
        return Ok(boot.clone());
    }
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim().to_owned();
    Ok(BOOT.get_or_init(|| boot).clone())
}

/// Marks every open file but the three standard ones to be closed when a program is started. Safe between `fork` and
/// `exec`: one system call.
pub(crate) fn close_others_on_exec() {
    const FIRST: libc::c_uint = 3;
    #[expect(unsafe_code, reason = "libc has no safe wrapper")]
    // SAFETY: the call takes three integers and touches no memory. An old kernel refuses it, and then the files stay as
    // Rust opened them: close-on-exec.
    unsafe {
        libc::syscall(libc::SYS_close_range, FIRST, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC);
    }
}
