//! A stall that is only told.

use super::{Effect, Now, Run};
use crate::effect::Notice;

impl Run {
    /// What the owner of a run is told that stalls and is left alone.
    pub(super) fn stalled_notice(&self, now: Now) -> Effect {
        let since = self.since_advance(now.awake);
        Effect::Notify(Notice::Stalled { run: self.id, job: self.job.clone(), since, step: self.step })
    }
}
