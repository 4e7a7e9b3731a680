//! From what the core says to what is stored, and back.

use nightkeep_core::run::MARKER;
use nightkeep_core::{self as core, Awake, BegunStop, Limits, Resume, Source, Span};

mod heard;

pub(super) use heard::{activity, liveness};

use super::run::Watched;
use crate::api::{Method, Outcome, Reason};
use crate::rundir;
use crate::store::entry::{Ending, Entry, LimitsMs, Stage, Stamp, Stamped, Survivor};
use crate::store::state::StoredRun;

/// `entry` of `run` as it is stored.
pub(super) fn stored(run: &Watched, at: Stamp, what: core::Entry) -> Stamped {
    let entry = match what {
        core::Entry::Started => return started(run, at),
        core::Entry::Advanced { n, step, total, note, gap, source } => {
            let source = (source != MARKER).then(|| source.as_str().to_owned());
            Entry::Advanced { n: u64::from(n), step, total, note, gap_ms: gap.as_ms(), source }
        }
        core::Entry::Heard(what) => Entry::Heard(heard::stored(what)),
        core::Entry::WentBack { step, best } => Entry::WentBack { step, best },
        core::Entry::ClaimIgnored { claimed } => Entry::ClaimIgnored { claimed_wall_ms: claimed.as_ms() },
        core::Entry::Acknowledged { note } => Entry::Acknowledged { note },
        core::Entry::Warned { since } => Entry::Warned { since_ms: since.as_ms() },
        core::Entry::WouldStop { reason: why, since } => {
            Entry::WouldStop { reason: reason(why), since_ms: since.as_ms() }
        }
        core::Entry::CouldNotJudge { since } => {
            Entry::MarkerTrouble { what: format!("nobody could look at it when the limit had passed, after {since}") }
        }
        core::Entry::StopIntended { reason: why, since, step, note, force } => {
            Entry::StopIntended { reason: reason(why), since_ms: since.as_ms(), step, note, force }
        }
        core::Entry::StopAbandoned { why } => Entry::StopAbandoned { why: called_off(why).to_owned() },
        core::Entry::Slept { slept } => {
            let ms = slept.as_ms();
            let from_wall_ms = at.at_wall_ms.saturating_sub(i64::try_from(ms).unwrap_or(i64::MAX));
            Entry::Slept { ms, from_wall_ms }
        }
        core::Entry::ClockJumped { by_ms } => Entry::ClockJumped { by_ms },
        core::Entry::Starved { late } => Entry::Starved { ms: late.as_ms() },
        core::Entry::WatchPaused { until } => Entry::WatchPaused { until_wall_ms: until.map(core::Wall::as_ms) },
        core::Entry::WatchResumed => Entry::WatchResumed,
        core::Entry::Signalled { stage: reached } => Entry::Signalled { stage: stage(reached) },
        core::Entry::Leftovers(what) => leftovers(what),
        core::Entry::Ended { outcome, reason: why, method: how, exit, survivors } => {
            Entry::Ended(Box::new(ending(run, &at, outcome, (why, how), exit, survivors)))
        }
    };
    Stamped { at, entry }
}

pub(super) const fn called_off(why: core::CalledOff) -> &'static str {
    match why {
        core::CalledOff::Advanced => "it moved forward",
        core::CalledOff::Ended => "it ended by itself",
        core::CalledOff::NotStored => "the intent could not be recorded",
        core::CalledOff::Slept => "the computer slept meanwhile",
        core::CalledOff::Late => "the engine came late, and looks again first",
        core::CalledOff::NotConfirmed => "the last look did not confirm it",
        core::CalledOff::Beaten => "a sign of life came",
        core::CalledOff::Paused => "the watch was paused",
        core::CalledOff::Expected => "it asked for more time",
    }
}

/// Something about what a run left behind, as it is stored.
pub(super) const fn leftovers(what: core::LeftoverEntry) -> Entry {
    match what {
        core::LeftoverEntry::StopIntended { force } => Entry::LeftoverStopIntended { force },
        core::LeftoverEntry::Signalled { stage: reached } => Entry::LeftoversSignalled { stage: stage(reached) },
        core::LeftoverEntry::Gone { stopped } => Entry::LeftoversGone { stopped },
    }
}

