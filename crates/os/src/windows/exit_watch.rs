//! The exit watch: the thread pool of the system waits for the handles, and one thread of ours tells.
//!
//! Never run on Windows; its tests pass under wine.

use std::collections::HashMap;
use std::ffi::c_void;
use std::io;
use std::ptr::null_mut;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use windows_sys::Win32::Foundation::{HANDLE, INVALID_HANDLE_VALUE};
use windows_sys::Win32::System::Threading::{
    INFINITE, RegisterWaitForSingleObject, UnregisterWaitEx, WT_EXECUTEONLYONCE,
};

use super::process::exit_status;
use crate::exit::ExitStatus;
use crate::identity::{Identity, Process, ProcessError};

type OnExit = Box<dyn Fn(&Identity, ExitStatus) + Send>;

#[derive(Debug)]
pub(crate) struct Watch {
    watched: Arc<Mutex<Watched>>,
    news: Sender<News>,
    thread: Option<JoinHandle<()>>,
}

/// What the thread is told.
#[derive(Debug)]
enum News {
    Ended(u64),
    Stop,
}

#[derive(Debug, Default)]
struct Watched {
    last_key: u64,
    by_key: HashMap<u64, Entry>,
}

#[derive(Debug)]
struct Entry {
    asked: Identity,
    // The wait is given up before the handle it waits for is closed, and before its context is freed.
    wait: Wait,
    process: Process,
}

/// A registration with the thread pool. Dropping it waits for a callback that is under way.
#[derive(Debug)]
struct Wait {
    registration: HANDLE,
    _context: Box<Context>,
}

#[derive(Debug)]
struct Context {
    key: u64,
    news: Sender<News>,
}

#[expect(unsafe_code, reason = "a registration is a number that any thread may use")]
// SAFETY: `UnregisterWaitEx` may be called from any thread, and nothing else is done with the registration.
unsafe impl Send for Wait {}

impl Watch {
    pub(crate) fn start(on_exit: OnExit) -> io::Result<Self> {
        let (news, told) = channel();
        let watched = Arc::new(Mutex::default());
        let for_thread = Arc::clone(&watched);
        let run = move || run(&for_thread, &told, &on_exit);
        let thread = thread::Builder::new().name("exit-watch".to_owned()).spawn(run)?;
        Ok(Self { watched, news, thread: Some(thread) })
    }

    pub(crate) fn watch(&self, identity: &Identity) -> Result<bool, ProcessError> {
        let Some(process) = Process::open(identity)? else { return Ok(false) };
        let mut watched = lock(&self.watched);
        if watched.by_key.values().any(|entry| entry.asked == *identity) {
            return Ok(true);
        }
        watched.last_key += 1;
        let key = watched.last_key;
        let wait = Wait::register(&process, Context { key, news: self.news.clone() })
            .map_err(|source| ProcessError::Unreadable { pid: identity.pid, what: "the end", source })?;
        watched.by_key.insert(key, Entry { asked: identity.clone(), wait, process });
        Ok(true)
    }

    pub(crate) fn forget(&self, identity: &Identity) {
        let mut watched = lock(&self.watched);
        watched.by_key.retain(|_, entry| entry.asked != *identity);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let told = self.news.send(News::Stop);
        if let Some(thread) = self.thread.take()
            && told.is_ok()
            && thread.thread().id() != thread::current().id()
        {
            // A panic in the callback was already reported by the thread itself.
            drop(thread.join());
        }
    }
}

impl Wait {
    fn register(process: &Process, context: Context) -> io::Result<Self> {
        let context = Box::new(context);
        let mut registration = null_mut();
        #[expect(unsafe_code, reason = "windows-sys has no safe wrappers")]
        // SAFETY: the handle and the context live until the registration has ended, see `Entry` and `Drop`.
        let done = unsafe {
            let (handle, context) = (process.handle().raw(), (&raw const *context).cast());
            RegisterWaitForSingleObject(
                &raw mut registration,
                handle,
                Some(ended),
                context,
                INFINITE,
                WT_EXECUTEONLYONCE,
            )
        };
        if done == 0 { Err(io::Error::last_os_error()) } else { Ok(Self { registration, _context: context }) }
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        #[expect(unsafe_code, reason = "windows-sys has no safe wrappers")]
        // SAFETY: the registration is open and is not used again. It is never dropped by its own callback, which only
        // sends, so that waiting for the callback comes to an end.
        unsafe {
            UnregisterWaitEx(self.registration, INVALID_HANDLE_VALUE);
        }
    }
}

#[expect(unsafe_code, reason = "the system calls it with what it was given")]
// SAFETY: to be called with the context of a registration that has not ended.
unsafe extern "system" fn ended(context: *mut c_void, _timed_out: bool) {
    // SAFETY: see above; the context is only ever read.
    let context = unsafe { &*context.cast::<Context>() };
    // Nobody listens once the watch is gone.
    drop(context.news.send(News::Ended(context.key)));
}

fn run(watched: &Mutex<Watched>, told: &Receiver<News>, on_exit: &OnExit) {
    while let Ok(News::Ended(key)) = told.recv() {
        let entry = lock(watched).by_key.remove(&key);
        if let Some(Entry { asked, wait, process }) = entry {
            drop(wait);
            on_exit(&asked, exit_status(process.handle().raw()));
        }
    }
}

fn lock(watched: &Mutex<Watched>) -> MutexGuard<'_, Watched> {
    watched.lock().unwrap_or_else(PoisonError::into_inner)
}
