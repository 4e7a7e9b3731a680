//! Jobs whose notifications somebody does not want for a while.

use super::Handle;
use crate::actor::fact::Command;
use crate::api::{ApiError, SnoozeView, UnsnoozedReply};

impl Handle {
    /// Shows no notifications of a job until the morning.
    pub async fn snooze_job(&self, job: String) -> Result<SnoozeView, ApiError> {
        self.ask(|reply| Command::SnoozeJob { job, reply }).await
    }

    /// Shows them again.
    pub async fn unsnooze_job(&self, job: String) -> Result<UnsnoozedReply, ApiError> {
        self.ask(|reply| Command::UnsnoozeJob { job, reply }).await
    }
}
