//! What the processes of a run use, as it is shown: sampled when somebody looks, and not more often than once a second.

use nightkeep_core::{Awake, Span};

use super::run::Top;

/// A sample is good for this long.
const FRESH: Span = Span::from_secs(1);

/// The last sample.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Usage {
    /// How many processes.
    pub(super) processes: Option<u32>,
    /// What they used between the last two samples; 100 is one core.
    pub(super) cpu_percent: Option<f64>,
    /// What they hold, together.
    pub(super) memory_bytes: Option<u64>,
    sampled: Option<(Awake, u64)>,
}

impl Usage {
    /// Samples again, unless the last sample is fresh.
    pub(super) fn refresh(&mut self, now: Awake, top: Option<Top>) {
        if self.sampled.is_some_and(|(at, _)| now.since(at) < FRESH) {
            return;
        }
        let Some(Ok(found)) = top.map(Top::processes) else {
            *self = Self::default();
            return;
        };
        let cpu_ms: u64 = found.iter().map(|process| process.cpu_ms).sum();
        let oldest_ms = found.iter().map(|process| process.age_ms).max().unwrap_or(0);
        let (before_ms, over) = match self.sampled {
            Some((at, before)) => (before, now.since(at)),
            None => (0, Span::from_ms(oldest_ms)),
        };
        self.cpu_percent = percent(cpu_ms.saturating_sub(before_ms), over);
        self.processes = u32::try_from(found.len()).ok();
        self.memory_bytes = Some(found.iter().map(|process| process.memory_bytes).sum());
        self.sampled = Some((now, cpu_ms));
    }
}

/// Processor time as a share of the time that passed, in percent to one decimal.
pub(super) fn percent(used_ms: u64, over: Span) -> Option<f64> {
    let share = Span::from_ms(used_ms).as_secs_f64() * 100.0 / over.as_secs_f64();
    share.is_finite().then(|| (share * 10.0).round() / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_no_time_is_unknown() {
        assert_eq!(percent(5, Span::ZERO), None);
        assert_eq!(percent(500, Span::from_secs(1)), Some(50.0));
    }
}
