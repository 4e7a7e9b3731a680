//! What the sources of a run say in a story, what it is judged by then, and what comes of it in words.

use nightkeep_core::reports::LIMIT_SLACK;
use nightkeep_core::{
    Activity, Advance, Beats, Budget, Cap, Circles, Claim, HeardEntry, HeardNotice, HumanWait, Metrics, Pace, Reports,
    Signal, Span, Wait, Wall,
};
use serde::Deserialize;

/// The rules for what a run reports.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Rules {
    /// Degraded and unreachable after so many seconds.
    beats: Option<(f64, f64)>,
    stop_unreachable: bool,
    /// Warning and stop after so many seconds.
    tool: Option<(f64, f64)>,
    subagent: Option<(f64, f64)>,
    compacting: Option<(f64, f64)>,
    repeats: Option<u32>,
    empty_turns: Option<u32>,
    stop_circling: bool,
    dollars: Option<f64>,
    dollars_a_day: Option<f64>,
    stop_spent: bool,
}

/// What a source says.
#[derive(Deserialize, Clone)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Hears {
    Beat,
    Advances,
    Step(i64),
    /// The name and what it is.
    Begins(String, Kind),
    Ends(String),
    /// The name, and what stands for the call with its result.
    Returns(String, u64),
    EmptyTurn,
    WaitsForPerson,
    /// Until the wall clock shows so many seconds more; `nan` is not known.
    WaitsForLimit(f64),
    Resumes,
    Claims(bool),
    Unclaims,
    Result(String),
    Costs(f64),
    Expects(f64),
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    Tool,
    Subagent,
    Compacting,
}

impl Rules {
    pub(crate) fn reports(&self) -> Reports {
        let circles = Circles::default();
        Reports {
            beats: self.beats.map(|(degraded, unreachable)| Beats {
                degraded_after: span(degraded),
                unreachable_after: span(unreachable),
                stop: self.stop_unreachable,
            }),
            tool: self.tool.map(pace),
            subagent: self.subagent.map(pace),
            compacting: self.compacting.map(pace),
            circles: Circles {
                repeats: self.repeats.unwrap_or(circles.repeats),
                empty_turns: self.empty_turns.unwrap_or(circles.empty_turns),
                stop: self.stop_circling,
            },
            budget: self.dollars.or(self.dollars_a_day).map(|_| Budget {
                max_microusd: self.dollars.map(Metrics::dollars),
                day_microusd: self.dollars_a_day.map(Metrics::dollars),
                stop: self.stop_spent,
            }),
            ..Reports::default()
        }
    }
}

pub(crate) fn signal(hears: Hears, wall: Wall) -> Signal {
    match hears {
        Hears::Beat => Signal::Beat,
        Hears::Advances => Signal::Advance(Advance::default()),
        Hears::Step(step) => Signal::Advance(Advance { step: Some(step), ..Advance::default() }),
        Hears::Begins(id, kind) => Signal::Begins { id, activity: activity(kind), what: None },
        Hears::Ends(id) => Signal::Ends { id, digest: None },
        Hears::Returns(id, digest) => Signal::Ends { id, digest: Some(digest) },
        Hears::EmptyTurn => Signal::EmptyTurn,
        Hears::WaitsForPerson => Signal::Waits(Wait::Human { kind: HumanWait::Permission, what: None }),
        Hears::WaitsForLimit(secs) if secs.is_nan() => Signal::Waits(Wait::Limit { until: None, after: None }),
        Hears::WaitsForLimit(secs) => {
            let until = Wall::from_ms(wall.as_ms().saturating_add_unsigned(span(secs).as_ms()));
            Signal::Waits(Wait::Limit { until: Some(until), after: None })
        }
        Hears::Resumes => Signal::Resumes,
        Hears::Unclaims => Signal::Unclaims,
        Hears::Result(result) => Signal::Result(result),
        Hears::Claims(succeeded) => Signal::Claims(Claim { succeeded, message: None }),
        Hears::Costs(usd) => Signal::Metrics(Metrics { cost_microusd: Metrics::dollars(usd), ..Metrics::default() }),
        Hears::Expects(secs) => Signal::Expects(span(secs)),
    }
}

pub(crate) fn entry_words(entry: &HeardEntry) -> Option<String> {
    Some(match entry {
        HeardEntry::Waits { wait: Wait::Human { .. }, .. } => "waits for a person".to_owned(),
        HeardEntry::Waits { wait: Wait::Limit { .. }, .. } => "waits for a limit".to_owned(),
        HeardEntry::Doing(_) => return None,
        HeardEntry::Resumed => "waits no longer".to_owned(),
        HeardEntry::Liveness { liveness, since } => format!("{liveness:?} after {since}"),
        HeardEntry::Expects { until, by_person: false } => format!("more time, up to {until}"),
        HeardEntry::Expects { until, by_person: true } => format!("a person gives more time, up to {until}"),
        HeardEntry::Unclaimed => "claims nothing any more".to_owned(),
        HeardEntry::Result(result) => format!("hands back {result}"),
        HeardEntry::Claimed(claim) => format!("claims success: {}", claim.succeeded),
        HeardEntry::Circling { times, empty_turns } => format!("the same {times} times, empty turns: {empty_turns}"),
        HeardEntry::Spent { cost_microusd, max_microusd, cap } => {
            format!("spent {cost_microusd} of {max_microusd}{}", of_a_day(*cap))
        }
        HeardEntry::Totals(totals) => format!("cost {} so far", totals.cost_microusd),
    })
}

pub(crate) fn notice_words(notice: &HeardNotice) -> String {
    match notice {
        HeardNotice::WaitsForPerson { since, .. } => format!("tell: waits for a person since {since}"),
        HeardNotice::Unreachable { since, .. } => format!("tell: unreachable since {since}"),
        HeardNotice::Circling { times, .. } => format!("tell: the same {times} times"),
        HeardNotice::Spent { cost_microusd, cap, .. } => format!("tell: spent {cost_microusd}{}", of_a_day(*cap)),
    }
}

const fn activity(kind: Kind) -> Activity {
    match kind {
        Kind::Tool => Activity::Tool,
        Kind::Subagent => Activity::Subagent,
        Kind::Compacting => Activity::Compacting,
    }
}

fn pace((warn, stall): (f64, f64)) -> Pace {
    Pace { warn_after: span(warn), stall_after: span(stall) }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds of a story, small and positive")]
fn span(secs: f64) -> Span {
    Span::from_ms((secs * 1000.0).round() as u64)
}

/// The stories count on it.
const _: () = assert!(LIMIT_SLACK.as_ms() == 120_000);

const fn of_a_day(cap: Cap) -> &'static str {
    match cap {
        Cap::Run => "",
        Cap::Day => " in a day",
    }
}
