//! What a run left behind when its root ended by itself: whether it is stopped, and how.
//!
//! The run is over and has its outcome; nothing here changes that. The stop is the ladder of any other stop without its
//! first rung, since the root is gone: everything is asked, and after the grace everything is killed.

use crate::effect::{Effect, Entry, LeftoverEntry, Notice, Stage};
use crate::ids::RunId;
use crate::run::{DELIVERY_MAX, FORCE_MAX};
use crate::time::{Awake, Now, Span};

/// What becomes of processes that outlive the root of their run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum LeftoverPolicy {
    /// They are stopped.
    Stop,
    /// They are meant to live on.
    Keep,
    /// They are shown, and a person decides.
    #[default]
    Report,
}

/// What was left behind, as far as its stop is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftBehind {
    /// By which run.
    pub run: RunId,
    /// The job's name.
    pub job: String,
    /// From the polite signal to the forced one.
    pub grace: Span,
    /// What becomes of it unasked.
    pub policy: LeftoverPolicy,
    /// The stop of it that an earlier watch had begun: whether without a grace.
    pub begun: Option<bool>,
}

/// How far its stop is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Alive,
    Recording {
        force: bool,
    },
    /// The request was sent at this point; it may not have arrived.
    Sent(Awake),
    /// It has arrived.
    Asked,
    Killed,
    /// The forced stop had its time.
    GivenUp,
}

/// What one run left behind.
#[derive(Debug, Clone)]
pub(crate) struct Leftovers {
    what: LeftBehind,
    state: State,
    stage_ends: Option<Awake>,
}

impl Leftovers {
    /// Takes in what was found; where that is wanted, its stop begins.
    pub(crate) fn new(now: Now, what: LeftBehind, out: &mut Vec<Effect>) -> Self {
        let mut left = Self { what, state: State::Alive, stage_ends: None };
        match (left.what.begun, left.what.policy) {
            // The intent is on record. Nobody knows which signals were sent, so the ladder begins again.
            (Some(force), _) => left.go(now, force, out),
            (None, LeftoverPolicy::Stop) => left.stop(now, false, out),
            (None, LeftoverPolicy::Keep | LeftoverPolicy::Report) => {}
        }
        left
    }

    /// Whether it is being stopped.
    pub(crate) const fn is_stopping(&self) -> bool {
        match self.state {
            State::Alive | State::GivenUp => false,
            State::Recording { .. } | State::Sent(_) | State::Asked | State::Killed => true,
        }
    }

    /// When the present stage is over.
    pub(crate) const fn stage_ends(&self) -> Option<Awake> {
        self.stage_ends
    }

    /// It is to be stopped; with `force`, without a grace.
    pub(crate) fn stop(&mut self, now: Now, force: bool, out: &mut Vec<Effect>) {
        match self.state {
            State::Alive | State::GivenUp => {
                self.state = State::Recording { force };
                out.push(Effect::RecordIntent(self.what.run, Entry::Leftovers(LeftoverEntry::StopIntended { force })));
            }
            State::Recording { force: former } => self.state = State::Recording { force: force || former },
            State::Sent(_) | State::Asked if force => self.kill(now, out),
            State::Sent(_) | State::Asked | State::Killed => {}
        }
    }

    /// The intent is on record, or could not be written.
    pub(crate) fn stored(&mut self, now: Now, is_durable: bool, out: &mut Vec<Effect>) {
        let State::Recording { force } = self.state else { return };
        if is_durable {
            self.go(now, force, out);
        } else {
            self.state = State::Alive;
        }
    }

    /// The request has arrived: the grace begins.
    pub(crate) fn delivered(&mut self, now: Now) {
        if matches!(self.state, State::Sent(_)) {
            self.state = State::Asked;
            self.stage_ends = Some(now.awake.plus(self.what.grace));
        }
    }

