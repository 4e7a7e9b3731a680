//! What only Linux has.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{
    DumpableBehavior, Pid, PidfdFlags, Signal, getpid, getppid, kill_process, pidfd_open, set_dumpable_behavior,
    set_parent_process_death_signal,
};

/// Who the parent is at this moment.
pub(crate) fn parent() -> Option<Pid> {
    getppid()
}

/// Has the kernel wake this process when its parent ends.
pub(crate) fn go_on_without_parent() -> Result<()> {
    set_parent_process_death_signal(Some(Signal::CONT)).context("be woken at the end of the parent")
}

/// Goes to sleep until it is told to go on.
pub(crate) fn stop_self() -> Result<()> {
    kill_process(getpid(), Signal::STOP).context("stop")
}

/// Keeps others of the same user from looking inside.
pub(crate) fn hide() -> Result<()> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable).context("hide")
}

/// Wipes the environment as `setproctitle` does: what was handed over at the start is there no more.
pub(crate) fn overwrite_environment() -> Result<()> {
    let stat = fs::read_to_string("/proc/self/stat").context("find the environment")?;
    let (_, fields) = stat.rsplit_once(") ").context("find the name of this process")?;
    // proc(5) counts from 1, and the first field behind the name is number 3.
    let field = |number: usize| fields.split_whitespace().nth(number - 3)?.parse::<u64>().ok();
    let start = field(50).context("find the start of the environment")?;
    let end = field(51).filter(|end| *end > start).context("find the end of the environment")?;
    let memory = OpenOptions::new().write(true).open("/proc/self/mem").context("open the memory")?;
    memory.write_all_at(&vec![0; usize::try_from(end - start)?], start).context("overwrite the environment")?;
    ensure!(fs::read("/proc/self/environ")?.iter().all(|byte| *byte == 0), "the environment can still be read");
    Ok(())
}

/// Waits in the kernel, as after a `vfork`, for a child that never becomes a program (state D): nothing but SIGKILL ends
/// that. Perl makes the call, since Rust has none that is safe. Returns where there is no Perl.
pub(crate) fn wait_in_kernel(length: Duration, notes: Option<&str>) {
    /// `CLONE_VFORK | SIGCHLD`: the parent waits, and the memory is not shared.
    const FLAGS: &str = "16401";
    const SCRIPT: &str = r#"
        my ($clone, $flags, $seconds, $notes) = @ARGV;
        $0 = 'fake-agent';
        @SIG{qw(TERM INT HUP)} = ('IGNORE') x 3;
        my $child = syscall($clone + 0, $flags + 0, 0, 0, 0, 0);
        exit if $child;
        if ($notes && open(my $file, '>>', $notes)) { print $file "$$\n"; close $file }
        select(undef, undef, undef, $seconds);
    "#;
    let clone = match std::env::consts::ARCH {
        "x86_64" => "56",
        "aarch64" => "220",
        _ => return,
    };
    let seconds = length.as_secs_f64().to_string();
    let _missing = Command::new("perl").args(["-e", SCRIPT, clone, FLAGS, &seconds]).args(notes).exec();
}

/// Waits for the end of a process. Whether it came.
pub(crate) fn ends_within(pid: u32, length: Duration) -> Result<bool> {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).context("read the number of a process")?;
    let pidfd = match pidfd_open(pid, PidfdFlags::empty()) {
        Ok(pidfd) => pidfd,
        Err(Errno::SRCH | Errno::INVAL) => return Ok(true),
        Err(error) => return Err(error).context("open a process"),
    };
    let length = Timespec { tv_sec: i64::try_from(length.as_secs())?, tv_nsec: i64::from(length.subsec_nanos()) };
    match poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], Some(&length)) {
        Ok(ready) => Ok(ready > 0),
        // A polite signal that is ignored.
        Err(Errno::INTR) => Ok(false),
        Err(error) => Err(error).context("wait for a process"),
    }
}
