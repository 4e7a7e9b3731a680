//! Single events of runs, for readers that follow what happens rather than draw what is the case.

use serde::{Deserialize, Serialize};

use super::{Activity, HistoryRow, Liveness, Phase, Progress, RunView};

/// What an event tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RunEventKind {
    /// The run is watched, and `alive` says whether a process of it is there. Comes at a fixed interval, whether or not
    /// anything is printed or moves forward, and never means progress.
    Liveness,
    /// It has printed. At most once a second, and never progress either.
    Output,
    /// It moved forward.
    Advance,
    /// Its phase, progress, liveness or activity is another one than before, or it is over.
    State,
}

impl RunEventKind {
    /// Its name in the stream.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Liveness => "liveness",
            Self::Output => "output",
            Self::Advance => "advance",
            Self::State => "state",
        }
    }
}

/// One line of `nightkeep events`, and the data of one event of `GET /v1/events/runs`. Every kind has every field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RunEvent {
    /// What it tells.
    pub event: RunEventKind,
    /// When.
    pub at: String,
    /// The run's number.
    pub run: u64,
    /// The job's name.
    pub job: String,
    /// Where the run is in its life.
    pub phase: Phase,
    /// Whether the work moves forward.
    pub progress: Progress,
    /// Whether beats arrive.
    pub liveness: Liveness,
    /// What it says it is doing.
    pub activity: Activity,
    /// The best step so far.
    pub step: Option<i64>,
    /// How many steps the marker says there are.
    pub total: Option<i64>,
    /// The note of the last reading, cleaned for display.
    pub note: Option<String>,
    /// Whether a process of it is there; only in `liveness`, and `null` where nobody can tell, as before it has begun.
    pub alive: Option<bool>,
    /// How many processes it has; only in `liveness`.
    pub processes: Option<u32>,
    /// The stall clock: awake seconds since the last advance, or since the start.
    pub since_advance_s: Option<f64>,
    /// Seconds since its output last grew; `null` when it has printed nothing, or when nobody captures it.
    pub since_last_output_s: Option<f64>,
    /// Seconds since its last beat.
    pub since_beat_s: Option<f64>,
    /// Seconds since it last gave any sign: the least of the three above.
    pub idle_for_s: Option<f64>,
    /// How many bytes it has printed so far, where it is captured.
    pub output_bytes: Option<u64>,
    /// By how many bytes its output grew; only in `output`.
    pub output_grew_by: Option<u64>,
    /// Its row in the history, once it is over; `null` even then while the disk takes no history.
    pub ended: Option<HistoryRow>,
}

impl RunEvent {
    /// What `run` is like at the moment `at`.
    #[must_use]
    pub fn of(event: RunEventKind, at: String, run: &RunView) -> Self {
        Self {
            event,
            at,
            run: run.run,
            job: run.job.clone(),
            phase: run.phase,
            progress: run.progress,
            liveness: run.liveness,
            activity: run.activity,
            step: run.step,
            total: run.total,
            note: run.note.clone(),
            alive: None,
            processes: None,
            since_advance_s: Some(run.since_advance_s),
            since_last_output_s: run.since_last_output_s,
            since_beat_s: run.since_beat_s,
            idle_for_s: Some(run.idle_for_s),
            output_bytes: None,
            output_grew_by: None,
            ended: None,
        }
    }

    /// The end of a run: no clock of it runs any longer. `None` when nothing at all is known of it.
    #[must_use]
    pub fn end(at: String, last: Option<Self>, row: Option<HistoryRow>) -> Option<Self> {
        let mut end = match (last, &row) {
            (Some(last), _) => last,
            (None, Some(row)) => Self::before(row),
            (None, None) => return None,
        };
        if let Some(row) = &row {
            (end.step, end.note) = (row.last_step, row.last_note.clone());
        }
        Some(Self {
            event: RunEventKind::State,
            at,
            phase: Phase::Ended,
            since_advance_s: None,
            since_last_output_s: None,
            since_beat_s: None,
            idle_for_s: None,
            ended: row,
            ..end
        })
    }

    /// A run of which nothing was told before it was over.
    fn before(row: &HistoryRow) -> Self {
        Self {
            event: RunEventKind::State,
            at: row.ended_at.clone(),
            run: row.run,
            job: row.job.clone(),
            phase: Phase::Ended,
            progress: Progress::Starting,
            liveness: Liveness::Unknown,
            activity: Activity::Working,
            step: None,
            total: None,
            note: None,
            alive: None,
            processes: None,
            since_advance_s: None,
            since_last_output_s: None,
            since_beat_s: None,
            idle_for_s: None,
            output_bytes: None,
            output_grew_by: None,
            ended: None,
        }
    }
}
