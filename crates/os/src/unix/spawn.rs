//! Starting programs: leaders of a session of their own, and detached ones.
//!
//! What runs between `fork` and `exec` runs in a copy of a process whose other threads are missing, so it may call the
//! kernel and nothing else: no allocation, no lock.

use std::ffi::{OsStr, OsString};
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use rustix::process::Pid;

use crate::detached::DetachedStdin;
use crate::exit::ExecError;
use crate::imp::close_others_on_exec;
use crate::nursery::{ChildSpec, ChildStdio};

use super::open_files::restore_open_files_limit;

/// A thread that only introduces a process needs no more.
const STACK_BYTES: usize = 64 * 1024;

/// Starts a command as the leader of a session and a process group of its own, in the control group in which the file
/// `group` lists the members. The caller collects it.
///
/// The process is there before the program is: `introduce` is called with its pid, and the program follows only when that
/// has returned well. If this process is killed meanwhile, the program is never started.
pub(crate) fn spawn_leader<T: Send>(
    spec: ChildSpec,
    group: Option<BorrowedFd<'_>>,
    introduce: impl FnOnce(Pid) -> Result<T, ExecError> + Send,
) -> Result<(Pid, T), ExecError> {
    let (pid_end, pid_child_end) = io::pipe()?;
    let (go_child_end, go_end) = io::pipe()?;
    let ends = Ends { pid: pid_child_end.as_raw_fd(), go: go_child_end.as_raw_fd(), parents_go: go_end.as_raw_fd() };
    let mut command = Command::new(&spec.program);
    command.args(&spec.args).envs(spec.env);
    for key in &spec.env_remove {
        command.env_remove(key);
    }
    if let Some(cwd) = &spec.cwd {
        command.current_dir(cwd);
    }
    command.stdin(stdio(spec.stdin)).stdout(stdio(spec.stdout)).stderr(stdio(spec.stderr));
    #[expect(unsafe_code, reason = "the session, the signals and the open files are set in the child")]
    // SAFETY: the closure makes system calls on integers and on memory of its own stack, and nothing else. The group's file
    // stays open until `spawn` has returned.
    unsafe {
        let group = group.map(|file| BorrowedFd::borrow_raw(file.as_raw_fd()));
        command.pre_exec(move || {
            if let Some(group) = group {
                // A command that cannot be moved is killed all the same, one process at a time.
                let _moved = rustix::io::write(group, b"0");
            }
            start_session()?;
            reset_signals();
            restore_open_files_limit();
            wait_to_go_on(ends)?;
            close_others_on_exec();
            Ok(())
        });
    }
    // `spawn` returns once the program is there, so somebody else introduces the process meanwhile.
    thread::scope(|scope| {
        let introduction = thread::Builder::new()
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, move || let_go_on(pid_end, go_end, introduce))?;
        let child = command.spawn();
        // If there is no process, nobody else holds this end: the wait for its pid is over.
        drop(pid_child_end);
        let introduced = introduction.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        match (child, introduced) {
            (Ok(_), Ok(Some(introduced))) => Ok(introduced),
            (_, Err(error)) => Err(error),
            (Err(error), Ok(_)) => Err(error.into()),
            (Ok(_), Ok(None)) => Err(io::Error::from(io::ErrorKind::BrokenPipe).into()),
        }
    })
}

/// The ends of the two pipes, as the child knows them.
#[derive(Clone, Copy)]
struct Ends {
    pid: RawFd,
    go: RawFd,
    parents_go: RawFd,
}

/// In the child: tells its pid and waits until it may go on. Without a parent it may not.
fn wait_to_go_on(ends: Ends) -> io::Result<()> {
    #[expect(unsafe_code, reason = "between `fork` and `exec` there are only system calls")]
    // SAFETY: the calls take descriptors that the fork inherited, and memory of this stack frame. Nothing else in this
    // process owns them.
    unsafe {
        // As long as the child itself held this end, it would never learn of the end of its parent.
        libc::close(ends.parents_go);
        let pid = libc::getpid().to_ne_bytes();
        if usize::try_from(libc::write(ends.pid, pid.as_ptr().cast(), pid.len())) != Ok(pid.len()) {
            return Err(io::Error::from_raw_os_error(libc::EPIPE));
        }
        let mut go = 0_u8;
        loop {
            match libc::read(ends.go, (&raw mut go).cast(), 1) {
                1 => return Ok(()),
                -1 if io::Error::last_os_error().raw_os_error() == Some(libc::EINTR) => {}
                _ => return Err(io::Error::from_raw_os_error(libc::EPIPE)),
            }
        }
    }
}

