//! Addresses of local sockets that are named by a file's path, however long the path is.
//!
//! A Unix socket's address holds about a hundred bytes, and a run's directory may well lie deeper than that. Where the
//! system has a way around the limit it is taken; elsewhere the error says that the path is too long. Both ends, the
//! listener and the connector, get their address from here.

#[cfg_attr(target_os = "linux", path = "linux.rs")]
#[cfg_attr(all(unix, not(target_os = "linux")), path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod imp;
#[cfg(unix)]
mod posix;

use std::{
    io,
    path::{Path, PathBuf},
};

use interprocess::local_socket::{Name, PeerCreds};

/// The address of the local socket at a path. What it refers to may be held open by it, so keep it until the
/// socket is bound or connected.
#[derive(Debug)]
pub struct SocketPath(imp::Address);

/// Why a path cannot be a socket's address.
#[derive(Debug, thiserror::Error)]
pub enum SocketPathError {
    /// The system's limit is below the path's length.
    #[error("make a socket at `{}`: the path has {length} bytes, at most {limit} are possible", path.display())]
    TooLong {
        /// The socket's path.
        path: PathBuf,
        /// Its length in bytes.
        length: usize,
        /// The longest possible.
        limit: usize,
    },
    /// The directory that is to hold the socket cannot be opened.
    #[error("open the socket's directory `{}`", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

impl SocketPathError {
    /// What can be done about it.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "set `NIGHTKEEP_HOME` to a shorter path",
            Self::Directory { .. } => "check that the directory exists and belongs to you",
        }
    }
}

impl SocketPath {
    /// The address of the socket at `path`.
    ///
    /// # Errors
    /// When the path is longer than the system can express, or its directory cannot be opened.
    pub fn of(path: &Path) -> Result<Self, SocketPathError> {
        imp::Address::of(path).map(Self)
    }

    /// The name to bind or to connect to.
    ///
    /// # Errors
    /// When the path holds a NUL byte.
    pub fn name(&self) -> io::Result<Name<'_>> {
        self.0.name()
    }

    /// Removes what an earlier owner left at `path`. Only who holds the owner's lock may call this.
    ///
    /// # Errors
    /// When there is something that cannot be removed.
    pub fn remove_stale(path: &Path) -> io::Result<()> {
        imp::remove_stale(path)
    }
}

/// Whether the other end of a connection is this user. Both ends ask before they say or do anything.
#[must_use]
pub fn is_same_user(creds: &PeerCreds) -> bool {
    imp::is_same_user(creds)
}

#[cfg(all(test, unix))]
mod tests {
    use std::io::{Read, Write};

    use interprocess::local_socket::{ListenerOptions, Stream, traits::Listener as _, traits::Stream as _};

    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_socket_far_below_a_long_path_is_bound_and_reached() {
        let home = tempfile::tempdir().expect("a temporary directory");
        let deep = home.path().join("d".repeat(90)).join("e".repeat(90));
        std::fs::create_dir_all(&deep).expect("the directories can be made");
        assert_eq!(heard_through(&deep.join("keeper.sock")), "hello");
    }

    #[test]
    fn a_socket_at_a_short_path_is_bound_and_reached() {
        let home = tempfile::tempdir().expect("a temporary directory");
        assert_eq!(heard_through(&home.path().join("s")), "hello");
    }

    #[test]
    fn a_socket_in_a_missing_directory_names_the_directory() {
        let path = PathBuf::from("/nonexistent").join("x".repeat(200)).join("s");
        let message = SocketPath::of(&path).expect_err("there is no such directory").to_string();
        assert!(message.contains("nonexistent"), "{message}");
    }

    /// Binds `path`, connects to it, and returns what the listener says to the connector.
    fn heard_through(path: &Path) -> String {
        let bound = SocketPath::of(path).expect("the path can be an address");
        let name = bound.name().expect("no NUL in the path");
        let listener = ListenerOptions::new().name(name).reclaim_name(false).create_sync().expect("binds");
        assert!(path.exists());
        let speaker = std::thread::spawn(move || listener.accept().and_then(|mut peer| peer.write_all(b"hello")));
        let address = SocketPath::of(path).expect("the path can be an address");
        let mut stream = Stream::connect(address.name().expect("no NUL in the path")).expect("connects");
        let mut heard = String::new();
        stream.read_to_string(&mut heard).expect("reads to the end");
        speaker.join().expect("the speaker does not panic").expect("the speaker speaks");
        heard
    }
}
