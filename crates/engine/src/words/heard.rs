//! What the sources of a run said, in its story.

use super::parts::{fragment, lengths, quote};
use crate::api::Liveness;
use crate::store::heard::{HeardEntry, Totals, WaitsOn};

/// Dollars as people write them: cents, or more places below one.
#[must_use]
pub fn dollars(microusd: u64) -> String {
    let (dollars, rest) = (microusd / 1_000_000, microusd % 1_000_000);
    if microusd > 0 && microusd < 10_000 {
        format!("${dollars}.{:04}", rest / 100)
    } else {
        format!("${dollars}.{:02}", rest / 10_000)
    }
}

/// Dollars in millionths of one.
#[must_use]
pub fn microusd(dollars: f64) -> u64 {
    nightkeep_core::Metrics::dollars(dollars)
}

/// The sentence for what was heard.
pub(super) fn heard(entry: &HeardEntry) -> String {
    match entry {
        HeardEntry::Waits { on, what, .. } => waits(*on, what.as_deref()),
        HeardEntry::Resumed => "It no longer waits.".to_owned(),
        HeardEntry::Doing(_) => "What it does was noted.".to_owned(),
        HeardEntry::Liveness { liveness, since_ms } => liveness_sentence(*liveness, *since_ms),
        HeardEntry::Expects { until_ms, by_person: false } => {
            format!("It asked for more time: this step may take {}.", lengths(*until_ms))
        }
        HeardEntry::Expects { until_ms, by_person: true } => {
            format!("You gave it more time: this step may take {}.", lengths(*until_ms))
        }
        HeardEntry::Claimed { succeeded, message } => {
            let word = if *succeeded { "success" } else { "failure" };
            match message {
                Some(message) => format!("It reported {word}: {}.", quote(message)),
                None => format!("It reported {word}."),
            }
        }
        HeardEntry::Unclaimed => "It went on: what it had reported of its end no longer holds.".to_owned(),
        HeardEntry::Result { .. } => "It handed back a result.".to_owned(),
        HeardEntry::Circling { times, empty_turns } => {
            let what = if *empty_turns { "turns without doing anything" } else { "calls with the same result" };
            format!("It is busy, but not advancing: {times} {what} in a row.")
        }
        HeardEntry::Spent { cost_microusd, max_microusd, per_day: false } => {
            format!("It has cost {} of {}.", dollars(*cost_microusd), dollars(*max_microusd))
        }
        HeardEntry::Spent { cost_microusd, max_microusd, per_day: true } => {
            format!("Its job has cost {} of {} in 24 hours.", dollars(*cost_microusd), dollars(*max_microusd))
        }
        HeardEntry::Totals(totals) => totals_sentence(totals),
        HeardEntry::Read { source, .. } => format!("{} was read.", quote(source)),
        HeardEntry::SourceTrouble { source, what: Some(what) } => {
            format!("{} cannot be read: {}.", quote(source), fragment(what))
        }
        HeardEntry::Stranger { source, pid } => {
            format!("{} is not heard from process {pid}, a pid that is not the run's.", quote(source))
        }
        HeardEntry::SourceTrouble { source, what: None } => format!("{} can be read again.", quote(source)),
    }
}

fn waits(on: WaitsOn, what: Option<&str>) -> String {
    let on = match on {
        WaitsOn::Permission => "It waits for a permission",
        WaitsOn::Question => "It waits for an answer",
        WaitsOn::SignIn => "It waits for somebody to sign in",
        WaitsOn::Instructions => "It waits to be told what to do next",
        WaitsOn::Limit => "It waits for a usage limit to pass",
    };
    match what {
        Some(what) => format!("{on}: {}.", quote(what)),
        None => format!("{on}."),
    }
}

fn liveness_sentence(liveness: Liveness, since_ms: u64) -> String {
    match liveness {
        Liveness::Healthy => format!("It gives signs of life again, after {}.", lengths(since_ms)),
        Liveness::Degraded => format!("Its beats are late: none for {}.", lengths(since_ms)),
        Liveness::Unreachable => format!("It is unreachable: no sign of life for {}.", lengths(since_ms)),
        Liveness::Unknown => "Its beats are not watched.".to_owned(),
    }
}

fn totals_sentence(totals: &Totals) -> String {
    let mut parts = Vec::new();
    let calls = totals.succeeded.saturating_add(totals.failed);
    if calls > 0 {
        parts.push(format!("{} of {calls} calls went well", totals.succeeded));
    }
    if let Some(mean) = totals.latency_ms.checked_div(totals.timed) {
        parts.push(format!("{} each", lengths(mean)));
    }
    if totals.turns > 0 {
        parts.push(format!("{} turns", totals.turns));
    }
    if totals.cost_microusd > 0 {
        parts.push(dollars(totals.cost_microusd));
    }
    format!("What its work took so far: {}.", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_costs_keep_their_places() {
        let shown = [0, 420, 9_999, 10_000, 1_234_567, 30_000_000].map(dollars);
        assert_eq!(shown, ["$0.00", "$0.0004", "$0.0099", "$0.01", "$1.23", "$30.00"]);
    }

    #[test]
    fn what_a_run_waits_for_is_said_in_a_sentence() {
        let entry = HeardEntry::Waits {
            on: WaitsOn::Permission,
            what: Some("Bash: rm -r build".to_owned()),
            until_wall_ms: None,
            source: "claude-hook".to_owned(),
        };
        assert_eq!(heard(&entry), "It waits for a permission: `Bash: rm -r build`.");
    }
}
