//! The last look before a stop: when it is asked for, how old it may be, and what follows from its answer.

use super::{Awake, EVIDENCE_MAX, Effect, Entry, LATE, LOOK_AGAIN, Life, Now, Run};
use crate::effect::{CalledOff, Notice};
use crate::input::Look;
use crate::life::{Event, Reason};
use crate::limits::Mode;

/// The looks that a verdict rests on.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Looks {
    /// When the last one was asked for.
    asked: Awake,
    /// When one last confirmed a verdict.
    confirmed: Option<Awake>,
    /// The intent is durable, and only a look stands between it and the first signal.
    holds_signal: bool,
}

impl Run {
    /// Asks for a look.
    pub(super) fn ask_look(&mut self, now: Now, out: &mut Vec<Effect>) {
        self.looks.asked = now.awake;
        out.push(Effect::Look(self.id));
    }

    /// The intent is durable. When the look that led to it is too old by this time (the evidence, the disk or the
    /// engine itself took long, or there was none since a restart), another one comes before the first signal.
    pub(crate) fn stored(&mut self, now: Now, out: &mut Vec<Effect>) {
        let old = self.looks.confirmed.is_none_or(|at| now.awake.since(at) > EVIDENCE_MAX.plus(LATE));
        match self.life {
            Life::Recording(stop) if stop.reason.is_doubtful() && old => {
                self.looks.holds_signal = true;
                self.ask_look(now, out);
            }
            Life::Recording(_)
            | Life::Starting
            | Life::Running
            | Life::Doubted(_)
            | Life::Gathering(_)
            | Life::Asking(_)
            | Life::AskingAll(_)
            | Life::Forcing(_)
            | Life::Ended => self.on(now, Event::Stored, out),
        }
    }

    /// The answer to a look: an advance clears the doubt; otherwise the verdict is given or recorded.
    pub(crate) fn looked(&mut self, now: Now, look: Look, out: &mut Vec<Effect>) {
        let found = match look {
            Look::Read(reading) => {
                let _advanced = self.read(now, reading, out);
                Found::NoAdvance
            }
            Look::Nothing => Found::NoAdvance,
            Look::CouldNotLook => Found::NotKnown,
            Look::NotRunning => Found::NobodyThere,
        };
        match self.life {
            Life::Doubted(reason) => self.settle_doubt(now, reason, found, out),
            Life::Recording(stop) if self.looks.holds_signal => {
                self.looks.holds_signal = false;
                if !stop.reason.is_doubtful() || self.stands(now, stop.reason, found, out) {
                    self.on(now, Event::Stored, out);
                } else {
                    self.clear(CalledOff::NotConfirmed, out);
                }
            }
            Life::Starting
            | Life::Running
            | Life::Gathering(_)
            | Life::Recording(_)
            | Life::Asking(_)
            | Life::AskingAll(_)
            | Life::Forcing(_)
            | Life::Ended => {}
        }
    }

    fn settle_doubt(&mut self, now: Now, reason: Reason, found: Found, out: &mut Vec<Effect>) {
        if !self.stands(now, reason, found, out) {
            self.clear_doubt(out);
        } else if self.mode == Mode::Observe {
            self.would_stop(now, reason, out);
        } else if self.mode == Mode::Notify && reason == Reason::Stalled {
            self.would_stop(now, reason, out);
            out.push(self.stalled_notice(now));
        } else {
            self.looks.confirmed = Some(now.awake);
            self.on(now, Event::Confirmed, out);
        }
    }

    /// Whether a verdict stands after a look. When it does not, it may come again later.
    fn stands(&mut self, now: Now, reason: Reason, found: Found, out: &mut Vec<Effect>) -> bool {
        // An answer that was long on its way says how it was then.
        if now.awake.since(self.looks.asked) > LATE {
            return false;
        }
        match found {
            Found::NobodyThere => {
                self.judge_from(now.awake.plus(LOOK_AGAIN));
                false
            }
            Found::NotKnown if reason == Reason::Stalled => {
                if self.could_not_look(now) {
                    let since = self.since_advance(now.awake);
                    out.push(Effect::Record(self.id, Entry::CouldNotJudge { since }));
                    out.push(Effect::Notify(Notice::CouldNotJudge { run: self.id, job: self.job.clone(), since }));
                }
                false
            }
            Found::NotKnown | Found::NoAdvance => self.is_over(now, reason),
        }
    }
}

/// What a look came to, for the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    /// It did not move.
    NoAdvance,
    /// Nobody could look.
    NotKnown,
    /// Nothing of the run is there any more.
    NobodyThere,
}
