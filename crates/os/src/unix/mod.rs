//! What Linux and macOS have in common.

pub(crate) mod files;
pub(crate) mod holes;
pub(crate) mod nursery;
pub(crate) mod open_files;
pub(crate) mod reap;
pub(crate) mod spawn;

use crate::exit::ExitStatus;
use crate::signal::Signal;

/// Called for each end that an exit watch sees.
pub(crate) type OnExit = Box<dyn Fn(&crate::identity::Identity, ExitStatus) + Send>;

pub(crate) const fn signal_number(signal: Signal) -> i32 {
    match signal {
        Signal::Term => libc::SIGTERM,
        Signal::Int => libc::SIGINT,
        Signal::Hup => libc::SIGHUP,
        Signal::Quit => libc::SIGQUIT,
        Signal::Usr1 => libc::SIGUSR1,
        Signal::Usr2 => libc::SIGUSR2,
        Signal::Kill => libc::SIGKILL,
        Signal::Cont => libc::SIGCONT,
        Signal::Stop => libc::SIGSTOP,
    }
}

pub(crate) const fn raw_signal(signal: Signal) -> rustix::process::Signal {
    match signal {
        Signal::Term => rustix::process::Signal::TERM,
        Signal::Int => rustix::process::Signal::INT,
        Signal::Hup => rustix::process::Signal::HUP,
        Signal::Quit => rustix::process::Signal::QUIT,
        Signal::Usr1 => rustix::process::Signal::USR1,
        Signal::Usr2 => rustix::process::Signal::USR2,
        Signal::Kill => rustix::process::Signal::KILL,
        Signal::Cont => rustix::process::Signal::CONT,
        Signal::Stop => rustix::process::Signal::STOP,
    }
}

/// Shows the control characters of a command line as blanks, and cuts it.
pub(crate) fn show_command(mut bytes: Vec<u8>) -> String {
    for byte in &mut bytes {
        if byte.is_ascii_control() {
            *byte = b' ';
        }
    }
    crate::facts::cut_command(&String::from_utf8_lossy(&bytes))
}

/// Reads a status as `wait` returns it.
pub(crate) fn decode_status(status: i32) -> ExitStatus {
    if libc::WIFEXITED(status) {
        ExitStatus::Code(libc::WEXITSTATUS(status))
    } else if libc::WIFSIGNALED(status) {
        ExitStatus::Signal(libc::WTERMSIG(status))
    } else {
        ExitStatus::Unknown
    }
}

/// Lets this process outlive its terminal, the readers of its pipes, and who ends processes politely: a nursery ends with
/// its run and not before.
pub(crate) fn ignore_hangups() {
    for signal in [libc::SIGHUP, libc::SIGPIPE, libc::SIGINT, libc::SIGTERM] {
        #[expect(unsafe_code, reason = "rustix does not set signal dispositions")]
        // SAFETY: ignoring a signal installs no handler, so there is no code that could run at a bad moment.
        unsafe {
            libc::signal(signal, libc::SIG_IGN);
        }
    }
}

/// Whether the system would deliver a signal of this user to the process with this number.
pub(crate) fn may_be_signalled(pid: u32) -> bool {
    let process = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
    process.is_some_and(|process| rustix::process::test_kill_process(process).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_status_is_read_as_code_or_signal() {
        assert_eq!(decode_status(7 << 8), ExitStatus::Code(7));
        assert_eq!(decode_status(9), ExitStatus::Signal(9));
        assert_eq!(decode_status(11 | 0x80), ExitStatus::Signal(11));
        assert_eq!(decode_status(0x137f), ExitStatus::Unknown);
    }
}
