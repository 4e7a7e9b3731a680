//! What a surface may show of the runs, as plain data.

use crate::ids::RunId;
use crate::input::Activity;
use crate::life::Reason;
use crate::limits::{Limits, Mode};
use crate::time::Span;

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
    /// What it says it is doing.
    pub activity: Activity,
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
    /// What it is judged by.
    pub limits: Limits,
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
