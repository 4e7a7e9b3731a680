//! The socket on Unix, and the task that listens to it.

mod held;
#[cfg_attr(target_os = "linux", path = "sender_linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "sender_other.rs")]
mod sender;

use std::fs::Permissions;
use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use nightkeep_core::Signal;
use rustix::fs::Mode;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, ReturnFlags, SocketAddrUnix};
use tokio::io::Interest;
use tokio::net::UnixDatagram;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use self::held::Held;
use super::datagram::{DATAGRAM_MAX, signals};
use super::{NotifyError, SOCKET_VARIABLE};
use crate::local_socket::{SocketFile, check_directory, remove_leftover};

/// How many datagrams are read at once before a rest. Senders wait meanwhile, so that a flood slows down itself only.
const BURST: usize = 64;
/// The rest.
const REST: Duration = Duration::from_millis(10);
/// The least time between two batches that are handed on.
const PACE: Duration = Duration::from_millis(50);
/// How long nothing is read after the system has refused to give anything.
const REFUSED_PAUSE: Duration = Duration::from_millis(200);
/// How much is read after the end: what the kernel keeps for a socket is a small part of it.
const LAST_MAX: usize = 1024;

/// A socket that is listened to.
#[derive(Debug)]
pub(super) struct Socket {
    path: PathBuf,
    file: SocketFile,
    counts: Arc<Counts>,
    /// The task ends when this is gone.
    end: Option<oneshot::Sender<()>>,
    task: JoinHandle<Vec<Signal>>,
}

#[derive(Debug, Default)]
struct Counts {
    left_out: AtomicU64,
    foreign: AtomicU64,
}

impl Socket {
    pub(super) fn bind(places: &[PathBuf], out: mpsc::Sender<Vec<Signal>>) -> Result<Self, NotifyError> {
        let is_short = |path: &&PathBuf| path.as_os_str().as_bytes().len() <= sender::PATH_BYTES_MAX;
        let path = places.iter().find(is_short).ok_or_else(|| NotifyError::TooLong {
            path: places.last().cloned().unwrap_or_default(),
            limit: sender::PATH_BYTES_MAX,
        })?;
        let failed = |source| NotifyError::Failed { path: path.clone(), source };
        let socket = open(path).map_err(failed)?;
        let file = SocketFile::of(path).map_err(failed)?;
        let counts = Arc::new(Counts::default());
        let (end, ended) = oneshot::channel();
        let intake = Intake { socket, held: Held::default(), counts: Arc::clone(&counts) };
        let task = tokio::spawn(intake.run(out, ended));
        Ok(Self { path: path.clone(), file, counts, end: Some(end), task })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn left_out(&self) -> u64 {
        self.counts.left_out.load(Ordering::Relaxed)
    }

    pub(super) fn foreign(&self) -> u64 {
        self.counts.foreign.load(Ordering::Relaxed)
    }

    pub(super) async fn finish(mut self) -> Vec<Signal> {
        drop(self.end.take());
        (&mut self.task).await.unwrap_or_default()
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.task.abort();
        self.file.remove_if_unchanged(&self.path);
    }
}

fn open(path: &Path) -> io::Result<UnixDatagram> {
    check_directory(path)?;
    remove_leftover(path)?;
    let socket = net::UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    sender::ask(&socket)?;
    // Linux gives the file the mode that the socket has before it is bound. Where that is refused, the private directory
    // protects until the next but one line.
    let _refused = rustix::fs::fchmod(&socket, Mode::RUSR | Mode::WUSR);
    rustix::net::bind(&socket, &SocketAddrUnix::new(path)?)?;
    std::fs::set_permissions(path, Permissions::from_mode(0o600))?;
    UnixDatagram::from_std(socket)
}

/// What listens.
struct Intake {
    socket: UnixDatagram,
    held: Held,
    counts: Arc<Counts>,
}

impl Intake {
    /// Runs until it is told to end, and returns what it still has; or until nobody receives.
    async fn run(mut self, out: mpsc::Sender<Vec<Signal>>, mut ended: oneshot::Receiver<()>) -> Vec<Signal> {
        let mut buffer = vec![0; DATAGRAM_MAX + 1];
        let mut read_from = Instant::now();
        let mut send_from = Instant::now();
        loop {
            tokio::select! {
                _ = &mut ended => break,
                permit = slot(&out, send_from), if !self.held.is_empty() => {
                    let Ok(permit) = permit else { break };
                    permit.send(self.held.take());
                    send_from = Instant::now() + PACE;
                }
                ready = readable(&self.socket, read_from) => {
                    let pause = match ready.and_then(|()| self.read(&mut buffer, BURST)) {
                        Ok(BURST..) => REST,
                        Ok(_) => Duration::ZERO,
                        Err(error) => {
                            tracing::debug!(%error, "failed to read from the socket of `{SOCKET_VARIABLE}`");
                            REFUSED_PAUSE
                        }
                    };
                    read_from = Instant::now() + pause;
                }
            }
        }
        // What cannot be read at the end is lost with the socket.
        drop(self.read(&mut buffer, LAST_MAX));
        self.held.take()
    }

    /// Reads at most `most` datagrams that are there, and returns how many there were.
    fn read(&mut self, buffer: &mut [u8], most: usize) -> io::Result<usize> {
        for count in 0..most {
            match self.socket.try_io(Interest::READABLE, || receive(&self.socket, buffer)) {
                Ok(Some(length)) => {
                    self.held.put(signals(buffer.get(..length).unwrap_or_default()));
                    self.counts.left_out.store(self.held.left_out(), Ordering::Relaxed);
                }
                Ok(None) => {
                    self.counts.foreign.fetch_add(1, Ordering::Relaxed);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(count),
                Err(error) => return Err(error),
            }
        }
        Ok(most)
    }
}

async fn slot(
    out: &mpsc::Sender<Vec<Signal>>,
    from: Instant,
) -> Result<mpsc::Permit<'_, Vec<Signal>>, mpsc::error::SendError<()>> {
    tokio::time::sleep_until(from).await;
    out.reserve().await
}

async fn readable(socket: &UnixDatagram, from: Instant) -> io::Result<()> {
    tokio::time::sleep_until(from).await;
    socket.readable().await
}

/// Takes one datagram, closes every descriptor that it brings, and returns its length; nothing when it is not of this
/// user. One that is longer than the buffer fills it.
fn receive(socket: &UnixDatagram, buffer: &mut [u8]) -> io::Result<Option<usize>> {
    let mut space = [MaybeUninit::uninit(); sender::CONTROL_BYTES];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let got = rustix::net::recvmsg(socket, &mut [IoSliceMut::new(buffer)], &mut control, sender::FLAGS)?;
    let mut is_own = None;
    for message in control.drain() {
        is_own = is_own.or(sender::is_own(&message));
        if let RecvAncillaryMessage::ScmRights(descriptors) = message {
            descriptors.for_each(drop);
        }
    }
    let length = if got.flags.contains(ReturnFlags::TRUNC) { buffer.len() } else { got.bytes };
    Ok(is_own.unwrap_or(sender::UNTOLD_IS_OWN).then_some(length))
}
