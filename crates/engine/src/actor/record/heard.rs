//! What the sources of a run said, as it is stored, and back.

use nightkeep_core::{self as core, Activity, Cap, HumanWait, Source, Span, Wait, Wall};

use crate::api::{Liveness, OpenActivity};
use crate::store::heard::{Doing, Heard, HeardEntry, Open, ToldCost, Totals, WaitsFor, WaitsOn};

/// What was told of costs, for a watch that goes on.
pub(super) fn told_cost(ToldCost { run, day }: ToldCost) -> Vec<(Cap, bool)> {
    let caps = [(Cap::Run, run), (Cap::Day, day)];
    caps.into_iter().filter_map(|(cap, is_spent)| Some((cap, is_spent?))).collect()
}

/// Something that was heard, as it is stored.
pub(super) fn stored(what: core::HeardEntry) -> HeardEntry {
    match what {
        core::HeardEntry::Waits { wait, source } => {
            let source = source.as_str().to_owned();
            match wait {
                Wait::Human { kind, what } => {
                    HeardEntry::Waits { on: waits_on(kind), what, until_wall_ms: None, source }
                }
                Wait::Limit { until, after: _ } => {
                    HeardEntry::Waits { on: WaitsOn::Limit, what: None, until_wall_ms: until.map(Wall::as_ms), source }
                }
            }
        }
        core::HeardEntry::Resumed => HeardEntry::Resumed,
        core::HeardEntry::Doing(doing) => HeardEntry::Doing(stored_doing(doing)),
        core::HeardEntry::Liveness { liveness: said, since } => {
            HeardEntry::Liveness { liveness: liveness(Some(said)), since_ms: since.as_ms() }
        }
        core::HeardEntry::Expects { until, by_person } => HeardEntry::Expects { until_ms: until.as_ms(), by_person },
        core::HeardEntry::Claimed(claim) => HeardEntry::Claimed { succeeded: claim.succeeded, message: claim.message },
        core::HeardEntry::Unclaimed => HeardEntry::Unclaimed,
        core::HeardEntry::Result(document) => HeardEntry::Result { document },
        core::HeardEntry::Circling { times, empty_turns } => HeardEntry::Circling { times, empty_turns },
        core::HeardEntry::Spent { cost_microusd, max_microusd, cap } => {
            HeardEntry::Spent { cost_microusd, max_microusd, per_day: cap == Cap::Day }
        }
        core::HeardEntry::Totals(totals) => HeardEntry::Totals(stored_totals(&totals)),
    }
}

/// Whether beats arrive, as surfaces know it.
pub(in crate::actor) const fn liveness(liveness: Option<core::Liveness>) -> Liveness {
    match liveness {
        Some(core::Liveness::Healthy) => Liveness::Healthy,
        Some(core::Liveness::Degraded) => Liveness::Degraded,
        Some(core::Liveness::Unreachable) => Liveness::Unreachable,
        None => Liveness::Unknown,
    }
}

/// What a run does, as the core knows it.
pub(super) fn core_doing(doing: &Doing) -> core::Doing {
    let open = |open: &Open| core::OpenActivity {
        source: Source::named(open.source.clone()),
        id: open.id.clone(),
        activity: activity(open.activity),
        what: open.what.clone(),
        at: Span::from_ms(open.at_ms),
    };
    core::Doing {
        open: doing.open.iter().map(open).collect(),
        apart: Span::from_ms(doing.apart_ms),
        apart_from: doing.apart_from_ms.map(Span::from_ms),
        waiting: doing.waiting.iter().cloned().map(Source::named).collect(),
    }
}

/// What begins and ends, as the core knows it.
pub(in crate::actor) const fn activity(activity: OpenActivity) -> Activity {
    match activity {
        OpenActivity::Tool => Activity::Tool,
        OpenActivity::Subagent => Activity::Subagent,
        OpenActivity::Compacting => Activity::Compacting,
    }
}

fn stored_doing(doing: core::Doing) -> Doing {
    let open = |open: core::OpenActivity| {
        Some(Open {
            activity: crate::sources::open_activity(open.activity)?,
            source: open.source.as_str().to_owned(),
            id: open.id,
            what: open.what,
            at_ms: open.at.as_ms(),
        })
    };
    Doing {
        open: doing.open.into_iter().filter_map(open).collect(),
        apart_ms: doing.apart.as_ms(),
        apart_from_ms: doing.apart_from.map(Span::as_ms),
        waiting: doing.waiting.iter().map(|source| source.as_str().to_owned()).collect(),
    }
}

/// All that a run waits for, as the core knows it.
pub(super) fn all_waits(heard: &Heard) -> Vec<(Source, Wait)> {
    heard.waits.iter().chain(heard.waits_too.values()).map(waits).collect()
}

/// What a run waits for, as the core knows it.
fn waits(stored: &WaitsFor) -> (Source, Wait) {
    let human = |kind| Wait::Human { kind, what: stored.what.clone() };
    let wait = match stored.on {
        WaitsOn::Permission => human(HumanWait::Permission),
        WaitsOn::Question => human(HumanWait::Question),
        WaitsOn::SignIn => human(HumanWait::SignIn),
        WaitsOn::Instructions => human(HumanWait::Instructions),
        WaitsOn::Limit => Wait::Limit { until: stored.until_wall_ms.map(Wall::from_ms), after: None },
    };
    (Source::named(stored.source.clone()), wait)
}

const fn waits_on(kind: HumanWait) -> WaitsOn {
    match kind {
        HumanWait::Permission => WaitsOn::Permission,
        HumanWait::Question => WaitsOn::Question,
        HumanWait::SignIn => WaitsOn::SignIn,
        HumanWait::Instructions => WaitsOn::Instructions,
    }
}

fn stored_totals(totals: &core::Totals) -> Totals {
    Totals {
        succeeded: totals.succeeded,
        failed: totals.failed,
        turns: totals.turns,
        cost_microusd: totals.cost_microusd,
        timed: totals.timed,
        latency_ms: totals.latency.as_ms(),
        last_latency_ms: totals.last_latency.map(Span::as_ms),
    }
}

/// What the work took, as the core knows it.
pub(super) fn core_totals(stored: &Totals) -> core::Totals {
    core::Totals {
        succeeded: stored.succeeded,
        failed: stored.failed,
        turns: stored.turns,
        cost_microusd: stored.cost_microusd,
        timed: stored.timed,
        latency: Span::from_ms(stored.latency_ms),
        last_latency: stored.last_latency_ms.map(Span::from_ms),
    }
}
