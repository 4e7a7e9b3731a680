//! The task and the clocks: this moment, what broke the even flow of time since the last one, and the next wake-up.

use std::time::Duration;

use nightkeep_core::supervisor::LATE;
use nightkeep_core::{Awake, Breaks, Input, Now, Span, Wall};

use super::task::Actor;
use crate::clock::Clock;
use crate::store::entry::Stamp;

impl Actor {
    /// This moment.
    pub(super) fn now(&self) -> Now {
        self.clock.now()
    }

    /// The stamp of `now` for the journal.
    pub(super) fn stamp(&self, now: Now) -> Stamp {
        Stamp { at_wall_ms: now.wall.as_ms(), at_awake_ms: now.awake.as_ms(), boot: self.boot.clone() }
    }

    /// Hands one input to the core and carries out all that it answers. When the computer slept or its clock was set
    /// since the last one, the core is told before anything else.
    pub(super) fn give(&mut self, input: Input) {
        self.notice_breaks();
        self.hand_in(input);
    }

    /// Compares the clocks with what they showed last.
    pub(super) fn notice_breaks(&mut self) {
        let Breaks { slept, jumped_ms } = self.continuity.take(self.clock.sample());
        if let Some(slept) = slept {
            tracing::info!(slept_s = slept.as_secs_f64(), "the computer slept");
            self.news = true;
            self.hand_in(Input::Woke { slept });
            self.plan_morning(true);
        }
        if let Some(by_ms) = jumped_ms {
            tracing::warn!(by_ms, "the wall clock was set");
            self.set_clock_by(by_ms);
            self.hand_in(Input::ClockJumped { by_ms });
            self.plan_morning(false);
        }
    }

    /// When the engine itself was held up, the core learns of it before it learns of anything that happened meanwhile, and
    /// judges nothing before that came in.
    pub(super) fn notice_lateness(&mut self, due: Option<Awake>) {
        let late = due.map_or(Span::ZERO, |due| self.now().awake.since(due));
        if late > LATE {
            tracing::warn!(late_s = late.as_secs_f64(), "the engine was held up");
            self.give(Input::Tick);
        }
    }

    fn hand_in(&mut self, input: Input) {
        let now = self.now();
        self.core.handle(now, input);
        while let Some(effect) = self.core.poll_effect() {
            self.carry_out(now, effect);
        }
    }

    /// What is shown as the time of something earlier is shown on the clock as it goes on.
    fn set_clock_by(&mut self, by_ms: i64) {
        for run in self.runs.values_mut() {
            run.started = Wall::from_ms(run.started.as_ms().saturating_add(by_ms));
            run.output_age.clock_was_set(run.dir.as_ref(), by_ms);
        }
    }
}

/// Sleeps until a point of the awake clock; for ever when there is none.
pub(super) async fn until(clock: Clock, wake: Option<Awake>) {
    let Some(at) = wake else { return std::future::pending().await };
    let left = at.since(clock.now().awake);
    tokio::time::sleep(Duration::from_millis(left.as_ms())).await;
}
