//! What past runs say of limits: how long those that went well were quiet, and which limits would have let them go on.

use crate::limits::Limits;
use crate::time::Span;

/// So many runs that went well are needed before anything is suggested.
pub const RUNS_NEEDED: usize = 10;

/// Lengths that people would choose, in minutes; above the last one, whole hours.
const FRIENDLY_MINS: [u64; 15] = [1, 2, 3, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 360];

/// No warning is suggested below this, unless one is in force.
const WARN_FLOOR: Span = Span::from_mins(5);

/// No stop is suggested below this, unless one is in force.
const STALL_FLOOR: Span = Span::from_mins(10);

/// How the longest quiet times of runs are spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread {
    /// Half of the runs were never quiet for longer.
    pub p50: Span,
    /// 95 of 100 runs were never quiet for longer.
    pub p95: Span,
    /// No run was ever quiet for longer.
    pub max: Span,
}

impl Spread {
    /// The spread of the longest quiet time of each run; `None` of no runs.
    #[must_use]
    pub fn of(longest: &[Span]) -> Option<Self> {
        let mut sorted = longest.to_vec();
        sorted.sort_unstable();
        let max = *sorted.last()?;
        Some(Self { p50: nearest_rank(&sorted, 50)?, p95: nearest_rank(&sorted, 95)?, max })
    }
}

/// The least value that `percent` of 100 values do not exceed.
fn nearest_rank(sorted: &[Span], percent: usize) -> Option<Span> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

/// Limits that past runs speak for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suggestion {
    /// When to warn.
    pub warn_after: Span,
    /// When to stop.
    pub stall_after: Span,
}

/// The limits that runs with these longest quiet times speak for; `None` for fewer than [`RUNS_NEEDED`] of them. `in_force`
/// are the limits that hold: where they are short, short ones may be suggested.
///
/// A quarter above what 95 of 100 runs needed is worth a warning, half as much again as any run needed a stop. Both are
/// rounded up, so that a suggestion is never below that.
#[must_use]
pub fn suggest(longest: &[Span], in_force: &Limits) -> Option<Suggestion> {
    if longest.len() < RUNS_NEEDED {
        return None;
    }
    let Spread { p95, max, .. } = Spread::of(longest)?;
    let warn_floor = WARN_FLOOR.min(in_force.warn_after);
    let stall_floor = STALL_FLOOR.min(in_force.stall_after);
    let warn_after = friendly(quarters(p95, 5).max(warn_floor));
    let at_least = quarters(max, 6).max(stall_floor).max(warn_after.plus(Span::from_ms(1)));
    Some(Suggestion { warn_after, stall_after: friendly(at_least) })
}

/// So many quarters of a length, rounded up.
fn quarters(length: Span, count: u64) -> Span {
    Span::from_ms(length.as_ms().saturating_mul(count).div_ceil(4))
}

/// The shortest friendly length that is not below `length`.
fn friendly(length: Span) -> Span {
    let step = FRIENDLY_MINS.into_iter().map(Span::from_mins).find(|step| *step >= length);
    step.unwrap_or_else(|| Span::from_mins(length.as_ms().div_ceil(3_600_000).saturating_mul(60)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mins(lengths: impl IntoIterator<Item = u64>) -> Vec<Span> {
        lengths.into_iter().map(Span::from_mins).collect()
    }

    fn limits(warn: u64, stall: u64) -> Limits {
        Limits { warn_after: Span::from_mins(warn), stall_after: Span::from_mins(stall), ..Limits::default() }
    }

    fn suggested(longest: &[Span], in_force: &Limits) -> Option<(u64, u64)> {
        let Suggestion { warn_after, stall_after } = suggest(longest, in_force)?;
        Some((warn_after.as_ms() / 60_000, stall_after.as_ms() / 60_000))
    }

    #[test]
    fn percentiles_are_lengths_that_runs_really_had() {
        let spread = Spread::of(&mins(1..=20)).unwrap();
        assert_eq!(
            (spread.p50, spread.p95, spread.max),
            (Span::from_mins(10), Span::from_mins(19), Span::from_mins(20))
        );
        let one = Spread::of(&mins([7])).unwrap();
        assert_eq!((one.p50, one.p95, one.max), (Span::from_mins(7), Span::from_mins(7), Span::from_mins(7)));
        assert_eq!(Spread::of(&[]), None);
    }

    #[test]
    fn the_order_of_runs_does_not_matter() {
        let up = mins(1..=12);
        let down = mins((1..=12).rev());
        assert_eq!(Spread::of(&up), Spread::of(&down));
        assert_eq!(suggest(&up, &limits(5, 10)), suggest(&down, &limits(5, 10)));
    }

    #[test]
    fn nine_runs_are_not_enough_and_ten_are() {
        assert_eq!(suggested(&mins([4; 9]), &limits(5, 10)), None);
        assert_eq!(suggested(&mins([4; 10]), &limits(5, 10)), Some((5, 10)));
    }

    #[test]
    fn a_suggestion_follows_the_rule_and_is_rounded_up_to_a_friendly_length() {
        // 95 % of 23 runs: 14 min, so the warning 17.5 min; the longest 19 min, so the stop 28.5 min.
        let mut longest = mins([3; 20]);
        longest.extend(mins([14, 14, 19]));
        assert_eq!(suggested(&longest, &limits(5, 15)), Some((20, 30)));
        let hours = mins([300; 12]);
        assert_eq!(suggested(&hours, &limits(5, 15)), Some((420, 480)), "above six hours, whole hours");
    }

    #[test]
    fn what_is_always_quick_keeps_the_floor_unless_shorter_limits_are_in_force() {
        let quick = vec![Span::from_secs(20); 30];
        assert_eq!(suggested(&quick, &limits(5, 15)), Some((5, 10)));
        assert_eq!(suggested(&quick, &limits(1, 2)), Some((1, 2)));
    }

    #[test]
    fn a_suggestion_can_be_saved_and_would_have_stopped_no_run_that_it_rests_on() {
        let shapes: [Vec<Span>; 5] =
            [mins(1..=10), mins([60; 10]), mins((1..=40).map(|n| n * n)), mins([0; 10]), mins([1000; 11])];
        for longest in shapes {
            let Suggestion { warn_after, stall_after } = suggest(&longest, &limits(5, 10)).unwrap();
            let advised = Limits { warn_after, stall_after, ..Limits::default() };
            assert_eq!(advised.check(), Ok(()), "{longest:?}");
            assert!(longest.iter().all(|quiet| *quiet < stall_after), "{longest:?}: {stall_after}");
        }
    }

    #[test]
    fn lengths_without_bound_are_no_trouble() {
        let endless = vec![Span::from_ms(u64::MAX); 10];
        assert!(suggest(&endless, &limits(5, 10)).is_some());
    }
}
