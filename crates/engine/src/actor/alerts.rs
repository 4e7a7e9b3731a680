//! Telling the owner: what there is to tell goes through the policy, is logged with what became of it, and is shown.

use jiff::Zoned;
use jiff::tz::TimeZone;
use nightkeep_core::{Awake, Exit, HeardNotice, Notice, Now, Outcome, Reason, RunId, Span, Wall};
use tokio::task::JoinHandle;

use super::decisions::DECISIONS;
use super::fact::Fact;
use super::task::Actor;
use crate::notify::policy::{Alert, Decision, Dropped, Kind, Moment, Morning, Night, Policy, Slot};
use crate::notify::{About, Banner, Button, Need, Note, Seen, Text, buttons, report_button};
use crate::store::entry::{self, Stamped};
use crate::store::{StorageHealth, Told};

const SHOWN: &str = "shown";
const MERGED: &str = "merged";
const HELD: &str = "held";
const DROPPED: &str = "dropped";

/// What was told, and what waits to be.
#[derive(Debug, Default)]
pub(super) struct Alerts {
    policy: Policy,
    /// The morning of the last night that was told.
    morning: Option<jiff::civil::Date>,
    /// Until the night is told when nobody shows up.
    timer: Option<JoinHandle<()>>,
    /// Since when this engine watches.
    since: Awake,
}

/// Something to tell with its words.
type Tell = (Alert, Text);

impl Actor {
    /// After a start: what an earlier engine told is not told again.
    pub(super) async fn recall_told(&mut self) {
        let Told { alerts, morning } = self.store.told().await.unwrap_or_else(|fault| {
            tracing::warn!(fault = %fault.with_causes(), "what was told before cannot be read");
            Told::default()
        });
        let morning = morning.and_then(date_of);
        self.alerts = Alerts { policy: Policy::going_on_from(alerts), morning, timer: None, since: self.now().awake };
    }

    /// Tells what the core wants told.
    pub(super) fn notify(&mut self, now: Now, notice: &Notice) {
        if let Notice::CouldNotStop { run, survivors, .. } = notice {
            let survivors = survivors.iter().copied().map(entry::Survivor::from).collect();
            let entry = entry::Entry::CouldNotStop { survivors };
            self.store.try_append(run.0, vec![Stamped { at: self.stamp(now), entry }]);
        }
        let (kind, run, job) = what(notice);
        let around = self.runs.get(&run).map(|run| run.around.clone()).unwrap_or_default();
        let is_wanted = self.config.current().notifications().warnings;
        let is_asked_for = matches!(notice, Notice::Stopped { reason: Reason::User, .. });
        let alert = Alert { kind, run: Some(run.0), job: job.to_owned(), is_wanted, is_asked_for };
        self.tell_owner(now, (alert, Text::of(notice, &around, now.wall, &TimeZone::system())));
    }

    /// Tells that a run has ended by itself, where its job wants that.
    pub(super) fn tell_end(&mut self, now: Now, id: RunId, (outcome, exit): (Outcome, &Exit), took: Option<u64>) {
        let Some(run) = self.runs.get(&id).filter(|run| !run.recovered) else { return };
        let kind = match outcome {
            Outcome::Succeeded => Kind::Finished,
            Outcome::Failed => Kind::Failed,
            Outcome::Aborted | Outcome::Lost => return,
        };
        let is_wanted = self.config.current().job(&run.job).is_some_and(|job| job.notify_end);
        let alert = Alert { kind, run: Some(id.0), job: run.job.clone(), is_wanted, is_asked_for: false };
        let lasted = u64::try_from(now.wall.as_ms().saturating_sub(run.started.as_ms())).unwrap_or_default();
        let text = Text::of_end(id, &run.job, exit, Span::from_ms(took.unwrap_or(lasted)), &run.around);
        self.tell_owner(now, (alert, text));
    }

    /// Tells that runs are not watched while the history cannot be written.
    pub(super) fn tell_no_watch(&mut self, health: &StorageHealth) {
        let alert =
            Alert { kind: Kind::NotWatching, run: None, job: String::new(), is_wanted: true, is_asked_for: false };
        let text = Text::of_no_watch(health.last_error.as_deref(), self.runs.len());
        self.tell_owner(self.now(), (alert, text));
    }