/// The start of the command, at the moment that its keeper noted: a quick one has ended before anybody hears of it.
fn started(run: &Watched, at: Stamp) -> Stamped {
    let noted = run.dir.as_ref().and_then(|dir| dir.read_started().ok().flatten());
    let (root, at) = match (&run.body, noted) {
        (super::run::Body::Attached(members), None) => (Some(members.root.clone()), begun(run, at)),
        (_, Some(rundir::Started { root, boot, clocks, .. })) => {
            (Some(root), Stamp { at_wall_ms: clocks.wall_ms, at_awake_ms: clocks.awake_ms, boot })
        }
        (super::run::Body::Unreached | super::run::Body::Kept { .. }, None) => (None, at),
    };
    let pid = root.as_ref().map(|root| root.pid).or_else(|| run.root_pid()).unwrap_or(0);
    let identity = root.and_then(|identity| serde_json::to_value(identity).ok());
    Stamped { at, entry: Entry::Started { pid, identity } }
}

/// When an attached run began, which may be before it was attached.
fn begun(run: &Watched, at: Stamp) -> Stamp {
    let before_ms = u64::try_from(at.at_wall_ms.saturating_sub(run.started.as_ms())).unwrap_or(0);
    let at_wall_ms = at.at_wall_ms.saturating_sub_unsigned(before_ms);
    Stamp { at_wall_ms, at_awake_ms: at.at_awake_ms.saturating_sub(before_ms), boot: at.boot }
}

fn ending(
    run: &Watched,
    at: &Stamp,
    outcome: core::Outcome,
    (why, how): (Option<core::Reason>, Option<core::Method>),
    exit: core::Exit,
    survivors: Vec<u32>,
) -> Ending {
    let (exit_code, signal, exec_error) = match exit {
        core::Exit::Code(code) => (Some(code), None, None),
        core::Exit::Signal(signal) => (None, Some(signal), None),
        core::Exit::Interrupted { code, signal } => (code, signal, None),
        core::Exit::NotStarted { message, .. } => (None, None, Some(message)),
        core::Exit::Unknown => (None, None, None),
    };
    Ending {
        outcome: match outcome {
            core::Outcome::Succeeded => Outcome::Succeeded,
            core::Outcome::Failed => Outcome::Failed,
            core::Outcome::Aborted => Outcome::Aborted,
            core::Outcome::Lost => Outcome::Lost,
        },
        reason: why.map(reason),
        method: how.map(|how| match how {
            core::Method::Graceful => Method::Graceful,
            core::Method::Forced => Method::Forced,
        }),
        exit_code,
        signal,
        exec_error,
        identified: identified(run).map(|count| count.saturating_sub(u32::try_from(survivors.len()).unwrap_or(0))),
        survivors: survivors.into_iter().map(Survivor::from).collect(),
        recovered: run.recovered,
        rebooted: run.recovered && run.before.is_some_and(|before| before.rebooted),
        ended_wall_ms: run.ended.map_or(at.at_wall_ms, core::Wall::as_ms),
        took_ms: took_ms(run),
    }
}

/// How long a launched run took, by its keeper's records: both are of the same boot, since no keeper outlives one.
fn took_ms(run: &Watched) -> Option<u64> {
    let dir = run.dir.as_ref()?;
    let (started, exit) = (dir.read_started().ok()??, dir.read_exit().ok()??);
    exit.clocks.boot_ms.checked_sub(started.clocks.boot_ms)
}

/// How many processes of a run were identified for its stop; `None` where a keeper knows all of them.
fn identified(run: &Watched) -> Option<u32> {
    match &run.body {
        super::run::Body::Attached(members) if run.stage.is_some() => u32::try_from(members.stopped.len()).ok(),
        super::run::Body::Attached(_) | super::run::Body::Unreached | super::run::Body::Kept { .. } => None,
    }
}

const fn reason(reason: core::Reason) -> Reason {
    match reason {
        core::Reason::Stalled => Reason::Stalled,
        core::Reason::MaxRuntime => Reason::MaxRuntime,
        core::Reason::User => Reason::User,
        core::Reason::Unresponsive => Reason::Unresponsive,
        core::Reason::Circling => Reason::Circling,
        core::Reason::Budget => Reason::Budget,
    }
}

