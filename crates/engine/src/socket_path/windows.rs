//! Windows: a named pipe whose name is made from the path. Never run.

use std::{io, path::Path};

use interprocess::local_socket::{GenericNamespaced, Name, PeerCreds, ToNsName};

use super::SocketPathError;

#[derive(Debug)]
pub(super) struct Address {
    pipe: String,
}

impl Address {
    #[expect(clippy::unnecessary_wraps, reason = "the other systems can fail here")]
    pub(super) fn of(path: &Path) -> Result<Self, SocketPathError> {
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        Ok(Self { pipe: format!("nightkeep-{:016x}-{file}", digest(path.as_os_str().as_encoded_bytes())) })
    }

    pub(super) fn name(&self) -> io::Result<Name<'_>> {
        self.pipe.as_str().to_ns_name::<GenericNamespaced>()
    }
}

/// The pipe's access list lets nobody else in.
pub(super) const fn is_same_user(_creds: &PeerCreds) -> bool {
    true
}

/// A pipe is gone with its last owner.
#[expect(clippy::unnecessary_wraps, reason = "the other systems can fail here")]
pub(super) const fn remove_stale(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// FNV-1a: the same in every version of every program, which the standard library's hasher does not promise.
fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}