    /// The present stage has had its time.
    pub(crate) fn stage_over(&mut self, now: Now, out: &mut Vec<Effect>) {
        self.stage_ends = None;
        match self.state {
            State::Sent(at) if at.plus(DELIVERY_MAX) > now.awake => self.stage_ends = Some(at.plus(DELIVERY_MAX)),
            State::Sent(_) | State::Asked => self.kill(now, out),
            State::Killed => {
                self.state = State::GivenUp;
                let (run, job) = (self.what.run, self.what.job.clone());
                out.push(Effect::Notify(Notice::CouldNotStop { run, job, survivors: Vec::new() }));
            }
            State::Alive | State::Recording { .. } | State::GivenUp => {}
        }
    }

    /// Nothing of it is left.
    pub(crate) fn gone(&self, out: &mut Vec<Effect>) {
        let stopped = match self.state {
            State::Alive | State::Recording { .. } => false,
            State::Sent(_) | State::Asked | State::Killed | State::GivenUp => true,
        };
        out.push(Effect::Record(self.what.run, Entry::Leftovers(LeftoverEntry::Gone { stopped })));
        out.push(Effect::Forget(self.what.run));
    }

    fn go(&mut self, now: Now, force: bool, out: &mut Vec<Effect>) {
        if force {
            self.kill(now, out);
        } else {
            self.state = State::Sent(now.awake);
            self.stage_ends = Some(now.awake.plus(self.what.grace));
            self.signal(Stage::PoliteRest, out);
        }
    }

    fn kill(&mut self, now: Now, out: &mut Vec<Effect>) {
        self.state = State::Killed;
        self.stage_ends = Some(now.awake.plus(FORCE_MAX));
        self.signal(Stage::Forced, out);
    }

