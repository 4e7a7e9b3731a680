//! The exit watch: pidfds in one epoll, and the exit code from the kernel.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::event::{EventfdFlags, Timespec, eventfd};
use rustix::io::Errno;

use super::procfs;
use crate::exit::ExitStatus;
use crate::identity::{Identity, Process, ProcessError};
use crate::unix::{OnExit, decode_status};

/// How long a dead process whose exit code is hidden may wait for its parent before its end is reported without a code.
const COLLECT_WAIT: Duration = Duration::from_secs(1);
/// How many ends are taken from the kernel at once.
const EVENTS_MAX: usize = 64;
/// The key of the event that ends the thread; processes count from 1.
const STOP_KEY: u64 = 0;

#[derive(Debug)]
pub(crate) struct Watch {
    shared: Arc<Shared>,
    stop: OwnedFd,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    epoll: OwnedFd,
    watched: Mutex<Watched>,
}

#[derive(Debug, Default)]
struct Watched {
    last_key: u64,
    by_key: HashMap<u64, Entry>,
    by_identity: HashMap<Identity, u64>,
}

#[derive(Debug)]
struct Entry {
    asked: Identity,
    process: Process,
    /// Set once the process is dead and only its parent can make the kernel tell how.
    report_at: Option<Instant>,
}

impl Watch {
    pub(crate) fn start(on_exit: OnExit) -> io::Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let stop = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        epoll::add(&epoll, &stop, EventData::new_u64(STOP_KEY), EventFlags::IN)?;
        let shared = Arc::new(Shared { epoll, watched: Mutex::default() });
        let for_thread = Arc::clone(&shared);
        let thread = thread::Builder::new().name("exit-watch".to_owned()).spawn(move || for_thread.run(&on_exit))?;
        Ok(Self { shared, stop, thread: Some(thread) })
    }

    pub(crate) fn watch(&self, identity: &Identity) -> Result<bool, ProcessError> {
        let Some(process) = Process::open(identity)? else { return Ok(false) };
        let mut watched = self.shared.watched();
        if watched.by_identity.contains_key(identity) {
            return Ok(true);
        }
        watched.last_key += 1;
        let key = watched.last_key;
        // Both entries are there before the lock is released, so an end that is reported at once finds them.
        epoll::add(&self.shared.epoll, process.handle().pidfd(), EventData::new_u64(key), EventFlags::IN)
            .map_err(|error| ProcessError::Unreadable { pid: identity.pid, what: "the end", source: error.into() })?;
        watched.by_identity.insert(identity.clone(), key);
        watched.by_key.insert(key, Entry { asked: identity.clone(), process, report_at: None });
        Ok(true)
    }

    pub(crate) fn forget(&self, identity: &Identity) {
        let mut watched = self.shared.watched();
        if let Some(key) = watched.by_identity.get(identity).copied() {
            // Dropping the entry closes the pidfd, and that takes it out of the epoll.
            drop(watched.take(key));
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // The counter of an eventfd that is written once cannot overflow.
        let rung = rustix::io::write(&self.stop, &1_u64.to_ne_bytes());
        if let Some(thread) = self.thread.take()
            && rung.is_ok()
            && thread.thread().id() != thread::current().id()
        {
            // A panic in the callback was already reported by the thread itself.
            drop(thread.join());
        }
    }
}

impl Watched {
    fn take(&mut self, key: u64) -> Option<Entry> {
        let entry = self.by_key.remove(&key)?;
        self.by_identity.remove(&entry.asked);
        Some(entry)
    }

    fn next_report(&self) -> Option<Instant> {
        self.by_key.values().filter_map(|entry| entry.report_at).min()
    }

    fn due(&self, now: Instant) -> Vec<u64> {
        let is_due = |entry: &Entry| entry.report_at.is_some_and(|at| at <= now);
        self.by_key.iter().filter(|(_, entry)| is_due(entry)).map(|(key, _)| *key).collect()
    }
}

impl Shared {
    fn watched(&self) -> MutexGuard<'_, Watched> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, on_exit: &OnExit) {
        let mut events = Vec::with_capacity(EVENTS_MAX);
        loop {
            events.clear();
            let timeout = self.watched().next_report().map(until);
            match epoll::wait(&self.epoll, spare_capacity(&mut events), timeout.as_ref()) {
                Ok(_) | Err(Errno::INTR) => {}
                // The epoll is ours and open, so there is nothing left that could fail but the kernel's memory.
                Err(_) => thread::sleep(COLLECT_WAIT),
            }
            for event in &events {
                let Event { flags, data } = *event;
                match data.u64() {
                    STOP_KEY => return,
                    key => self.ended(key, flags, on_exit),
                }
            }
            let due = self.watched().due(Instant::now());
            for key in due {
                self.report(key, ExitStatus::Unknown, on_exit);
            }
        }
    }

    /// A pidfd is readable from the end of the process on, and hung up from the moment its parent has collected it.
    fn ended(&self, key: u64, flags: EventFlags, on_exit: &OnExit) {
        let status = {
            let mut watched = self.watched();
            let Some(entry) = watched.by_key.get_mut(&key) else { return };
            let pidfd = entry.process.handle().pidfd();
            let collected = flags.contains(EventFlags::HUP);
            let told = collected_status(pidfd).or_else(|| uncollected_status(entry.process.identity().pid, pidfd));
            if told.is_none() && !collected && entry.report_at.is_none() {
                entry.report_at = Some(Instant::now() + COLLECT_WAIT);
                // With no event asked for, only the hang-up is reported.
                let waits = epoll::modify(&self.epoll, pidfd, EventData::new_u64(key), EventFlags::empty());
                if waits.is_ok() {
                    return;
                }
            }
            told.unwrap_or(ExitStatus::Unknown)
        };
        self.report(key, status, on_exit);
    }

    /// The callback is called without the lock, so that it may watch and forget.
    fn report(&self, key: u64, status: ExitStatus, on_exit: &OnExit) {
        let entry = self.watched().take(key);
        if let Some(entry) = entry {
            on_exit(&entry.asked, status);
        }
    }
}

