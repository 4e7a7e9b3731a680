//! What the computer draws its power from, and every change of that.

use std::time::Duration;

#[cfg_attr(all(unix, not(target_os = "macos")), path = "power/upower.rs")]
#[cfg_attr(not(all(unix, not(target_os = "macos"))), path = "power/silent.rs")]
mod imp;

/// Between two looks where nobody tells of a change. It goes on only while somebody wants to know.
const LOOK_EVERY: Duration = Duration::from_mins(1);

/// Tells of every change.
#[derive(Debug)]
pub(crate) struct PowerSource {
    changes: imp::Changes,
    told: Option<bool>,
}

impl PowerSource {
    /// One that has told nothing yet.
    pub(crate) async fn find() -> Self {
        Self { changes: imp::Changes::find().await, told: None }
    }

    /// Whether the computer is plugged in: at once, and then whenever that has changed. What is not known counts as plugged
    /// in: a computer that tells nothing of that has no battery.
    pub(crate) async fn next(&mut self) -> bool {
        loop {
            if self.told.is_some() {
                self.changes.wait().await;
            }
            let is_plugged_in = self.changes.is_plugged_in().await;
            if self.told.replace(is_plugged_in) != Some(is_plugged_in) {
                return is_plugged_in;
            }
        }
    }
}

/// What the system itself says.
async fn as_the_system_says() -> bool {
    match tokio::task::spawn_blocking(nightkeep_os::is_plugged_in).await {
        Ok(Ok(is_plugged_in)) => is_plugged_in,
        Ok(Err(fault)) => {
            tracing::debug!(%fault, "it is not known what the computer draws its power from");
            true
        }
        Err(_) => true,
    }
}
