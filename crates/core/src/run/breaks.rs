//! What breaks the even flow of time: sleep of the computer, a wall clock that was set, and lateness of the observer.
//! None of them is the run's doing, so none of them makes a verdict, and a verdict that was being given is taken back.

use super::{Effect, Entry, FRESH_LOOK, Life, Now, Run, Span, WAKE_GRACE};
use crate::effect::CalledOff;
use crate::life::Event;

impl Run {
    /// The computer slept. Awake clocks did not count it; networks and agents need a moment all the same.
    pub(crate) fn woke(&mut self, now: Now, slept: Span, out: &mut Vec<Effect>) {
        out.push(Effect::Record(self.id, Entry::Slept { slept }));
        self.judge_from(now.awake.plus(WAKE_GRACE));
        self.clear(CalledOff::Slept, out);
    }

    /// The wall clock was set. No limit counts on it; but a marker that was stamped before may seem to be of the future.
    pub(crate) fn clock_jumped(&mut self, by_ms: i64, out: &mut Vec<Effect>) {
        out.push(Effect::Record(self.id, Entry::ClockJumped { by_ms }));
        self.set_back_ms = self.set_back_ms.saturating_sub(by_ms.min(0));
    }

    /// Whoever drives the core was late by so much: what happened meanwhile is not known yet, and has to come in first.
    pub(crate) fn late(&mut self, now: Now, late: Span, out: &mut Vec<Effect>) {
        out.push(Effect::Record(self.id, Entry::Starved { late }));
        self.judge_from(now.awake.plus(FRESH_LOOK));
        self.clear(CalledOff::Late, out);
        if self.life.is_judged() {
            self.ask_look(now, out);
        }
        self.excuse(now);
    }

    /// A stage that ended while nobody was there gets a moment more, once a stop: what it led to is not known yet. The
    /// rest of a run that was not asked in time keeps the half of the grace that is its own.
    fn excuse(&mut self, now: Now) {
        let Some(ends) = self.stage_ends.filter(|at| *at < now.awake) else { return };
        match self.life {
            Life::Asking(_) | Life::AskingAll(_) | Life::Forcing(_) if self.so_far.excused => {}
            Life::Asking(_) => {
                self.so_far.excused = true;
                self.asked = self.asked.map(|asked| asked.later(now.awake.since(ends)));
                self.stage_ends = Some(now.awake);
            }
            Life::AskingAll(_) | Life::Forcing(_) => {
                self.so_far.excused = true;
                self.stage_ends = Some(now.awake.plus(FRESH_LOOK));
            }
            Life::Starting
            | Life::Running
            | Life::Doubted(_)
            | Life::Gathering(_)
            | Life::Recording(_)
            | Life::Ended => {}
        }
    }

    /// Takes a verdict back, as long as no signal was sent: an advance, a doubt that led to nothing, or one that rests on
    /// what was seen before a break.
    pub(super) fn clear(&mut self, why: CalledOff, out: &mut Vec<Effect>) {
        let before = self.life;
        if let Ok(next) = before.next(Event::Cleared) {
            self.life = next;
            self.stage_ends = None;
            if matches!(before, Life::Recording(_)) {
                out.push(Effect::Record(self.id, Entry::StopAbandoned { why }));
            }
        }
    }
}
