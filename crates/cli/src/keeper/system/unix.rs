//! Linux, and macOS, where it was never run.

use std::{
    fs::{File, OpenOptions},
    io,
    os::{fd::AsFd, unix::fs::OpenOptionsExt},
    path::Path,
};

use interprocess::{
    TryClone,
    local_socket::{Listener, ListenerOptions, Stream},
    os::unix::local_socket::ListenerOptionsExt,
};
use rustix::net::{SendFlags, Shutdown};

/// Opens a private file, made where it is missing, at the end of which every write lands.
pub(in crate::keeper) fn open_to_append(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

/// Binds a socket that is for this user only before anybody can reach it. Where a system cannot do that, the private
/// directory protects.
pub(in crate::keeper) fn listen(options: ListenerOptions<'_>) -> io::Result<Listener> {
    match options.try_clone()?.mode(0o600).create_sync() {
        Err(error) if error.kind() == io::ErrorKind::Unsupported => options.create_sync(),
        bound => bound,
    }
}

/// Opens the pipe to the one who started the keeper. Fails at once when there is none.
pub(in crate::keeper) fn open_report(path: &Path) -> io::Result<File> {
    let flags = rustix::fs::OFlags::NONBLOCK.bits();
    OpenOptions::new().write(true).custom_flags(flags.cast_signed()).open(path)
}

/// Lets go of standard input. Where that cannot be done, the keeper holds it for its life.
pub(in crate::keeper) fn release_stdin() {
    if let Ok(null) = File::open("/dev/null") {
        let _unchanged = rustix::stdio::dup2_stdin(null);
    }
}

/// Sends all of `bytes` without waiting, or fails: nobody who does not read may hold up a keeper.
pub(in crate::keeper) fn send(stream: &Stream, bytes: &[u8]) -> io::Result<()> {
    let Stream::UdSocket(stream) = stream;
    let sent = rustix::net::send(stream.as_fd(), bytes, SendFlags::DONTWAIT)?;
    if sent == bytes.len() { Ok(()) } else { Err(io::ErrorKind::WriteZero.into()) }
}

/// Ends a connection, which wakes up the thread that reads from it. What was sent still arrives.
pub(in crate::keeper) fn hang_up(stream: &Stream) {
    let Stream::UdSocket(stream) = stream;
    let _gone_already = rustix::net::shutdown(stream.as_fd(), Shutdown::Both);
}
