//! The exit watch: one kqueue with `NOTE_EXIT`, which tells nobody but the parent how a process ended. Never run.

use std::collections::HashMap;
use std::io;
use std::os::fd::OwnedFd;
use std::ptr::{null_mut, without_provenance_mut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use rustix::buffer::spare_capacity;
use rustix::event::kqueue::{
    Event, EventFilter, EventFlags, ProcessEvents, UserDefinedFlags, UserFlags, kevent, kqueue,
};
use rustix::io::Errno;
use rustix::process::Pid;

use super::process;
use crate::exit::ExitStatus;
use crate::identity::{Identity, Process, ProcessError};
use crate::unix::OnExit;

/// How many ends are taken from the kernel at once.
const EVENTS_MAX: usize = 64;
/// The key of the event that ends the thread; processes count from 1.
const STOP_KEY: usize = 0;

#[derive(Debug)]
pub(crate) struct Watch {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    queue: OwnedFd,
    watched: Mutex<Watched>,
}

#[derive(Debug, Default)]
struct Watched {
    last_key: usize,
    by_key: HashMap<usize, Identity>,
}

impl Watch {
    pub(crate) fn start(on_exit: OnExit) -> io::Result<Self> {
        let shared = Arc::new(Shared { queue: kqueue()?, watched: Mutex::default() });
        shared.change(user_event(EventFlags::ADD | EventFlags::CLEAR, UserFlags::NOINPUT))?;
        let for_thread = Arc::clone(&shared);
        let thread = thread::Builder::new().name("exit-watch".to_owned()).spawn(move || for_thread.run(&on_exit))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    pub(crate) fn watch(&self, identity: &Identity) -> Result<bool, ProcessError> {
        if Process::open(identity)?.is_none() {
            return Ok(false);
        }
        let mut watched = self.shared.watched();
        if watched.by_key.values().any(|known| known == identity) {
            return Ok(true);
        }
        watched.last_key += 1;
        let key = watched.last_key;
        let flags = EventFlags::ADD | EventFlags::ONESHOT;
        match self.shared.change(process_event(identity, flags, key)) {
            Ok(()) => {}
            Err(Errno::SRCH) => return Ok(false),
            Err(error) => {
                return Err(ProcessError::Unreadable { pid: identity.pid, what: "the end", source: error.into() });
            }
        }
        // The pid may have changed hands before the kernel took note of it.
        if !process::is_alive(&process::Handle, identity) {
            let _ = self.shared.change(process_event(identity, EventFlags::DELETE, key));
            return Ok(false);
        }
        watched.by_key.insert(key, identity.clone());
        Ok(true)
    }

    pub(crate) fn forget(&self, identity: &Identity) {
        let mut watched = self.shared.watched();
        let key = watched.by_key.iter().find(|(_, known)| *known == identity).map(|(key, _)| *key);
        if let Some(key) = key {
            watched.by_key.remove(&key);
            // If it has just ended, its event finds no entry.
            let _ = self.shared.change(process_event(identity, EventFlags::DELETE, key));
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let rung = self.shared.change(user_event(EventFlags::empty(), UserFlags::TRIGGER));
        if let Some(thread) = self.thread.take()
            && rung.is_ok()
            && thread.thread().id() != thread::current().id()
        {
            // A panic in the callback was already reported by the thread itself.
            drop(thread.join());
        }
    }
}

impl Shared {
    fn watched(&self) -> MutexGuard<'_, Watched> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, event: Event) -> Result<(), Errno> {
        let mut none: [Event; 0] = [];
        #[expect(unsafe_code, reason = "an event may carry a descriptor, which the kernel must be able to trust")]
        // SAFETY: the events used here carry process ids and our own numbers, no descriptor.
        unsafe {
            kevent(&self.queue, &[event], none.as_mut_slice(), None)?;
        }
        Ok(())
    }

    fn run(&self, on_exit: &OnExit) {
        let mut events = Vec::with_capacity(EVENTS_MAX);
        loop {
            events.clear();
            #[expect(unsafe_code, reason = "an event may carry a descriptor, which the kernel must be able to trust")]
            // SAFETY: no event is registered by this call.
            let waited = unsafe { kevent(&self.queue, &[], spare_capacity(&mut events), None) };
            if let Err(error) = waited
                && error != Errno::INTR
            {
                return;
            }
            for event in &events {
                match event.udata().addr() {
                    STOP_KEY => return,
                    key => {
                        let ended = self.watched().by_key.remove(&key);
                        if let Some(identity) = ended {
                            on_exit(&identity, ExitStatus::Unknown);
                        }
                    }
                }
            }
        }
    }
}

fn user_event(flags: EventFlags, user: UserFlags) -> Event {
    let filter = EventFilter::User { ident: 0, flags: user, user_flags: UserDefinedFlags::new(0) };
    Event::new(filter, flags, null_mut())
}

fn process_event(identity: &Identity, flags: EventFlags, key: usize) -> Event {
    let pid = i32::try_from(identity.pid).ok().and_then(Pid::from_raw);
    let pid = pid.expect("an identity that was opened has the pid of a process");
    Event::new(EventFilter::Proc { pid, flags: ProcessEvents::EXIT }, flags, without_provenance_mut(key))
}
