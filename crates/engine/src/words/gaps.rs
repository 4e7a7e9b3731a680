//! What past runs say of limits, in sentences.

use nightkeep_core::gaps::{RUNS_NEEDED, Spread, Suggestion};
use nightkeep_core::limits::Limits;

/// What `count` runs with this spread speak for.
#[must_use]
pub fn gaps(count: usize, spread: Option<Spread>, suggestion: Option<Suggestion>, in_force: &Limits) -> String {
    let (Some(spread), Some(Suggestion { warn_after, stall_after })) = (spread, suggestion) else {
        return format!("Not enough runs yet ({count} of {RUNS_NEEDED}).");
    };
    let base = format!("Based on {count} finished runs: 95 % had no quiet time longer than {}.", spread.p95);
    if (warn_after, stall_after) == (in_force.warn_after, in_force.stall_after) {
        return format!("{base} The limits in force fit: warn {warn_after}, stop {stall_after}.");
    }
    format!("{base} Suggested: warn {warn_after}, stop {stall_after}.")
}

#[cfg(test)]
mod tests {
    use nightkeep_core::gaps::suggest;
    use nightkeep_core::time::Span;

    use super::*;

    fn said(longest_mins: &[u64], warn: u64, stall: u64) -> String {
        let longest: Vec<Span> = longest_mins.iter().copied().map(Span::from_mins).collect();
        let in_force =
            Limits { warn_after: Span::from_mins(warn), stall_after: Span::from_mins(stall), ..Limits::default() };
        gaps(longest.len(), Spread::of(&longest), suggest(&longest, &in_force), &in_force)
    }

    #[test]
    fn a_suggestion_says_what_it_rests_on() {
        let longest = [[3; 20].as_slice(), &[14, 14, 19]].concat();
        let base = "Based on 23 finished runs: 95 % had no quiet time longer than 14 min.";
        assert_eq!(said(&longest, 5, 15), format!("{base} Suggested: warn 20 min, stop 30 min."));
        assert_eq!(said(&longest, 20, 30), format!("{base} The limits in force fit: warn 20 min, stop 30 min."));
    }

    #[test]
    fn too_few_runs_are_said_to_be_too_few() {
        assert_eq!(said(&[3; 4], 5, 15), "Not enough runs yet (4 of 10).");
        assert_eq!(said(&[], 5, 15), "Not enough runs yet (0 of 10).");
    }
}
