//! Those who talk to the keeper: threads that wait for them, and the list of whom to tell.

use std::{
    io::Read,
    sync::{Arc, mpsc::SyncSender},
    thread,
    time::Duration,
};

use interprocess::local_socket::{Listener, Stream, traits::Listener as _, traits::StreamCommon as _};
use nightkeep_engine::{
    keeper::protocol::{Event, REQUEST_BYTES_MAX, line},
    socket_path::is_same_user,
};

use super::{desk::Input, start::StartError, system, tell};

/// How many may be connected at a time. The engine is one; the others are commands that wait for an end.
const CONNECTIONS_MAX: usize = 16;

/// A thread here reads into a small buffer and hands lines on.
const STACK_BYTES: usize = 64 * 1024;

/// The wait after a failure to accept, which is a want of file descriptors or memory.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);

/// Which connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ConnectionId(u64);

/// The open connections.
pub(super) struct Connections {
    open: Vec<(ConnectionId, Arc<Stream>)>,
    next: u64,
    desk: SyncSender<Input>,
}

impl Connections {
    /// Starts to accept connections.
    pub(super) fn accept(listener: Listener, desk: SyncSender<Input>) -> Result<Self, StartError> {
        let inputs = desk.clone();
        spawn(move || accept_all(&listener, &inputs))?;
        Ok(Self { open: Vec::new(), next: 0, desk })
    }

    /// Takes a connection in, if it is this user's and there is room.
    pub(super) fn admit(&mut self, stream: Stream) -> Option<ConnectionId> {
        let is_ours = stream.peer_creds().is_ok_and(|creds| is_same_user(&creds));
        if !is_ours || self.open.len() >= CONNECTIONS_MAX {
            return None;
        }
        let id = ConnectionId(self.next);
        self.next += 1;
        let stream = Arc::new(stream);
        let (reader, desk) = (Arc::clone(&stream), self.desk.clone());
        spawn(move || read_all(id, &reader, &desk)).ok()?;
        self.open.push((id, stream));
        Some(id)
    }

    /// Tells one. Who does not take it is dropped.
    pub(super) fn tell(&mut self, id: ConnectionId, event: &Event) {
        let line = line(event);
        let failed = self.open.iter().any(|(known, stream)| *known == id && system::send(stream, &line).is_err());
        if failed {
            self.drop(id);
        }
    }

    /// Tells everybody.
    pub(super) fn tell_all(&mut self, event: &Event) {
        let line = line(event);
        self.open.retain(|(_, stream)| {
            let taken = system::send(stream, &line).is_ok();
            if !taken {
                system::hang_up(stream);
            }
            taken
        });
    }

    /// Ends a connection.
    pub(super) fn drop(&mut self, id: ConnectionId) {
        self.open.retain(|(known, stream)| {
            if *known == id {
                system::hang_up(stream);
            }
            *known != id
        });
    }
}

/// Runs `work` in a thread of its own, with a small stack.
pub(super) fn spawn(work: impl FnOnce() + Send + 'static) -> Result<(), StartError> {
    thread::Builder::new().stack_size(STACK_BYTES).spawn(work).map(drop).map_err(StartError::Thread)
}

fn accept_all(listener: &Listener, desk: &SyncSender<Input>) {
    loop {
        match listener.accept() {
            Ok(stream) => {
                if !tell(desk, Input::Connected(stream)) {
                    return;
                }
            }
            Err(_) => thread::sleep(ACCEPT_PAUSE),
        }
    }
}

fn read_all(id: ConnectionId, mut stream: &Stream, desk: &SyncSender<Input>) {
    let mut buffer = [0; REQUEST_BYTES_MAX];
    let mut filled = 0;
    while let Some(free) = buffer.get_mut(filled..).filter(|free| !free.is_empty()) {
        let Ok(count @ 1..) = stream.read(free) else { break };
        filled += count;
        while let Some(end) = buffer.iter().take(filled).position(|byte| *byte == b'\n') {
            let request = buffer.iter().take(end).copied().collect();
            if !tell(desk, Input::Line(id, request)) {
                return;
            }
            buffer.copy_within(end + 1..filled, 0);
            filled -= end + 1;
        }
    }
    let input = if filled == buffer.len() { Input::TooLong(id) } else { Input::Closed(id) };
    tell(desk, input);
}
