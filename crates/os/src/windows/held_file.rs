//! Sparse files. Never run.

use std::fs::File;
use std::io;
use std::mem::size_of;
use std::os::windows::io::AsRawHandle;
use std::path::Path;
use std::ptr::{null, null_mut};

use windows_sys::Win32::Foundation::{ERROR_INVALID_FUNCTION, ERROR_MORE_DATA};
use windows_sys::Win32::System::IO::DeviceIoControl;
use windows_sys::Win32::System::Ioctl::{
    FILE_ALLOCATED_RANGE_BUFFER, FILE_ZERO_DATA_INFORMATION, FSCTL_QUERY_ALLOCATED_RANGES, FSCTL_SET_SPARSE,
    FSCTL_SET_ZERO_DATA,
};

/// NTFS gives back units of 64 KiB.
const UNIT: u64 = 64 * 1024;

#[expect(clippy::unnecessary_wraps, reason = "the twin on Unix can fail")]
pub(crate) fn hole_unit(_file: &File) -> io::Result<u64> {
    Ok(UNIT)
}

/// Gives back what stands before `end`. The file keeps its length.
pub(crate) fn make_hole(file: &File, end: u64) -> io::Result<()> {
    control::<(), ()>(file, FSCTL_SET_SPARSE, None, None)?;
    let range = FILE_ZERO_DATA_INFORMATION { FileOffset: 0, BeyondFinalZero: signed(end)? };
    control::<_, ()>(file, FSCTL_SET_ZERO_DATA, Some(&range), None)
}

pub(crate) fn next_data(file: &File, from: u64) -> io::Result<u64> {
    let length = file.metadata()?.len();
    if from >= length {
        return Ok(length);
    }
    let wanted = FILE_ALLOCATED_RANGE_BUFFER { FileOffset: signed(from)?, Length: signed(length - from)? };
    let mut found = FILE_ALLOCATED_RANGE_BUFFER { FileOffset: -1, Length: 0 };
    match control(file, FSCTL_QUERY_ALLOCATED_RANGES, Some(&wanted), Some(&mut found)) {
        Ok(()) => Ok(u64::try_from(found.FileOffset).unwrap_or(length)),
        Err(fault) if says(&fault, ERROR_MORE_DATA) => Ok(u64::try_from(found.FileOffset).unwrap_or(from)),
        // A file system that knows no holes has none.
        Err(fault) if says(&fault, ERROR_INVALID_FUNCTION) => Ok(from),
        Err(fault) => Err(fault),
    }
}

fn signed(number: u64) -> io::Result<i64> {
    i64::try_from(number).map_err(io::Error::other)
}

fn says(fault: &io::Error, code: u32) -> bool {
    fault.raw_os_error() == Some(code.cast_signed())
}

fn control<I, O>(file: &File, code: u32, input: Option<&I>, output: Option<&mut O>) -> io::Result<()> {
    let size = |bytes: usize| u32::try_from(bytes).expect("these structs are small");
    let (input, input_size) = input.map_or((null(), 0), |input| (std::ptr::from_ref(input).cast(), size_of::<I>()));
    let (output, output_size) =
        output.map_or((null_mut(), 0), |output| (std::ptr::from_mut(output).cast(), size_of::<O>()));
    let mut count = 0;
    #[expect(unsafe_code, reason = "windows-sys has no safe wrappers")]
    // SAFETY: the handle is open, and the buffers, of the sizes that are told, live until the call returns.
    let done = unsafe {
        DeviceIoControl(
            file.as_raw_handle(),
            code,
            input,
            size(input_size),
            output,
            size(output_size),
            &raw mut count,
            null_mut(),
        )
    };
    if done == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Windows tells of a growing file only when it is closed.
#[derive(Debug)]
pub(crate) struct WriteWatch {}

impl WriteWatch {
    pub(crate) fn of(_files: &[&Path]) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    #[expect(clippy::unused_self, reason = "the twins have something to arm")]
    pub(crate) fn arm(&self) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    #[expect(clippy::unused_self, reason = "the twins have something to wait for")]
    pub(crate) const fn wait(&self) {}
}
