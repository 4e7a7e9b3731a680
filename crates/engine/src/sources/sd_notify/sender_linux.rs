//! Linux: the kernel says with every datagram which user sent it.

use std::io;
use std::os::unix::net::UnixDatagram;

use rustix::net::{RecvAncillaryMessage, RecvFlags};

/// As many descriptors as one datagram can bring, and what tells the sender.
pub(super) const CONTROL_BYTES: usize = rustix::cmsg_space!(ScmRights(253), ScmCredentials(1));

/// A program that is started at this moment gets none of the descriptors.
pub(super) const FLAGS: RecvFlags = RecvFlags::CMSG_CLOEXEC;

/// Whether a sender that is not told counts as this user.
pub(super) const UNTOLD_IS_OWN: bool = false;

/// Longer paths do not fit into an address: `sun_path` has 108 bytes, the last of which is a NUL.
pub(super) const PATH_BYTES_MAX: usize = 107;

/// Asks for the sender of everything that comes in from here on.
pub(super) fn ask(socket: &UnixDatagram) -> io::Result<()> {
    Ok(rustix::net::sockopt::set_socket_passcred(socket, true)?)
}

/// Whether the sender is this user, or the administrator, who can pass for anybody.
pub(super) fn is_own(message: &RecvAncillaryMessage<'_>) -> Option<bool> {
    match message {
        RecvAncillaryMessage::ScmCredentials(sender) => {
            Some(sender.uid == rustix::process::geteuid() || sender.uid.is_root())
        }
        // The descriptors, and whatever later kernels send along.
        RecvAncillaryMessage::ScmRights(_) | _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rustix::net::UCred;
    use rustix::process::{Uid, geteuid, getgid, getpid};

    use super::*;

    #[test]
    fn this_user_and_the_administrator_are_heard_and_nobody_else() {
        let sent_by =
            |uid: Uid| is_own(&RecvAncillaryMessage::ScmCredentials(UCred { pid: getpid(), uid, gid: getgid() }));
        assert_eq!(sent_by(geteuid()), Some(true));
        assert_eq!(sent_by(Uid::ROOT), Some(true));
        assert_eq!(sent_by(Uid::from_raw(geteuid().as_raw() + 1)), Some(false));
    }
}
