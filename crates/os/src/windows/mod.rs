//! Windows: process handles, wait registrations, job objects.
//!
//! Never run on Windows: written against the manuals, type-checked from elsewhere, and tested under wine, but for the
//! clocks.

mod awake;
mod exit_watch;
mod facts;
mod files;
mod held_file;
mod job;
mod nursery;
mod power;
mod process;

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::windows::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use windows_sys::Win32::Foundation::ERROR_SUCCESS;
use windows_sys::Win32::System::Registry::{HKEY_LOCAL_MACHINE, RRF_RT_REG_DWORD, RegGetValueW};
use windows_sys::Win32::System::Threading::{CREATE_NEW_PROCESS_GROUP, CREATE_NO_WINDOW};
use windows_sys::Win32::System::WindowsProgramming::{QueryInterruptTime, QueryUnbiasedInterruptTime};
use windows_sys::w;

use crate::clock::Clocks;
use crate::detached::DetachedStdin;
use crate::facts::SocketFacts;
use crate::identity::ProcessError;
use crate::signal::Signal;

pub(crate) use self::awake::{Lock, keep_awake};
pub(crate) use self::exit_watch::Watch;
pub(crate) use self::facts::{descendants, facts, kinship, tagged};
pub(crate) use self::files::{
    check_private_dir, create_private_dir, file_stamp, is_in_the_hands_of_others, keep_private, make_private,
    open_without_waiting, path_stamp, sync_dir,
};
pub(crate) use self::held_file::{WriteWatch, hole_unit, make_hole, next_data};
pub(crate) use self::nursery::{Nursery, Waiter};
pub(crate) use self::power::is_plugged_in;
pub(crate) use self::process::{Handle, identify, is_alive, may_be_signalled, open, signal};

/// A job object counts its processes, and no process leaves it.
pub(crate) const NURSERY_PROVES_EMPTINESS: bool = true;

/// Windows trims the working set of idle processes by itself.
pub(crate) const fn let_go_of_code() {}

/// There is no such limit on Windows.
pub(crate) const fn raise_open_files_limit() {}

/// The numbers that the C library of Windows and the rest of the world have in common.
pub(crate) const fn signal_number(signal: Signal) -> i32 {
    match signal {
        Signal::Hup => 1,
        Signal::Int => 2,
        Signal::Quit => 3,
        Signal::Kill => 9,
        Signal::Usr1 => 10,
        Signal::Usr2 => 12,
        Signal::Term => 15,
        Signal::Cont => 18,
        Signal::Stop => 19,
    }
}

pub(crate) fn clocks() -> Clocks {
    /// Interrupt time is counted in units of 100 ns.
    const UNITS_PER_MS: u64 = 10_000;
    let (mut awake, mut boot) = (0, 0);
    #[expect(unsafe_code, reason = "windows-sys has no safe wrappers")]
    // SAFETY: each call writes one number.
    unsafe {
        QueryUnbiasedInterruptTime(&raw mut awake);
        QueryInterruptTime(&raw mut boot);
    }
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    Clocks {
        awake_ms: awake / UNITS_PER_MS,
        boot_ms: boot / UNITS_PER_MS,
        wall_ms: i64::try_from(wall).unwrap_or(i64::MAX),
    }
}

/// Windows counts its starts in the registry.
pub(crate) fn boot_id() -> io::Result<String> {
    static BOOT: OnceLock<String> = OnceLock::new();
    if let Some(boot) = BOOT.get() {
        return Ok(boot.clone());
    }
    let (mut count, mut size) = (0_u32, 4_u32);
    let key = w!(r"SYSTEM\CurrentControlSet\Control\Session Manager\Memory Management\PrefetchParameters");
    #[expect(unsafe_code, reason = "windows-sys has no safe wrappers")]
    // SAFETY: the names are terminated, and the value is a number of four bytes, for which there is room.
    let status = unsafe {
        let (value, kind) = (w!("BootId"), std::ptr::null_mut());
        RegGetValueW(HKEY_LOCAL_MACHINE, key, value, RRF_RT_REG_DWORD, kind, (&raw mut count).cast(), &raw mut size)
    };
    if status != ERROR_SUCCESS {
        return Err(io::Error::from_raw_os_error(status.cast_signed()));
    }
    Ok(BOOT.get_or_init(|| format!("boot-{count}")).clone())
}

pub(crate) fn open_sockets(_pids: &[u32]) -> Result<Vec<SocketFacts>, ProcessError> {
    let source = io::Error::from(io::ErrorKind::Unsupported);
    Err(ProcessError::System { what: "list open sockets", source })
}

/// A program keeps running when its parent ends, and its handle is closed here. It gets a console that nobody sees, since
/// CTRL_BREAK reaches only those who share one.
pub(crate) fn spawn_detached(
    program: &OsStr,
    args: &[OsString],
    env: &[(OsString, OsString)],
    cwd: Option<&Path>,
    stdin: DetachedStdin,
) -> io::Result<u32> {
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
    command.creation_flags(CREATE_NO_WINDOW | CREATE_NEW_PROCESS_GROUP);
    Ok(command.spawn()?.id())
}
