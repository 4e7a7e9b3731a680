//! Identities and handles. An open handle keeps the pid from being reused.
//!
//! Never run on Windows; its tests pass under wine.

use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle, RawHandle};

use windows_sys::Win32::Foundation::{ERROR_ACCESS_DENIED, ERROR_INVALID_PARAMETER, FILETIME, WAIT_OBJECT_0};
use windows_sys::Win32::System::Threading::{
    GetExitCodeProcess, GetProcessTimes, OpenProcess, PROCESS_ACCESS_RIGHTS, PROCESS_QUERY_LIMITED_INFORMATION,
    PROCESS_SYNCHRONIZE, PROCESS_TERMINATE, TerminateProcess, WaitForSingleObject,
};

use crate::exit::ExitStatus;
use crate::identity::{Delivery, Identity, ProcessError};
use crate::signal::Signal;

/// The exit code of a process that was ended by somebody else, as the task manager gives it.
pub(super) const KILLED_CODE: u32 = 1;

/// A handle of a process.
#[derive(Debug)]
pub(crate) struct Handle {
    process: OwnedHandle,
}

impl Handle {
    pub(super) fn raw(&self) -> RawHandle {
        self.process.as_raw_handle()
    }
}

pub(crate) fn identify(pid: u32) -> Result<Option<Identity>, ProcessError> {
    Ok(open(pid)?.map(|(identity, _)| identity))
}

pub(crate) fn open(pid: u32) -> Result<Option<(Identity, Handle)>, ProcessError> {
    let unreadable = |source| ProcessError::Unreadable { pid, what: "the identity", source };
    let look = PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_SYNCHRONIZE;
    // A process that may not be ended can still be looked at.
    let opened = match open_with(pid, look | PROCESS_TERMINATE) {
        Err(error) if is(&error, ERROR_ACCESS_DENIED) => open_with(pid, look),
        opened => opened,
    };
    let process = match opened {
        Ok(process) => process,
        Err(error) if is(&error, ERROR_INVALID_PARAMETER) => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    let identity = identity_of(process.as_raw_handle(), pid).map_err(unreadable)?;
    // A dead process keeps its number as long as somebody has a handle of it.
    if has_ended(process.as_raw_handle()) {
        return Ok(None);
    }
    Ok(Some((identity, Handle { process })))
}

fn open_with(pid: u32, access: PROCESS_ACCESS_RIGHTS) -> io::Result<OwnedHandle> {
    #[expect(unsafe_code, reason = "windows-sys has no safe wrappers")]
    // SAFETY: the call takes numbers; a handle that is not null is ours to close.
    unsafe {
        let handle = OpenProcess(access, 0, pid);
        if handle.is_null() { Err(io::Error::last_os_error()) } else { Ok(OwnedHandle::from_raw_handle(handle)) }
    }
}

fn is(error: &io::Error, code: u32) -> bool {
    error.raw_os_error() == Some(code.cast_signed())
}

/// The handle must be one of a process.
pub(super) fn identity_of(process: RawHandle, pid: u32) -> io::Result<Identity> {
    let mut times = [FILETIME { dwLowDateTime: 0, dwHighDateTime: 0 }; 4];
    let [created, exited, kernel, user] = &mut times;
    #[expect(unsafe_code, reason = "windows-sys has no safe wrappers")]
    // SAFETY: the handle is open, and each of the four times has its place.
    let done = unsafe { GetProcessTimes(process, created, exited, kernel, user) };
    if done == 0 {
        return Err(io::Error::last_os_error());
    }
    let start = (u64::from(created.dwHighDateTime) << 32) | u64::from(created.dwLowDateTime);
    Ok(Identity { boot: super::boot_id()?, pid, start, inode: None })
}

pub(super) fn has_ended(process: RawHandle) -> bool {
    #[expect(unsafe_code, reason = "windows-sys has no safe wrappers")]
    // SAFETY: the handle is open, and nothing is waited for.
    let waited = unsafe { WaitForSingleObject(process, 0) };
    waited == WAIT_OBJECT_0
}

/// Returns the exit code of a process that has ended.
pub(super) fn exit_status(process: RawHandle) -> ExitStatus {
    let mut code = 0;
    #[expect(unsafe_code, reason = "windows-sys has no safe wrappers")]
    // SAFETY: the handle is open, and the code has its place.
    let done = unsafe { GetExitCodeProcess(process, &raw mut code) };
    if done == 0 { ExitStatus::Unknown } else { ExitStatus::Code(code.cast_signed()) }
}

pub(crate) fn signal(handle: &Handle, identity: &Identity, signal: Signal) -> Result<Delivery, ProcessError> {
    if has_ended(handle.raw()) {
        return Ok(Delivery::Gone);
    }
    let refused = |source| ProcessError::Refused { pid: identity.pid, signal, source };
    match signal {
        Signal::Kill => terminate(handle.raw()).map_err(refused),
        // A process without our console hears nothing from us.
        Signal::Term
        | Signal::Int
        | Signal::Hup
        | Signal::Quit
        | Signal::Usr1
        | Signal::Usr2
        | Signal::Cont
        | Signal::Stop => Err(refused(io::Error::from(io::ErrorKind::Unsupported))),
    }
}

/// Ends a process without asking it.
pub(super) fn terminate(process: RawHandle) -> io::Result<Delivery> {
    #[expect(unsafe_code, reason = "windows-sys has no safe wrappers")]
    // SAFETY: the handle is open.
    let done = unsafe { TerminateProcess(process, KILLED_CODE) };
    if done != 0 {
        return Ok(Delivery::Delivered);
    }
    let error = io::Error::last_os_error();
    // Ending a process that is about to end is refused.
    if has_ended(process) { Ok(Delivery::Gone) } else { Err(error) }
}

pub(crate) fn may_be_signalled(_handle: &Handle, identity: &Identity) -> bool {
    open_with(identity.pid, PROCESS_TERMINATE).is_ok()
}

pub(crate) fn is_alive(handle: &Handle, _identity: &Identity) -> bool {
    !has_ended(handle.raw())
}
