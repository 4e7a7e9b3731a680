//! Telling what was recovered: one line of the log for each case, and one notification for all that belong together.

use std::time::Duration;

use nightkeep_core::{Exit, Outcome, RunId};

use super::fact::Fact;
use super::output;
use super::run::{Found, Watched};
use super::task::Actor;
use crate::notify::{Recovery, RecoveryKind};

/// Recoveries within this time are told together: after a restart there may be many.
const TOGETHER: Duration = Duration::from_secs(1);

impl Actor {
    /// A run that was found again is reached, so it goes on.
    pub(super) fn tell_found(&mut self, id: RunId) {
        let Some(run) = self.runs.get_mut(&id) else { return };
        let Some(found) = run.before.as_mut().and_then(|before| before.untold.take()) else { return };
        let case = match found {
            Found::InOrder => "watched again",
            Found::AfterCrash => "watched again after a crash of the engine",
            Found::Stranger => "taken in while it runs",
        };
        let pid = run.root_pid();
        tracing::info!(case, run = id.0, job = %run.job, tag = %run.tag, pid, "recovered");
        let job = run.job.clone();
        match found {
            Found::AfterCrash => self.tell_later(Recovery { run: id, job, kind: RecoveryKind::Runs { pid } }),
            // Nothing went wrong: somebody ended the engine, or had not started it yet.
            Found::InOrder | Found::Stranger => {}
        }
    }

    /// A run is over that ended while nobody watched.
    pub(super) fn tell_ended(&mut self, id: RunId, outcome: Outcome, exit: &Exit) {
        let Some(run) = self.runs.get(&id) else { return };
        let rebooted = run.before.is_some_and(|before| before.rebooted);
        let (exit_code, signal) = match exit {
            Exit::Code(code) => (Some(*code), None),
            Exit::Signal(signal) => (None, Some(*signal)),
            Exit::Interrupted { code, signal } => (*code, *signal),
            Exit::NotStarted { .. } | Exit::Unknown => (None, None),
        };
        let case = match (outcome, rebooted) {
            (Outcome::Lost, true) => "cut off when the computer went down",
            (Outcome::Lost, false) => "ended, and nothing tells how",
            (Outcome::Succeeded | Outcome::Failed | Outcome::Aborted, _) => "ended while nobody watched",
        };
        let (job, tag, ended) = (&run.job, &run.tag, outcome_word(outcome));
        tracing::warn!(case, run = id.0, %job, %tag, outcome = ended, exit_code, signal, "recovered");
        let kind = match (outcome, rebooted) {
            (Outcome::Lost, true) => RecoveryKind::CutOff,
            (Outcome::Lost, false) => RecoveryKind::Lost,
            (Outcome::Succeeded, _) => RecoveryKind::Finished,
            (Outcome::Failed | Outcome::Aborted, _) => RecoveryKind::Failed { code: exit_code, signal },
        };
        let job = run.job.clone();
        self.tell_later(Recovery { run: id, job, kind });
    }

    fn tell_later(&mut self, recovery: Recovery) {
        self.news = true;
        self.recoveries.push(recovery);
        if self.recoveries.len() == 1 {
            self.spawn(async {
                tokio::time::sleep(TOGETHER).await;
                Fact::TellRecoveries
            });
        }
    }
}

/// The word for an outcome in a line of the log.
pub(super) const fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Succeeded => "succeeded",
        Outcome::Failed => "failed",
        Outcome::Aborted => "aborted",
        Outcome::Lost => "lost",
    }
}

/// When a run of whose end nothing tells was last heard of: no later than that it is known to have run.
pub(super) fn last_sign_ms(run: &Watched) -> Option<i64> {
    let known = run.before?.last_sign.as_ms();
    let grown = run.dir.as_ref().and_then(output::last_growth_ms);
    Some(grown.map_or(known, |grown| grown.max(known)))
}
