//! What a command says before the engine knows of it: its first act may be to notify that it is ready.

use std::sync::Arc;
use std::time::Duration;

use nightkeep_engine::api::{SIGNALS_MAX, SignalsRequest, StartReply};
use nightkeep_engine::client::Client;
use nightkeep_engine::environment::notify_socket;
use nightkeep_engine::rundir::{RunDir, Spec};
use nightkeep_engine::sources::said;
use nightkeep_engine::sources::sd_notify::{NotifySocket, SOURCE};
use tokio::sync::Notify;

/// Nobody waits for these words longer than this.
const HAND_OVER_WITHIN: Duration = Duration::from_secs(2);

/// Listens to the socket of a run until the engine does.
pub(super) struct FirstWords(Option<NotifySocket>);

impl FirstWords {
    /// Listens from this moment on, if the run has such a socket. Its directory has to be there.
    pub(super) fn listen(spec: &Spec, run: &RunDir) -> Self {
        let bound =
            notify_socket(spec).map(|path| NotifySocket::bind(&path, Some(run.clone()), Arc::new(Notify::new())));
        Self(bound.and_then(|bound| match bound {
            Ok(socket) => Some(socket),
            Err(error) => {
                tracing::debug!(%error, "nobody hears the first words of the command");
                None
            }
        }))
    }

    /// The engine has taken the socket's place, if it watches: what was said before is passed on.
    pub(super) async fn hand_over(self, engine: Option<&Client>, watched: Option<&StartReply>) {
        let (Some(socket), Some(engine), Some(watched)) = (self.0, engine, watched) else { return };
        let signals: Vec<_> = socket.take().into_iter().map(said).take(SIGNALS_MAX).collect();
        if signals.is_empty() {
            return;
        }
        let said = SignalsRequest { run: watched.run.to_string(), source: SOURCE.to_owned(), signals };
        if !matches!(tokio::time::timeout(HAND_OVER_WITHIN, engine.signals(&said)).await, Ok(Ok(_))) {
            tracing::debug!("the first words of the command were not passed on");
        }
    }
}
