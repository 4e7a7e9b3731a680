//! Waiting for writes with a kqueue. Never run.

use std::fs::File;
use std::io;
use std::marker::PhantomData;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;

use rustix::event::kqueue::{Event, EventFilter, EventFlags, VnodeEvents, kevent, kqueue};

#[derive(Debug)]
pub(crate) struct WriteWatch {
    queue: OwnedFd,
    files: Vec<File>,
    /// As on Linux, where the news comes to one thread.
    _thread: PhantomData<*const ()>,
}

impl WriteWatch {
    pub(crate) fn of(files: &[&Path]) -> io::Result<Self> {
        let files = files.iter().map(File::open).collect::<io::Result<_>>()?;
        Ok(Self { queue: kqueue()?, files, _thread: PhantomData })
    }

    pub(crate) fn arm(&self) -> io::Result<()> {
        let writes = |file: &File| {
            let filter = EventFilter::Vnode { vnode: file.as_raw_fd(), flags: VnodeEvents::WRITE };
            Event::new(filter, EventFlags::ADD | EventFlags::ONESHOT, std::ptr::null_mut())
        };
        let changes: Vec<Event> = self.files.iter().map(writes).collect();
        let mut none: Vec<Event> = Vec::new();
        #[expect(unsafe_code, reason = "a kqueue holds file descriptors by their numbers")]
        // SAFETY: the files are open for as long as the queue is.
        unsafe {
            kevent(&self.queue, &changes, rustix::buffer::spare_capacity(&mut none), None)?;
        }
        Ok(())
    }

    pub(crate) fn wait(&self) {
        let mut news: Vec<Event> = Vec::with_capacity(1);
        #[expect(unsafe_code, reason = "a kqueue holds file descriptors by their numbers")]
        // SAFETY: nothing is added.
        let _interrupted = unsafe { kevent(&self.queue, &[], rustix::buffer::spare_capacity(&mut news), None) };
    }
}
