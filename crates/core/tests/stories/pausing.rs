//! What must hold of pauses of the watch, for every sequence of inputs.

use nightkeep_core::{Effect, Entry, Exit, Input, JobEffect, JobInput, Limits, Look, Mode, PauseEntry, Reason, Span};
use proptest::prelude::*;

use super::happenings::{Happening, What, happenings};
use super::{Player, RUN, Seen, entries, is_judgement, limits, play, without_stops};

/// The pauses of the watch, as they were put on record.
pub(crate) fn pauses(seen: &Seen) -> Vec<(u64, u64)> {
    let (mut pauses, mut open) = (Vec::new(), None);
    for (at, effect) in &seen.effects {
        if let Effect::Pause(entry) = effect {
            match entry {
                PauseEntry::Paused { .. } => drop(open.get_or_insert(*at)),
                PauseEntry::Resumed { .. } => pauses.extend(open.take().map(|since| (since, *at))),
            }
        }
    }
    pauses.extend(open.map(|since| (since, u64::MAX)));
    pauses
}

/// How much of a stretch of time is in none of the others.
pub(crate) fn outside(from: u64, to: u64, mut others: Vec<(u64, u64)>) -> u64 {
    others.sort_unstable();
    let (mut left, mut at) = (0, from);
    for (since, until) in others {
        left += since.min(to).saturating_sub(at);
        at = at.max(until);
    }
    left + to.saturating_sub(at)
}

/// A pause that no clock ends.
pub(crate) fn endless(what: &mut What) {
    if let What::Pauses(ms) = what {
        *ms = None;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16_384, failure_persistence: None, ..ProptestConfig::default() })]

    /// INV: while the watch is paused there is no warning and no verdict, and no polite signal but of a stop that had
    /// begun before or that a person wants. What it may cost is the only limit in force.
    #[test]
    fn while_the_watch_is_paused_nothing_is_judged(limits in limits(), story in happenings()) {
        let seen = play(limits, Mode::Enforce, &without_stops(story, false));
        let mut paused = false;
        for (at, effect) in &seen.effects {
            match effect {
                Effect::Pause(entry) => paused = matches!(entry, PauseEntry::Paused { .. }),
                // A stop for the longest run time whose evidence is being taken has begun.
                Effect::RecordIntent(_, Entry::StopIntended { reason: Reason::MaxRuntime, .. }) => {}
                Effect::Record(_, entry) | Effect::RecordIntent(_, entry) => {
                    prop_assert!(!(paused && is_judgement(entry)), "judged at {at}: {entry:?}");
                }
                Effect::Look(_) => prop_assert!(!paused, "a doubt at {at}"),
                Effect::Signal(..)
                | Effect::TakeEvidence(_)
                | Effect::LeaveAbortedNote { .. }
                | Effect::Notify(_)
                | Effect::Forget(_)
                | Effect::Launch(_)
                | Effect::Wait(_)
                | Effect::Cancel(_)
                | Effect::Job(_) => {}
            }
        }
    }

    /// INV: after a pause, a run is not judged before a fresh look and what was left of its limit.
    #[test]
    fn after_a_pause_a_run_has_the_time_that_was_left_and_a_fresh_look(
        limits in limits(), quiet_ms in 0_u64..8_000, pause_ms in 1_u64..1_000_000, by_person in any::<bool>(),
    ) {
        let limits = Limits { max_runtime: None, start_allowance: Span::ZERO, ..limits };
        let mut player = Player::new(limits, Mode::Enforce);
        let quiet_ms = quiet_ms.min(limits.stall_after.as_ms() - 1);
        player.pass(quiet_ms);
        player.happen(&Happening { after_ms: 0, what: What::Pauses((!by_person).then_some(pause_ms)) });
        player.pass(pause_ms);
        let ended = if by_person { Input::GoOn } else { Input::Tick };
        player.give(ended);
        let resumed = player.awake;
        prop_assert_eq!(player.core.paused(), None);
        let looked = player.seen.effects.iter().any(|(at, effect)| *at == resumed && matches!(effect, Effect::Look(_)));
        prop_assert!(looked);
        player.give(Input::Looked(RUN, Look::Nothing));
        player.pass_answered(limits.stall_after.as_ms() + 20_000);
        let stop = entries(&player.seen).find(|(_, entry)| matches!(entry, Entry::StopIntended { .. }));
        let (stopped, _) = stop.expect("a stuck run is stopped after a pause as well");
        let left = limits.stall_after.as_ms() - quiet_ms;
        prop_assert!(stopped - resumed >= left.max(2_000), "stopped {} ms after, {left} ms were left", stopped - resumed);
    }
}

/// How often the job was to be started.
fn starts(player: &Player) -> usize {
    let is_start = |effect: &Effect| matches!(effect, Effect::Job(JobEffect::Start { .. }));
    player.seen.effects.iter().filter(|(_, effect)| is_start(effect)).count()
}

#[test]
fn a_restart_that_is_owed_is_made_when_the_pause_is_over_and_nobody_is_late_with_it() {
    let mut player = Player::new(Limits::default(), Mode::Enforce);
    player.give(Input::Job(JobInput::RunOf { run: RUN, job: "job".to_owned(), restarts: true }));
    player.give(Input::Started(RUN));
    player.pass_answered(Limits::default().stall_after.as_ms() + 30_000);
    player.give(Input::AllGone(RUN, Exit::Signal(9)));
    assert!(player.core.job("job").restart.is_some());
    player.give(Input::Pause { until: None });
    player.pass(3_600_000);
    assert_eq!(starts(&player), 0);
    player.give(Input::GoOn);
    player.pass(0);
    assert_eq!(starts(&player), 1);
    let late = entries(&player.seen).any(|(_, entry)| matches!(entry, Entry::Starved { .. }));
    assert!(!late);
}
