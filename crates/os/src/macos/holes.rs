//! Holes in files, which APFS has. Never run.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

/// Gives back what stands before `end`, a multiple of the block size. The file keeps its length.
pub(crate) fn make_hole(file: &File, end: u64) -> io::Result<()> {
    let length = libc::off_t::try_from(end).map_err(io::Error::other)?;
    let hole = libc::fpunchhole_t { fp_flags: 0, reserved: 0, fp_offset: 0, fp_length: length };
    #[expect(unsafe_code, reason = "rustix does not have the call")]
    // SAFETY: the call reads the struct, which lives until it returns.
    let refused = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_PUNCHHOLE, &raw const hole) == -1 };
    if refused { Err(io::Error::last_os_error()) } else { Ok(()) }
}
