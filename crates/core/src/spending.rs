//! What the runs of each job have cost within a day, by what they report themselves.
//!
//! A day is any 24 hours, not a date: a night has two dates, and a cap that is renewed at midnight would let a run spend it
//! twice before the morning.

use std::collections::{BTreeMap, VecDeque};

use crate::time::{Span, Wall};

/// So long a cost counts.
pub const DAY: Span = Span::from_mins(24 * 60);
/// What was spent within so long is kept as one sum: a day of it is a few hundred of them.
const TOGETHER: Span = Span::from_mins(5);

/// The costs of all jobs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spending {
    jobs: BTreeMap<String, VecDeque<Spent>>,
}

#[derive(Debug, Clone, Copy)]
struct Spent {
    /// When the first of it was reported.
    at: Wall,
    microusd: u64,
}

impl Spending {
    /// Something was spent.
    pub(crate) fn add(&mut self, job: &str, at: Wall, microusd: u64) {
        if microusd == 0 {
            return;
        }
        let spent = self.jobs.entry(job.to_owned()).or_default();
        match spent.back_mut().filter(|last| is_within(last.at, at, TOGETHER)) {
            Some(last) => last.microusd = last.microusd.saturating_add(microusd),
            None => spent.push_back(Spent { at, microusd }),
        }
        spent.retain(|spent| is_within(spent.at, at, DAY));
    }

    /// What runs of `job` cost in the day before `now`.
    pub(crate) fn of(&self, job: &str, now: Wall) -> u64 {
        let spent = self.jobs.get(job).into_iter().flatten();
        spent.filter(|spent| is_within(spent.at, now, DAY)).fold(0, |sum, spent| sum.saturating_add(spent.microusd))
    }
}

/// Whether less than `span` lies between them, in either direction: a clock that was set back makes nothing cheaper.
fn is_within(one: Wall, other: Wall, span: Span) -> bool {
    one.as_ms().abs_diff(other.as_ms()) < span.as_ms()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(mins: i64) -> Wall {
        Wall::from_ms(mins * 60_000)
    }

    #[test]
    fn what_was_spent_counts_for_a_day_and_for_its_own_job() {
        let mut spending = Spending::default();
        spending.add("novel", at(0), 2);
        spending.add("novel", at(60), 3);
        spending.add("other", at(60), 50);
        assert_eq!(spending.of("novel", at(24 * 60 - 1)), 5);
        assert_eq!(spending.of("novel", at(24 * 60)), 3);
        assert_eq!(spending.of("novel", at(25 * 60)), 0);
        assert_eq!(spending.of("nobody", at(0)), 0);
    }

    #[test]
    fn many_reports_take_no_more_room_than_a_day_of_sums() {
        let mut spending = Spending::default();
        for second in 0..3 * 24 * 3_600 {
            spending.add("novel", Wall::from_ms(second * 1_000), 1);
        }
        assert!(spending.jobs["novel"].len() <= 289, "{}", spending.jobs["novel"].len());
        let day = spending.of("novel", at(3 * 24 * 60));
        assert!((86_100..=86_400).contains(&day), "{day}");
    }

    #[test]
    fn a_clock_that_is_set_back_makes_nothing_cheaper() {
        let mut spending = Spending::default();
        spending.add("novel", at(600), 5);
        assert_eq!(spending.of("novel", at(0)), 5);
    }
}