/// The reason as the core knows it.
const fn core_reason(reason: Reason) -> core::Reason {
    match reason {
        Reason::Stalled => core::Reason::Stalled,
        Reason::Unresponsive => core::Reason::Unresponsive,
        Reason::Circling => core::Reason::Circling,
        Reason::Budget => core::Reason::Budget,
        Reason::MaxRuntime => core::Reason::MaxRuntime,
        Reason::User => core::Reason::User,
    }
}

pub(super) const fn stage(stage: core::Stage) -> Stage {
    match stage {
        core::Stage::PoliteRoot => Stage::PoliteRoot,
        core::Stage::PoliteRest => Stage::PoliteRest,
        core::Stage::Forced => Stage::Forced,
    }
}

const fn core_stage(stage: Stage) -> core::Stage {
    match stage {
        Stage::PoliteRoot => core::Stage::PoliteRoot,
        Stage::PoliteRest => core::Stage::PoliteRest,
        Stage::Forced => core::Stage::Forced,
    }
}

/// Limits as they are stored.
pub(super) fn limits_ms(limits: &Limits) -> LimitsMs {
    LimitsMs {
        warn_ms: limits.warn_after.as_ms(),
        stall_ms: limits.stall_after.as_ms(),
        grace_ms: limits.grace.as_ms(),
        start_allowance_ms: limits.start_allowance.as_ms(),
        max_runtime_ms: limits.max_runtime.map(Span::as_ms),
        reports: limits.reports.into(),
    }
}

/// Limits as the core knows them.
pub(super) fn limits(limits: &LimitsMs) -> Limits {
    Limits {
        warn_after: Span::from_ms(limits.warn_ms),
        stall_after: Span::from_ms(limits.stall_ms),
        grace: Span::from_ms(limits.grace_ms),
        start_allowance: Span::from_ms(limits.start_allowance_ms),
        max_runtime: limits.max_runtime_ms.map(Span::from_ms),
        reports: limits.reports.into(),
    }
}

/// What the journal says of a run that is not over, for a watch that goes on with it.
pub(super) fn resume(stored: &StoredRun, boot: &str) -> Resume {
    let same_boot = |stamp: &Stamp| (stamp.boot == boot).then(|| Awake::from_ms(stamp.at_awake_ms));
    Resume {
        step: stored.best_step,
        best: stored.steps.iter().map(|(source, step)| (Source::named(source.clone()), *step)).collect(),
        waits: heard::all_waits(&stored.heard),
        waits_since: stored.heard.waits_since.as_ref().and_then(same_boot),
        waited: Span::from_ms(stored.heard.waited_ms),
        doing: heard::core_doing(&stored.heard.doing),
        tells_what_it_does: stored.heard.tells_what_it_does,
        expected: stored.heard.expected_ms.map(Span::from_ms),
        totals: heard::core_totals(&stored.heard.totals),
        claim: stored.heard.claimed.clone().map(|(succeeded, message)| nightkeep_core::Claim { succeeded, message }),
        told_cost: heard::told_cost(stored.heard.told_cost),
        note: stored.note.clone(),
        advances: stored.gaps.count,
        warned: stored.warned.is_some(),
        acknowledged: stored.acknowledged.is_some(),
        held: core::HeldBefore { in_all: Span::ZERO, is_on_record: stored.held.since.is_some() },
        stop: stored.stop.as_ref().map(|stop| BegunStop {
            reason: core_reason(stop.reason),
            force: stop.force,
            reached: stop.stage.as_ref().and_then(|(reached, at)| Some((core_stage(*reached), same_boot(at)?))),
            // What was written down may not have been sent any more: a request that nothing tells of is made again, and
            // its grace begins with it.
            asked: stop.delivered.as_ref().and_then(same_boot),
        }),
    }
}

/// A point of the awake clock that the journal tells, if the computer was not started anew since.
pub(super) fn awake_in(stamp: &Stamp, boot: &str) -> Option<Awake> {
    (stamp.boot == boot).then(|| Awake::from_ms(stamp.at_awake_ms))
}
