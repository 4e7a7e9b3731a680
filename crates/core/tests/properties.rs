//! What must hold for every sequence of inputs, each tried on many thousand generated ones.
//!
//! The reference that effects are compared with is kept here, apart from the core: a list of what was handed in.

use nightkeep_core::run::DELIVERY_MAX;
use nightkeep_core::supervisor::WAKE_GRACE;
use nightkeep_core::{
    Awake, Effect, Entry, Exit, HeardEntry, HumanWait, Input, Limits, Look, Mode, Now, Reading, Reason, Reports, RunId,
    Signal, Source, Span, Stage, Supervisor, Wait, Wall, Watch,
};
use proptest::prelude::*;

#[path = "stories/happenings.rs"]
mod happenings;

#[path = "stories/pausing.rs"]
mod pausing;

use happenings::{Happening, What, happenings};
use pausing::{endless, outside, pauses};

const RUN: RunId = RunId(7);
const HOOK: Source = Source::of("hook");
const OTHER: Source = Source::of("other");
const WAIT: Wait = Wait::Human { kind: HumanWait::Permission, what: None };

fn limits() -> impl Strategy<Value = Limits> {
    (1_u64..4_000, 1_u64..8_000, 0_u64..3_000, prop::option::of(5_000_u64..60_000), 0_u64..3_000).prop_map(
        |(warn, more, grace, max_runtime, allowance)| Limits {
            warn_after: Span::from_ms(warn),
            stall_after: Span::from_ms(warn + more),
            grace: Span::from_ms(grace),
            start_allowance: Span::from_ms(allowance),
            max_runtime: max_runtime.map(Span::from_ms),
            reports: Reports::default(),
        },
    )
}

/// What was seen while a sequence was played.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    /// Each effect with the awake time at which it came.
    effects: Vec<(u64, Effect)>,
    /// When the run waited for somebody, from and to.
    waits: Vec<(u64, u64)>,
    /// When a request to stop arrived.
    delivered: Vec<u64>,
    /// A wake-up that was still due after it had been handed in.
    hot_loop: Option<u64>,
}

struct Player {
    core: Supervisor,
    awake: u64,
    slept: i64,
    seen: Seen,
}

impl Player {
    fn new(limits: Limits, mode: Mode) -> Self {
        let mut player = Self { core: Supervisor::new(), awake: 0, slept: 0, seen: Seen::default() };
        player.give(Input::Watch(Box::new(Watch {
            run: RUN,
            job: "job".to_owned(),
            limits,
            mode,
            clock_from: Awake::default(),
            started: Awake::default(),
            up: true,
            beats_if_any: false,
            resume: None,
        })));
        player
    }

    fn give(&mut self, input: Input) {
        let wall = i64::try_from(self.awake).expect("short") + self.slept;
        self.core.handle(Now { awake: Awake::from_ms(self.awake), wall: Wall::from_ms(wall) }, input);
        while let Some(effect) = self.core.poll_effect() {
            self.seen.effects.push((self.awake, effect));
        }
    }

    /// Moves the time on, handing in each wake-up at its time.
    fn pass(&mut self, ms: u64) {
        let until = self.awake + ms;
        while let Some((at, _)) = self.core.next_wakeup().filter(|(at, _)| at.as_ms() <= until) {
            self.awake = self.awake.max(at.as_ms());
            self.give(Input::Tick);
            if self.core.next_wakeup().is_some_and(|(next, _)| next.as_ms() <= at.as_ms()) {
                // One input may make the next stage due at once (a grace of zero); three in a row may not.
                self.give(Input::Tick);
                self.give(Input::Tick);
                if self.core.next_wakeup().is_some_and(|(next, _)| next.as_ms() <= at.as_ms()) {
                    self.seen.hot_loop = Some(at.as_ms());
                    break;
                }
            }
        }
        self.awake = until;
    }

    /// Moves the time on as [`Self::pass`], in steps short enough for each question to be answered in time.
    fn pass_answered(&mut self, ms: u64) {
        for _ in 0..ms.div_ceil(500) {
            self.pass(500);
            self.give(Input::Looked(RUN, Look::Nothing));
            self.give(Input::IntentStored(RUN));
            self.give(Input::Delivered(RUN));
        }
    }

