//! The nursery: a job object.
//!
//! Never run on Windows; its tests pass under wine, but for CTRL_BREAK, which wine does not deliver.

use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::os::windows::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use windows_sys::Win32::Foundation::INVALID_HANDLE_VALUE;
use windows_sys::Win32::System::Console::{CTRL_BREAK_EVENT, GenerateConsoleCtrlEvent};
use windows_sys::Win32::System::Diagnostics::ToolHelp::{
    CreateToolhelp32Snapshot, TH32CS_SNAPTHREAD, THREADENTRY32, Thread32First, Thread32Next,
};
use windows_sys::Win32::System::Threading::{
    CREATE_NEW_PROCESS_GROUP, CREATE_SUSPENDED, OpenThread, ResumeThread, THREAD_SUSPEND_RESUME,
};

use super::facts::facts;
use super::job::{Job, JobNews, size_u32, wait_for_news};
use super::process::{exit_status, has_ended, identity_of, terminate};
use crate::exit::ExecError;
use crate::facts::ProcessFacts;
use crate::identity::{Delivery, Identity, Process, ProcessError};
use crate::nursery::{ChildNews, ChildSpec, ChildStdio, Reaped, Sweep};
use crate::signal::Signal;

#[derive(Debug)]
pub(crate) struct Nursery {
    root: Identity,
    child: Child,
    is_root_reported: bool,
    job: Job,
    port: Arc<OwnedHandle>,
    is_empty: Arc<AtomicBool>,
}

impl Nursery {
    /// The command is started suspended, so that nothing it starts can be outside the job.
    pub(crate) fn start(spec: ChildSpec, introduce: impl FnOnce(&Identity) + Send) -> Result<Self, ExecError> {
        let job = Job::new()?;
        let port = Arc::new(job.port()?);
        let mut command = Command::new(&spec.program);
        command.args(&spec.args).envs(spec.env);
        for key in &spec.env_remove {
            command.env_remove(key);
        }
        if let Some(cwd) = &spec.cwd {
            command.current_dir(cwd);
        }
        command.stdin(stdio(spec.stdin)).stdout(stdio(spec.stdout)).stderr(stdio(spec.stderr));
        command.creation_flags(CREATE_SUSPENDED | CREATE_NEW_PROCESS_GROUP);
        let child = command.spawn()?;
        let process = child.as_raw_handle();
        let begun = job.assign(process).and_then(|()| identity_of(process, child.id()));
        let begun = begun.and_then(|root| {
            introduce(&root);
            resume(child.id()).map(|()| root)
        });
        // A suspended process that cannot be taken care of must not stay.
        let root = begun.inspect_err(|_| drop(terminate(process)))?;
        Ok(Self { root, child, is_root_reported: false, job, port, is_empty: Arc::default() })
    }

    pub(crate) fn root(&self) -> &Identity {
        &self.root
    }

    pub(crate) fn signal_root(&self, signal: Signal) -> Result<Delivery, ProcessError> {
        let process = self.child.as_raw_handle();
        if has_ended(process) {
            return Ok(Delivery::Gone);
        }
        let refused = |source| ProcessError::Refused { pid: self.root.pid, signal, source };
        match signal {
            Signal::Kill => terminate(process).map_err(refused),
            Signal::Cont => Ok(Delivery::Delivered),
            Signal::Term | Signal::Int | Signal::Hup | Signal::Quit => self.send_break().map_err(refused),
            Signal::Usr1 | Signal::Usr2 | Signal::Stop => Err(refused(io::Error::from(io::ErrorKind::Unsupported))),
        }
    }

    /// CTRL_BREAK always goes to the whole group.
    pub(crate) fn signal_root_group(&self, signal: Signal) -> Result<Delivery, ProcessError> {
        self.signal_root(signal)
    }

