//! Other Unix systems: the socket's mode and its private directory decide who can send. Never run.

use std::io;
use std::os::unix::net::UnixDatagram;

use rustix::net::{RecvAncillaryMessage, RecvFlags};

use super::Sender;

/// As many descriptors as one datagram can bring.
pub(super) const CONTROL_BYTES: usize = rustix::cmsg_space!(ScmRights(253));

/// There is none that is needed.
pub(super) const FLAGS: RecvFlags = RecvFlags::empty();

/// What a sender counts as that is not told.
pub(super) const UNTOLD: Sender = Sender::Own(None);

/// Longer paths do not fit into an address: `sun_path` has 104 bytes, the last of which is a NUL.
pub(super) const PATH_BYTES_MAX: usize = 103;

/// There is nothing to ask for.
#[expect(clippy::unnecessary_wraps, reason = "Linux can fail here")]
pub(super) const fn ask(_socket: &UnixDatagram) -> io::Result<()> {
    Ok(())
}

/// It is not told.
pub(super) const fn sender(_message: &RecvAncillaryMessage<'_>) -> Option<Sender> {
    None
}
