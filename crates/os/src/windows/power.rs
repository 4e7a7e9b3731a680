//! Windows: one call says what the computer draws its power from. Never run
//! on Windows, but under wine.

use std::io;

use windows_sys::Win32::System::Power::{GetSystemPowerStatus, SYSTEM_POWER_STATUS};

/// How a computer that is not plugged in has its mains.
const OFFLINE: u8 = 0;

/// What is not known counts as plugged in: a computer without a battery may say so.
pub(crate) fn is_plugged_in() -> io::Result<bool> {
    let mut status = SYSTEM_POWER_STATUS::default();
    #[expect(unsafe_code, reason = "windows-sys has no safe wrappers")]
    // SAFETY: the call writes one such structure.
    let is_told = unsafe { GetSystemPowerStatus(&raw mut status) };
    if is_told == 0 { Err(io::Error::last_os_error()) } else { Ok(status.ACLineStatus != OFFLINE) }
}
