//! Unix: permissions are mode bits.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// The bits that let others than the owner put something into a directory.
const WRITABLE_BY_OTHERS: u32 = 0o022;

pub(super) fn tighten(path: &Path) -> io::Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))
}

pub(super) const fn lets_others_write(mode: u32) -> bool {
    mode & WRITABLE_BY_OTHERS != 0
}

/// Finds the user's runtime directory: the one that the environment names, else the usual one, which programs that cron
/// starts are not told of. One that is not there, or somebody else's, as after `su`, is none.
pub(super) fn runtime_dir(named: Option<PathBuf>) -> Option<PathBuf> {
    let user = rustix::process::geteuid().as_raw();
    let usual = || Path::new("/run/user").join(user.to_string());
    let path = named.unwrap_or_else(usual);
    fs::metadata(&path).is_ok_and(|found| found.is_dir() && found.uid() == user).then_some(path)
}
