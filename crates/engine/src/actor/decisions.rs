//! One line of the log for each thing that was decided about a run: what, why, and by which numbers.

use nightkeep_core::{Effect, Entry, HeardEntry, LeftoverEntry, Method, Reason, RunId, Span, Stage};

use super::record::called_off;
use super::recovered::outcome_word;
use super::task::Actor;

/// The target of these lines, so that they can be filtered.
pub(super) const DECISIONS: &str = "nightkeep_engine::decisions";

/// A decision in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Decision {
    run: RunId,
    what: &'static str,
    why: &'static str,
    since: Option<Span>,
    how: Option<&'static str>,
}

impl Actor {
    /// Logs the decision that an effect carries out, if it is one.
    pub(super) fn log_decision(&self, effect: &Effect) {
        let Some(Decision { run, what, why, since, how }) = decision(effect) else { return };
        let job = match (self.runs.get(&run), self.waiting.get(&run), self.left.get(&run)) {
            (Some(run), _, _) => run.job.as_str(),
            (None, Some(waiting), _) => waiting.job(),
            (None, None, Some(left)) => left.job.as_str(),
            (None, None, None) => return,
        };
        let since_s = since.map(Span::as_secs_f64);
        tracing::info!(target: DECISIONS, run = run.0, job, decision = what, why, how, since_s, "run");
    }
}

fn decision(effect: &Effect) -> Option<Decision> {
    let plain = |run: &RunId, what, why| Some(Decision { run: *run, what, why, since: None, how: None });
    match effect {
        Effect::Launch(run) => plain(run, "started", "there is a slot for it"),
        Effect::Wait(run) => plain(run, "queued", "there is no slot for it"),
        Effect::Cancel(run) => plain(run, "cancelled", "its start was called off"),
        Effect::Look(run) => plain(run, "doubted", "a limit has passed, and its sources are read again"),
        Effect::Signal(run, stage) => plain(run, "signalled", by_stage(*stage)),
        Effect::Record(run, entry) | Effect::RecordIntent(run, entry) => of_entry(*run, entry),
        Effect::TakeEvidence(_)
        | Effect::LeaveAbortedNote { .. }
        | Effect::Notify(_)
        | Effect::Forget(_)
        | Effect::Job(_)
        | Effect::Pause(_) => None,
    }
}

fn of_entry(run: RunId, entry: &Entry) -> Option<Decision> {
    let plain = |what, why| Some(Decision { run, what, why, since: None, how: None });
    let after = |what, why, since: &Span| Some(Decision { run, what, why, since: Some(*since), how: None });
    match entry {
        Entry::Warned { since } => after("warned", "no progress", since),
        Entry::CouldNotJudge { since } => after("not-judged", "its sources cannot be read", since),
        Entry::WouldStop { reason, since } => after("left-alone", by_reason(*reason), since),
        Entry::StopIntended { reason, since, force, .. } => {
            let how = Some(if *force { "forced" } else { "graceful" });
            Some(Decision { run, what: "stop-intended", why: by_reason(*reason), since: Some(*since), how })
        }
        Entry::StopAbandoned { why } => plain("called-off", called_off(*why)),
        Entry::Ended { outcome, reason, method, .. } => {
            let how = method.map(|method| match method {
                Method::Graceful => "graceful",
                Method::Forced => "forced",
            });
            Some(Decision {
                run,
                what: outcome_word(*outcome),
                why: reason.map_or("by itself", by_reason),
                since: None,
                how,
            })
        }
        Entry::Heard(HeardEntry::Circling { .. }) => plain("warned", by_reason(Reason::Circling)),
        Entry::Heard(HeardEntry::Spent { .. }) => plain("warned", "it has cost most of what it may"),
        Entry::Leftovers(LeftoverEntry::StopIntended { force }) => {
            let how = Some(if *force { "forced" } else { "graceful" });
            Some(Decision { run, what: "stop-intended", why: "it was left behind", since: None, how })
        }
        Entry::Started
        | Entry::Advanced { .. }
        | Entry::Heard(
            HeardEntry::Waits { .. }
            | HeardEntry::Resumed
            | HeardEntry::Doing(_)
            | HeardEntry::Liveness { .. }
            | HeardEntry::Expects { .. }
            | HeardEntry::Claimed(_)
            | HeardEntry::Unclaimed
            | HeardEntry::Result(_)
            | HeardEntry::Totals(_),
        )
        | Entry::WentBack { .. }
        | Entry::ClaimIgnored { .. }
        | Entry::Acknowledged { .. }
        | Entry::Slept { .. }
        | Entry::ClockJumped { .. }
        | Entry::Starved { .. }
        | Entry::WatchPaused { .. }
        | Entry::WatchResumed
        | Entry::Signalled { .. }
        | Entry::Leftovers(LeftoverEntry::Signalled { .. } | LeftoverEntry::Gone { .. }) => None,
    }
}

const fn by_reason(reason: Reason) -> &'static str {
    match reason {
        Reason::Stalled => "no progress",
        Reason::MaxRuntime => "it has run for its longest time",
        Reason::User => "somebody asked for it",
        Reason::Unresponsive => "no sign of life",
        Reason::Circling => "the same thing again and again",
        Reason::Budget => "it has cost what it may",
    }
}

const fn by_stage(stage: Stage) -> &'static str {
    match stage {
        Stage::PoliteRoot => "its root is asked to end",
        Stage::PoliteRest => "what is left is asked to end",
        Stage::Forced => "its grace is over",
    }
}

#[cfg(test)]
mod tests {
    use nightkeep_core::CalledOff;

    use super::*;

    #[test]
    fn what_was_decided_is_said_with_its_reason_and_its_numbers() {
        let run = RunId(4);
        let since = Span::from_mins(45);
        let intent = Entry::StopIntended { reason: Reason::Stalled, since, step: Some(3), note: None, force: false };
        let said = |effect: &Effect| {
            let Decision { run, what, why, since, how } = decision(effect)?;
            Some(format!("{run} {what}: {why} {} {}", since.unwrap_or_default(), how.unwrap_or_default()))
        };
        let lines: Vec<String> = [
            Effect::Record(run, Entry::Warned { since }),
            Effect::Look(run),
            Effect::RecordIntent(run, intent),
            Effect::Signal(run, Stage::PoliteRoot),
            Effect::Signal(run, Stage::Forced),
            Effect::Record(run, Entry::StopAbandoned { why: CalledOff::Advanced }),
            Effect::Record(run, Entry::WouldStop { reason: Reason::Stalled, since }),
            Effect::Forget(run),
        ]
        .iter()
        .filter_map(said)
        .collect();
        insta::assert_snapshot!(lines.join("\n"));
    }
}
