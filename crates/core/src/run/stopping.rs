//! The stop of a run: stages, their deadlines, and the end.

use super::{
    Asked, Awake, DELIVERY_MAX, EVIDENCE_MAX, Effect, Entry, Event, Exit, FORCE_MAX, Life, Now, Outcome, Reason,
    Resume, Run, Span, Stage, Stop,
};
use crate::effect::{CalledOff, HeardEntry, Notice};
use crate::life::Method;

impl Run {
    /// Moves along the diagram and says what that asks for. Events without a meaning here change nothing.
    pub(crate) fn on(&mut self, now: Now, event: Event, out: &mut Vec<Effect>) {
        let before = self.life;
        let Ok(next) = before.next(event) else { return };
        self.life = next;
        if std::mem::discriminant(&before) != std::mem::discriminant(&next) {
            self.enter(now, next, out);
        }
    }

    /// The doubt is settled without a stop.
    pub(crate) fn clear_doubt(&mut self, out: &mut Vec<Effect>) {
        if matches!(self.life, Life::Doubted(_)) {
            self.clear(CalledOff::Advanced, out);
        }
    }

    /// The verdict stands, and the run is only observed: say what would have been done.
    pub(crate) fn would_stop(&mut self, now: Now, reason: Reason, out: &mut Vec<Effect>) {
        match reason {
            Reason::Stalled | Reason::User => self.quiet.verdict_given = true,
            Reason::MaxRuntime | Reason::Unresponsive | Reason::Circling | Reason::Budget => {
                let _first = self.told.verdicts.insert(reason);
            }
        }
        let since = self.measured(now.awake, reason);
        out.push(Effect::Record(self.id, Entry::WouldStop { reason, since }));
        self.clear_doubt(out);
    }

    /// The intent could not be recorded.
    pub(crate) fn not_stored(&mut self, now: Now, out: &mut Vec<Effect>) {
        self.on(now, Event::NotStored, out);
        if self.life == Life::Running {
            self.stage_ends = None;
            out.push(Effect::Record(self.id, Entry::StopAbandoned { why: CalledOff::NotStored }));
        }
    }

    /// The root process is gone: what is left is asked at once.
    pub(crate) fn root_ended(&mut self, now: Now, out: &mut Vec<Effect>) {
        self.so_far.root_gone = true;
        self.on(now, Event::RestDue, out);
    }

    /// The polite request has reached the run, or what is left of it: from here on it has its grace.
    pub(crate) fn delivered(&mut self, now: Now) {
        if !matches!(self.asked, Some(Asked::Sent(_))) {
            return;
        }
        match self.life {
            Life::Asking(_) => {
                self.asked = Some(Asked::Delivered(now.awake));
                self.stage_ends = Some(now.awake.plus(self.limits.grace.half()));
            }
            Life::AskingAll(_) => {
                self.asked = Some(Asked::Delivered(now.awake));
                self.stage_ends = Some(now.awake.plus(self.limits.grace));
            }
            Life::Starting
            | Life::Running
            | Life::Doubted(_)
            | Life::Gathering(_)
            | Life::Recording(_)
            | Life::Forcing(_)
            | Life::Ended => {}
        }
    }

    /// Until when a request that was sent may still arrive.
    fn arrives_until(&self, now: Now) -> Option<Awake> {
        match self.asked {
            Some(Asked::Sent(at)) => Some(at.plus(DELIVERY_MAX)).filter(|until| *until > now.awake),
            Some(Asked::Delivered(_)) | None => None,
        }
    }

