//! Ending: the tray alone, the tray and the engine, or all runs and both after them.

use std::time::Duration;

use nightkeep_core::RunId;

use super::fact::{Fact, Reply};
use super::task::Actor;
use crate::api::{FaultKind, QuitChoice, Quitting, StopReply};

/// Surfaces have this long to hear that they are to end, before the engine does.
const HEARD_WITHIN: Duration = Duration::from_millis(300);

/// What a person wants to end.
#[derive(Debug, Default)]
pub(super) struct Quits {
    tray: u32,
    runs: bool,
    /// Nothing but surfaces is waited for.
    is_due: bool,
}

impl Quits {
    /// What surfaces are told.
    pub(super) const fn told(&self) -> Quitting {
        Quitting { tray: self.tray, runs: self.runs }
    }
}

impl Actor {
    /// A person wants something to end. Answered with the runs that are being stopped for it.
    pub(super) fn quit(&mut self, choice: QuitChoice, reply: Reply<StopReply>) {
        tracing::info!(?choice, "a person quits");
        match choice {
            QuitChoice::Tray => self.quitting.tray += 1,
            QuitChoice::Watching => self.end_soon(),
            QuitChoice::Runs => {
                self.quitting.runs = true;
                self.stop_all(reply);
                return;
            }
        }
        let _heard = reply.send(Ok(StopReply { runs: Vec::new(), stays_stopped: false }));
    }

    /// Whether nothing but what is under way holds up the end.
    pub(super) fn ends_with_the_last_run(&self) -> bool {
        self.quitting.runs && !self.quitting.is_due && self.runs.is_empty() && self.waiting.is_empty()
    }

    /// All runs were to be stopped: ends when they are over and that is recorded. Asked after a round, when `no_facts` says
    /// whether all results were taken in.
    pub(super) fn quit_when_finished(&mut self, no_facts: bool) {
        if self.ends_with_the_last_run() && self.under_way.is_nothing() && no_facts {
            self.end_soon();
            self.publish();
        }
    }

    /// What the tray finds on its desktop.
    pub(super) fn tray_reports(&mut self, has_place: bool) {
        let result = if has_place { Ok(()) } else { Err(()) };
        self.faults.settle(FaultKind::Tray, result, |()| {
            "This desktop shows no tray icons, so that only the window and `nightkeep status` tell what was stopped. \
             Runs are watched all the same."
                .to_owned()
        });
    }

    fn stop_all(&mut self, reply: Reply<StopReply>) {
        let ids: Vec<RunId> = self.runs.keys().chain(self.waiting.keys()).copied().collect();
        if ids.is_empty() {
            let _heard = reply.send(Ok(StopReply { runs: Vec::new(), stays_stopped: false }));
            return;
        }
        self.stop_each(&ids, false, None, reply);
    }

    fn end_soon(&mut self) {
        self.quitting.tray += 1;
        self.quitting.is_due = true;
        self.spawn_aside(async {
            tokio::time::sleep(HEARD_WITHIN).await;
            Fact::QuitDue
        });
    }
}
