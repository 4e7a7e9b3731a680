//! How the system asks an engine to end: Unix signals.

use tokio::signal::unix::{SignalKind, signal};

/// Waits for SIGINT or SIGTERM. Waits for ever where the system lets neither be heard.
pub(super) async fn interrupted() {
    let heard = |kind| async move {
        match signal(kind) {
            Ok(mut signals) => drop(signals.recv().await),
            Err(error) => {
                tracing::warn!(%error, "a signal cannot be waited for");
                std::future::pending().await
            }
        }
    };
    tokio::select! {
        () = heard(SignalKind::interrupt()) => {}
        () = heard(SignalKind::terminate()) => {}
    }
}