    /// The present stage of the stop has had its time.
    pub(crate) fn stage_over(&mut self, now: Now, out: &mut Vec<Effect>) {
        if let (Life::Asking(_) | Life::AskingAll(_), Some(until)) = (self.life, self.arrives_until(now)) {
            self.stage_ends = Some(until);
            return;
        }
        match self.life {
            Life::Gathering(_) => self.on(now, Event::EvidenceDone, out),
            Life::Asking(_) if now.awake >= self.grace_ends() => self.on(now, Event::GraceOver, out),
            Life::Asking(_) => self.on(now, Event::RestDue, out),
            Life::AskingAll(_) => self.on(now, Event::GraceOver, out),
            Life::Forcing(stop) => {
                self.on(now, Event::GaveUp, out);
                self.end(Some(Done { stop, method: Method::Forced, proven: false }), Exit::Unknown, out);
            }
            Life::Starting | Life::Running | Life::Doubted(_) | Life::Recording(_) | Life::Ended => {
                self.stage_ends = None;
            }
        }
    }

    /// Nothing of the run is left.
    pub(crate) fn all_gone(&mut self, now: Now, exit: Exit, out: &mut Vec<Effect>) {
        let before = self.life;
        self.on(now, Event::AllGone, out);
        let stopped = match before {
            Life::Ended => return,
            Life::Asking(stop) | Life::AskingAll(stop) if !self.so_far.killed => {
                Some(Done { stop, method: Method::Graceful, proven: true })
            }
            Life::Asking(stop) | Life::AskingAll(stop) | Life::Forcing(stop) => {
                Some(Done { stop, method: Method::Forced, proven: true })
            }
            // No signal was sent: whatever it ended of, it was not of us.
            Life::Starting | Life::Running | Life::Doubted(_) | Life::Gathering(_) | Life::Recording(_) => None,
        };
        if matches!(before, Life::Recording(_)) {
            out.push(Effect::Record(self.id, Entry::StopAbandoned { why: CalledOff::Ended }));
        }
        self.end(stopped, exit, out);
    }

    /// Goes on with a stop that an earlier watch had begun.
    pub(super) fn resume_stop(&mut self, now: Now, resume: &Resume) {
        let Some(begun) = resume.stop else { return };
        let stop = Stop { reason: begun.reason, force: begun.force };
        self.since_at_stop = self.measured(now.awake, begun.reason);
        // Its grace is on record, and is neither cut nor begun again.
        self.so_far.excused = true;
        self.life = match begun.reached {
            None => Life::Recording(stop),
            Some((Stage::PoliteRoot, _)) => Life::Asking(stop),
            Some((Stage::PoliteRest, _)) => Life::AskingAll(stop),
            Some((Stage::Forced, _)) => Life::Forcing(stop),
        };
        self.asked = begun.asked.map(Asked::Delivered);
    }

    /// The effects that a stop which goes on asks for: the stage that was reached is carried out once more, since
    /// nobody knows whether it was.
    pub(crate) fn go_on(&mut self, now: Now, out: &mut Vec<Effect>) {
        match self.life {
            Life::Recording(_) => self.stored(now, out),
            Life::Asking(_) | Life::AskingAll(_) | Life::Forcing(_) => self.enter(now, self.life, out),
            Life::Starting | Life::Running | Life::Doubted(_) | Life::Gathering(_) | Life::Ended => {}
        }
    }

    fn enter(&mut self, now: Now, life: Life, out: &mut Vec<Effect>) {
        self.stage_ends = None;
        match life {
            Life::Starting | Life::Running | Life::Ended => {}
            Life::Doubted(_) => self.ask_look(now, out),
            Life::Gathering(stop) => {
                self.since_at_stop = self.measured(now.awake, stop.reason);
                self.stage_ends = Some(now.awake.plus(EVIDENCE_MAX));
                out.push(Effect::TakeEvidence(self.id));
            }
            Life::Recording(stop) => out.push(self.intent(stop)),
            Life::Asking(_) => self.ask_root(now, out),
            Life::AskingAll(_) => {
                let _first = self.asked.get_or_insert(Asked::Sent(now.awake));
                self.stage_ends = Some(self.grace_ends().max(now.awake));
                self.signal(Stage::PoliteRest, out);
            }
            Life::Forcing(_) => {
                self.stage_ends = Some(now.awake.plus(FORCE_MAX));
                self.signal(Stage::Forced, out);
            }
        }
    }

