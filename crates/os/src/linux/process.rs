//! Identities and handles: pidfds.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::OnceLock;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{fstat, fstatfs};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, pidfd_open, pidfd_send_signal};

use super::procfs;
use crate::identity::{Delivery, Identity, ProcessError};
use crate::signal::Signal;
use crate::unix;

/// `PID_FS_MAGIC` of linux/magic.h: each pidfd is a file of its own. Before Linux 6.9 all pidfds share one inode.
const PID_FS_MAGIC: u64 = 0x5049_4446;

/// A pidfd.
#[derive(Debug)]
pub(crate) struct Handle {
    pidfd: OwnedFd,
}

impl Handle {
    pub(super) fn pidfd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }

    /// A pidfd becomes readable when the last thread has ended, whether or not the parent has noticed.
    fn has_ended(&self) -> bool {
        let mut fds = [PollFd::new(&self.pidfd, PollFlags::IN)];
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        loop {
            match poll(&mut fds, Some(&at_once)) {
                Ok(ready) => return ready > 0,
                Err(Errno::INTR) => {}
                // Poll has no other way to fail here than for want of kernel memory, and the handle still decides
                // whether a signal arrives.
                Err(_) => return false,
            }
        }
    }
}

pub(crate) fn identify(pid: u32) -> Result<Option<Identity>, ProcessError> {
    Ok(open(pid)?.map(|(identity, _)| identity))
}

pub(crate) fn open(pid: u32) -> Result<Option<(Identity, Handle)>, ProcessError> {
    let Some(handle) = open_handle(pid)? else { return Ok(None) };
    let Some(stat) = procfs::stat(pid)? else { return Ok(None) };
    // As long as the handle's process lives, its pid is its own, so what was read belongs to it.
    if handle.has_ended() {
        return Ok(None);
    }
    let boot = super::boot_id().map_err(|source| ProcessError::System { what: "read the boot id", source })?;
    let inode = inode(handle.pidfd()).map_err(|source| ProcessError::Unreadable { pid, what: "the pidfd", source })?;
    Ok(Some((Identity { boot, pid, start: stat.start, inode }, handle)))
}

fn open_handle(pid: u32) -> Result<Option<Handle>, ProcessError> {
    let Some(raw) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return Ok(None) };
    match pidfd_open(raw, PidfdFlags::empty()) {
        Ok(pidfd) => Ok(Some(Handle { pidfd })),
        Err(Errno::SRCH) => Ok(None),
        // A process that is exiting, or the number of a thread.
        Err(Errno::INVAL | Errno::NOENT) if procfs::stat(pid)?.is_none_or(|stat| stat.is_dead()) => Ok(None),
        Err(error) => Err(ProcessError::Unreadable { pid, what: "the pidfd", source: error.into() }),
    }
}

/// Returns the inode of a pidfd if the kernel gives each process its own.
fn inode(pidfd: BorrowedFd<'_>) -> io::Result<Option<u64>> {
    static DISTINCT: OnceLock<bool> = OnceLock::new();
    let distinct = match DISTINCT.get() {
        Some(distinct) => *distinct,
        None => {
            let kind = fstatfs(pidfd)?.f_type;
            *DISTINCT.get_or_init(|| u64::try_from(kind).is_ok_and(|kind| kind == PID_FS_MAGIC))
        }
    };
    if distinct { Ok(Some(fstat(pidfd)?.st_ino)) } else { Ok(None) }
}

pub(crate) fn signal(handle: &Handle, identity: &Identity, signal: Signal) -> Result<Delivery, ProcessError> {
    if handle.has_ended() {
        return Ok(Delivery::Gone);
    }
    match pidfd_send_signal(handle.pidfd(), unix::raw_signal(signal)) {
        Ok(()) => Ok(Delivery::Delivered),
        Err(Errno::SRCH) => Ok(Delivery::Gone),
        Err(error) => Err(ProcessError::Refused { pid: identity.pid, signal, source: error.into() }),
    }
}

/// The handle is open, so the number still belongs to it or to nobody, and nothing is sent.
pub(crate) fn may_be_signalled(_handle: &Handle, identity: &Identity) -> bool {
    unix::may_be_signalled(identity.pid)
}

pub(crate) fn is_alive(handle: &Handle, _identity: &Identity) -> bool {
    !handle.has_ended()
}

/// Reads who an uncollected child is, which may have ended already and still has its identity.
pub(crate) fn identify_child(child: Pid) -> Result<Identity, ProcessError> {
    let pid = child.as_raw_nonzero().get().unsigned_abs();
    let unreadable = |source| ProcessError::Unreadable { pid, what: "the identity", source };
    let boot = super::boot_id().map_err(unreadable)?;
    let stat = procfs::stat(pid)?.ok_or_else(|| unreadable(io::Error::from(io::ErrorKind::NotFound)))?;
    let pidfd = pidfd_open(child, PidfdFlags::empty()).map_err(|error| unreadable(error.into()))?;
    let inode = inode(pidfd.as_fd()).map_err(unreadable)?;
    Ok(Identity { boot, pid, start: stat.start, inode })
}
