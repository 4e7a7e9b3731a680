//! Pausing the watch: what a person asks for becomes a time, and what the core decides goes into the journal, from which the
//! next engine knows it.

use jiff::civil::time;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use nightkeep_core::{Input, Now, Pause, PauseEntry, Wall};

use super::fact::Reply;
use super::task::Actor;
use crate::api::{ApiError, ErrorCode, PauseRequest, PauseView, ResumedReply};
use crate::clock::rfc3339;
use crate::store::job::{ALL_JOBS, JobEntry, StoredJob};

/// The longest pause that ends by itself.
const LENGTH_MAX_S: u64 = 7 * 24 * 3600;

/// Who waits to hear that a pause, or its end, is in the journal.
#[derive(Debug, Default)]
pub(super) struct PauseWaits {
    pauses: Vec<Reply<PauseView>>,
    resumes: Vec<(ResumedReply, Reply<ResumedReply>)>,
}

impl Actor {
    /// A person pauses the watch, or wants another end of the pause.
    pub(super) fn pause_watch(&mut self, request: PauseRequest, reply: Reply<PauseView>) {
        match self.end_of(request) {
            Ok(until) => {
                self.pause_waits.pauses.push(reply);
                self.give(Input::Pause { until });
            }
            Err(error) => {
                let _heard = reply.send(Err(error));
            }
        }
    }

    /// A person lets the watch go on.
    pub(super) fn resume_watch(&mut self, reply: Reply<ResumedReply>) {
        let answer = ResumedReply { was: self.pause_view() };
        if answer.was.is_none() {
            let _heard = reply.send(Ok(answer));
            return;
        }
        self.pause_waits.resumes.push((answer, reply));
        self.give(Input::GoOn);
    }

    /// After a start, before any run is watched.
    pub(super) fn recall_pause(&mut self, stored: &StoredJob) {
        if let Some(paused) = &stored.paused {
            let (since, until) = (Wall::from_ms(paused.since.at_wall_ms), paused.until_wall_ms.map(Wall::from_ms));
            tracing::info!(since = since.as_ms(), until = until.map(Wall::as_ms), "the watch was paused before");
            self.give(Input::PausedBefore(Pause { since, until }));
        }
    }

    /// Writes down what the core decided.
    pub(super) fn note_pause(&mut self, now: Now, entry: PauseEntry) {
        let entry = match entry {
            PauseEntry::Paused { until } => JobEntry::WatchPaused { until_wall_ms: until.map(Wall::as_ms) },
            PauseEntry::Resumed { by_person } => JobEntry::WatchResumed { by_person },
        };
        self.note_job(now, ALL_JOBS.to_owned(), entry);
    }

    /// What was decided is in the journal, or waits for that.
    pub(super) fn pause_noted(&mut self) {
        let view = self.pause_view();
        for reply in self.pause_waits.pauses.drain(..) {
            // It may be over by this time.
            let over = || ApiError::new(ErrorCode::Conflict, "the pause is over already");
            let _heard = reply.send(view.clone().ok_or_else(over));
        }
        for (answer, reply) in self.pause_waits.resumes.drain(..) {
            let _heard = reply.send(Ok(answer));
        }
    }

    /// The pause, as surfaces show it.
    pub(super) fn pause_view(&self) -> Option<PauseView> {
        let paused = self.core.paused()?;
        Some(PauseView { since: rfc3339(paused.since), until: paused.until.map(rfc3339) })
    }

    /// When the morning is: at the end of the quiet hours, of a night that is not quiet too.
    pub(super) fn next_morning(&self) -> Option<Wall> {
        let now = Timestamp::from_millisecond(self.now().wall.as_ms()).ok()?.to_zoned(TimeZone::system());
        let nights = self.config.current().notifications().nights;
        let end = if nights.quiet.is_some() { nights.next_end(&now) } else { next_eight(&now) };
        end.map(|end| Wall::from_ms(end.as_millisecond()))
    }

    fn end_of(&self, request: PauseRequest) -> Result<Option<Wall>, ApiError> {
        let invalid = |what: &str, field: &str| ApiError::new(ErrorCode::Invalid, what).at_field(field);
        match (request.for_s, request.morning) {
            (Some(_), true) => Err(invalid("a pause ends after a while or in the morning, not both", "morning")),
            (Some(0), false) => Err(invalid("a pause lasts for a second at least", "for_s")),
            (Some(for_s), false) if for_s > LENGTH_MAX_S => {
                let what = "a pause that ends by itself lasts for 7 days at most";
                Err(invalid(what, "for_s").with_hint("without a length it lasts until somebody resumes"))
            }
            (Some(for_s), false) => {
                let ms = i64::try_from(for_s.saturating_mul(1000)).unwrap_or(i64::MAX);
                Ok(Some(Wall::from_ms(self.now().wall.as_ms().saturating_add(ms))))
            }
            (None, true) => {
                let unknown = || ApiError::new(ErrorCode::Internal, "nobody knows when the morning is");
                self.next_morning().map(Some).ok_or_else(unknown)
            }
            (None, false) => Ok(None),
        }
    }
}

/// The next time that it is 8:00.
fn next_eight(now: &Zoned) -> Option<Timestamp> {
    let days = [now.date(), now.date().tomorrow().ok()?];
    let eights = days.into_iter().filter_map(|day| now.time_zone().to_zoned(day.to_datetime(time(8, 0, 0, 0))).ok());
    eights.map(|eight| eight.timestamp()).find(|eight| *eight > now.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_eight_o_clock_is_today_or_tomorrow() {
        let table = [
            ("2026-11-23T07:59:59[Europe/Berlin]", "2026-11-23T08:00[Europe/Berlin]"),
            ("2026-11-23T08:00[Europe/Berlin]", "2026-11-24T08:00[Europe/Berlin]"),
            ("2026-03-28T23:00[Europe/Berlin]", "2026-03-29T08:00[Europe/Berlin]"),
        ];
        for (now, wanted) in table {
            let (now, wanted): (Zoned, Zoned) = (now.parse().unwrap(), wanted.parse().unwrap());
            assert_eq!(next_eight(&now), Some(wanted.timestamp()), "{now}");
        }
    }
}
