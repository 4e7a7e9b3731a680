//! What the records of OSC 7501 come to, taken together.

use std::collections::BTreeMap;

use nightkeep_core::{Claim, HumanWait, Signal, Wait};

use super::record::{Report, State};
use super::rise::Rise;

/// The most records that are kept. One more is only heard.
const RECORDS_MAX: usize = 256;

/// Why the run waits, as far as it was told.
type Waiting = (HumanWait, Option<String>);

#[derive(Debug)]
struct Record {
    state: State,
    message: Option<String>,
    rise: Rise,
}

/// All records of a run.
#[derive(Debug, Default)]
pub(super) struct Status {
    records: BTreeMap<String, Record>,
    /// How many series of progress there were.
    series: u64,
    /// What was said last of its waiting.
    told: Option<Waiting>,
}

impl Status {
    /// Takes a report in, which replaces the record of its name, and appends what is different for it.
    pub(super) fn take(&mut self, report: Report, out: &mut Vec<Signal>) {
        let Report { id, state, progress, message } = report;
        let before = self.records.remove(&id);
        if before.is_none() && self.records.len() == RECORDS_MAX {
            return;
        }
        let was = before.as_ref().map(|record| (record.state, record.message.clone()));
        let mut rise = before.map(|record| record.rise).unwrap_or_default();
        if !matches!(state, State::Working | State::Blocked(_)) {
            rise = Rise::default();
        }
        if let Some(value) = progress
            && let Some(advance) = rise.to(value, || next(&mut self.series, "7501"))
        {
            out.push(Signal::Advance(advance));
            // It ends a wait; one that goes on is said again.
            self.told = None;
        }
        let claims = match state {
            State::Done => Some(true),
            State::Error => Some(false),
            State::Working | State::Blocked(_) | State::Idle | State::Clear => None,
        };
        let is_different = was != Some((state, message.clone()));
        let claim = claims.filter(|_| is_different).map(|succeeded| Claim { succeeded, message: message.clone() });
        if state != State::Clear {
            self.records.insert(id, Record { state, message, rise });
        }
        self.tell(out);
        out.extend(claim.map(Signal::Claims));
    }

    /// A shell shows its prompt: what ran before it works no longer.
    pub(super) fn prompt(&mut self, out: &mut Vec<Signal>) {
        self.records.retain(|_, record| !matches!(record.state, State::Working | State::Blocked(_)));
        self.tell(out);
    }

    /// How many records there are.
    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.records.len()
    }

    fn tell(&mut self, out: &mut Vec<Signal>) {
        let waiting = self.waiting();
        if waiting == self.told {
            return;
        }
        out.push(match &waiting {
            Some((kind, what)) => Signal::Waits(Wait::Human { kind: *kind, what: what.clone() }),
            None => Signal::Resumes,
        });
        self.told = waiting;
    }

    /// The run waits when nothing in it works: for what something is blocked by, or for something to do.
    fn waiting(&self) -> Option<Waiting> {
        let records = || self.records.values();
        if records().any(|record| record.state == State::Working) {
            return None;
        }
        let blocked = records().find_map(|record| match record.state {
            State::Blocked(kind) => Some((kind, record.message.clone())),
            State::Working | State::Idle | State::Done | State::Error | State::Clear => None,
        });
        let idle = || records().find(|record| record.state == State::Idle);
        blocked.or_else(|| idle().map(|record| (HumanWait::Instructions, record.message.clone())))
    }
}

/// The name of the next series.
pub(super) fn next(series: &mut u64, kind: &str) -> String {
    *series += 1;
    format!("{kind}#{series}")
}