    fn send_break(&self) -> io::Result<Delivery> {
        #[expect(unsafe_code, reason = "windows-sys has no safe wrappers")]
        // SAFETY: the call takes two numbers.
        let done = unsafe { GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, self.root.pid) };
        if done == 0 { Err(io::Error::last_os_error()) } else { Ok(Delivery::Delivered) }
    }

    /// Only a kill can be sent to a single process.
    pub(crate) fn signal_rest(&self, signal: Signal) -> usize {
        let reach = |pid: &u32| {
            let process = Process::open_pid(*pid).ok().flatten();
            process.is_some_and(|process| matches!(process.signal(signal), Ok(Delivery::Delivered)))
        };
        // A pid of the job stays in the job only as long as its process lives, so it is looked up again when open.
        let is_member = |pid: &u32| self.pids().contains(pid);
        self.pids().iter().filter(|pid| **pid != self.root.pid && is_member(pid) && reach(pid)).count()
    }

    fn pids(&self) -> Vec<u32> {
        self.job.members().unwrap_or_default()
    }

    pub(crate) fn members(&self) -> Vec<ProcessFacts> {
        self.pids().into_iter().filter_map(|pid| facts(pid).ok().flatten()).collect()
    }

    pub(crate) fn kill_sweep(&self, _sweep: Sweep) -> usize {
        let active = self.job.active().unwrap_or(0);
        match self.job.terminate() {
            Ok(()) => usize::try_from(active).unwrap_or(usize::MAX),
            Err(_) => 0,
        }
    }

    pub(crate) fn reap(&mut self) -> Reaped {
        let process = self.child.as_raw_handle();
        let root = (!self.is_root_reported && has_ended(process)).then(|| exit_status(process));
        self.is_root_reported |= root.is_some();
        let empty = self.is_root_reported && self.job.active().is_ok_and(|active| active == 0);
        if empty {
            self.is_empty.store(true, Ordering::Release);
        }
        Reaped { root, empty }
    }

    pub(crate) fn waiter(&self) -> Waiter {
        Waiter { port: Arc::clone(&self.port), is_empty: Arc::clone(&self.is_empty) }
    }
}

fn stdio(stdio: ChildStdio) -> Stdio {
    match stdio {
        ChildStdio::Null => Stdio::null(),
        ChildStdio::Inherit => Stdio::inherit(),
        ChildStdio::File(file) => file.into(),
    }
}

/// Waits for the messages of the job's port, each of which comes once.
#[derive(Debug)]
pub(crate) struct Waiter {
    port: Arc<OwnedHandle>,
    is_empty: Arc<AtomicBool>,
}

impl Waiter {
    pub(crate) fn wait(&self) -> ChildNews {
        if self.is_empty.load(Ordering::Acquire) {
            return ChildNews::NoneLeft;
        }
        match wait_for_news(&self.port) {
            Ok(JobNews::Ended) => ChildNews::SomethingEnded,
            // The message is the last one, and without a port nothing can be learned any more.
            Ok(JobNews::Empty) | Err(_) => {
                self.is_empty.store(true, Ordering::Release);
                ChildNews::NoneLeft
            }
        }
    }
}

/// Lets the threads of a suspended process run: there is one, and std does not give its handle away.
fn resume(pid: u32) -> io::Result<()> {
    let mut resumed = 0;
    let mut entry = THREADENTRY32 { dwSize: size_u32::<THREADENTRY32>(), ..THREADENTRY32::default() };
    #[expect(unsafe_code, reason = "windows-sys has no safe wrappers")]
    // SAFETY: handles that are valid are owned at once, and the entry says its size as the calls want it.
    unsafe {
        let snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
        if snapshot == INVALID_HANDLE_VALUE {
            return Err(io::Error::last_os_error());
        }
        let snapshot = OwnedHandle::from_raw_handle(snapshot);
        let mut more = Thread32First(snapshot.as_raw_handle(), &raw mut entry);
        while more != 0 {
            if entry.th32OwnerProcessID == pid {
                let thread = OpenThread(THREAD_SUSPEND_RESUME, 0, entry.th32ThreadID);
                if thread.is_null() {
                    return Err(io::Error::last_os_error());
                }
                let thread = OwnedHandle::from_raw_handle(thread);
                if ResumeThread(thread.as_raw_handle()) == u32::MAX {
                    return Err(io::Error::last_os_error());
                }
                resumed += 1;
            }
            more = Thread32Next(snapshot.as_raw_handle(), &raw mut entry);
        }
    }
    if resumed == 0 { Err(io::Error::from(io::ErrorKind::NotFound)) } else { Ok(()) }
}