    fn happen(&mut self, happening: &Happening) {
        self.pass(happening.after_ms);
        if matches!(happening.what, What::Delivered) {
            self.seen.delivered.push(self.awake);
        }
        let reading = |step: i64| Reading { step: Some(step), ..Reading::default() };
        let input = match happening.what {
            What::Marker(step, expect) => {
                Input::Marker(RUN, Reading { expect: expect.map(Span::from_ms), ..reading(step) })
            }
            What::LookFinds(Some(step)) => Input::Looked(RUN, Look::Read(reading(step))),
            What::LookFinds(None) => Input::Looked(RUN, Look::Nothing),
            What::CannotLook => Input::Looked(RUN, Look::CouldNotLook),
            What::Waits(true) => Input::Signal(RUN, HOOK, Signal::Waits(WAIT)),
            What::Waits(false) => Input::Signal(RUN, HOOK, Signal::Resumes),
            What::Says(ref signal) => Input::Signal(RUN, OTHER, signal.clone()),
            What::Sleeps(ms) => {
                self.slept += ms;
                Input::Woke { slept: Span::from_ms(ms.unsigned_abs()) }
            }
            What::ClockJumps(ms) => {
                self.slept += ms;
                Input::ClockJumped { by_ms: ms }
            }
            What::EvidenceTaken => Input::EvidenceTaken(RUN),
            What::Stored(true) => Input::IntentStored(RUN),
            What::Stored(false) => Input::IntentNotStored(RUN),
            What::Delivered => Input::Delivered(RUN),
            What::RootEnded => Input::RootEnded(RUN),
            What::AllGone(code) => Input::AllGone(RUN, Exit::Code(code)),
            What::Survivors => Input::Survivors(RUN, vec![1]),
            What::Stop(force) => Input::Stop { run: RUN, force },
            What::Writable(writable) => Input::Storage { writable },
            What::Pauses(ms) => {
                let wall = i64::try_from(self.awake + ms.unwrap_or(0)).expect("short") + self.slept;
                Input::Pause { until: ms.map(|_| Wall::from_ms(wall)) }
            }
            What::GoesOn => Input::GoOn,
            What::Ticks => Input::Tick,
        };
        self.give(input);
    }
}

fn play(limits: Limits, mode: Mode, story: &[Happening]) -> Seen {
    let mut player = Player::new(limits, mode);
    let mut waiting_since = None;
    for happening in story {
        player.happen(happening);
        let now = player.awake;
        if let What::Waits(waits) = happening.what {
            if waits {
                waiting_since.get_or_insert(now);
            } else if let Some(since) = waiting_since.take() {
                player.seen.waits.push((since, now));
            }
        }
    }
    player.seen.waits.extend(waiting_since.map(|since| (since, u64::MAX)));
    player.seen
}

fn signals(seen: &Seen) -> impl Iterator<Item = (u64, Stage)> + '_ {
    seen.effects.iter().filter_map(|(at, effect)| match effect {
        Effect::Signal(_, stage) => Some((*at, *stage)),
        Effect::Record(..)
        | Effect::RecordIntent(..)
        | Effect::Look(_)
        | Effect::TakeEvidence(_)
        | Effect::LeaveAbortedNote { .. }
        | Effect::Notify(_)
        | Effect::Forget(_)
        | Effect::Launch(_)
        | Effect::Wait(_)
        | Effect::Cancel(_)
        | Effect::Job(_)
        | Effect::Pause(_) => None,
    })
}

fn entries(seen: &Seen) -> impl Iterator<Item = (u64, &Entry)> + '_ {
    seen.effects.iter().filter_map(|(at, effect)| match effect {
        Effect::Record(_, entry) | Effect::RecordIntent(_, entry) => Some((*at, entry)),
        Effect::Signal(..)
        | Effect::Look(_)
        | Effect::TakeEvidence(_)
        | Effect::LeaveAbortedNote { .. }
        | Effect::Notify(_)
        | Effect::Forget(_)
        | Effect::Launch(_)
        | Effect::Wait(_)
        | Effect::Cancel(_)
        | Effect::Job(_)
        | Effect::Pause(_) => None,
    })
}

