//! The report of the morning: when the night is told, and of what.

use jiff::Zoned;
use jiff::tz::TimeZone;
use nightkeep_core::{Activity, Liveness, Progress, RunSnapshot, Wall};

use super::alerts::{DROPPED, SHOWN};
use super::decisions::DECISIONS;
use super::fact::Fact;
use super::task::Actor;
use crate::api::HistoryRow;
use crate::notify::policy::{Event, Morning, Night, Slot, Wants};
use crate::notify::{Banner, Need, Note, Text, of_report, report_button};

impl Actor {
    /// Tells of the last night if it is time, and otherwise waits for that. Called at the start, when the time has come,
    /// when the clock was set, and when the quiet hours may have been changed.
    pub(super) fn plan_morning(&mut self, is_here: bool) {
        let timer = match self.morning(is_here) {
            Some(Morning::Due(night)) => {
                self.tell_night(night);
                self.morning(false)
            }
            other => other,
        };
        let timer = timer.and_then(|next| match next {
            Morning::At(when) => Some(when),
            Morning::Due(_) => None,
        });
        let timer = timer.map(|when| {
            let left = when.duration_since(local(self.now().wall).timestamp());
            let (left, facts) = (std::time::Duration::try_from(left).unwrap_or_default(), self.facts.clone());
            tokio::spawn(async move {
                tokio::time::sleep(left).await;
                drop(facts.send(Fact::MorningDue).await);
            })
        });
        if let Some(former) = std::mem::replace(&mut self.alerts.timer, timer) {
            former.abort();
        }
    }

    /// Somebody looks, or the computer was woken: whoever is there wants to hear of the night.
    pub(super) fn somebody_is_here(&mut self) {
        if matches!(self.morning(true), Some(Morning::Due(_))) {
            self.plan_morning(true);
        }
    }

    fn morning(&self, is_here: bool) -> Option<Morning> {
        let config = self.config.current();
        let nights = config.settings().notifications.then(|| config.notifications().nights)?;
        nights.morning(&local(self.now().wall), self.alerts.morning, is_here)
    }

    fn tell_night(&mut self, night: Night) {
        self.alerts.morning = Some(night.morning);
        let store = self.store.clone();
        self.spawn_aside(async move {
            // What of the day before was kept for this report is in it, too.
            let rows = store.ended_within(night.day_from.as_millisecond(), night.to.as_millisecond()).await;
            let rows = rows.unwrap_or_else(|fault| {
                tracing::error!(fault = %fault.with_causes(), "the runs of the night cannot be read");
                Vec::new()
            });
            Fact::Night(Box::new((night, rows)))
        });
    }

    /// The runs of the night were read.
    pub(super) fn night_read(&mut self, night: &Night, rows: Vec<HistoryRow>) {
        let config = self.config.current();
        let wants = config.wants();
        let rows = of_report(rows, night, wants);
        let needs = self.needs(night, &rows, wants);
        let text = Text::of_night(night, &rows, &needs);
        let (decision, why) = match &text {
            Some(_) => (SHOWN, "the night is over"),
            None => (DROPPED, "nothing ran in the night"),
        };
        let (morning, runs, needs) = (night.morning.to_string(), rows.len(), needs.len());
        tracing::info!(target: DECISIONS, alert = "morning", %morning, runs, needs, decision, why, "alert");
        if let Some(text) = text {
            let text = Text { is_silent: !config.notifications().sound, ..text };
            let note = Some(Note::Morning(number_of(night.morning)));
            self.show(Banner { text, closes: vec![Slot::Many], note, buttons: report_button() });
        }
    }

    /// What of the night a person could still do something about, and what only this report tells.
    fn needs(&mut self, night: &Night, rows: &[HistoryRow], wants: Wants) -> Vec<Need> {
        let is_told = |event, at_ms: i64| wants.report_tells(event, at_ms >= night.from.as_millisecond());
        let opened = self.core.jobs().filter(|(_, state)| {
            let since = state.breaker.filter(|at| at.as_ms() >= night.day_from.as_millisecond());
            since.is_some_and(|at| is_told(Event::Breaker, at.as_ms()))
        });
        let mut needs: Vec<Need> = opened.map(|(job, _)| Need::NotStartedAgain(job.to_owned())).collect();
        if wants.report_tells(Event::NeedsYou, true) {
            needs.extend(self.core.snapshot(self.now().awake).into_iter().filter_map(need_of));
        }
        for (what, at_ms) in std::mem::take(&mut self.alerts.held) {
            let Some((event, need)) = Need::of_held(&what) else { continue };
            let is_of_this_night = at_ms >= night.day_from.as_millisecond() && is_told(event, at_ms);
            let is_told_by_another = needs.iter().any(|other| other.job() == need.job()) || need.is_over(rows);
            if is_of_this_night && !is_told_by_another {
                needs.push(need);
            }
        }
        needs
    }
}

/// What a run needs of a person as it is.
fn need_of(run: RunSnapshot) -> Option<Need> {
    if run.activity == Activity::WaitingHuman {
        Some(Need::WaitsForPerson(run.job))
    } else if run.liveness == Some(Liveness::Unreachable) {
        Some(Need::Unreachable(run.job))
    } else if run.progress == Progress::Stalled {
        Some(Need::Stalled(run.job))
    } else {
        None
    }
}

/// The time of day here.
pub(super) fn local(wall: Wall) -> Zoned {
    jiff::Timestamp::from_millisecond(wall.as_ms()).unwrap_or_default().to_zoned(TimeZone::system())
}

fn number_of(date: jiff::civil::Date) -> i64 {
    i64::from(date.year()) * 10_000 + i64::from(date.month()) * 100 + i64::from(date.day())
}

pub(super) fn date_of(number: i64) -> Option<jiff::civil::Date> {
    let part = |n: i64| i8::try_from(n % 100).ok();
    jiff::civil::Date::new(i16::try_from(number / 10_000).ok()?, part(number / 100)?, part(number)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_morning_is_a_number_and_back() {
        let date = jiff::civil::date(2026, 11, 3);
        assert_eq!(number_of(date), 20_261_103);
        assert_eq!(date_of(20_261_103), Some(date));
        assert_eq!(date_of(-1), None);
    }
}
