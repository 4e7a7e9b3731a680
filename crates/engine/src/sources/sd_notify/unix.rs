//! The socket on Unix, and the task that listens to it.

mod held;
#[cfg_attr(target_os = "linux", path = "sender_linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "sender_other.rs")]
mod sender;

use std::fs::Permissions;
use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nightkeep_core::Signal;
use rustix::fs::Mode;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, ReturnFlags, SocketAddrUnix};
use tokio::io::Interest;
use tokio::net::UnixDatagram;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use self::held::Held;
use super::datagram::{DATAGRAM_MAX, signals};
use super::senders::{Senders, TurnedAway};
use super::{NotifyError, SOCKET_VARIABLE};
use crate::local_socket::{SocketFile, check_directory, remove_leftover};
use crate::rundir::RunDir;

/// How many datagrams are read at once before a rest. Senders wait meanwhile, so that a flood slows down itself only.
const BURST: usize = 64;
/// The rest.
const REST: Duration = Duration::from_millis(10);
/// How long nothing is read after the system has refused to give anything.
const REFUSED_PAUSE: Duration = Duration::from_millis(200);
/// How much is read when somebody takes what came in: what the kernel keeps for a socket is a small part of it.
const TAKEN_MAX: usize = 1024;

/// A socket that is listened to.
#[derive(Debug)]
pub(super) struct Socket {
    path: PathBuf,
    file: SocketFile,
    intake: Arc<Intake>,
    task: JoinHandle<()>,
}

/// What came in, and how.
#[derive(Debug)]
struct Intake {
    socket: UnixDatagram,
    /// Held while datagrams are read, so that their order stays.
    taken: Mutex<Taken>,
    foreign: AtomicU64,
}

/// What was taken in, and from whom it is.
#[derive(Debug)]
struct Taken {
    held: Held,
    senders: Senders,
}

/// Who sent a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sender {
    /// This user, or the administrator; the process, where that is told.
    Own(Option<u32>),
    /// Another user.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "no other system is asked who it was"))]
    Foreign,
}

/// A datagram that lies in a buffer.
struct Datagram {
    length: usize,
    sender: Sender,
}

pub(super) fn is_short(path: &Path) -> bool {
    path.as_os_str().as_bytes().len().max(aside(path).as_os_str().as_bytes().len()) <= sender::PATH_BYTES_MAX
}

impl Socket {
    pub(super) fn bind(path: &Path, run: Option<RunDir>, woken: Arc<Notify>) -> Result<Self, NotifyError> {
        let failed = |source| NotifyError::Failed { path: path.to_owned(), source };
        let socket = open(path).map_err(failed)?;
        let file = SocketFile::of(path).map_err(failed)?;
        let taken = Mutex::new(Taken { held: Held::default(), senders: Senders::of(run) });
        let intake = Arc::new(Intake { socket, taken, foreign: AtomicU64::default() });
        let task = tokio::spawn(listen(Arc::clone(&intake), woken));
        Ok(Self { path: path.to_owned(), file, intake, task })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn left_out(&self) -> u64 {
        self.intake.taken().held.left_out()
    }

    pub(super) fn turned_away(&self) -> TurnedAway {
        self.intake.taken().senders.turned_away()
    }

    pub(super) fn foreign(&self) -> u64 {
        self.intake.foreign.load(Ordering::Relaxed)
    }

    pub(super) fn take(&self) -> Vec<Signal> {
        let mut taken = self.intake.taken();
        // What cannot be read at this moment is read later, or was never sent.
        drop(self.intake.read(&mut taken, TAKEN_MAX, receive));
        taken.held.take()
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.task.abort();
        self.file.remove_if_unchanged(&self.path);
    }
}

/// Binds a socket aside and moves it into its place, so that whoever sends meanwhile reaches the one before it or this.
fn open(path: &Path) -> io::Result<UnixDatagram> {
    check_directory(path)?;
    if path.symlink_metadata().is_ok_and(|found| !found.file_type().is_socket()) {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "the socket's place is taken by something else"));
    }
    let aside = aside(path);
    remove_leftover(&aside)?;
    let socket = net::UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    sender::ask(&socket)?;
    // Linux gives the file the mode that the socket has before it is bound. Where that is refused, the private directory
    // protects until the next but one line.
    let _refused = rustix::fs::fchmod(&socket, Mode::RUSR | Mode::WUSR);
    rustix::net::bind(&socket, &SocketAddrUnix::new(&aside)?)?;
    std::fs::set_permissions(&aside, Permissions::from_mode(0o600))?;
    std::fs::rename(&aside, path)?;
    UnixDatagram::from_std(socket)
}

fn aside(path: &Path) -> PathBuf {
    path.with_extension("new")
}

/// Reads whatever comes, and says so.
async fn listen(intake: Arc<Intake>, woken: Arc<Notify>) {
    loop {
        let ready = intake.socket.readable().await;
        let read = ready.and_then(|()| {
            let by_readiness = |socket: &UnixDatagram, buffer: &mut [u8]| {
                socket.try_io(Interest::READABLE, || receive(socket, buffer))
            };
            intake.read(&mut intake.taken(), BURST, by_readiness)
        });
        let pause = match read {
            Ok(0) => continue,
            Ok(BURST..) => REST,
            Ok(_) => Duration::ZERO,
            Err(error) => {
                tracing::debug!(%error, "failed to read from the socket of `{SOCKET_VARIABLE}`");
                REFUSED_PAUSE
            }
        };
        woken.notify_one();
        tokio::time::sleep(pause).await;
    }
}

impl Intake {
    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads at most `most` datagrams that are there, and returns how many there were.
    fn read(
        &self,
        taken: &mut Taken,
        most: usize,
        receive: impl Fn(&UnixDatagram, &mut [u8]) -> io::Result<Datagram>,
    ) -> io::Result<usize> {
        let mut buffer = vec![0; DATAGRAM_MAX + 1];
        taken.senders.begin();
        for count in 0..most {
            match receive(&self.socket, &mut buffer) {
                Ok(Datagram { sender: Sender::Foreign, .. }) => {
                    self.foreign.fetch_add(1, Ordering::Relaxed);
                }
                Ok(Datagram { sender: Sender::Own(pid), length }) => {
                    if taken.senders.is_heard(pid) {
                        taken.held.put(signals(buffer.get(..length).unwrap_or_default()));
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(count),
                Err(error) => return Err(error),
            }
        }
        Ok(most)
    }
}

/// Takes one datagram and closes every descriptor that it brings. One that is longer than the buffer fills it.
fn receive(socket: &UnixDatagram, buffer: &mut [u8]) -> io::Result<Datagram> {
    let mut space = [MaybeUninit::uninit(); sender::CONTROL_BYTES];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let got = rustix::net::recvmsg(socket, &mut [IoSliceMut::new(buffer)], &mut control, sender::FLAGS)?;
    let mut sender = None;
    for message in control.drain() {
        sender = sender.or(sender::sender(&message));
        if let RecvAncillaryMessage::ScmRights(descriptors) = message {
            descriptors.for_each(drop);
        }
    }
    let length = if got.flags.contains(ReturnFlags::TRUNC) { buffer.len() } else { got.bytes };
    Ok(Datagram { length, sender: sender.unwrap_or(sender::UNTOLD) })
}