/// A warning, or a verdict.
fn is_judgement(entry: &Entry) -> bool {
    matches!(entry, Entry::Warned { .. } | Entry::WouldStop { .. } | Entry::StopIntended { .. })
}

/// What was done, without how long the computer slept and by how much the wall clock was set.
fn done(seen: &Seen) -> Vec<(u64, Effect)> {
    let plain = |(at, effect): &(u64, Effect)| {
        let mut effect = effect.clone();
        if let Effect::Record(_, Entry::Slept { slept }) = &mut effect {
            *slept = Span::ZERO;
        }
        if let Effect::Record(_, Entry::ClockJumped { by_ms }) = &mut effect {
            *by_ms = 0;
        }
        (*at, effect)
    };
    seen.effects.iter().map(plain).collect()
}

/// The story with something else in it.
fn changed(story: &[Happening], change: impl Fn(&mut What)) -> Vec<Happening> {
    let mut story = story.to_vec();
    story.iter_mut().for_each(|happening| change(&mut happening.what));
    story
}

/// The story without what a person asked for; with `only_force`, without their wishes for force.
fn without_stops(mut story: Vec<Happening>, only_force: bool) -> Vec<Happening> {
    story.retain(|happening| !matches!(happening.what, What::Stop(force) if force || !only_force));
    story
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16_384, failure_persistence: None, ..ProptestConfig::default() })]

    /// INV: no stop for stalling before the limit has passed since the last advance, waiting and pauses not counted.
    #[test]
    fn no_stall_stop_before_the_limit_has_passed_since_the_last_advance(
        limits in limits(), story in happenings(),
    ) {
        let seen = play(limits, Mode::Enforce, &story);
        let mut last_advance = 0;
        let mut advanced = false;
        for (at, entry) in entries(&seen) {
            if matches!(entry, Entry::Advanced { .. }) {
                last_advance = at;
                advanced = true;
            }
            if let Entry::StopIntended { reason: Reason::Stalled, .. } = entry {
                let allowance = if advanced { 0 } else { limits.start_allowance.as_ms() };
                let quiet = outside(last_advance, at, [seen.waits.clone(), pauses(&seen)].concat());
                prop_assert!(
                    quiet >= limits.stall_after.as_ms() + allowance,
                    "stopped after {quiet} ms of {limits:?}"
                );
            }
        }
    }

    /// INV: no forced signal before the grace is over, which begins when the polite one arrives, unless a person asked for
    /// force or nothing arrives within half a minute.
    #[test]
    fn no_forced_signal_before_the_grace_is_over(limits in limits(), story in happenings()) {
        let seen = play(limits, Mode::Enforce, &without_stops(story, true));
        let mut asked = None;
        for (at, stage) in signals(&seen) {
            match stage {
                Stage::PoliteRoot => asked = Some(at),
                Stage::PoliteRest => prop_assert!(asked.is_some()),
                Stage::Forced => {
                    let asked = asked.expect("force comes after the polite signal");
                    // Within one millisecond, what came first is not told apart.
                    let arrived = seen.delivered.iter().copied().find(|arrived| (asked..=at).contains(arrived));
                    let arrived = arrived.filter(|arrived| *arrived < at || limits.grace == Span::ZERO);
                    let (since, least) = arrived.map_or((asked, DELIVERY_MAX), |arrived| (arrived, limits.grace));
                    prop_assert!(at - since >= least.as_ms(), "forced {} ms after {since}", at - since);
                }
            }
        }
    }

    /// INV: every signal has its intent on record before it.
    #[test]
    fn every_signal_follows_a_recorded_intent(limits in limits(), story in happenings()) {
        let seen = play(limits, Mode::Enforce, &story);
        let mut intended = false;
        for (_, effect) in &seen.effects {
            match effect {
                Effect::RecordIntent(..) => intended = true,
                Effect::Record(_, Entry::StopAbandoned { .. }) => intended = false,
                Effect::Signal(..) => prop_assert!(intended),
                Effect::Record(..)
                | Effect::Look(_)
                | Effect::TakeEvidence(_)
                | Effect::LeaveAbortedNote { .. }
                | Effect::Notify(_)
                | Effect::Forget(_)
                | Effect::Launch(_)
                | Effect::Wait(_)
                | Effect::Cancel(_)
                | Effect::Job(_)
                | Effect::Pause(_) => {}
            }
        }
    }

    /// INV: a run ends once, and nothing is done about it afterwards.
    #[test]
    fn a_run_has_one_end_and_nothing_follows_it(limits in limits(), story in happenings()) {
        let seen = play(limits, Mode::Enforce, &story);
        let ends = entries(&seen).filter(|(_, entry)| matches!(entry, Entry::Ended { .. })).count();
        prop_assert!(ends <= 1);
        let of_run: Vec<_> = seen.effects.iter().filter(|(_, effect)| !matches!(effect, Effect::Pause(_))).collect();
        if let Some(end) = of_run.iter().position(|(_, effect)| matches!(effect, Effect::Forget(_))) {
            prop_assert_eq!(end, of_run.len() - 1);
        }
    }

    /// INV: the same inputs at the same times have the same effects.
    #[test]
    fn the_same_inputs_have_the_same_effects(limits in limits(), story in happenings()) {
        prop_assert_eq!(play(limits, Mode::Enforce, &story), play(limits, Mode::Enforce, &story));
    }

    /// INV: in observe mode nothing is ever stopped, unless a person asks for it.
    #[test]
    fn an_observed_run_is_never_stopped(limits in limits(), story in happenings()) {
        let seen = play(limits, Mode::Observe, &without_stops(story, false));
        prop_assert_eq!(signals(&seen).count(), 0);
        let intended = entries(&seen).any(|(_, entry)| matches!(entry, Entry::StopIntended { .. }));
        prop_assert!(!intended);
    }

    /// INV: what the computer slept changes nothing but the wall clock; it is on no limit.
    #[test]
    fn sleep_is_on_no_limit(limits in limits(), story in happenings(), factor in 2_i64..9) {
        let story = changed(&story, endless);
        let longer = changed(&story, |what| if let What::Sleeps(ms) = what { *ms *= factor });
        prop_assert_eq!(done(&play(limits, Mode::Enforce, &story)), done(&play(limits, Mode::Enforce, &longer)));
    }

    /// INV: a wall clock that is set, forwards or backwards, is on no limit.
    #[test]
    fn a_wall_clock_that_is_set_is_on_no_limit(limits in limits(), story in happenings(), factor in 2_i64..9) {
        let story = changed(&story, endless);
        let other = changed(&story, |what| if let What::ClockJumps(ms) = what { *ms *= -factor });
        prop_assert_eq!(done(&play(limits, Mode::Enforce, &story)), done(&play(limits, Mode::Enforce, &other)));
    }

    /// INV: after sleep, no verdict is given and no warning before the grace for waking up is over.
    #[test]
    fn nothing_is_judged_within_a_minute_after_waking(limits in limits(), story in happenings()) {
        let seen = play(limits, Mode::Enforce, &without_stops(story, false));
        let mut woke = None;
        for (at, entry) in entries(&seen) {
            if matches!(entry, Entry::Slept { .. }) {
                woke = Some(at);
            }
            // A stop for the longest run time that was under way before goes on.
            let goes_on = matches!(entry, Entry::StopIntended { reason: Reason::MaxRuntime, .. });
            if is_judgement(entry) && !goes_on {
                let since = woke.map_or(u64::MAX, |woke| at - woke);
                prop_assert!(since >= WAKE_GRACE.as_ms(), "judged {since} ms after waking");
            }
        }
    }

    /// INV: an observer that comes late gives no warning and no verdict before it had a fresh look, two seconds later.
    #[test]
    fn whoever_comes_late_judges_nothing_before_a_fresh_look(
        limits in limits(), step in 0_i64..9, late_ms in 2_001_u64..100_000, advanced in any::<bool>(),
    ) {
        let mut player = Player::new(limits, Mode::Enforce);
        player.give(Input::Marker(RUN, Reading { step: Some(step), ..Reading::default() }));
        let due = player.core.next_wakeup().expect("a warning is due").0.as_ms();
        player.awake = due + late_ms;
        let back = player.awake;
        player.give(Input::Tick);
        let asked = player.seen.effects.iter().any(|(at, effect)| *at == back && matches!(effect, Effect::Look(_)));
        prop_assert!(asked);
        if advanced {
            player.give(Input::Looked(RUN, Look::Read(Reading { step: Some(step + 1), ..Reading::default() })));
        }
        player.pass(1_999);
        let judged = entries(&player.seen).any(|(_, entry)| is_judgement(entry));
        prop_assert!(!judged || (advanced && limits.warn_after.as_ms() < 2_000));
        let told = entries(&player.seen).filter(|(_, entry)| **entry == Entry::Starved { late: Span::from_ms(late_ms) });
        prop_assert_eq!(told.map(|(at, _)| at).collect::<Vec<_>>(), vec![back]);
    }

    /// INV: no polite signal for a stall goes out on a look that is older than five seconds.
    #[test]
    fn no_signal_rests_on_an_old_look(limits in limits(), story in happenings()) {
        let seen = play(limits, Mode::Enforce, &without_stops(story, false));
        let (mut looked, mut reason) = (None, None);
        for (at, effect) in &seen.effects {
            if matches!(effect, Effect::Look(_)) {
                looked = Some(*at);
            }
            if let Effect::RecordIntent(_, Entry::StopIntended { reason: why, .. }) = effect {
                reason = Some(*why);
            }
            if matches!(effect, Effect::Signal(_, Stage::PoliteRoot)) && reason == Some(Reason::Stalled) {
                // A look is answered within two seconds, or counts for nothing.
                let since = at - looked.expect("a look comes first");
                prop_assert!(since <= 7_000, "the last look was asked for {since} ms before");
            }
        }
    }

    /// INV: while a run waits for a person or a limit, no warning and no verdict for stalling comes.
    #[test]
    fn a_waiting_run_is_not_judged(limits in limits(), quiet_ms in 1_u64..1_000_000) {
        let limits = Limits { max_runtime: None, ..limits };
        let mut player = Player::new(limits, Mode::Enforce);
        player.give(Input::Signal(RUN, HOOK, Signal::Waits(Wait::Limit { until: None, after: None })));
        player.pass(quiet_ms);
        let waits = |effect: &Effect| matches!(effect, Effect::Record(_, Entry::Heard(HeardEntry::Waits { .. })));
        prop_assert!(player.seen.effects.iter().all(|(_, effect)| waits(effect)), "{:?}", player.seen.effects);
    }

    /// INV: nothing is polled: a wake-up that was handed in does not stay due.
    #[test]
    fn a_wakeup_that_was_handed_in_does_not_stay_due(limits in limits(), story in happenings()) {
        prop_assert_eq!(play(limits, Mode::Enforce, &story).hot_loop, None);
    }

    /// INV: a stuck run that nobody holds up is stopped, and its end is on record (the watch does not fall asleep).
    #[test]
    fn a_stuck_run_is_always_stopped(limits in limits(), steps in prop::collection::vec(0_i64..9, 0..6)) {
        let mut player = Player::new(limits, Mode::Enforce);
        for step in steps {
            player.give(Input::Marker(RUN, Reading { step: Some(step), ..Reading::default() }));
            player.pass(1);
        }
        for _ in 0..4 {
            player.pass_answered(limits.stall_after.as_ms() + limits.start_allowance.as_ms() + 20_000);
        }
        let ended = entries(&player.seen).any(|(_, entry)| matches!(entry, Entry::Ended { .. }));
        prop_assert!(ended);
    }
}
