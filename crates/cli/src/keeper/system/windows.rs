//! Windows. Never run.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::Path,
};

use interprocess::local_socket::{Listener, ListenerOptions, Stream};

/// Opens a file, made where it is missing, at the end of which every write lands. It is as private as its directory.
pub(in crate::keeper) fn open_to_append(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).open(path)
}

/// Binds a pipe.
pub(in crate::keeper) fn listen(options: ListenerOptions<'_>) -> io::Result<Listener> {
    options.create_sync()
}

/// There is no pipe: whoever starts a keeper watches the directory.
pub(in crate::keeper) fn open_report(_path: &Path) -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into())
}

/// A handle of a console or a pipe is not shared for life: the command has its own.
pub(in crate::keeper) const fn release_stdin() {}

/// Sends all of `bytes`. Waits while the pipe is full, which takes a client that asks much and reads nothing.
pub(in crate::keeper) fn send(stream: &Stream, bytes: &[u8]) -> io::Result<()> {
    (&mut &*stream).write_all(bytes)
}

/// The connection ends when both its users have dropped it; the thread that reads from it drops it at the next line.
pub(in crate::keeper) const fn hang_up(_stream: &Stream) {}
