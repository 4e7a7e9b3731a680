//! The live document: made anew after every change, and sent to whoever looks.

use std::sync::Arc;

use super::task::Actor;
use super::view::{run_view, waiting_view};
use crate::api::{
    EngineInfo, FaultKind, IconStyle, JobCondition, JobStatus, Live, Liveness, Phase, Progress, Quitting, RunView,
    Status, Summary,
};
use crate::clock::rfc3339;
use crate::store::Quarantine;

/// A live document with nothing in it.
pub(super) fn empty(info: &EngineInfo) -> Live {
    Live {
        revision: 0,
        at: info.started_at.clone(),
        status: Status {
            engine: info.clone(),
            summary: Summary::default(),
            runs: Vec::new(),
            jobs: Vec::new(),
            paused: None,
            snoozed: Vec::new(),
        },
        unseen: Vec::new(),
        leftovers: Vec::new(),
        faults: Vec::new(),
        morning: None,
        quitting: Quitting::default(),
        icon_style: IconStyle::default(),
    }
}

impl Actor {
    /// Tells every surface, if anybody looks and anything changed.
    pub(super) fn publish(&mut self) {
        if self.live.receiver_count() == 0 {
            return;
        }
        let live = self.document();
        self.tell_changes(&live);
        let news = std::mem::take(&mut self.news);
        let now = self.now().awake;
        let passed_s = now.since(self.published).as_secs_f64();
        let changed = self.live.send_if_modified(|former| {
            let changed = news || !says_the_same(former, &live, passed_s);
            if changed {
                *former = Arc::new(live);
            }
            changed
        });
        if changed {
            self.published = now;
        }
    }

    /// All that is the case, with what processes use sampled anew.
    pub(super) fn fresh_document(&mut self) -> Live {
        self.refresh_usage();
        self.document()
    }

    /// Samples what the processes of all runs use.
    pub(super) fn refresh_usage(&mut self) {
        let now = self.now();
        for run in self.runs.values_mut() {
            let top = run.top();
            run.usage.refresh(now.awake, top);
        }
    }

    pub(super) fn document(&mut self) -> Live {
        let now = self.now();
        self.revision += 1;
        let waiting = self.waiting.values().map(|waiting| waiting_view(waiting, self.place(waiting.id)));
        let mut runs: Vec<RunView> = self
            .core
            .snapshot(now.awake)
            .iter()
            .filter_map(|core| Some(run_view(self.runs.get(&core.run)?, core, now)))
            .chain(waiting)
            .collect();
        runs.sort_by_key(|run| run.run);
        let jobs = self.job_statuses();
        Live {
            revision: self.revision,
            at: rfc3339(now.wall),
            status: Status {
                engine: self.info.clone(),
                summary: summary(&runs, &jobs, self.unseen.count),
                runs,
                jobs,
                paused: self.pause_view(),
                snoozed: self.snooze_views(),
            },
            unseen: self.unseen.rows.clone(),
            leftovers: self.leftover_views(),
            faults: self.faults.list(),
            morning: self.next_morning().map(rfc3339),
            quitting: self.quitting.told(),
            icon_style: self.config.current().settings().icon_style,
        }
    }

    /// What is wrong from the first moment on.
    pub(super) fn note_first_faults(&mut self, quarantine: Option<&Quarantine>) {
        self.note_config_fault();
        if let Some(set_aside) = quarantine {
            self.faults.set(FaultKind::Quarantine, set_aside.message());
        }
    }

    /// `config.toml` was read or edited: whether it can be used.
    pub(super) fn note_config_fault(&mut self) {
        self.news = true;
        let result = self.config.fault().map_or(Ok(()), |fault| Err(fault.to_string()));
        self.faults.settle(FaultKind::Config, result, |why| {
            format!("`config.toml` cannot be used, and the last good one is in force: {why}.")
        });
    }
}

fn summary(runs: &[RunView], jobs: &[JobStatus], stopped_unseen: u32) -> Summary {
    let count =
        |wanted: fn(&RunView) -> bool| u32::try_from(runs.iter().filter(|run| wanted(run)).count()).unwrap_or(u32::MAX);
    Summary {
        running: count(|run| run.phase != Phase::Queued),
        queued: count(|run| run.phase == Phase::Queued),
        warning: count(|run| matches!(run.progress, Progress::Warning | Progress::Stalled)),
        stopped_unseen,
        healthy: count(|run| run.liveness == Liveness::Healthy),
        degraded: count(|run| run.liveness == Liveness::Degraded),
        unreachable: count(|run| run.liveness == Liveness::Unreachable),
        killed: u32::try_from(jobs.iter().filter(|job| job.state == JobCondition::Killed).count()).unwrap_or(u32::MAX),
    }
}

/// Whoever shows when something was last heard of a run counts on alone; it may be behind what was heard by so many seconds.
const BEHIND_S: f64 = 10.0;

/// Whether what is counted since a sign of life is no longer true where it was shown `passed_s` ago as `former`.
fn is_behind(former: Option<f64>, since: Option<f64>, passed_s: f64) -> bool {
    match (former, since) {
        (Some(former), Some(since)) => former + passed_s - since > BEHIND_S,
        (None, Some(_)) | (Some(_), None) => true,
        (None, None) => false,
    }
}

/// Whether two documents, `passed_s` apart, say the same but for the passing of time, which whoever shows them counts alone.
fn says_the_same(one: &Live, other: &Live, passed_s: f64) -> bool {
    let timeless = |run: &RunView| RunView {
        since_advance_s: 0.0,
        since_output_s: None,
        since_last_output_s: None,
        since_beat_s: None,
        idle_for_s: 0.0,
        ..run.clone()
    };
    // The point at which a pause is over moves on the wall clock only when the computer sleeps.
    let waiting =
        |job: &JobStatus| JobStatus { next_start: job.next_start.as_ref().map(|_| String::new()), ..job.clone() };
    // A stall clock that went back was reset by an advance.
    let advanced = |(former, run): (&RunView, &RunView)| run.since_advance_s < former.since_advance_s;
    let heard = |(former, run): (&RunView, &RunView)| {
        is_behind(former.since_beat_s, run.since_beat_s, passed_s)
            || is_behind(former.since_last_output_s, run.since_last_output_s, passed_s)
    };
    let (runs, others) = (&one.status.runs, &other.status.runs);
    one.faults == other.faults
        && one.status.paused == other.status.paused
        && one.status.snoozed == other.status.snoozed
        && one.morning == other.morning
        && one.quitting == other.quitting
        && one.unseen == other.unseen
        && one.leftovers == other.leftovers
        && one.status.summary == other.status.summary
        && one.status.jobs.iter().map(waiting).eq(other.status.jobs.iter().map(waiting))
        && runs.len() == others.len()
        && runs.iter().map(timeless).eq(others.iter().map(timeless))
        && !runs.iter().zip(others).any(advanced)
        && !runs.iter().zip(others).any(heard)
}

#[cfg(test)]
mod tests {
    use super::is_behind;

    #[test]
    fn a_first_sign_of_life_is_told_at_once_and_later_ones_every_ten_seconds() {
        assert!(is_behind(None, Some(0.0), 1.0));
        assert!(!is_behind(None, None, 60.0));
        // Whoever was told "0 s" shows "9 s" by this time, and "11 s" is more than a beat of this moment allows.
        assert!(!is_behind(Some(0.0), Some(0.0), 9.0));
        assert!(is_behind(Some(0.0), Some(0.0), 11.0));
        // It shows what is true.
        assert!(!is_behind(Some(0.0), Some(60.0), 60.0));
    }
}
