//! What becomes of a job after its runs end: the circuit breaker, the restart with back-off, and the stop by a person that
//! stays.
//!
//! A job is more than its runs only here: how many of them failed in a row, whether it may be started, and when it is
//! started again by itself. Runs of no job (a bare `nightkeep run`, an attached process) count for nothing and are never
//! refused.
//!
//! The pause before a restart is counted on the awake clock, as all deadlines are: a computer that slept through it has
//! only just come back, and so have its network and whatever the agent needs.

use crate::ids::RunId;
use crate::input::Exit;
use crate::life::{Outcome, Reason};
use crate::time::{Awake, Span, Wall};

mod book;

pub(crate) use book::{End, Jobs};

/// So many runs in a row that failed or were aborted open the circuit breaker of their job.
pub const FAILURES_MAX: u32 = 3;
/// The pause before the first restart; each further one is twice as long.
pub const BACK_OFF_FIRST: Span = Span::from_secs(30);
/// The longest pause before a restart.
pub const BACK_OFF_MAX: Span = Span::from_mins(10);

/// The pause before the `nth` restart in a row, from 1.
#[must_use]
pub fn back_off(nth: u32) -> Span {
    let doublings = nth.saturating_sub(1).min(u32::BITS - 1);
    Span::from_ms(BACK_OFF_FIRST.as_ms().saturating_mul(1 << doublings)).min(BACK_OFF_MAX)
}

/// What is known of a job beyond its runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JobState {
    /// How many runs failed or were aborted in a row, up to the last one that ended.
    pub failures: u32,
    /// Since when its circuit breaker is open.
    pub breaker: Option<Wall>,
    /// Since when a person keeps it stopped.
    pub stopped: Option<Wall>,
    /// The restart that is owed.
    pub restart: Option<Restart>,
}

/// A restart that is owed until a run of the job has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restart {
    /// The how-manieth in a row it is, from 1.
    pub nth: u32,
    /// When.
    pub due: Awake,
    /// The run that is to be it, once that has a number.
    pub run: Option<RunId>,
}

/// Why a job is not started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// A person stopped it.
    Stopped {
        /// Since when.
        since: Wall,
    },
    /// Its circuit breaker is open.
    BreakerOpen {
        /// Since when.
        since: Wall,
        /// How many runs failed or were aborted in a row.
        failures: u32,
    },
    /// A run of it gives no sign of life, so it takes no new work.
    Unreachable {
        /// Which run.
        run: RunId,
    },
}

/// Something that concerns a job rather than one of its runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobInput {
    /// What was known of a job before; to be told before its runs.
    Known {
        /// The job's name.
        job: String,
        /// What was known.
        state: JobState,
    },
    /// A run is one of a job: to be told before anything else of the run.
    RunOf {
        /// The run.
        run: RunId,
        /// The job's name.
        job: String,
        /// Whether the job is started again when the run is stopped for stalling.
        restarts: bool,
    },
    /// The answer to [`JobEffect::Start`]: the restart has this number.
    Restarting {
        /// The job's name.
        job: String,
        /// The run.
        run: RunId,
    },
    /// The answer to [`JobEffect::Start`]: the job could not be started at this moment.
    NotRestarted {
        /// The job's name.
        job: String,
    },
    /// A person stops the job for as long as nobody resumes it. Its runs are stopped one by one.
    Stop {
        /// The job's name.
        job: String,
    },
    /// A person lets the job start again.
    Resume {
        /// The job's name.
        job: String,
    },
    /// The job has another name from here on.
    Renamed {
        /// The former name.
        from: String,
        /// The name.
        to: String,
    },
    /// There is no such job any more.
    Removed {
        /// The job's name.
        job: String,
    },
    /// Whether a living run of a job gives no sign of life.
    Unreachable {
        /// The run.
        run: RunId,
        /// It gives none.
        is: bool,
    },
}

/// What is to be done about a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobEffect {
    /// Write this into the job's journal.
    Record {
        /// The job's name.
        job: String,
        /// What to write.
        entry: JobEntry,
    },
    /// Write this into the job's journal together with the end of the run, which is the next that is recorded of it: all
    /// or none.
    RecordWithEnd {
        /// The run that ends.
        run: RunId,
        /// The job's name.
        job: String,
        /// What to write.
        entries: Vec<JobEntry>,
    },
    /// Start the job again. Answered with [`JobInput::Restarting`] or [`JobInput::NotRestarted`].
    Start {
        /// The job's name.
        job: String,
        /// The how-manieth restart in a row it is.
        nth: u32,
    },
}

/// What the journal of a job is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobEntry {
    /// A run failed or was aborted.
    Failed {
        /// Which run.
        run: RunId,
        /// How many did in a row.
        failures: u32,
    },
    /// A run succeeded after others had not.
    Succeeded {
        /// Which run.
        run: RunId,
    },
    /// Too many runs in a row failed or were aborted.
    BreakerOpened {
        /// The last one of them.
        run: RunId,
        /// How many they are.
        failures: u32,
    },
    /// It is to be started again.
    RestartDue {
        /// The how-manieth restart in a row it is.
        nth: u32,
        /// After so much awake time.
        after: Span,
    },
    /// A run has begun, so that no restart is owed any more.
    RestartDone {
        /// Which run.
        run: RunId,
    },
    /// The restart that was owed is not made.
    RestartCalledOff,
    /// A person stopped it.
    Stopped,
    /// A person lets it start again.
    Resumed,
}

/// How the last run ended that opened a circuit breaker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastEnd {
    /// How it ended.
    pub outcome: Outcome,
    /// Why it was stopped, if it was.
    pub reason: Option<Reason>,
    /// What the clock behind the reason showed.
    pub since: Span,
    /// How its root process ended.
    pub exit: Exit,
}

impl JobState {
    /// Why the job is not started, as far as it is the job's own doing.
    #[must_use]
    pub const fn refusal(&self) -> Option<Refusal> {
        match (self.stopped, self.breaker) {
            (Some(since), _) => Some(Refusal::Stopped { since }),
            (None, Some(since)) => Some(Refusal::BreakerOpen { since, failures: self.failures }),
            (None, None) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_before_a_restart_doubles_up_to_ten_minutes() {
        let pauses: Vec<u64> = (1..=7).map(|nth| back_off(nth).as_ms() / 1000).collect();
        assert_eq!(pauses, [30, 60, 120, 240, 480, 600, 600]);
        assert_eq!((back_off(0), back_off(u32::MAX)), (BACK_OFF_FIRST, BACK_OFF_MAX));
    }
}
