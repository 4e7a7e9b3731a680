//! How long something took, and what becomes of the times on record when the wall clock is set.

use super::StoredRun;
use crate::store::entry::Stamp;

impl StoredRun {
    /// From the start to an end by the wall clock; never less than the awake time of the same boot, which nobody can set.
    pub(super) fn passed_ms(&self, at: &Stamp, ended_wall_ms: i64) -> u64 {
        let start = self.start();
        let wall_ms = u64::try_from(ended_wall_ms.saturating_sub(start.at_wall_ms)).unwrap_or(0);
        let late_ms = u64::try_from(at.at_wall_ms.saturating_sub(ended_wall_ms)).unwrap_or(0);
        let awake_ms = at.at_awake_ms.saturating_sub(start.at_awake_ms).saturating_sub(late_ms);
        if at.boot == start.boot { wall_ms.max(awake_ms) } else { wall_ms }
    }

    /// The wall clock was set: what happened before is told on the clock as it goes on.
    pub(super) fn set_clock_by(&mut self, by_ms: i64) {
        let stop = self.stop.as_mut();
        let stop = stop.into_iter().flat_map(|stop| {
            let stage = stop.stage.as_mut().map(|(_, at)| at);
            [Some(&mut stop.at), stage, stop.first_signal.as_mut(), stop.delivered.as_mut()].into_iter().flatten()
        });
        let others = [
            Some(&mut self.registered),
            self.started.as_mut(),
            self.last_advance.as_mut(),
            self.warned.as_mut().map(|warning| &mut warning.at),
            self.would_stop.as_mut().map(|would| &mut would.at),
            self.root_ended.as_mut().map(|ended| &mut ended.at),
            self.acknowledged.as_mut().map(|own| &mut own.at),
        ];
        let wait =
            self.queued.as_mut().into_iter().flat_map(|wait| [Some(&mut wait.from), wait.given.as_mut()]).flatten();
        for at in others.into_iter().flatten().chain(stop).chain(wait) {
            at.at_wall_ms = at.at_wall_ms.saturating_add(by_ms);
        }
    }
}
