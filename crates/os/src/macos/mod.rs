//! macOS: libproc, kqueue, process groups. Never run: written against the manuals and type-checked from elsewhere.

mod awake;
mod exit_watch;
mod facts;
mod group;
mod holes;
mod power;
mod process;
mod sysctl;
mod write_watch;

use std::io;
use std::sync::OnceLock;

use crate::clock::Clocks;
use crate::facts::SocketFacts;
use crate::identity::ProcessError;

pub(crate) use self::awake::{Lock, keep_awake};
pub(crate) use self::exit_watch::Watch;
pub(crate) use self::facts::{descendants, facts, kinship, members_below, own_children, tagged};
pub(crate) use self::group::RunGroup;
pub(crate) use self::holes::make_hole;
pub(crate) use self::power::is_plugged_in;
pub(crate) use self::process::{Handle, identify, identify_child, is_alive, may_be_signalled, open, signal};
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

/// Orphans go to launchd, so having no child proves nothing about what they do.
pub(crate) const NURSERY_PROVES_EMPTINESS: bool = false;

#[expect(clippy::unnecessary_wraps, reason = "the twin on Linux can fail")]
pub(crate) fn inherit_orphans() -> io::Result<()> {
    Ok(())
}

pub(crate) fn clocks() -> Clocks {
    Clocks {
        // These two read mach_absolute_time and mach_continuous_time.
        awake_ms: u64::try_from(millis(libc::CLOCK_UPTIME_RAW)).unwrap_or(0),
        boot_ms: u64::try_from(millis(libc::CLOCK_MONOTONIC_RAW)).unwrap_or(0),
        wall_ms: millis(libc::CLOCK_REALTIME),
    }
}

fn millis(clock: libc::clockid_t) -> i64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    #[expect(unsafe_code, reason = "rustix does not know these clocks")]
    // SAFETY: the call writes one timespec, which outlives it.
    unsafe {
        libc::clock_gettime(clock, &raw mut time);
    }
    time.tv_sec * 1000 + time.tv_nsec / 1_000_000
}

pub(crate) fn boot_id() -> io::Result<String> {
    static BOOT: OnceLock<String> = OnceLock::new();
    if let Some(boot) = BOOT.get() {
        return Ok(boot.clone());
    }
    let mut bytes = sysctl::read_by_name(c"kern.bootsessionuuid")?;
    bytes.retain(|byte| *byte != 0);
    let boot = String::from_utf8(bytes).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
    Ok(BOOT.get_or_init(|| boot).clone())
}

pub(crate) fn open_sockets(_pids: &[u32]) -> Result<Vec<SocketFacts>, ProcessError> {
    let source = io::Error::from(io::ErrorKind::Unsupported);
    Err(ProcessError::System { what: "list open sockets", source })
}

/// Marks every open file but the three standard ones to be closed when a program is started. Safe between `fork` and
/// `exec`: system calls only.
pub(crate) fn close_others_on_exec() {
    /// Descriptors are handed out from the lowest, so a caller of ours is far below.
    const LAST: i32 = 1024;
    for descriptor in 3..LAST {
        #[expect(unsafe_code, reason = "the descriptors may be anybody's, so there is no owner to borrow from")]
        // SAFETY: the call takes integers; on a descriptor that is not open it fails and does nothing.
        unsafe {
            libc::fcntl(descriptor, libc::F_SETFD, libc::FD_CLOEXEC);
        }
    }
}

/// macOS offers no such thing.
pub(crate) const fn let_go_of_code() {}
