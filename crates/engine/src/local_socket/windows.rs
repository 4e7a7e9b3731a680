//! Named pipes. Never run.
//!
//! A pipe has no place in the file system. It is opened to its owner only and never over the network.

use std::io;
use std::path::Path;

use interprocess::local_socket::ListenerOptions;
use interprocess::local_socket::tokio::Listener;
use interprocess::os::windows::local_socket::ListenerOptionsExt;
use interprocess::os::windows::security_descriptor::SecurityDescriptor;

use crate::socket_path::SocketPath;

/// Full access for the owner and the system, none for anybody else.
const OWNER_ONLY: &widestring::U16CStr = widestring::u16cstr!("D:P(A;;GA;;;OW)(A;;GA;;;SY)");

/// A pipe goes away with its last handle.
#[derive(Debug)]
pub(crate) struct SocketFile;

impl SocketFile {
    #[expect(clippy::unnecessary_wraps, reason = "the signature is that of the other systems")]
    pub(crate) fn of(_path: &Path) -> io::Result<Self> {
        Ok(Self)
    }

    #[expect(clippy::unused_self, reason = "the signature is that of the other systems")]
    pub(crate) fn remove_if_unchanged(&self, _path: &Path) {}
}

#[expect(clippy::unnecessary_wraps, reason = "the signature is that of the other systems")]
pub(crate) fn check_directory(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "the signature is that of the other systems")]
pub(crate) fn remove_leftover(_path: &Path) -> io::Result<()> {
    Ok(())
}

pub(super) fn listen(address: &SocketPath) -> io::Result<Listener> {
    let owner_only = SecurityDescriptor::deserialize(OWNER_ONLY)?;
    ListenerOptions::new().name(address.name()?).security_descriptor(owner_only).create_tokio()
}
