//! Unix domain sockets.

use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use interprocess::TryClone;
use interprocess::local_socket::ListenerOptions;
use interprocess::local_socket::tokio::Listener;
use interprocess::os::unix::local_socket::ListenerOptionsExt;

use crate::socket_path::SocketPath;

/// Which file a bound socket is, so that it is removed only while it is still the same one.
#[derive(Debug)]
pub(crate) struct SocketFile {
    device: u64,
    inode: u64,
}

impl SocketFile {
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        let found = path.symlink_metadata()?;
        Ok(Self { device: found.dev(), inode: found.ino() })
    }

    pub(crate) fn remove_if_unchanged(&self, path: &Path) {
        let is_ours =
            path.symlink_metadata().is_ok_and(|found| found.dev() == self.device && found.ino() == self.inode);
        if is_ours && let Err(error) = std::fs::remove_file(path) {
            tracing::warn!(%error, path = %path.display(), "failed to remove the socket");
        }
    }
}

pub(crate) fn check_directory(path: &Path) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("/")).metadata()?;
    if directory.uid() != own_user() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the socket's directory belongs to another user"));
    }
    // Who may not write into it can neither replace the socket nor open it: its own mode is 0600.
    if directory.mode() & 0o022 != 0 {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "other users may write into the socket's directory",
        ));
    }
    Ok(())
}

pub(crate) fn remove_leftover(path: &Path) -> io::Result<()> {
    match path.symlink_metadata() {
        Ok(found) if found.file_type().is_socket() => std::fs::remove_file(path),
        Ok(_) => Err(io::Error::new(io::ErrorKind::AlreadyExists, "the socket's place is taken by something else")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

pub(super) fn listen(address: &SocketPath) -> io::Result<Listener> {
    // The name is reclaimed by `SocketFile`: the path that is bound need not be valid any longer at that time.
    let options = ListenerOptions::new().name(address.name()?).reclaim_name(false);
    // The mode is set before the socket can be reached. Where a system cannot do that, the private directory protects.
    match options.try_clone()?.mode(0o600).create_tokio() {
        Err(error) if error.kind() == io::ErrorKind::Unsupported => options.create_tokio(),
        bound => bound,
    }
}

fn own_user() -> u32 {
    rustix::process::geteuid().as_raw()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::super::{Listener, connect};
    use super::*;

    #[tokio::test]
    async fn what_is_written_on_one_side_is_read_on_the_other() {
        let home = private_directory();
        let path = home.path().join("engine.sock");
        assert_speaks(&path).await;
    }

    #[tokio::test]
    async fn a_path_longer_than_the_system_allows_can_be_bound_and_reached() {
        let home = private_directory();
        let deep = home.path().join("d".repeat(90)).join("e".repeat(90));
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&deep).unwrap();
        assert_speaks(&deep.join("engine.sock")).await;
    }

    #[tokio::test]
    async fn the_socket_is_for_its_user_only_and_goes_away_with_its_listener() {
        let home = private_directory();
        let path = home.path().join("engine.sock");
        let listener = Listener::bind(&path).unwrap();
        assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o600);
        drop(listener);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn a_leftover_socket_is_replaced() {
        let home = private_directory();
        let path = home.path().join("engine.sock");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert_eq!(connect(&path).await.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
        assert_speaks(&path).await;
    }

    #[tokio::test]
    async fn a_file_that_is_no_socket_is_left_alone() {
        let home = private_directory();
        let path = home.path().join("engine.sock");
        std::fs::write(&path, "precious").unwrap();
        assert_eq!(Listener::bind(&path).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
    }

    #[tokio::test]
    async fn a_directory_that_others_may_write_into_is_refused() {
        let home = private_directory();
        std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o775)).unwrap();
        let refused = Listener::bind(&home.path().join("engine.sock")).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::PermissionDenied);
    }

    #[tokio::test]
    async fn a_listener_does_not_remove_the_socket_of_its_successor() {
        let home = private_directory();
        let path = home.path().join("engine.sock");
        let first = Listener::bind(&path).unwrap();
        let _second = Listener::bind(&path).unwrap();
        drop(first);
        assert!(path.exists());
    }

    async fn assert_speaks(path: &Path) {
        let listener = Listener::bind(path).unwrap();
        let (mut theirs, ours) = tokio::join!(listener.accept_own(), connect(path));
        let mut ours = ours.unwrap();
        ours.write_all(b"hello").await.unwrap();
        drop(ours);
        let mut heard = String::new();
        theirs.read_to_string(&mut heard).await.unwrap();
        assert_eq!(heard, "hello");
    }

    fn private_directory() -> tempfile::TempDir {
        tempfile::Builder::new().permissions(std::fs::Permissions::from_mode(0o700)).tempdir().unwrap()
    }
}
