//! What is the same on all Unix systems.

use std::{io, path::Path};

use interprocess::local_socket::PeerCreds;

/// Where the system does not tell, it is somebody else.
pub(super) fn is_same_user(creds: &PeerCreds) -> bool {
    creds.euid() == Some(rustix::process::geteuid().as_raw())
}

pub(super) fn remove_stale(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}
