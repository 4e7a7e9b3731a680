//! Markers on Unix.

use std::fs::{File, FileType, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::fs::OFlags;
use rustix::io::Errno;

use super::{Identity, Links, Stamp};
use crate::marker::{NoFile, Trouble};

/// Opens a regular file for reading, without waiting for anything: `O_NONBLOCK` for pipes, `O_NOCTTY` for terminals.
/// What is not a regular file is not opened where that can be seen beforehand, and refused after it was opened
/// otherwise.
pub(in crate::marker) fn open(path: &Path, links: Links) -> Result<(File, Stamp), Trouble> {
    let trouble = |error: io::Error| Trouble::of(&error, path);
    let before = std::fs::symlink_metadata(path).map_err(trouble)?;
    let is_link = before.file_type().is_symlink();
    if is_link && links == Links::Refused {
        return Err(Trouble::NotAFile(NoFile::Link));
    }
    let target = if is_link { std::fs::metadata(path).map_err(trouble)? } else { before };
    check(&target, is_link)?;
    open_as_seen(path, is_link)
}

/// Opens what was seen to be a link, or none: a link that was put there since then is not followed.
fn open_as_seen(path: &Path, is_link: bool) -> Result<(File, Stamp), Trouble> {
    let trouble = |error: io::Error| Trouble::of(&error, path);
    let no_link = if is_link { OFlags::empty() } else { OFlags::NOFOLLOW };
    let flags = OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY | no_link;
    let file = OpenOptions::new().read(true).custom_flags(raw(flags)).open(path).map_err(trouble)?;
    let meta = file.metadata().map_err(trouble)?;
    check(&meta, is_link)?;
    Ok((file, stamp_of(&meta)))
}

/// The stamp of the regular file at `path`, if there is one.
pub(in crate::marker) fn stamp(path: &Path) -> Option<Stamp> {
    std::fs::metadata(path).ok().filter(Metadata::is_file).map(|meta| stamp_of(&meta))
}

/// What is at `path`, if it is a directory.
pub(in crate::marker) fn identity(path: &Path) -> Option<Identity> {
    std::fs::metadata(path).ok().filter(Metadata::is_dir).map(|meta| Identity(meta.dev(), meta.ino()))
}

/// Whether the system has no more open files or watches to give.
pub(in crate::marker) fn is_out_of_handles(error: &io::Error) -> bool {
    let errnos = [Errno::MFILE, Errno::NFILE, Errno::NOSPC, Errno::NOMEM];
    Errno::from_io_error(error).is_some_and(|errno| errnos.contains(&errno))
}

/// The permission bits of the file, if it is there.
pub(crate) fn mode_of(path: &Path) -> Option<u32> {
    std::fs::metadata(path).ok().map(|meta| meta.permissions().mode() & 0o777)
}

/// Options that give a file these permission bits at its making.
pub(crate) fn private(options: &mut OpenOptions, mode: u32) -> &mut OpenOptions {
    options.mode(mode)
}

fn raw(flags: OFlags) -> i32 {
    i32::try_from(flags.bits()).expect("open flags are small")
}

fn check(meta: &Metadata, is_link: bool) -> Result<(), Trouble> {
    if let Some(other) = not_a_file(meta.file_type()) {
        return Err(Trouble::NotAFile(other));
    }
    let is_foreign = is_link && meta.uid() != rustix::process::geteuid().as_raw();
    if is_foreign { Err(Trouble::NotAFile(NoFile::ForeignLink)) } else { Ok(()) }
}

fn not_a_file(kind: FileType) -> Option<NoFile> {
    if kind.is_file() {
        None
    } else if kind.is_dir() {
        Some(NoFile::Directory)
    } else if kind.is_fifo() {
        Some(NoFile::Pipe)
    } else if kind.is_socket() {
        Some(NoFile::Socket)
    } else {
        Some(NoFile::Device)
    }
}

fn stamp_of(meta: &Metadata) -> Stamp {
    Stamp {
        device: meta.dev(),
        inode: meta.ino(),
        size: meta.size(),
        written_ns: i128::from(meta.mtime()) * 1_000_000_000 + i128::from(meta.mtime_nsec()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_came_after_the_look_is_not_followed() {
        let home = tempfile::tempdir().unwrap();
        let (real, link) = (home.path().join("real"), home.path().join("link"));
        std::fs::write(&real, "{}").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        assert!(open_as_seen(&link, true).is_ok());
        assert!(matches!(open_as_seen(&link, false), Err(Trouble::Failed(_))));
    }

    #[test]
    fn what_the_system_refuses_has_a_name() {
        let home = tempfile::tempdir().unwrap();
        let named = |errno: Errno, path: &Path| Trouble::of(&io::Error::from(errno), path);
        let here = home.path().join("marker");
        assert_eq!(named(Errno::ACCESS, &here), Trouble::NotPermitted);
        assert_eq!(named(Errno::PERM, &here), Trouble::NotPermitted);
        assert_eq!(named(Errno::NOENT, &here), Trouble::Missing);
        assert_eq!(named(Errno::NOENT, &here.join("deeper")), Trouble::NoDirectory);
        assert_eq!(named(Errno::NOTDIR, &here), Trouble::NoDirectory);
        assert!(matches!(named(Errno::IO, &here), Trouble::Failed(_)));
        assert!(matches!(named(Errno::STALE, &here), Trouble::Failed(_)));
    }
}
