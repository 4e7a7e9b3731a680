//! Linux: the kernel says with every datagram which user sent it.

use std::io;
use std::os::unix::net::UnixDatagram;

use rustix::net::{RecvAncillaryMessage, RecvFlags};

use super::Sender;

/// As many descriptors as one datagram can bring, and what tells the sender.
pub(super) const CONTROL_BYTES: usize = rustix::cmsg_space!(ScmRights(253), ScmCredentials(1));

/// A program that is started at this moment gets none of the descriptors.
pub(super) const FLAGS: RecvFlags = RecvFlags::CMSG_CLOEXEC;

/// What a sender counts as that is not told.
pub(super) const UNTOLD: Sender = Sender::Foreign;

/// Longer paths do not fit into an address: `sun_path` has 108 bytes, the last of which is a NUL.
pub(super) const PATH_BYTES_MAX: usize = 107;

/// Asks for the sender of everything that comes in from here on.
pub(super) fn ask(socket: &UnixDatagram) -> io::Result<()> {
    Ok(rustix::net::sockopt::set_socket_passcred(socket, true)?)
}

/// The process that sent it; nobody when it is neither of this user nor of the administrator, who can pass for anybody.
pub(super) fn sender(message: &RecvAncillaryMessage<'_>) -> Option<Sender> {
    match message {
        RecvAncillaryMessage::ScmCredentials(sender) => {
            let is_own = sender.uid == rustix::process::geteuid() || sender.uid.is_root();
            let pid = u32::try_from(sender.pid.as_raw_nonzero().get()).ok();
            Some(if is_own { Sender::Own(pid) } else { Sender::Foreign })
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
            |uid: Uid| sender(&RecvAncillaryMessage::ScmCredentials(UCred { pid: getpid(), uid, gid: getgid() }));
        let own = Some(Sender::Own(Some(std::process::id())));
        assert_eq!([sent_by(geteuid()), sent_by(Uid::ROOT)], [own, own]);
        assert_eq!(sent_by(Uid::from_raw(geteuid().as_raw() + 1)), Some(Sender::Foreign));
    }
}
