//! What runs that are not over report of themselves.

use nightkeep_engine::api::{Activity, Liveness, RunView};
use nightkeep_engine::words;

use super::units::rough;
use super::{UNKNOWN, View, count, length, moment};

/// The column that tells whether beats arrive; it is there only when any run is to beat.
pub(super) struct Beats {
    declared: bool,
}

impl Beats {
    pub(super) fn of(runs: &[RunView]) -> Self {
        Self { declared: runs.iter().any(|run| run.liveness != Liveness::Unknown) }
    }

    pub(super) fn header(&self) -> Option<&'static str> {
        self.declared.then_some("BEATS")
    }

    pub(super) fn cell(&self, run: &RunView) -> Option<String> {
        self.declared.then(|| liveness(run))
    }
}

/// Whether beats arrive, and since when they do not.
fn liveness(run: &RunView) -> String {
    let word = match run.liveness {
        Liveness::Unknown => return UNKNOWN.to_owned(),
        Liveness::Healthy => return "healthy".to_owned(),
        Liveness::Degraded => "degraded",
        Liveness::Unreachable => "unreachable",
    };
    run.since_beat_s.map_or_else(|| word.to_owned(), |since| format!("{word}, {}", coarse(since)))
}

/// Without the seconds that do not matter beside minutes.
fn coarse(seconds: f64) -> String {
    rough(if seconds < 120.0 { seconds } else { (seconds / 60.0).floor() * 60.0 })
}

fn cost(run: &RunView) -> Option<String> {
    let cost = run.totals.map(|totals| totals.cost_usd).filter(|cost| *cost > 0.0)?;
    Some(format!("{} so far", words::dollars(words::microusd(cost))))
}

/// What a run does, waits for and says, where it says anything.
pub(super) fn doing(run: &RunView, view: &View) -> Option<String> {
    let mut parts: Vec<String> = activity(run, view).into_iter().collect();
    if let Some(expected) = run.expected_s {
        parts.push(format!("up to {} for this step", length(expected)));
    }
    parts.extend(cost(run));
    if run.circling {
        parts.push("busy, but not advancing".to_owned());
    }
    if run.totals.is_some_and(|totals| totals.slow) {
        parts.push("its last call took 20 times as long as usual, or longer".to_owned());
    }
    if let Some(claim) = &run.claim {
        let word = if claim.succeeded { "success" } else { "failure" };
        let message = claim.message.as_ref().map(|message| format!(" ({message})")).unwrap_or_default();
        parts.push(format!("reported {word}{message}"));
    }
    if run.signals_dropped > 0 {
        let dropped = count(usize::try_from(run.signals_dropped).unwrap_or(usize::MAX), "signal was", "signals were");
        parts.push(format!("{dropped} left out, which came too fast"));
    }
    if run.signals_foreign > 0 {
        let foreign = count(usize::try_from(run.signals_foreign).unwrap_or(usize::MAX), "signal was", "signals were");
        parts.push(format!("{foreign} left out, sent by a process that is not the run's"));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

fn activity(run: &RunView, view: &View) -> Option<String> {
    let what = match run.activity {
        Activity::Working | Activity::Asleep => return None,
        Activity::Tool => "in a tool",
        Activity::Subagent => "in a sub-agent",
        Activity::Compacting => "compacts its context",
        Activity::WaitingHuman => "waits for you",
        Activity::WaitingLimit => "waits for a usage limit",
    };
    let is_told_by_its_state = matches!(run.activity, Activity::WaitingHuman | Activity::WaitingLimit);
    if is_told_by_its_state && run.waits_until.is_none() && run.doing.is_none() {
        return None;
    }
    let until = run.waits_until.as_ref().map(|at| format!(" until {}", moment(at, view))).unwrap_or_default();
    let doing = run.doing.as_ref().map(|doing| format!(": {doing}")).unwrap_or_default();
    Some(format!("{what}{until}{doing}"))
}
