//! Waiting for writes with `F_NOTIFY`: a keeper waits in every run, and a user has 128 instances of inotify in all.

use std::fs::File;
use std::io;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;
use std::path::Path;

/// `fcntl`: who gets the signal.
const F_SETOWN_EX: libc::c_int = 15;
/// `f_owner_ex`: one thread.
const F_OWNER_TID: libc::c_int = 0;
/// `F_NOTIFY`: once, when a file in the directory is written to.
const DN_MODIFY: libc::c_int = 2;

/// `struct f_owner_ex`.
#[repr(C)]
struct Owner {
    kind: libc::c_int,
    thread: libc::pid_t,
}

/// The directory of the files, whose changes are told to one thread as SIGIO, which that thread has blocked.
#[derive(Debug)]
pub(crate) struct WriteWatch {
    dir: File,
    /// The signal comes to the thread that made this, and to no other.
    _thread: PhantomData<*const ()>,
}

impl WriteWatch {
    pub(crate) fn of(files: &[&Path]) -> io::Result<Self> {
        let dir = files.first().and_then(|file| file.parent()).ok_or(io::ErrorKind::InvalidInput)?;
        let watch = Self { dir: File::open(dir)?, _thread: PhantomData };
        let owner = Owner { kind: F_OWNER_TID, thread: rustix::thread::gettid().as_raw_nonzero().get() };
        let signals = only_sigio();
        #[expect(unsafe_code, reason = "rustix has neither of the calls")]
        // SAFETY: both calls read a struct that lives until they return. A blocked signal runs no code.
        let refused = unsafe {
            libc::pthread_sigmask(libc::SIG_BLOCK, &raw const signals, std::ptr::null_mut()) != 0
                || libc::fcntl(watch.dir.as_raw_fd(), F_SETOWN_EX, &raw const owner) != 0
        };
        if refused { Err(io::Error::last_os_error()) } else { Ok(watch) }
    }

    pub(crate) fn arm(&self) -> io::Result<()> {
        #[expect(unsafe_code, reason = "rustix does not have the call")]
        // SAFETY: the call takes integers. It leaves the owner as it is, since there is one.
        let refused = unsafe { libc::fcntl(self.dir.as_raw_fd(), libc::F_NOTIFY, DN_MODIFY) != 0 };
        if refused { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    pub(crate) fn wait(&self) {
        let signals = only_sigio();
        #[expect(unsafe_code, reason = "rustix does not have the call")]
        // SAFETY: the set lives until the call returns, and nothing is written. An interruption is a wake-up.
        let _signal = unsafe { libc::sigwaitinfo(&raw const signals, std::ptr::null_mut()) };
    }
}

fn only_sigio() -> libc::sigset_t {
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    #[expect(unsafe_code, reason = "rustix has no sets of signals for these calls")]
    // SAFETY: the set is initialised before it is used, and SIGIO is a signal.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        libc::sigaddset(set.as_mut_ptr(), libc::SIGIO);
        set.assume_init()
    }
}