    /// All recoveries of the last moment that were not told before, as one notification.
    pub(super) fn tell_recoveries(&mut self) {
        let now = self.now();
        let at_ms = now.wall.as_ms();
        let alert = |run: RunId, job: &str| Alert {
            kind: Kind::Recovered,
            run: Some(run.0),
            job: job.to_owned(),
            is_wanted: true,
            is_asked_for: false,
        };
        let mut cases = std::mem::take(&mut self.recoveries);
        cases.retain(|case| {
            let alert = alert(case.run, &case.job);
            if self.snoozed_until(now, &case.job).is_some() {
                log(&alert, DROPPED, Dropped::Snoozed.why());
                return false;
            }
            let is_news = self.alerts.policy.is_news(&alert, at_ms);
            if !is_news {
                log(&alert, DROPPED, Dropped::ToldBefore.why());
            }
            is_news
        });
        let (Some(text), Some((first, others))) = (Text::of_recoveries(&cases), cases.split_first()) else { return };
        let decision = self.tell_owner(now, (alert(first.run, &first.job), text));
        for case in others {
            let alert = alert(case.run, &case.job);
            log(&alert, decision, "with the one before it");
            if matches!(decision, SHOWN | MERGED) {
                self.alerts.policy.told_with_another(&alert, at_ms);
                self.note(Note::Told(alert.same(), at_ms));
            }
        }
    }

    /// Decides what becomes of something to tell, and does it. Returns the decision in a word.
    fn tell_owner(&mut self, now: Now, (alert, mut text): Tell) -> &'static str {
        let config = self.config.current();
        let is_quiet = config.notifications().quiet_hours.is_some_and(|hours| hours.contain(&local(now.wall)));
        let is_snoozed = self.snoozed_until(now, &alert.job).is_some();
        let moment = Moment { at_ms: now.wall.as_ms(), is_quiet, is_snoozed };
        let note = Some(Note::Told(alert.same(), moment.at_ms));
        let (decision, why) = match self.alerts.policy.decide(&alert, moment, config.settings().notifications) {
            Decision::Show { slot, is_silent } => {
                text.slot = slot;
                text.is_silent = is_silent;
                let buttons = self.buttons_for(&alert);
                self.show(Banner { text, closes: Vec::new(), note, buttons });
                (SHOWN, if is_silent { "it cannot wait for the morning" } else { "it is due" })
            }
            Decision::Merge { members, closes } => {
                if let Some(text) = Text::of_many(&members) {
                    self.show(Banner { text, closes, note, buttons: report_button() });
                }
                (MERGED, "three banners were shown within 10 min")
            }
            Decision::Hold => (HELD, "it is quiet until the morning"),
            Decision::Drop(why) => {
                if let (Dropped::AskedFor, Some(run)) = (why, alert.run) {
                    self.take_away(Seen::Run(run));
                }
                (DROPPED, why.why())
            }
        };
        log(&alert, decision, why);
        decision
    }

    /// What somebody can do about it at this moment.
    fn buttons_for(&self, alert: &Alert) -> Vec<Button> {
        let config = self.config.current();
        let job = config.job(&alert.job).map(|job| job.name.as_str());
        let starts_again = self.core.is_restarting(&alert.job) || self.core.job(&alert.job).restart.is_some();
        let failures = self.core.job(&alert.job).failures;
        buttons(&About { kind: alert.kind, run: alert.run, job, failures, starts_again })
    }

    fn show(&self, banner: Banner) {
        if let Some(notifier) = &self.notifier {
            notifier.show(banner);
        }
    }

    /// Takes away the banners of what somebody has looked at.
    pub(super) fn take_away(&self, seen: Seen) {
        if let Some(notifier) = &self.notifier {
            notifier.close(seen);
        }
    }

    fn note(&self, note: Note) {
        if let Some(notifier) = &self.notifier {
            notifier.note(note);
        }
    }

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
        let hours = config.notifications().quiet_hours.filter(|_| config.settings().notifications)?;
        hours.morning(&local(self.now().wall), self.alerts.morning, is_here)
    }

    fn tell_night(&mut self, night: Night) {
        self.alerts.morning = Some(night.morning);
        let store = self.store.clone();
        self.spawn_aside(async move {
            let rows = store.ended_within(night.from.as_millisecond(), night.to.as_millisecond()).await;
            let rows = rows.unwrap_or_else(|fault| {
                tracing::error!(fault = %fault.with_causes(), "the runs of the night cannot be read");
                Vec::new()
            });
            Fact::Night(Box::new((night, rows)))
        });
    }

    /// The runs of the night were read.
    pub(super) fn night_read(&mut self, night: &Night, rows: &[crate::api::HistoryRow]) {
        let text = Text::of_night(night, rows, &self.needs(night));
        let (decision, why) = match &text {
            Some(_) => (SHOWN, "the quiet hours are over"),
            None => (DROPPED, "nothing ran in the night"),
        };
        let (morning, runs) = (night.morning.to_string(), rows.len());
        tracing::info!(target: DECISIONS, alert = "morning", %morning, runs, decision, why, "alert");
        if let Some(text) = text {
            let note = Some(Note::Morning(number_of(night.morning)));
            self.show(Banner { text, closes: vec![Slot::Many], note, buttons: report_button() });
        }
    }

    /// What of the night a person could still do something about.
    fn needs(&self, night: &Night) -> Vec<Need> {
        use nightkeep_core::{Activity, Liveness, Progress};
        let since = Wall::from_ms(night.from.as_millisecond());
        let opened = self.core.jobs().filter(|(_, state)| state.breaker.is_some_and(|at| at >= since));
        let mut needs: Vec<Need> = opened.map(|(job, _)| Need::NotStartedAgain(job.to_owned())).collect();
        for run in self.core.snapshot(self.now().awake) {
            if run.activity == Activity::WaitingHuman {
                needs.push(Need::WaitsForPerson(run.job));
            } else if run.liveness == Some(Liveness::Unreachable) {
                needs.push(Need::Unreachable(run.job));
            } else if run.progress == Progress::Stalled {
                needs.push(Need::Stalled(run.job));
            }
        }
        needs
    }

    /// A stop begins: what is said of it in the end is seen now.
    pub(super) fn note_stop(&mut self, now: Now, id: RunId) {
        let watched = now.awake.since(self.alerts.since);
        let Some(run) = self.runs.get_mut(&id) else { return };
        run.around.is_whole = matches!(run.body, super::run::Body::Kept { .. });
        if run.before.is_some() {
            let found = self.core.snapshot(now.awake).into_iter().find(|other| other.run == id);
            // It had stood still for longer than it may before anybody watched it again.
            run.around.stalled_unwatched =
                found.is_some_and(|found| found.since_advance >= found.limits.stall_after.plus(watched));
        }
    }
}

