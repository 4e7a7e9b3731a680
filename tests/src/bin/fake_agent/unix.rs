//! Signals, sessions and groups on Unix.

#[cfg_attr(target_os = "linux", path = "linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "not_linux.rs")]
pub(crate) mod only;

use std::fs::OpenOptions;
use std::os::fd::IntoRawFd as _;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;

use anyhow::{Context, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals as Arrivals;

use crate::script::Signals;

/// Takes the signals and does nothing.
pub(crate) fn ignore(signals: Signals) -> Result<()> {
    let numbers: &[i32] = match signals {
        Signals::Term => &[SIGTERM],
        Signals::Int => &[SIGINT],
        Signals::Hup => &[SIGHUP],
        Signals::All => &[SIGTERM, SIGINT, SIGHUP],
    };
    for number in numbers {
        signal_hook::flag::register(*number, Arc::new(AtomicBool::new(false))).context("ignore a signal")?;
    }
    Ok(())
}

/// Does something at the first SIGTERM.
pub(crate) fn at_polite_signal(act: impl FnOnce() + Send + 'static) -> Result<()> {
    let mut arrivals = Arrivals::new([SIGTERM]).context("listen for a signal")?;
    thread::spawn(move || {
        if arrivals.forever().next().is_some() {
            act();
        }
    });
    Ok(())
}

/// Becomes the leader of a session.
pub(crate) fn new_session() -> Result<()> {
    rustix::process::setsid().context("begin a session")?;
    Ok(())
}

/// Becomes the leader of a process group.
pub(crate) fn new_group() -> Result<()> {
    rustix::process::setpgid(None, None).context("begin a process group")
}

/// Lets go of standard output.
pub(crate) fn close_stdout() -> Result<()> {
    let nowhere = OpenOptions::new().write(true).open("/dev/null").context("open `/dev/null`")?;
    rustix::stdio::dup2_stdout(nowhere).context("let go of standard output")
}

/// Takes a share of the lock of a file, to be held by this process and by all that come from it.
pub(crate) fn hold(path: &str) -> Result<()> {
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(path).context("open the held file")?;
    file.lock_shared().context("share the lock")?;
    rustix::io::fcntl_setfd(&file, rustix::io::FdFlags::empty()).context("hand the held file down")?;
    // Never closed: that is what it is for.
    let _held = file.into_raw_fd();
    Ok(())
}
