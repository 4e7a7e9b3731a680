//! Telling the owner: what there is to tell goes through the policy, is logged with what became of it, and is shown.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use nightkeep_core::{Awake, Exit, HeardNotice, Notice, Now, Outcome, Reason, RunId, Span};
use tokio::task::JoinHandle;

use super::decisions::DECISIONS;
use super::morning::{date_of, local};
use super::task::Actor;
use crate::notify::policy::{Alert, Decision, Dropped, Kind, Moment, Policy};
use crate::notify::{
    About, Banner, Button, Note, Recovery, RecoveryKind, Seen, Text, buttons, report_button, waits_for_the_morning,
};
use crate::store::entry::{self, Stamped};
use crate::store::{StorageHealth, Told};

pub(super) const SHOWN: &str = "shown";
const MERGED: &str = "merged";
const HELD: &str = "held";
pub(super) const DROPPED: &str = "dropped";
/// What is held for one morning, at most.
const HELD_MAX: usize = 200;

/// What was told, and what waits to be.
#[derive(Debug, Default)]
pub(super) struct Alerts {
    policy: Policy,
    /// What nothing but this remembers until the morning: the kind and the job, and when it was.
    pub(super) held: BTreeMap<String, i64>,
    /// The morning of the last night that was told.
    pub(super) morning: Option<jiff::civil::Date>,
    /// Until the night is told when nobody shows up.
    pub(super) timer: Option<JoinHandle<()>>,
    /// Since when this engine watches.
    since: Awake,
}

/// Something to tell with its words.
type Tell = (Alert, Text);

impl Actor {
    /// After a start: what an earlier engine told is not told again.
    pub(super) async fn recall_told(&mut self) {
        let Told { alerts, held, morning } = self.store.told().await.unwrap_or_else(|fault| {
            tracing::warn!(fault = %fault.with_causes(), "what was told before cannot be read");
            Told::default()
        });
        let morning = morning.and_then(date_of);
        let policy = Policy::going_on_from(alerts);
        self.alerts = Alerts { policy, held, morning, timer: None, since: self.now().awake };
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
        let is_asked_for = matches!(notice, Notice::Stopped { reason: Reason::User, .. });
        let alert = Alert { kind, run: Some(run.0), job: job.to_owned(), is_wanted: false, is_asked_for };
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
            Alert { kind: Kind::NotWatching, run: None, job: String::new(), is_wanted: false, is_asked_for: false };
        let text = Text::of_no_watch(health.last_error.as_deref(), self.runs.len());
        self.tell_owner(self.now(), (alert, text));
    }

    /// All recoveries of the last moment that were not told before, as one notification; in quiet hours those of jobs that
    /// may wake their owner by themselves.
    pub(super) fn tell_recoveries(&mut self) {
        let now = self.now();
        let mut cases = std::mem::take(&mut self.recoveries);
        cases.retain(|case| {
            let alert = of_recovery(case);
            let why = if self.snoozed_until(now, &case.job).is_some() {
                Some(Dropped::Snoozed)
            } else {
                (!self.alerts.policy.is_news(&alert, now.wall.as_ms())).then_some(Dropped::ToldBefore)
            };
            if let Some(why) = why {
                log(&alert, DROPPED, why.why());
            }
            why.is_none()
        });
        let (waking, others): (Vec<Recovery>, Vec<Recovery>) =
            cases.into_iter().partition(|case| !self.is_quiet_for(now, &case.job));
        self.tell_recovered(now, &others);
        self.tell_recovered(now, &waking);
    }

    fn tell_recovered(&mut self, now: Now, cases: &[Recovery]) {
        let (Some(text), Some((first, others))) = (Text::of_recoveries(cases), cases.split_first()) else { return };
        let decision = self.tell_owner(now, (of_recovery(first), text));
        for case in others {
            let alert = of_recovery(case);
            log(&alert, decision, "with the one before it");
            if matches!(decision, SHOWN | MERGED) {
                self.alerts.policy.told_with_another(&alert, now.wall.as_ms());
                self.note(Note::Told(alert.same(), now.wall.as_ms()));
            }
        }
        if decision == HELD {
            for case in cases.iter().filter(|case| matches!(case.kind, RecoveryKind::Runs { .. })) {
                self.hold(now, Kind::Recovered, &case.job);
            }
        }
    }

    /// Whether it is quiet, and the job may not wake its owner.
    fn is_quiet_for(&self, now: Now, job: &str) -> bool {
        let config = self.config.current();
        let may_wake = config.job(job).is_some_and(|job| job.may_wake);
        !may_wake && config.notifications().nights.are_quiet(&local(now.wall))
    }

    /// Remembers something for the report of the morning, a crash or not.
    fn hold(&mut self, now: Now, kind: Kind, job: &str) {
        let what = format!("{}/{job}", kind.word());
        if self.alerts.held.len() < HELD_MAX {
            let at_ms = now.wall.as_ms();
            let _former = self.alerts.held.insert(what.clone(), at_ms);
            self.note(Note::Held(what, at_ms));
        }
    }

    /// Decides what becomes of something to tell, and does it. Returns the decision in a word.
    fn tell_owner(&mut self, now: Now, (alert, mut text): Tell) -> &'static str {
        let (wants, sound) = {
            let config = self.config.current();
            (config.wants(), config.notifications().sound)
        };
        let is_snoozed = self.snoozed_until(now, &alert.job).is_some();
        let is_quiet = self.is_quiet_for(now, &alert.job);
        let moment = Moment { at_ms: now.wall.as_ms(), is_quiet, is_snoozed };
        let note = Some(Note::Told(alert.same(), moment.at_ms));
        let (decision, why) = match self.alerts.policy.decide(&alert, moment, wants) {
            Decision::Show { slot, is_silent } => {
                text.slot = slot;
                text.is_silent = is_silent || !sound;
                let buttons = self.buttons_for(&alert);
                self.show(Banner { text, closes: Vec::new(), note, buttons });
                (SHOWN, if is_silent { "it cannot wait for the morning" } else { "it is due" })
            }
            Decision::Merge { members, closes } => {
                if let Some(text) = Text::of_many(&members) {
                    let text = Text { is_silent: !sound, ..text };
                    self.show(Banner { text, closes, note, buttons: report_button() });
                }
                (MERGED, "three banners were shown within 10 min")
            }
            Decision::Hold => {
                if waits_for_the_morning(alert.kind) {
                    self.hold(now, alert.kind, &alert.job);
                }
                (HELD, if is_quiet { "it is quiet until the morning" } else { "the report of the morning tells it" })
            }
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

    pub(super) fn show(&self, banner: Banner) {
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

fn of_recovery(case: &Recovery) -> Alert {
    Alert { kind: Kind::Recovered, run: Some(case.run.0), job: case.job.clone(), is_wanted: false, is_asked_for: false }
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