/// One line for each decision about an alert.
fn log(alert: &Alert, decision: &'static str, why: &'static str) {
    let Alert { kind, run, job, .. } = alert;
    tracing::info!(target: DECISIONS, run, %job, alert = kind.word(), decision, why, "alert");
}

/// The time of day here.
fn local(wall: Wall) -> Zoned {
    jiff::Timestamp::from_millisecond(wall.as_ms()).unwrap_or_default().to_zoned(TimeZone::system())
}

fn number_of(date: jiff::civil::Date) -> i64 {
    i64::from(date.year()) * 10_000 + i64::from(date.month()) * 100 + i64::from(date.day())
}

fn date_of(number: i64) -> Option<jiff::civil::Date> {
    let part = |n: i64| i8::try_from(n % 100).ok();
    jiff::civil::Date::new(i16::try_from(number / 10_000).ok()?, part(number / 100)?, part(number)?).ok()
}

fn what(notice: &Notice) -> (Kind, RunId, &str) {
    match notice {
        Notice::Warning { run, job, .. } => (Kind::Warning, *run, job),
        Notice::Stopped { run, job, .. } => (Kind::Stopped, *run, job),
        Notice::CouldNotStop { run, job, .. } => (Kind::CouldNotStop, *run, job),
        Notice::CouldNotJudge { run, job, .. } => (Kind::CouldNotJudge, *run, job),
        Notice::Stalled { run, job, .. } => (Kind::LeftAlone, *run, job),
        Notice::BreakerOpened { run, job, .. } => (Kind::Breaker, *run, job),
        Notice::Heard { run, job, what } => {
            let kind = match what {
                HeardNotice::WaitsForPerson { .. } => Kind::WaitsForPerson,
                HeardNotice::Unreachable { .. } => Kind::Unreachable,
                HeardNotice::Circling { .. } => Kind::Circling,
                HeardNotice::Spent { .. } => Kind::Spent,
            };
            (kind, *run, job)
        }
    }
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
