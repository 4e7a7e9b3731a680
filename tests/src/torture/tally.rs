//! How many were killed, by whom they were and when.

use std::collections::BTreeMap;
use std::fmt;

use super::moment::{Moment, Victim};
use super::shots::Kill;

/// The kills that were survived.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    counts: BTreeMap<(Moment, Victim), Count>,
    /// How many runs there were.
    pub runs: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Count {
    all: u64,
    exact: u64,
}

impl Tally {
    pub(super) fn add(&mut self, kills: &[Kill]) {
        for kill in kills {
            let count = self.counts.entry((kill.moment, kill.victim)).or_default();
            count.all += 1;
            count.exact += u64::from(kill.is_exact);
        }
    }

    /// How many in all.
    #[must_use]
    pub fn kills(&self) -> u64 {
        self.counts.values().map(|count| count.all).sum()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{:<28} {:<9} {:>6} {:>6}", "moment", "victim", "killed", "exact")?;
        let mut victims: BTreeMap<Victim, u64> = BTreeMap::new();
        for ((moment, victim), count) in &self.counts {
            writeln!(out, "{:<28} {:<9} {:>6} {:>6}", moment.name(), victim.to_string(), count.all, count.exact)?;
            *victims.entry(*victim).or_default() += count.all;
        }
        let victims = victims.iter().map(|(victim, count)| format!("{count} {victim}"));
        write!(out, "{} kills ({}), {} runs", self.kills(), victims.collect::<Vec<_>>().join(", "), self.runs)
    }
}
