//! Collecting children in one thread while another one waits for them.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use rustix::io::Errno;
use rustix::process::{Pid, WaitId, WaitIdOptions, WaitOptions, wait, waitid};

use crate::nursery::{ChildNews, Reaped};
use crate::unix::decode_status;

/// Collects all children of this process, and tells the root from the others.
#[derive(Debug)]
pub(crate) struct Reaper {
    root: Pid,
    has_root_ended: bool,
    gate: Arc<Gate>,
}

impl Reaper {
    pub(crate) fn new(root: Pid) -> Self {
        Self { root, has_root_ended: false, gate: Arc::default() }
    }

    /// Tells whether the root has been collected, from which moment on its pid may be somebody else's.
    pub(crate) fn has_root_ended(&self) -> bool {
        self.has_root_ended
    }

    pub(crate) fn reap(&mut self) -> Reaped {
        let mut reaped = Reaped { root: None, empty: false };
        loop {
            match wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) if pid == self.root => {
                    self.has_root_ended = true;
                    reaped.root = Some(decode_status(status.as_raw()));
                }
                Ok(Some(_)) | Err(Errno::INTR) => {}
                Ok(None) => break,
                Err(Errno::CHILD) => {
                    reaped.empty = true;
                    break;
                }
                // The call has no other errors; whatever it is, it proves nothing.
                Err(_) => break,
            }
        }
        self.gate.open();
        reaped
    }

    pub(crate) fn waiter(&self) -> Waiter {
        Waiter { gate: Arc::clone(&self.gate) }
    }
}

/// Waits for children to end without collecting them.
#[derive(Debug)]
pub(crate) struct Waiter {
    gate: Arc<Gate>,
}

impl Waiter {
    pub(crate) fn wait(&self) -> ChildNews {
        loop {
            self.gate.wait_until_open();
            match waitid(WaitId::All, WaitIdOptions::EXITED | WaitIdOptions::NOWAIT) {
                Ok(_) => {
                    self.gate.close();
                    return ChildNews::SomethingEnded;
                }
                Err(Errno::CHILD) => return ChildNews::NoneLeft,
                // Interrupted by a signal; the call has no other errors with these arguments.
                Err(_) => {}
            }
        }
    }
}

/// Closed while a reported end waits to be collected: the kernel would report it again at once.
#[derive(Debug, Default)]
struct Gate {
    closed: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    fn closed(&self) -> MutexGuard<'_, bool> {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) {
        *self.closed() = true;
    }

    fn open(&self) {
        *self.closed() = false;
        self.opened.notify_all();
    }

    fn wait_until_open(&self) {
        let closed = self.closed();
        drop(self.opened.wait_while(closed, |closed| *closed).unwrap_or_else(PoisonError::into_inner));
    }
}
