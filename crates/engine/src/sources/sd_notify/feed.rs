//! The socket of a run as one of its sources.

use std::path::PathBuf;
use std::sync::Arc;

use nightkeep_core::Signal;
use tokio::sync::Notify;

use super::{NotifySocket, SOCKET_VARIABLE};
use crate::rundir::RunDir;
use crate::sources::feed::{Feed, PassedOver};

/// Where a run was told to send, and who is to be woken when it does.
#[derive(Debug, Clone)]
pub struct Listening {
    /// The socket's path.
    pub path: PathBuf,
    /// The run, which is the only one to be heard.
    pub run: Option<RunDir>,
    /// Told when something has come in.
    pub woken: Arc<Notify>,
}

/// The socket, or none as long as it cannot be had.
pub(in crate::sources) struct Notified {
    at: Listening,
    socket: Option<NotifySocket>,
    /// So many datagrams of others are known of.
    foreign: u64,
    /// What was told of those that were passed over.
    told: PassedOver,
}

impl Notified {
    /// Listens from this moment on: the first word of a program is often its first act.
    pub(in crate::sources) fn new(at: Listening) -> Self {
        let mut this = Self { at, socket: None, foreign: 0, told: PassedOver::default() };
        // Whoever looks is told why not.
        drop(this.listen());
        this
    }

    fn listen(&mut self) -> Result<&NotifySocket, String> {
        let socket = match self.socket.take() {
            Some(socket) => socket,
            None => {
                NotifySocket::bind(&self.at.path, self.at.run.clone(), Arc::clone(&self.at.woken)).map_err(|fault| {
                    let cause =
                        std::error::Error::source(&fault).map_or_else(|| fault.to_string(), ToString::to_string);
                    format!("there is nobody at its `{SOCKET_VARIABLE}`: {cause}")
                })?
            }
        };
        Ok(self.socket.insert(socket))
    }
}

impl Feed for Notified {
    fn look(&mut self, out: &mut Vec<Signal>) -> Result<bool, String> {
        let known = self.foreign;
        let socket = self.listen()?;
        out.extend(socket.take());
        let foreign = socket.foreign();
        if foreign > known {
            tracing::warn!(path = %self.at.path.display(), foreign, "datagrams of another user were passed over");
        }
        self.foreign = foreign;
        Ok(false)
    }

    fn passed_over(&mut self) -> PassedOver {
        let Some(socket) = &self.socket else { return PassedOver::default() };
        let turned_away = socket.turned_away();
        let all = PassedOver { too_fast: socket.left_out(), strangers: turned_away.count, stranger: turned_away.first };
        let told = std::mem::replace(&mut self.told, all);
        let (too_fast, strangers) = (all.too_fast - told.too_fast, all.strangers - told.strangers);
        PassedOver { too_fast, strangers, ..all }
    }

    fn places(&self) -> Vec<PathBuf> {
        Vec::new()
    }
}
