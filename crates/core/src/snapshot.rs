//! What a surface may show of the runs, as plain data.

use crate::ids::RunId;
use crate::input::Activity;
use crate::life::Reason;
use crate::limits::{Limits, Mode};
use crate::signal::Claim;
use crate::time::{Span, Wall};

/// Where a run is in its life, in people's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Its command is being started.
    Starting,
    /// Its command runs.
    Running,
    /// It is being stopped.
    Stopping,
}

/// Whether the work moves forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Progress {
    /// No advance yet, and not near the warning.
    Starting,
    /// Advanced a short while ago.
    Advancing,
    /// No advance for half of the warning limit or longer.
    Quiet,
    /// Past the warning limit.
    Warning,
    /// Past the stall limit.
    Stalled,
    /// Waits for a person or for a usage limit.
    Waiting,
}

/// Whether beats arrive, for a job that declares them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Liveness {
    /// Beats arrive as declared.
    Healthy,
    /// Beats are late.
    Degraded,
    /// No beats for a long time.
    Unreachable,
}

/// What the work of a run took, all in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// How many calls went well.
    pub succeeded: u64,
    /// How many did not.
    pub failed: u64,
    /// How many turns the agent took.
    pub turns: u64,
    /// What all of it cost, in millionths of a dollar.
    pub cost_microusd: u64,
    /// How many calls said how long they took.
    pub timed: u64,
    /// How long these took together.
    pub latency: Span,
    /// How long the last one of them took.
    pub last_latency: Option<Span>,
}

impl Totals {
    /// Whether the last call took 20 times as long as the ones before it did on average, or longer; said of nothing before
    /// the sixth (20 times: source system S2).
    #[must_use]
    pub fn is_slow(&self) -> bool {
        let Some(last) = self.last_latency.filter(|_| self.timed > 5) else { return false };
        let before = self.latency.minus(last).as_ms() / (self.timed - 1);
        last.as_ms() >= before.saturating_mul(20).max(1)
    }

    /// How long a call takes on average.
    #[must_use]
    pub fn mean_latency(&self) -> Option<Span> {
        self.latency.as_ms().checked_div(self.timed).map(Span::from_ms)
    }
}

/// A run that is not over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunSnapshot {
    /// Its number.
    pub run: RunId,
    /// The job's name.
    pub job: String,
    /// Where it is in its life.
    pub phase: Phase,
    /// Whether the work moves forward.
    pub progress: Progress,
    /// Whether beats arrive; `None` for a job that declares none.
    pub liveness: Option<Liveness>,
    /// Since the last sign of life of any source; `None` before the first one.
    pub since_beat: Option<Span>,
    /// What it says it is doing.
    pub activity: Activity,
    /// A word for that: the tool, the question.
    pub doing: Option<String>,
    /// When the usage limit is said to pass that it waits for.
    pub waits_until: Option<Wall>,
    /// The best step.
    pub step: Option<i64>,
    /// How many steps there are.
    pub total: Option<i64>,
    /// The last note.
    pub note: Option<String>,
    /// How often it advanced.
    pub advances: u32,
    /// What the stall clock shows.
    pub since_advance: Span,
    /// What it is judged by, in what it is doing and with the time that it asked for.
    pub limits: Limits,
    /// What the stall clock may show in the present step, where more time was asked for.
    pub expected: Option<Span>,
    /// What it says of its own end.
    pub claim: Option<Claim>,
    /// What its work took.
    pub totals: Totals,
    /// It is busy with the same thing again and again.
    pub circling: bool,
    /// Whether a stall is acted on.
    pub mode: Mode,
    /// Why it is being stopped, if it is.
    pub stopping: Option<Reason>,
    /// What is odd about its marker.
    pub oddity: Option<Oddity>,
}

/// Something odd about a marker that is worth showing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Oddity {
    /// The step fell; the best one stays.
    WentBack {
        /// The step read last.
        step: i64,
    },
    /// The marker claims a time in the future, which is ignored.
    ClaimsTheFuture,
    /// A limit passed, and nobody could look whether the run had advanced.
    CouldNotLook,
}