    fn signal(&self, stage: Stage, out: &mut Vec<Effect>) {
        out.push(Effect::Record(self.what.run, Entry::Leftovers(LeftoverEntry::Signalled { stage })));
        out.push(Effect::Signal(self.what.run, stage));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::Input;
    use crate::supervisor::Supervisor;
    use crate::time::Wall;

    const RUN: RunId = RunId(7);

    fn at(ms: u64) -> Now {
        Now { awake: Awake::from_ms(ms), wall: Wall::from_ms(0) }
    }

    fn told(core: &mut Supervisor, ms: u64, input: Input) -> Vec<Effect> {
        core.handle(at(ms), input);
        std::iter::from_fn(|| core.poll_effect()).collect()
    }

    fn left(policy: LeftoverPolicy, begun: Option<bool>) -> Input {
        let grace = Span::from_secs(2);
        Input::LeftBehind(Box::new(LeftBehind { run: RUN, job: "web".to_owned(), grace, policy, begun }))
    }

    fn intent(force: bool) -> Vec<Effect> {
        vec![Effect::RecordIntent(RUN, Entry::Leftovers(LeftoverEntry::StopIntended { force }))]
    }

    fn signalled(stage: Stage) -> Vec<Effect> {
        vec![Effect::Record(RUN, Entry::Leftovers(LeftoverEntry::Signalled { stage })), Effect::Signal(RUN, stage)]
    }

    fn gone(stopped: bool) -> Vec<Effect> {
        vec![Effect::Record(RUN, Entry::Leftovers(LeftoverEntry::Gone { stopped })), Effect::Forget(RUN)]
    }

    #[test]
    fn what_is_reported_or_kept_is_left_alone_until_a_person_decides() {
        for policy in [LeftoverPolicy::Report, LeftoverPolicy::Keep] {
            let mut core = Supervisor::new();
            assert_eq!(told(&mut core, 0, left(policy, None)), []);
            assert_eq!(core.next_wakeup(), None);
            assert_eq!(told(&mut core, 1, Input::StopLeftovers { run: RUN, force: false }), intent(false));
            assert_eq!(told(&mut core, 2, Input::IntentStored(RUN)), signalled(Stage::PoliteRest));
            assert_eq!(told(&mut core, 3, Input::LeftoversGone(RUN)), gone(true));
        }
    }

    #[test]
    fn where_the_job_wants_it_they_are_asked_and_after_the_grace_killed() {
        let mut core = Supervisor::new();
        assert_eq!(told(&mut core, 0, left(LeftoverPolicy::Stop, None)), intent(false));
        assert_eq!(told(&mut core, 90, Input::IntentStored(RUN)), signalled(Stage::PoliteRest));
        assert_eq!(told(&mut core, 100, Input::Delivered(RUN)), []);
        assert_eq!(told(&mut core, 2_099, Input::Tick), []);
        assert_eq!(told(&mut core, 2_100, Input::Tick), signalled(Stage::Forced));
        assert_eq!(told(&mut core, 2_200, Input::LeftoversGone(RUN)), gone(true));
        assert_eq!(told(&mut core, 2_300, Input::StopLeftovers { run: RUN, force: true }), []);
    }

    #[test]
    fn force_spares_the_grace_at_any_time() {
        let mut core = Supervisor::new();
        let _intent = told(&mut core, 0, left(LeftoverPolicy::Stop, None));
        let _asked = told(&mut core, 1, Input::IntentStored(RUN));
        assert_eq!(told(&mut core, 2, Input::StopLeftovers { run: RUN, force: true }), signalled(Stage::Forced));

        let mut core = Supervisor::new();
        let _left = told(&mut core, 0, left(LeftoverPolicy::Report, None));
        assert_eq!(told(&mut core, 1, Input::StopLeftovers { run: RUN, force: true }), intent(true));
        assert_eq!(told(&mut core, 2, Input::IntentStored(RUN)), signalled(Stage::Forced));
    }

    #[test]
    fn no_signal_is_sent_while_the_intent_cannot_be_recorded() {
        let mut core = Supervisor::new();
        let _intent = told(&mut core, 0, left(LeftoverPolicy::Stop, None));
        assert_eq!(told(&mut core, 1, Input::IntentNotStored(RUN)), []);
        assert_eq!(told(&mut core, 9_000, Input::Tick), []);
        assert_eq!(told(&mut core, 9_001, Input::StopLeftovers { run: RUN, force: false }), intent(false));
    }

    #[test]
    fn a_stop_that_had_begun_goes_on_after_a_restart() {
        let mut core = Supervisor::new();
        assert_eq!(told(&mut core, 0, left(LeftoverPolicy::Report, Some(false))), signalled(Stage::PoliteRest));
        assert_eq!(told(&mut core, 0, Input::Delivered(RUN)), []);
        assert_eq!(told(&mut core, 2_000, Input::Tick), signalled(Stage::Forced));
    }

    #[test]
    fn the_grace_begins_when_the_request_arrives_and_half_a_minute_is_long_enough_for_that() {
        let asked = || {
            let mut core = Supervisor::new();
            assert_eq!(told(&mut core, 0, left(LeftoverPolicy::Report, Some(false))), signalled(Stage::PoliteRest));
            assert_eq!(told(&mut core, 2_000, Input::Tick), []);
            core
        };
        let mut core = asked();
        assert_eq!(told(&mut core, 9_000, Input::Delivered(RUN)), []);
        assert_eq!(told(&mut core, 10_999, Input::Tick), []);
        assert_eq!(told(&mut core, 11_000, Input::Tick), signalled(Stage::Forced));

        let mut core = asked();
        assert_eq!(told(&mut core, 29_999, Input::Tick), []);
        assert_eq!(told(&mut core, 30_000, Input::Tick), signalled(Stage::Forced));
    }

    #[test]
    fn what_cannot_be_killed_is_said_and_can_be_tried_again() {
        let mut core = Supervisor::new();
        let _killed = told(&mut core, 0, left(LeftoverPolicy::Report, Some(true)));
        let said = told(&mut core, 5_000, Input::Tick);
        assert!(matches!(said.as_slice(), [Effect::Notify(Notice::CouldNotStop { run: RUN, .. })]), "{said:?}");
        assert_eq!(told(&mut core, 6_000, Input::StopLeftovers { run: RUN, force: true }), intent(true));
        assert_eq!(told(&mut core, 7_000, Input::LeftoversGone(RUN)), gone(false));
    }

    #[test]
    fn what_ends_by_itself_was_not_stopped() {
        let mut core = Supervisor::new();
        let _left = told(&mut core, 0, left(LeftoverPolicy::Report, None));
        assert_eq!(told(&mut core, 1, Input::LeftoversGone(RUN)), gone(false));
    }
}
