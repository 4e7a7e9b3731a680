//! What a fact leads to.

use nightkeep_core::{Input, RunId};

use super::fact::Fact;
use super::faults::unwritten;
use super::task::Actor;
use crate::api::FaultKind;
use crate::config::ConfigEvent;
use crate::notify::NotShown;
use crate::store::StorageHealth;

impl Actor {
    /// Takes one fact in.
    pub(super) fn on_fact(&mut self, fact: Fact) {
        match fact {
            Fact::Marker(event) => self.marker_read(RunId(event.key), event.result),
            Fact::Looked(id, look) => self.looked_at(id, look),
            Fact::EvidenceDone(id, processes) => {
                if let Some(run) = self.runs.get_mut(&id) {
                    run.around.processes = Some(processes);
                }
                self.give(Input::EvidenceTaken(id));
            }
            Fact::Intent(id, is_stored) => {
                if is_stored {
                    self.give(Input::IntentStored(id));
                } else {
                    // Told first, or the verdict would be given again at once.
                    let writable = self.store.health().borrow().ok;
                    self.give(Input::Storage { writable });
                    self.give(Input::IntentNotStored(id));
                }
                self.stop_begun(id);
            }
            Fact::Registered(id, registered, then) => self.registered(id, *registered, then),
            Fact::WaitNoted(id, result) => self.wait_noted(id, result),
            Fact::TurnCame(id) => self.turn_came(id),
            Fact::Refreshed(id, spec) => self.begin(id, &spec, true),
            Fact::CallerDue(id) => self.caller_due(id),
            Fact::Launched(id, result) => self.launched(id, result),
            Fact::Over(id, over) => self.is_over(id, over),
            Fact::Linked(id, link) => self.linked(id, *link),
            Fact::Keeper(id, event) => self.keeper_said(id, event),
            Fact::KeeperGone(id) => self.keeper_gone(id),
            Fact::Remains(id, remains) => self.remains(id, remains),
            Fact::GivenUp { run, recovered } => self.given_up(run, recovered),
            Fact::LeftoversSettled(id) => self.leftovers_settled(id),
            Fact::Heard(id, heard) => self.source_read(id, *heard),
            Fact::HeldDue(id) => self.held_due(id),
            Fact::EarlyDue(tag) => self.early_due(&tag),
            Fact::Exited(identity, status) => self.exited(&identity, status),
            Fact::Members(id, found) => self.members_found(id, found),
            Fact::Searched(id) => self.searched(id),
            Fact::SampleDue(id) => self.sample_due(id),
            Fact::Survivors(id, left) => self.survivors(id, left),
            Fact::Config(event) => self.configured(&event),
            Fact::ReconcileDue => self.reconcile(None),
            Fact::Compared(compared, told) => self.compared(*compared, told),
            Fact::Unwatched(stored) => self.unwatched(stored.as_deref()),
            Fact::TellRecoveries => self.tell_recoveries(),
            Fact::MorningDue => self.plan_morning(false),
            Fact::QuitDue => self.ending = true,
            Fact::Night(told) => {
                let (night, rows) = *told;
                self.night_read(&night, rows);
            }
            Fact::History(unseen) => {
                self.unseen = unseen;
                self.news = true;
            }
            Fact::Storage(health) => self.storage(&health),
            Fact::Notified(result) => self.notified(result),
            Fact::Awake(answer) => self.awake_answered(answer),
            Fact::PluggedIn(is_plugged_in) => self.plugged_in(is_plugged_in),
            Fact::Pressed(press) => self.pressed(&press),
            Fact::SnoozeDue => self.snooze_due(),
            Fact::JobNoted(job) => self.job_noted(&job),
            Fact::NotRestarted(job, error) => self.not_restarted(job, &error),
            Fact::PingPort(port) => self.port_is(port),
            Fact::PingsKept => self.pings_kept(),
            Fact::Watching(Some(fault)) => self.faults.set(fault.kind, fault.message),
            Fact::Watching(None) => {
                let _was_there = self.faults.clear(FaultKind::Watch);
            }
        }
    }

    /// Somebody changed the configuration.
    fn configured(&mut self, event: &ConfigEvent) {
        if let ConfigEvent::Broken(fault) = event {
            tracing::warn!(%fault, "config.toml cannot be used");
        }
        self.note_config_fault();
        self.take_capacities();
        self.take_pings();
        self.forget_missing_jobs();
        self.plan_morning(false);
    }

    /// Whether a notification could be shown.
    fn notified(&mut self, result: Result<(), NotShown>) {
        self.faults.settle(FaultKind::Notifications, result, |why| {
            let what = match why {
                NotShown::NoService => "No notification service was found.".to_owned(),
                NotShown::Refused(why) => format!("Notifications cannot be shown: {why}."),
            };
            format!("{what} Stops still appear here and in the tray.")
        });
    }

    /// Whether the history can be written. While it cannot, nothing is stopped on a judgement.
    pub(super) fn storage(&mut self, health: &StorageHealth) {
        self.give(Input::Storage { writable: health.ok });
        if !health.ok {
            if !self.faults.has(FaultKind::Storage) {
                self.tell_no_watch(health);
            }
            self.faults.set(FaultKind::Storage, unwritten(health));
        } else if self.faults.clear(FaultKind::Storage) {
            // Runs that got no number meanwhile get one.
            self.reconcile(None);
        }
    }
}
