//! The engine's connection to one keeper.

use std::{io, path::PathBuf, sync::Arc};

use interprocess::local_socket::{ConnectOptions, tokio::Stream, traits::StreamCommon as _};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::protocol::{EVENT_BYTES_MAX, Event, PROTOCOL, Request, line};
use crate::{
    rundir::RunDir,
    socket_path::{SocketPath, SocketPathError, is_same_user},
};

/// Why a keeper cannot be talked to.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The socket's path is no possible address.
    #[error(transparent)]
    Address(#[from] SocketPathError),
    /// Nobody answers.
    #[error("connect to the keeper at `{}`", path.display())]
    Connect {
        /// The socket.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// Whoever answers belongs to another user.
    #[error("trust the keeper at `{}`: it belongs to somebody else", path.display())]
    Foreign {
        /// The socket.
        path: PathBuf,
    },
    /// The connection broke before the keeper had said who it is.
    #[error("hear from the keeper at `{}`", path.display())]
    NoHello {
        /// The socket.
        path: PathBuf,
    },
    /// The keeper is of a version that this one does not understand.
    #[error("talk to a keeper that speaks protocol {theirs}, not {PROTOCOL}")]
    Version {
        /// What it speaks.
        theirs: u32,
    },
    /// The keeper is gone, or does not take what it is sent.
    #[error("send a request to the keeper")]
    Send {
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

/// A connection to a keeper that has introduced itself.
#[derive(Debug)]
pub struct KeeperLink {
    hello: Hello,
    requests: KeeperRequests,
    events: KeeperEvents,
}

/// What a keeper says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hello {
    /// The run's tag.
    pub tag: String,
    /// The keeper's process.
    pub keeper: u32,
    /// The command's process, or what it was.
    pub root: u32,
}

/// The half on which requests are sent.
#[derive(Debug, Clone)]
pub struct KeeperRequests {
    stream: Arc<Stream>,
}

/// The half on which events arrive. Reading needs no task of its own, and memory only for a line that has begun.
#[derive(Debug)]
pub struct KeeperEvents {
    stream: Arc<Stream>,
    /// What has arrived and is not yet a whole line.
    pending: Vec<u8>,
    /// How far `pending` was searched for a newline.
    searched: usize,
}

impl KeeperLink {
    /// Connects to the keeper of a run and hears its greeting.
    ///
    /// # Errors
    /// When nobody answers, somebody else does, or the keeper speaks another version.
    pub async fn connect(run: &RunDir) -> Result<Self, LinkError> {
        let path = run.socket();
        let failed = |source| LinkError::Connect { path: path.clone(), source };
        let address = SocketPath::of(&path)?;
        let name = address.name().map_err(failed)?;
        let stream: Stream = ConnectOptions::new().name(name).connect_tokio().await.map_err(failed)?;
        let creds = stream.peer_creds().map_err(failed)?;
        if !is_same_user(&creds) {
            return Err(LinkError::Foreign { path });
        }
        let stream = Arc::new(stream);
        let requests = KeeperRequests { stream: Arc::clone(&stream) };
        let mut events = KeeperEvents { stream, pending: Vec::new(), searched: 0 };
        let Some(Event::Hello { protocol, tag, keeper, root }) = events.next().await else {
            return Err(LinkError::NoHello { path });
        };
        if protocol != PROTOCOL {
            return Err(LinkError::Version { theirs: protocol });
        }
        Ok(Self { hello: Hello { tag, keeper, root }, requests, events })
    }

    /// What the keeper said of itself.
    #[must_use]
    pub const fn hello(&self) -> &Hello {
        &self.hello
    }

    /// Sends a request.
    ///
    /// # Errors
    /// When the keeper is gone.
    pub async fn send(&self, request: Request) -> Result<(), LinkError> {
        self.requests.send(request).await
    }

    /// Waits for what the keeper says next. `None`: the keeper is gone.
    ///
    /// Giving up the wait loses nothing.
    pub async fn next(&mut self) -> Option<Event> {
        self.events.next().await
    }

    /// The two halves, for two places.
    #[must_use]
    pub fn split(self) -> (KeeperRequests, KeeperEvents) {
        (self.requests, self.events)
    }
}

impl KeeperRequests {
    /// Sends a request. The answer, if there is one, is an event.
    ///
    /// # Errors
    /// When the keeper is gone.
    pub async fn send(&self, request: Request) -> Result<(), LinkError> {
        let line = line(&request);
        (&*self.stream).write_all(&line).await.map_err(|source| LinkError::Send { source })
    }
}

impl KeeperEvents {
    /// Waits for what the keeper says next. `None`: the keeper is gone, or says what cannot be understood.
    ///
    /// Giving up the wait loses nothing.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(line) = self.take_line() {
                return serde_json::from_slice(&line).ok();
            }
            if self.pending.len() >= EVENT_BYTES_MAX {
                return None;
            }
            let mut chunk = [0; 512];
            let count = (&*self.stream).read(&mut chunk).await.ok().filter(|count| *count > 0)?;
            self.pending.extend_from_slice(chunk.get(..count)?);
        }
    }

    fn take_line(&mut self) -> Option<Vec<u8>> {
        let fresh = self.pending.get(self.searched..)?;
        let Some(newline) = fresh.iter().position(|byte| *byte == b'\n') else {
            self.searched = self.pending.len();
            return None;
        };
        let rest = self.pending.split_off(self.searched + newline + 1);
        self.searched = 0;
        Some(std::mem::replace(&mut self.pending, rest))
    }
}