    fn ask_root(&mut self, now: Now, out: &mut Vec<Effect>) {
        let asked = *self.asked.get_or_insert(Asked::Sent(now.awake));
        self.stage_ends = Some(asked.at().plus(self.limits.grace.half()).max(now.awake));
        self.signal(Stage::PoliteRoot, out);
        if self.so_far.root_gone {
            self.on(now, Event::RestDue, out);
        }
    }

    fn grace_ends(&self) -> Awake {
        self.asked.map(Asked::at).unwrap_or_default().plus(self.limits.grace)
    }

    fn signal(&self, stage: Stage, out: &mut Vec<Effect>) {
        out.push(Effect::Record(self.id, Entry::Signalled { stage }));
        out.push(Effect::Signal(self.id, stage));
    }

    fn intent(&self, stop: Stop) -> Effect {
        Effect::RecordIntent(
            self.id,
            Entry::StopIntended {
                reason: stop.reason,
                since: self.since_at_stop,
                step: self.step,
                note: self.note.clone(),
                force: stop.force,
            },
        )
    }

    fn end(&mut self, stopped: Option<Done>, exit: Exit, out: &mut Vec<Effect>) {
        self.stage_ends = None;
        let (outcome, reason, method) = match (stopped, &exit) {
            (Some(done), _) => (Outcome::Aborted, Some(done.stop.reason), Some(done.method)),
            (None, Exit::Interrupted { .. }) => (Outcome::Aborted, Some(Reason::User), Some(Method::Graceful)),
            (None, Exit::Code(0)) => (Outcome::Succeeded, None, None),
            (None, Exit::Code(_) | Exit::Signal(_) | Exit::NotStarted { .. }) => (Outcome::Failed, None, None),
            // Nobody saw how it ended: what it said itself is all there is.
            (None, Exit::Unknown) => match &self.heard.claim {
                Some(claim) if claim.succeeded => (Outcome::Succeeded, None, None),
                Some(_) => (Outcome::Failed, None, None),
                None => (Outcome::Lost, None, None),
            },
        };
        // The next run of the job is told of the note as soon as this one is over.
        if let Some(done) = stopped.filter(|done| done.method == Method::Forced && !self.acknowledged) {
            out.push(Effect::LeaveAbortedNote { run: self.id, reason: done.stop.reason, step: self.step });
        }
        let survivors = std::mem::take(&mut self.survivors);
        if let Some(result) = self.heard.result_taken() {
            out.push(Effect::Record(self.id, Entry::Heard(HeardEntry::Result(result))));
        }
        if let Some(totals) = self.heard.totals_taken() {
            out.push(Effect::Record(self.id, Entry::Heard(HeardEntry::Totals(totals))));
        }
        out.push(Effect::Record(self.id, Entry::Ended { outcome, reason, method, exit, survivors: survivors.clone() }));
        if let Some(done) = stopped {
            self.tell(done, survivors, out);
        }
        out.push(Effect::Forget(self.id));
    }

    fn tell(&self, done: Done, survivors: Vec<u32>, out: &mut Vec<Effect>) {
        let Done { stop, method, proven } = done;
        let notice = if proven && survivors.is_empty() {
            Notice::Stopped {
                run: self.id,
                job: self.job.clone(),
                reason: stop.reason,
                method,
                since: self.since_at_stop,
                step: self.step,
                grace: if stop.force { Span::ZERO } else { self.limits.grace },
            }
        } else {
            Notice::CouldNotStop { run: self.id, job: self.job.clone(), survivors }
        };
        out.push(Effect::Notify(notice));
    }
}

/// A stop that is over.
#[derive(Debug, Clone, Copy)]
struct Done {
    stop: Stop,
    method: Method,
    /// Somebody who can know said that nothing is left.
    proven: bool,
}