fn until(instant: Instant) -> Timespec {
    // One millisecond more, so that the instant has passed on waking up.
    let wait = instant.saturating_duration_since(Instant::now()) + Duration::from_millis(1);
    Timespec { tv_sec: wait.as_secs().try_into().unwrap_or(i64::MAX), tv_nsec: wait.subsec_nanos().into() }
}

/// The exit code of a process that its parent has collected: told to any holder of its pidfd from Linux 6.15 on.
fn collected_status(pidfd: BorrowedFd<'_>) -> Option<ExitStatus> {
    let mut info = PidfdInfo { mask: PIDFD_INFO_EXIT, ..PidfdInfo::default() };
    #[expect(unsafe_code, reason = "no crate wraps this request")]
    // SAFETY: the request carries the size of the struct, which is the kernel's first version of it, and the kernel
    // writes no more than that into `info`, which outlives the call.
    let done = unsafe { libc::ioctl(pidfd.as_raw_fd(), PIDFD_GET_INFO, &raw mut info) };
    (done == 0 && info.mask & PIDFD_INFO_EXIT != 0).then(|| decode_status(info.exit_code))
}

/// The exit code of a process that waits for its parent, from its stat line. The kernel prints 0 there to whoever may
/// not know, and the link to the working directory tells whether we may: for a dead process it is missing, or denied.
fn uncollected_status(pid: u32, pidfd: BorrowedFd<'_>) -> Option<ExitStatus> {
    let stat = procfs::stat(pid).ok()??;
    let may_know = fs::read_link(format!("/proc/{pid}/cwd")).is_err_and(|e| e.raw_os_error() == Some(libc::ENOENT));
    // Signal 0 fails once the process is collected; as long as it is not, the pid is its own.
    #[expect(unsafe_code, reason = "rustix has no signal 0 through a pidfd")]
    // SAFETY: four integers and a null pointer, which the kernel takes for "no details".
    let still_there = unsafe {
        let details = std::ptr::null::<libc::siginfo_t>();
        libc::syscall(libc::SYS_pidfd_send_signal, pidfd.as_raw_fd(), 0, details, 0)
    };
    (may_know && stat.is_dead() && still_there == 0).then(|| decode_status(stat.exit_code))
}

/// `PIDFD_INFO_EXIT` of linux/pidfd.h.
const PIDFD_INFO_EXIT: u64 = 1 << 3;
/// `PIDFD_GET_INFO`: `_IOWR(0xFF, 11, struct pidfd_info)`.
const PIDFD_GET_INFO: libc::Ioctl = ((3_u64 << 30) | ((size_of::<PidfdInfo>() as u64) << 16) | (0xFF << 8) | 11) as _;

/// `struct pidfd_info` of linux/pidfd.h in its first version, 64 bytes.
#[derive(Default)]
#[repr(C)]
struct PidfdInfo {
    mask: u64,
    cgroup: u64,
    ids: [u32; 11],
    exit_code: i32,
}

const _: () = assert!(size_of::<PidfdInfo>() == 64, "the kernel tells versions apart by their size");

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;
    use std::process::Command;

    use rustix::process::{Pid, PidfdFlags, WaitId, WaitIdOptions, pidfd_open, waitid};

    use super::*;

    #[test]
    fn the_exit_code_is_read_before_and_after_the_parent_collects_it() {
        for (script, expected) in [("exit 7", ExitStatus::Code(7)), ("kill -9 $$", ExitStatus::Signal(9))] {
            let mut child = Command::new("/bin/sh").args(["-c", script]).spawn().unwrap();
            let pid = Pid::from_child(&child);
            let pidfd = pidfd_open(pid, PidfdFlags::empty()).unwrap();
            waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT).unwrap();
            assert_eq!(collected_status(pidfd.as_fd()), None);
            assert_eq!(uncollected_status(child.id(), pidfd.as_fd()), Some(expected));

            child.wait().unwrap();
            assert_eq!(uncollected_status(child.id(), pidfd.as_fd()), None);
            // Kernels before 6.15 have forgotten it.
            let told = collected_status(pidfd.as_fd());
            assert_eq!(told, is_told_after_collection().then_some(expected));
        }
    }

    fn is_told_after_collection() -> bool {
        let release = rustix::system::uname().release().to_string_lossy().into_owned();
        let mut numbers = release.split(['.', '-']).map(|number| number.parse::<u32>().unwrap());
        (numbers.next().unwrap(), numbers.next().unwrap()) >= (6, 15)
    }
}
