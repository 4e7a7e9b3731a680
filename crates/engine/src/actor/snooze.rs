//! Jobs whose notifications somebody does not want before the morning. They are run, judged and stopped as ever; that is
//! why the core does not know of it.

use std::collections::BTreeMap;
use std::time::Duration;

use nightkeep_core::{Now, Wall};
use tokio::task::JoinHandle;

use super::decisions::DECISIONS;
use super::fact::{Fact, Reply};
use super::on_command::no_such_job;
use super::task::Actor;
use crate::api::{ApiError, ErrorCode, SnoozeView, UnsnoozedReply};
use crate::clock::rfc3339;
use crate::store::job::{JobEntries, JobEntry, StampedJob, StoredSnooze};
use crate::words::job_sentence;

/// Whoever asks does not wait longer than this for a disk that takes nothing.
const NOTED_WITHIN: Duration = Duration::from_secs(2);

/// The jobs, and what waits for the first of these times to be over.
#[derive(Debug, Default)]
pub(super) struct Snoozes {
    jobs: BTreeMap<String, StoredSnooze>,
    timer: Option<JoinHandle<()>>,
}

impl Actor {
    /// Somebody wants no notifications of a job before the morning.
    pub(super) fn snooze_job(&mut self, job: &str, reply: Reply<SnoozeView>) {
        let config = self.config.current();
        let until = if config.job(job).is_some() {
            let unknown = || ApiError::new(ErrorCode::Internal, "nobody knows when the morning is");
            self.next_morning().ok_or_else(unknown)
        } else {
            Err(no_such_job(job, config.jobs().iter().map(|job| job.name.as_str())))
        };
        let now = self.now();
        match until {
            Ok(until) => {
                let snooze = StoredSnooze { since_wall_ms: now.wall.as_ms(), until_wall_ms: until.as_ms() };
                let _former = self.snoozes.jobs.insert(job.to_owned(), snooze);
                let view = SnoozeView { job: job.to_owned(), until: rfc3339(until) };
                self.note_snooze(now, job, JobEntry::Snoozed { until_wall_ms: until.as_ms() }, reply, view);
            }
            Err(error) => {
                let _heard = reply.send(Err(error));
            }
        }
    }

    /// Somebody wants them again.
    pub(super) fn unsnooze_job(&mut self, job: &str, reply: Reply<UnsnoozedReply>) {
        let now = self.now();
        let was = self.snoozed_until(now, job);
        let was = was.map(|until| SnoozeView { job: job.to_owned(), until: rfc3339(until) });
        if self.snoozes.jobs.remove(job).is_some() {
            self.note_snooze(now, job, JobEntry::SnoozeTakenBack, reply, UnsnoozedReply { was });
            return;
        }
        let config = self.config.current();
        let answer = match config.job(job) {
            Some(_) => Ok(UnsnoozedReply { was }),
            None => Err(no_such_job(job, config.jobs().iter().map(|job| job.name.as_str()))),
        };
        let _heard = reply.send(answer);
    }

    /// What a person was told holds after a crash.
    fn note_snooze<T: Send + 'static>(&mut self, now: Now, job: &str, entry: JobEntry, reply: Reply<T>, answer: T) {
        tracing::info!(target: DECISIONS, %job, decision = entry.kind(), why = %job_sentence(&entry), "job");
        let entries = vec![StampedJob { at: self.stamp(now), entry }];
        let durable = self.store.try_append_job(JobEntries { job: job.to_owned(), entries });
        let job = job.to_owned();
        self.news = true;
        self.plan_snoozes(now);
        self.spawn(async move {
            if !matches!(tokio::time::timeout(NOTED_WITHIN, durable).await, Ok(Ok(()))) {
                tracing::warn!(%job, "a snooze is recorded as soon as that is possible");
            }
            let _heard = reply.send(Ok(answer));
            Fact::SnoozeDue
        });
    }

    /// After a start: what was wanted before.
    pub(super) fn recall_snooze(&mut self, now: Now, job: &str, snooze: StoredSnooze) {
        if is_on(snooze, now) {
            let _none = self.snoozes.jobs.insert(job.to_owned(), snooze);
            self.plan_snoozes(now);
        }
    }

    /// The job is called otherwise, or there is none any more.
    pub(super) fn move_snooze(&mut self, from: &str, to: Option<&str>) -> bool {
        let moved = self.snoozes.jobs.remove(from);
        if let (Some(snooze), Some(to)) = (moved, to) {
            let _none = self.snoozes.jobs.insert(to.to_owned(), snooze);
        }
        moved.is_some()
    }

    /// What is remembered of a job, whether or not its time is over.
    pub(super) fn snooze_of(&self, job: &str) -> Option<StoredSnooze> {
        self.snoozes.jobs.get(job).copied()
    }

    /// Until when no notifications of a job are shown.
    pub(super) fn snoozed_until(&self, now: Now, job: &str) -> Option<Wall> {
        let snooze = self.snooze_of(job).filter(|snooze| is_on(*snooze, now))?;
        Some(Wall::from_ms(snooze.until_wall_ms))
    }

    /// All of them, as surfaces show them.
    pub(super) fn snooze_views(&self) -> Vec<SnoozeView> {
        let now = self.now();
        let on = self.snoozes.jobs.keys().filter_map(|job| {
            let until = self.snoozed_until(now, job)?;
            Some(SnoozeView { job: job.clone(), until: rfc3339(until) })
        });
        on.collect()
    }

    /// The first of the times is over, or one was changed.
    pub(super) fn snooze_due(&mut self) {
        let now = self.now();
        self.snoozes.jobs.retain(|_, snooze| is_on(*snooze, now));
        self.plan_snoozes(now);
    }

    /// Surfaces are told when the first of them is over.
    fn plan_snoozes(&mut self, now: Now) {
        let first = self.snoozes.jobs.values().map(|snooze| snooze.until_wall_ms).min();
        let timer = first.map(|until| {
            let left = u64::try_from(until.saturating_sub(now.wall.as_ms())).unwrap_or_default();
            let facts = self.facts.clone();
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(left)).await;
                drop(facts.send(Fact::SnoozeDue).await);
            })
        });
        if let Some(former) = std::mem::replace(&mut self.snoozes.timer, timer) {
            former.abort();
        }
    }
}

/// A clock that is set to before its beginning ends it as well.
fn is_on(snooze: StoredSnooze, now: Now) -> bool {
    (snooze.since_wall_ms..snooze.until_wall_ms).contains(&now.wall.as_ms())
}

#[cfg(test)]
mod tests {
    use nightkeep_core::Awake;

    use super::*;

    #[test]
    fn it_lasts_until_its_end_and_no_clock_that_is_set_makes_it_longer() {
        let snooze = StoredSnooze { since_wall_ms: 1_000, until_wall_ms: 2_000 };
        for (wall, wanted) in [(999, false), (1_000, true), (1_999, true), (2_000, false)] {
            let now = Now { awake: Awake::default(), wall: Wall::from_ms(wall) };
            assert_eq!(is_on(snooze, now), wanted, "{wall}");
        }
    }
}
