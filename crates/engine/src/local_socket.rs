//! The private way between the engine and its clients: a Unix domain socket, or a named pipe on Windows.
//!
//! Who may speak is settled by the system and before the first byte: the directory is private, the socket's mode is
//! 0600, and a peer of another user is dropped. Nothing here knows what is said.

#[cfg(unix)]
#[path = "local_socket/unix.rs"]
mod imp;
#[cfg(windows)]
#[path = "local_socket/windows.rs"]
mod imp;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(crate) use imp::{SocketFile, check_directory, remove_leftover};
pub use interprocess::local_socket::tokio::Stream;
use interprocess::local_socket::traits::StreamCommon as _;
use interprocess::local_socket::traits::tokio::{Listener as _, Stream as _};

use crate::socket_path::{SocketPath, SocketPathError, is_same_user};

/// How long accepting pauses when the system has no file descriptor or no memory for one more connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// A bound socket. Its file goes away with it.
#[derive(Debug)]
pub struct Listener {
    inner: interprocess::local_socket::tokio::Listener,
    path: PathBuf,
    file: SocketFile,
}

impl Listener {
    /// Binds `path`, whose directory must be private to this user. Must be called inside a tokio runtime.
    ///
    /// A socket that lies there already is taken for the leftover of a dead engine and removed: **the caller must
    /// hold the engine's lock**, which is what makes this true.
    ///
    /// # Errors
    /// `PermissionDenied` when others may write into the directory, `AlreadyExists` when something that is no socket lies
    /// there, or what the system says.
    pub fn bind(path: &Path) -> io::Result<Self> {
        check_directory(path)?;
        remove_leftover(path)?;
        let address = SocketPath::of(path).map_err(into_io)?;
        let inner = imp::listen(&address)?;
        let file = SocketFile::of(path)?;
        Ok(Self { inner, path: path.to_owned(), file })
    }

    /// Where it is bound.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The next connection of a process of this user. Connections of other users are dropped without a word.
    pub async fn accept_own(&self) -> Stream {
        loop {
            match self.inner.accept().await {
                Ok(stream) => match is_own(&stream) {
                    Ok(true) => return stream,
                    Ok(false) => tracing::warn!("dropped a connection of another user"),
                    Err(error) => tracing::warn!(%error, "dropped a connection whose user could not be read"),
                },
                Err(error) if is_about_the_connection(&error) => {}
                Err(error) => {
                    tracing::error!(%error, "failed to accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

impl axum::serve::Listener for Listener {
    type Io = Stream;
    type Addr = PathBuf;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        (self.accept_own().await, self.path.clone())
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Ok(self.path.clone())
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.file.remove_if_unchanged(&self.path);
    }
}

/// Connects to the socket at `path`.
///
/// # Errors
/// `NotFound` or `ConnectionRefused` when nobody listens, `PermissionDenied` when the listener belongs to another
/// user, or what the system says.
pub async fn connect(path: &Path) -> io::Result<Stream> {
    let address = SocketPath::of(path).map_err(into_io)?;
    let stream = Stream::connect(address.name()?).await?;
    if is_own(&stream)? {
        Ok(stream)
    } else {
        Err(io::Error::new(io::ErrorKind::PermissionDenied, "the process that listens belongs to another user"))
    }
}

fn is_own(stream: &Stream) -> io::Result<bool> {
    Ok(is_same_user(&stream.peer_creds()?))
}

fn into_io(error: SocketPathError) -> io::Error {
    match error {
        SocketPathError::TooLong { .. } => io::Error::new(io::ErrorKind::InvalidInput, error),
        SocketPathError::Directory { source, .. } => source,
    }
}

fn is_about_the_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}
