//! What a pause of the watch is for one run: nothing of it is on any limit of time.
//!
//! What a run may cost stays in force: money that is spent is not given back by waiting.

use super::{Awake, Effect, Entry, FRESH_LOOK, Now, Reason, Resume, Run, Span};
use crate::effect::CalledOff;
use crate::time::Wall;

/// The pauses of the watch, as far as they concern a run.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Held {
    /// From when on it has not been judged.
    since: Option<Awake>,
    /// All pauses that are over.
    pub(super) in_all: Span,
    /// Those since its last sign of life.
    pub(super) since_beat: Span,
    /// It is on record that the watch is paused.
    is_on_record: bool,
}

impl Held {
    /// What an earlier watch knew.
    pub(super) const fn before(resume: &Resume) -> Self {
        Self { since: None, in_all: resume.held.in_all, since_beat: Span::ZERO, is_on_record: resume.held.is_on_record }
    }
}

impl Run {
    /// The watch is paused. A verdict that was being given is taken back; a stop that has begun goes on.
    pub(crate) fn hold(&mut self, now: Now, until: Option<Wall>, out: &mut Vec<Effect>) {
        if self.held.since.is_some() {
            return;
        }
        self.held.since = Some(now.awake);
        self.clock.hold(now.awake);
        if !std::mem::replace(&mut self.held.is_on_record, true) {
            out.push(Effect::Record(self.id, Entry::WatchPaused { until }));
        }
        self.clear(CalledOff::Paused, out);
    }

    /// The watch goes on, with what was left of each limit when it was paused, and after a fresh look.
    pub(crate) fn release(&mut self, now: Now, out: &mut Vec<Effect>) {
        if let Some(since) = self.held.since.take() {
            self.clock.release(now.awake);
            let from_beat = since.max(self.heard.beat);
            self.held.in_all = self.held.in_all.plus(now.awake.since(since.max(self.started)));
            self.held.since_beat = self.held.since_beat.plus(now.awake.since(from_beat));
            self.heard.forget_circles();
            self.judge_from(now.awake.plus(FRESH_LOOK));
            if self.life.is_judged() {
                self.ask_look(now, out);
            }
        }
        if std::mem::take(&mut self.held.is_on_record) {
            out.push(Effect::Record(self.id, Entry::WatchResumed));
        }
    }

    /// Whether a verdict for `reason` may be given at this time.
    pub(super) const fn judges(&self, reason: Reason) -> bool {
        match reason {
            Reason::Budget | Reason::User => true,
            Reason::Stalled | Reason::Unresponsive | Reason::MaxRuntime | Reason::Circling => self.held.since.is_none(),
        }
    }

    /// When a sign of life is late by `after`.
    pub(super) fn expected_at(&self, after: Span) -> Awake {
        self.heard.beat.plus(after).plus(self.held.since_beat)
    }
}
