//! Identities: pid and start time, read again right before each signal. Never run.

use std::io;
use std::mem::MaybeUninit;

use rustix::io::Errno;
use rustix::process::{Pid, kill_process};

use crate::identity::{Delivery, Identity, ProcessError};
use crate::signal::Signal;
use crate::unix;

/// There is no handle to hold.
#[derive(Debug)]
pub(crate) struct Handle;

pub(crate) fn identify(pid: u32) -> Result<Option<Identity>, ProcessError> {
    let Some(info) = basic_info(pid)? else { return Ok(None) };
    if info.pbi_status == libc::SZOMB {
        return Ok(None);
    }
    identity_of(&info).map(Some)
}

/// Reads who an uncollected child is, which may have ended already and still has its identity.
pub(crate) fn identify_child(child: Pid) -> Result<Identity, ProcessError> {
    let pid = child.as_raw_nonzero().get().unsigned_abs();
    let gone = || io::Error::from(io::ErrorKind::NotFound);
    let info = basic_info(pid)?;
    let info = info.ok_or_else(|| ProcessError::Unreadable { pid, what: "the identity", source: gone() })?;
    identity_of(&info)
}

pub(super) fn identity_of(info: &libc::proc_bsdinfo) -> Result<Identity, ProcessError> {
    let boot = super::boot_id().map_err(|source| ProcessError::System { what: "read the boot id", source })?;
    let start = info.pbi_start_tvsec * 1_000_000 + info.pbi_start_tvusec;
    Ok(Identity { boot, pid: info.pbi_pid, start, inode: None })
}

pub(crate) fn open(pid: u32) -> Result<Option<(Identity, Handle)>, ProcessError> {
    Ok(identify(pid)?.map(|identity| (identity, Handle)))
}

pub(crate) fn signal(_handle: &Handle, identity: &Identity, signal: Signal) -> Result<Delivery, ProcessError> {
    let pid = identity.pid;
    if identify(pid)?.as_ref() != Some(identity) {
        return Ok(Delivery::Gone);
    }
    let Some(raw) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return Ok(Delivery::Gone) };
    match kill_process(raw, unix::raw_signal(signal)) {
        Ok(()) => Ok(Delivery::Delivered),
        Err(Errno::SRCH) => Ok(Delivery::Gone),
        Err(error) => Err(ProcessError::Refused { pid, signal, source: error.into() }),
    }
}

pub(crate) fn may_be_signalled(_handle: &Handle, identity: &Identity) -> bool {
    unix::may_be_signalled(identity.pid)
}

pub(crate) fn is_alive(_handle: &Handle, identity: &Identity) -> bool {
    identify(identity.pid).is_ok_and(|found| found.as_ref() == Some(identity))
}

/// What every user may know of every process. `None`: there is no such process.
pub(super) fn basic_info(pid: u32) -> Result<Option<libc::proc_bsdinfo>, ProcessError> {
    info(pid, libc::PROC_PIDTBSDINFO)
}

/// What the owner may know.
pub(super) fn full_info(pid: u32) -> Result<Option<libc::proc_taskallinfo>, ProcessError> {
    info(pid, libc::PROC_PIDTASKALLINFO)
}

/// `T` must be the struct of the flavor; the kernel checks the size.
fn info<T: Copy>(pid: u32, flavor: i32) -> Result<Option<T>, ProcessError> {
    let (Ok(raw), Ok(size)) = (i32::try_from(pid), i32::try_from(size_of::<T>())) else { return Ok(None) };
    let mut info = MaybeUninit::<T>::zeroed();
    #[expect(unsafe_code, reason = "libc has no safe wrapper")]
    // SAFETY: the call writes at most `size` bytes, which is the room there is.
    let written = unsafe { libc::proc_pidinfo(raw, flavor, 0, info.as_mut_ptr().cast(), size) };
    if written == size {
        #[expect(unsafe_code, reason = "the kernel has filled the struct")]
        // SAFETY: all of the struct was written, and it consists of numbers.
        return Ok(Some(unsafe { info.assume_init() }));
    }
    let source = io::Error::last_os_error();
    if source.raw_os_error() == Some(libc::ESRCH) {
        return Ok(None);
    }
    Err(ProcessError::Unreadable { pid, what: "the state", source })
}
