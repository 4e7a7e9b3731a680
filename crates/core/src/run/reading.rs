//! What a marker says.

use super::heard::Stepped;
use super::{Awake, Effect, Entry, Now, Oddity, Quiet, Reason, Run};
use crate::effect::CalledOff;
use crate::input::Reading;
use crate::signal::{Advance, Source};

/// A marker's claimed time this far in the future is ignored (a clock that is slightly off is not).
pub const CLAIM_TOLERANCE_MS: i64 = 120_000;
/// The marker as a source.
pub const MARKER: Source = Source::of("marker");

impl Run {
    /// Takes a reading of the marker in. Whether it is an advance.
    pub(crate) fn read(&mut self, now: Now, reading: Reading, out: &mut Vec<Effect>) -> bool {
        if reading.before_start {
            return false;
        }
        self.check_claim(now, &reading, out);
        let Reading { step, total, note, series, expect, .. } = reading;
        match step {
            Some(-1) => {
                self.acknowledge(note, out);
                false
            }
            Some(step) if step >= 0 => {
                let said = Advance { step: Some(step), total, note, series };
                let stepped = self.step_to(now, &MARKER, step, said, out);
                if let Some(span) = self.heard.asks(stepped, step, expect) {
                    self.expects(now, span, out);
                }
                stepped == Stepped::Forward
            }
            Some(_) | None => {
                self.note = note.or(self.note.take());
                false
            }
        }
    }

    fn check_claim(&mut self, now: Now, reading: &Reading, out: &mut Vec<Effect>) {
        let Some(claimed) = reading.claimed else { return };
        if claimed.as_ms() > now.wall.as_ms().saturating_add(self.set_back_ms).saturating_add(CLAIM_TOLERANCE_MS) {
            self.oddity = Some(Oddity::ClaimsTheFuture);
            if !self.told.claim {
                self.told.claim = true;
                out.push(Effect::Record(self.id, Entry::ClaimIgnored { claimed }));
            }
        } else if self.oddity == Some(Oddity::ClaimsTheFuture) {
            self.oddity = None;
        }
    }

    fn acknowledge(&mut self, note: Option<String>, out: &mut Vec<Effect>) {
        if !self.acknowledged {
            self.acknowledged = true;
            out.push(Effect::Record(self.id, Entry::Acknowledged { note }));
        }
    }

    /// A source says that it is at `step`.
    pub(super) fn step_to(
        &mut self,
        now: Now,
        source: &Source,
        step: i64,
        said: Advance,
        out: &mut Vec<Effect>,
    ) -> Stepped {
        let stepped = self.heard.step(source, step, said.series);
        match stepped {
            Stepped::Back(best) => {
                if self.oddity != (Some(Oddity::WentBack { step })) {
                    self.oddity = Some(Oddity::WentBack { step });
                    out.push(Effect::Record(self.id, Entry::WentBack { step, best }));
                }
            }
            Stepped::Same => {
                self.total = said.total;
                self.note = said.note;
            }
            Stepped::Forward => self.advance(now, source, step, (said.total, said.note), out),
        }
        stepped
    }

    /// The run moved forward.
    pub(super) fn advance(
        &mut self,
        now: Now,
        source: &Source,
        step: i64,
        (total, note): (Option<i64>, Option<String>),
        out: &mut Vec<Effect>,
    ) {
        let gap = self.clock.elapsed(now.awake);
        self.clock.reset(now.awake);
        self.heard.advanced();
        self.advances = self.advances.saturating_add(1);
        self.step = Some(step);
        self.total = total;
        self.note.clone_from(&note);
        self.quiet = Quiet::default();
        if self.oddity != Some(Oddity::ClaimsTheFuture) {
            self.oddity = None;
        }
        let n = self.advances;
        out.push(Effect::Record(self.id, Entry::Advanced { n, step, total, note, gap, source: source.clone() }));
        self.sign_of_life(now.awake, out);
        // Going round in circles is made of advances; only another thing to do ends it.
        if self.doubted() != Some(Reason::Circling) {
            self.clear(CalledOff::Advanced, out);
        }
    }

    /// Nobody could look at the marker at the moment of judgement.
    pub(crate) fn could_not_look(&mut self, now: Now) -> bool {
        let first = self.oddity != Some(Oddity::CouldNotLook);
        self.oddity = Some(Oddity::CouldNotLook);
        self.judge_from(now.awake.plus(super::LOOK_AGAIN));
        first
    }

    /// No warning and no verdict before `from`.
    pub(crate) fn judge_from(&mut self, from: Awake) {
        self.judged_from = self.judged_from.max(from);
    }
}
