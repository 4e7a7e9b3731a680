//! What is due, and when: the warning, the verdicts, and what is to be told.

use super::{Awake, Effect, Entry, Life, Mode, Now, Reason, Run, Span, Tell};
use crate::reports::Pace;

/// What is due for a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// The warning.
    Warning,
    /// Something to be told.
    Tell(Tell),
    /// The verdict that leads to a stop.
    Verdict(Reason),
}

impl Run {
    /// When the warning, and when the verdict is due, if ever, as things stand.
    pub(crate) fn judgement_due(&self, writable: bool) -> Option<(Awake, Judgement)> {
        if !self.life.is_judged() {
            return None;
        }
        let pace = self.pace();
        let warn = if self.quiet.warned { None } else { self.limit_at(pace.warn_after) };
        let stall = if !self.quiet.verdict_given { self.limit_at(pace.stall_after) } else { None };
        let longest = self.longest_at();
        let verdicts = [
            (Reason::Stalled, stall),
            (Reason::MaxRuntime, longest),
            (Reason::Unresponsive, self.reported_at(Reason::Unresponsive)),
            (Reason::Circling, self.reported_at(Reason::Circling)),
            (Reason::Budget, self.reported_at(Reason::Budget)),
        ];
        let open = verdicts.into_iter().filter(|(reason, _)| writable && !self.told.verdicts.contains(reason));
        let open = open.filter(|(reason, _)| self.judges(*reason));
        let verdicts = open.map(|(reason, at)| (at, Judgement::Verdict(reason)));
        let judgements = [(warn, Judgement::Warning)].into_iter().chain(verdicts);
        let judgements = judgements.filter_map(|(at, what)| Some((at?.max(self.judged_from), what)));
        // What is told of at the same moment comes first: a verdict rests on it.
        let told = self.told_next().map(|(at, what)| (at, Judgement::Tell(what)));
        told.into_iter().chain(judgements).min_by_key(|(at, _)| *at)
    }

    /// The limits in force in what it is doing.
    pub(super) fn pace(&self) -> Pace {
        let pace = self.heard.pace(self.limits.pace(), &self.limits.reports);
        self.heard.record.while_unsure(pace, &self.clock, self.allowance())
    }

    /// The reason of the doubt or of the stop under way.
    pub(super) fn doubted(&self) -> Option<Reason> {
        match self.life {
            Life::Doubted(reason) => Some(reason),
            Life::Gathering(stop) | Life::Recording(stop) => Some(stop.reason),
            Life::Starting | Life::Running | Life::Asking(_) | Life::AskingAll(_) | Life::Forcing(_) | Life::Ended => {
                None
            }
        }
    }

    /// When its longest run time is over: the pauses of the watch are not on it.
    fn longest_at(&self) -> Option<Awake> {
        self.limits.max_runtime.map(|max| self.started.plus(max).plus(self.held.in_all))
    }

    fn limit_at(&self, limit: Span) -> Option<Awake> {
        self.clock.reaches(limit.plus(self.allowance()))
    }

    /// When the present stage of a stop is over.
    pub(crate) const fn stage_ends(&self) -> Option<Awake> {
        self.stage_ends
    }

    /// Gives the warning.
    pub(crate) fn warn(&mut self, now: Now, out: &mut Vec<Effect>) -> Span {
        self.quiet.warned = true;
        let since = self.since_advance(now.awake);
        out.push(Effect::Record(self.id, Entry::Warned { since }));
        since
    }

    /// What is left until the stop, on the stall clock.
    pub(crate) fn stop_in(&self, now: Now) -> Option<Span> {
        (self.mode == Mode::Enforce).then(|| self.pace().stall_after.minus(self.since_advance(now.awake)))
    }

    /// Whether the limit behind `reason` is passed at `now`.
    pub(crate) fn is_over(&self, now: Now, reason: Reason) -> bool {
        if !self.judges(reason) {
            return false;
        }
        match reason {
            Reason::Stalled => !self.clock.is_paused() && self.since_advance(now.awake) >= self.pace().stall_after,
            Reason::MaxRuntime => self.longest_at().is_some_and(|at| at <= now.awake),
            Reason::User => true,
            Reason::Unresponsive | Reason::Circling | Reason::Budget => {
                self.reported_at(reason).is_some_and(|at| at <= now.awake)
            }
        }
    }
}