/// In the parent: learns the pid, introduces the process, and lets it go on. `None`: there is none.
fn let_go_on<T>(
    mut pid_end: PipeReader,
    mut go_end: PipeWriter,
    introduce: impl FnOnce(Pid) -> Result<T, ExecError>,
) -> Result<Option<(Pid, T)>, ExecError> {
    let mut pid = [0; 4];
    if pid_end.read_exact(&mut pid).is_err() {
        return Ok(None);
    }
    let pid = Pid::from_raw(i32::from_ne_bytes(pid)).expect("the system returns positive process ids");
    let introduced = introduce(pid)?;
    go_end.write_all(&[1])?;
    Ok(Some((pid, introduced)))
}

fn stdio(stdio: ChildStdio) -> Stdio {
    match stdio {
        ChildStdio::Null => Stdio::null(),
        ChildStdio::Inherit => Stdio::inherit(),
        ChildStdio::File(file) => file.into(),
    }
}

/// The child forks once more and ends at once; the grandchild becomes the program. `Command` learns from the grandchild
/// whether the program could be started, and a pipe brings its pid.
pub(crate) fn spawn_detached(
    program: &OsStr,
    args: &[OsString],
    env: &[(OsString, OsString)],
    cwd: Option<&Path>,
    stdin: DetachedStdin,
) -> io::Result<u32> {
    let (mut read_end, write_end) = io::pipe()?;
    let mut command = Command::new(program);
    command.args(args).envs(env.iter().map(|(key, value)| (key, value)));
    if let Some(cwd) = cwd {
        command.current_dir(cwd);
    }
    command.stdin(match stdin {
        DetachedStdin::Null => Stdio::null(),
        DetachedStdin::Inherit => Stdio::inherit(),
    });
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let pid_end = write_end.as_raw_fd();
    #[expect(unsafe_code, reason = "the second fork has to happen in the child")]
    // SAFETY: as in `spawn_leader`; the pipe's write end stays open until `spawn` has returned.
    unsafe {
        command.pre_exec(move || {
            leave_to_grandchild(pid_end)?;
            start_session()?;
            reset_signals();
            restore_open_files_limit();
            close_others_on_exec();
            Ok(())
        });
    }
    let mut child = command.spawn()?;
    drop(write_end);
    child.wait()?;
    let mut pid = [0; 4];
    read_end.read_exact(&mut pid)?;
    Ok(u32::from_ne_bytes(pid))
}

/// Forks; the parent writes the child's pid into the pipe and ends. Returns in the child only.
fn leave_to_grandchild(pid_end: RawFd) -> io::Result<()> {
    #[expect(unsafe_code, reason = "rustix does not fork")]
    // SAFETY: the calling process has one thread, since it is itself a fresh fork, and both sides go on with system
    // calls only. `_exit` runs no handlers of the program that was copied.
    unsafe {
        match libc::fork() {
            -1 => Err(io::Error::last_os_error()),
            0 => Ok(()),
            grandchild => {
                let bytes = grandchild.to_ne_bytes();
                let written = libc::write(pid_end, bytes.as_ptr().cast(), bytes.len());
                libc::_exit(i32::from(usize::try_from(written) != Ok(bytes.len())))
            }
        }
    }
}

fn start_session() -> io::Result<()> {
    rustix::process::setsid()?;
    Ok(())
}

/// Gives every signal its default effect and lets all of them through: ignored and blocked signals are inherited.
fn reset_signals() {
    /// No system here has more signals.
    const SIGNALS_MAX: i32 = 64;
    #[expect(unsafe_code, reason = "rustix does not set signal dispositions")]
    // SAFETY: the default dispositions run no code of ours. Numbers that are no signals, or whose disposition cannot be
    // changed, are refused and stay as they are. The set is initialised before it is used.
    unsafe {
        for signal in 1..=SIGNALS_MAX {
            libc::signal(signal, libc::SIG_DFL);
        }
        let mut none = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
        if libc::sigemptyset(none.as_mut_ptr()) == 0 {
            libc::sigprocmask(libc::SIG_SETMASK, none.as_ptr(), std::ptr::null_mut());
        }
    }
}
