//! How the system asks an engine to end: console events. Never run.

/// Waits for Ctrl-C. Waits for ever where the system does not let it be heard.
pub(super) async fn interrupted() {
    if let Err(error) = tokio::signal::ctrl_c().await {
        tracing::warn!(%error, "Ctrl-C cannot be waited for");
        std::future::pending().await
    }
}
