//! Job objects: a count of processes that none of them can leave, and a port that tells about their ends.
//!
//! Never run on Windows; its tests pass under wine.

use std::io;
use std::mem::MaybeUninit;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle, RawHandle};
use std::ptr::{null, null_mut};

use windows_sys::Win32::Foundation::INVALID_HANDLE_VALUE;
use windows_sys::Win32::System::IO::{CreateIoCompletionPort, GetQueuedCompletionStatus};
use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOBOBJECT_ASSOCIATE_COMPLETION_PORT,
    JOBOBJECT_BASIC_ACCOUNTING_INFORMATION, JOBOBJECTINFOCLASS, JobObjectAssociateCompletionPortInformation,
    JobObjectBasicAccountingInformation, JobObjectBasicProcessIdList, QueryInformationJobObject,
    SetInformationJobObject, TerminateJobObject,
};
use windows_sys::Win32::System::SystemServices::{
    JOB_OBJECT_MSG_ABNORMAL_EXIT_PROCESS, JOB_OBJECT_MSG_ACTIVE_PROCESS_ZERO, JOB_OBJECT_MSG_EXIT_PROCESS,
};
use windows_sys::Win32::System::Threading::INFINITE;

use super::process::KILLED_CODE;

/// The most members that are listed.
const MEMBERS_MAX: usize = 4096;

/// What the port of a job tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JobNews {
    Ended,
    Empty,
}

/// A job object without limits. It survives the closing of its handle as long as a process is in it, so a keeper that
/// dies does not take its run along.
#[derive(Debug)]
pub(super) struct Job {
    job: OwnedHandle,
    port: OwnedHandle,
}

impl Job {
    pub(super) fn new() -> io::Result<Self> {
        #[expect(unsafe_code, reason = "windows-sys has no safe wrappers")]
        // SAFETY: no name and no attributes are given; handles that are not null are ours to close.
        let (job, port) = unsafe {
            (
                owned(CreateJobObjectW(null(), null()))?,
                owned(CreateIoCompletionPort(INVALID_HANDLE_VALUE, null_mut(), 0, 1))?,
            )
        };
        let link =
            JOBOBJECT_ASSOCIATE_COMPLETION_PORT { CompletionKey: null_mut(), CompletionPort: port.as_raw_handle() };
        #[expect(unsafe_code, reason = "windows-sys has no safe wrappers")]
        // SAFETY: the struct is the one of this class of information, with its size.
        check(unsafe {
            let size = size_u32::<JOBOBJECT_ASSOCIATE_COMPLETION_PORT>();
            let class = JobObjectAssociateCompletionPortInformation;
            SetInformationJobObject(job.as_raw_handle(), class, (&raw const link).cast(), size)
        })?;
        Ok(Self { job, port })
    }

    pub(super) fn assign(&self, process: RawHandle) -> io::Result<()> {
        #[expect(unsafe_code, reason = "windows-sys has no safe wrappers")]
        // SAFETY: both handles are open.
        check(unsafe { AssignProcessToJobObject(self.job.as_raw_handle(), process) })
    }

    pub(super) fn terminate(&self) -> io::Result<()> {
        #[expect(unsafe_code, reason = "windows-sys has no safe wrappers")]
        // SAFETY: the handle is open.
        check(unsafe { TerminateJobObject(self.job.as_raw_handle(), KILLED_CODE) })
    }

    /// Returns how many processes are in the job.
    pub(super) fn active(&self) -> io::Result<u32> {
        let mut info = MaybeUninit::<JOBOBJECT_BASIC_ACCOUNTING_INFORMATION>::zeroed();
        self.query(JobObjectBasicAccountingInformation, &mut info)?;
        #[expect(unsafe_code, reason = "the system has filled the struct")]
        // SAFETY: it consists of numbers, for which zero is valid as well.
        Ok(unsafe { info.assume_init() }.ActiveProcesses)
    }

    pub(super) fn members(&self) -> io::Result<Vec<u32>> {
        let mut list = Box::new(MaybeUninit::<ProcessIds>::zeroed());
        self.query(JobObjectBasicProcessIdList, &mut list)?;
        #[expect(unsafe_code, reason = "the system has filled the struct")]
        // SAFETY: it consists of numbers, for which zero is valid as well.
        let list = unsafe { list.assume_init_ref() };
        let count = usize::try_from(list.listed).unwrap_or(0);
        Ok(list.pids.iter().take(count).filter_map(|pid| u32::try_from(*pid).ok()).collect())
    }

    /// `T` must be the struct of the class.
    fn query<T>(&self, class: JOBOBJECTINFOCLASS, info: &mut MaybeUninit<T>) -> io::Result<()> {
        #[expect(unsafe_code, reason = "windows-sys has no safe wrappers")]
        // SAFETY: the handle is open, and the system writes no more than the size it is told.
        check(unsafe {
            let job = self.job.as_raw_handle();
            QueryInformationJobObject(job, class, info.as_mut_ptr().cast(), size_u32::<T>(), null_mut())
        })
    }

    /// Returns the port for another thread to wait on.
    pub(super) fn port(&self) -> io::Result<OwnedHandle> {
        self.port.try_clone()
    }
}

/// `JOBOBJECT_BASIC_PROCESS_ID_LIST` with room.
#[repr(C)]
struct ProcessIds {
    assigned: u32,
    listed: u32,
    pids: [usize; MEMBERS_MAX],
}

/// Waits until a process of the job has ended, or the last one has.
pub(super) fn wait_for_news(port: &OwnedHandle) -> io::Result<JobNews> {
    loop {
        let (mut message, mut key, mut overlapped) = (0, 0, null_mut());
        #[expect(unsafe_code, reason = "windows-sys has no safe wrappers")]
        // SAFETY: the port is open and each result has its place. What stands in the place of an overlapped structure
        // is a process id here, and is not followed.
        check(unsafe {
            let port = port.as_raw_handle();
            GetQueuedCompletionStatus(port, &raw mut message, &raw mut key, &raw mut overlapped, INFINITE)
        })?;
        match message {
            JOB_OBJECT_MSG_EXIT_PROCESS | JOB_OBJECT_MSG_ABNORMAL_EXIT_PROCESS => return Ok(JobNews::Ended),
            JOB_OBJECT_MSG_ACTIVE_PROCESS_ZERO => return Ok(JobNews::Empty),
            _ => {}
        }
    }
}

#[expect(unsafe_code, reason = "the handle comes from the system")]
// SAFETY: to be called with a handle that is null or ours to close.
unsafe fn owned(handle: RawHandle) -> io::Result<OwnedHandle> {
    if handle.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: see above.
    Ok(unsafe { OwnedHandle::from_raw_handle(handle) })
}

fn check(done: i32) -> io::Result<()> {
    if done == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Returns the size of a struct as the system wants to be told it.
pub(super) fn size_u32<T>() -> u32 {
    u32::try_from(size_of::<T>()).expect("the structs of the system are small")
}
