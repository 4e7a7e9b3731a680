//! Giving mapped code back.

use std::fs;

/// Gives back the pages of program code that were mapped while this process started: the kernel maps sixteen around each
/// one that is needed. What is needed again is mapped again from the page cache, so nothing is lost but microseconds.
pub(crate) fn let_go_of_code() {
    let Ok(maps) = fs::read_to_string("/proc/self/maps") else { return };
    for (start, length) in maps.lines().filter_map(code_in) {
        let address = std::ptr::with_exposed_provenance_mut::<libc::c_void>(start);
        #[expect(unsafe_code, reason = "rustix marks this advice as unsafe as well")]
        // SAFETY: the range is a mapping of a file that was never writable, so its pages hold nothing but the file's
        // bytes; dropping them from the page table changes no byte that this process can see.
        let _best_effort = unsafe { libc::madvise(address, length, libc::MADV_DONTNEED) };
    }
}

/// Start and length of a mapping of code from a file; `None` for every other line.
fn code_in(line: &str) -> Option<(usize, usize)> {
    let mut fields = line.split_ascii_whitespace();
    let (start, end) = fields.next()?.split_once('-')?;
    let (permissions, inode) = (fields.next()?, fields.nth(2)?);
    if permissions != "r-xp" || inode == "0" {
        return None;
    }
    let (start, end) = (usize::from_str_radix(start, 16).ok()?, usize::from_str_radix(end, 16).ok()?);
    Some((start, end.checked_sub(start)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_code_from_files_is_given_back() {
        let line = "00401000-00403000 r-xp 00001000 08:02 173521 /usr/bin/nightkeep";
        assert_eq!(code_in(line), Some((0x40_1000, 0x2000)));
        assert_eq!(code_in("00651000-00652000 r--p 00051000 08:02 173521 /usr/bin/nightkeep"), None);
        assert_eq!(code_in("7ffc1a1f9000-7ffc1a1fb000 r-xp 00000000 00:00 0 [vdso]"), None);
    }

    #[test]
    fn a_process_goes_on_after_it_gave_its_code_back() {
        let_go_of_code();
        assert_eq!((1..=10).sum::<u32>(), 55);
    }
}
