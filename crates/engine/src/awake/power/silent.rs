//! macOS and Windows, where it is looked at now and then. Never run.

use super::{LOOK_EVERY, as_the_system_says};

#[derive(Debug)]
pub(super) struct Changes;

impl Changes {
    #[expect(clippy::unused_async, reason = "the twin on Linux has to ask")]
    pub(super) async fn find() -> Self {
        Self
    }

    pub(super) async fn is_plugged_in(&self) -> bool {
        as_the_system_says().await
    }

    /// Waits until there may be something else to be told.
    pub(super) async fn wait(&mut self) {
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
