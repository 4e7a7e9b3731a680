//! Values of the kernel, by name or by number. Never run.

use std::ffi::CStr;
use std::io;
use std::ptr::null_mut;

/// Reads a value by its name.
pub(super) fn read_by_name(name: &CStr) -> io::Result<Vec<u8>> {
    read(|buffer, size| {
        #[expect(unsafe_code, reason = "libc has no safe wrapper")]
        // SAFETY: `name` is terminated, `buffer` is null or has room for `*size` bytes, and nothing is set.
        unsafe {
            libc::sysctlbyname(name.as_ptr(), buffer.cast(), size, null_mut(), 0)
        }
    })
}

/// Reads the arguments and the environment of a process: the number of arguments, the path of the program, padding, and
/// then both as strings with a zero after each.
pub(super) fn read_arguments(pid: u32) -> io::Result<Vec<u8>> {
    let pid = i32::try_from(pid).map_err(|_| io::Error::from(io::ErrorKind::NotFound))?;
    let mut name = [libc::CTL_KERN, libc::KERN_PROCARGS2, pid];
    read(|buffer, size| {
        #[expect(unsafe_code, reason = "libc has no safe wrapper")]
        // SAFETY: `name` has three numbers, `buffer` is null or has room for `*size` bytes, and nothing is set.
        unsafe {
            libc::sysctl(name.as_mut_ptr(), 3, buffer.cast(), size, null_mut(), 0)
        }
    })
}

/// Asks for the size first, and for the value then.
fn read(mut ask: impl FnMut(*mut u8, *mut usize) -> i32) -> io::Result<Vec<u8>> {
    let mut size = 0_usize;
    if ask(null_mut(), &raw mut size) != 0 {
        return Err(io::Error::last_os_error());
    }
    let mut bytes = vec![0; size];
    if ask(bytes.as_mut_ptr(), &raw mut size) != 0 {
        return Err(io::Error::last_os_error());
    }
    bytes.truncate(size);
    Ok(bytes)
}
