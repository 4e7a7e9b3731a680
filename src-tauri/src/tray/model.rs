//! What the tray shows, as a value: icon state, tooltip and menu, made from one [`Live`] document.
//!
//! Everything in the tooltip is in the first menu row too: not every desktop shows tooltips.

mod commands;
mod rows;
#[cfg(test)]
pub(super) mod testing;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use nightkeep_engine::api::{
    Activity, FaultKind, HistoryRow, IconStyle, JobCondition, Live, Liveness, Phase, Progress, RunView,
};

use self::commands::{clock_time, commands};
use self::rows::{job_row, leftover_row, running_row, stopped_row};
use super::MenuAction;
use super::menu::{Menu, Row, Section};
use super::words::{SENTENCE_CHARS_MAX, counted, one_line, tooltip};

/// Runs that are listed one by one; further ones are counted.
const RUNNING_ROWS_MAX: usize = 5;
/// Runs that left processes behind and are listed; the window has them all.
const LEFTOVER_ROWS_MAX: usize = 2;
/// Jobs that are not started as usual and are listed; the window has them all.
const JOB_ROWS_MAX: usize = 3;
/// Stopped runs that are listed one by one; further ones are counted.
const STOPPED_ROWS_MAX: usize = 3;
/// Problems that are listed; the window has them all.
const FAULT_ROWS_MAX: usize = 2;

/// Where the problems are among the sections.
const FAULTS: usize = 1;

/// Which icon is shown. Of several states that apply, the first one in this order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TrayState {
    /// Runs are not watched, or not recorded.
    Fault,
    /// A run was stopped and nobody has looked at it.
    Stopped,
    /// A run is past its warning limit, or something else needs a look.
    Warning,
    /// Runs move forward.
    Working,
    /// Every run waits for a person or for a usage limit, or a person has paused the watch. The latter hides warnings and
    /// work: none of it is acted on.
    Paused,
    /// Nothing runs.
    Idle,
}

impl TrayState {
    /// All of them, the most urgent one first.
    pub const ALL: [Self; 6] = [Self::Fault, Self::Stopped, Self::Warning, Self::Working, Self::Paused, Self::Idle];

    /// Whether the desktop should draw attention to the icon.
    #[must_use]
    pub fn needs_attention(self) -> bool {
        matches!(self, Self::Fault | Self::Stopped)
    }
}

/// All that a backend draws. Equal models look the same, so a backend is told of a model only when it differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrayModel {
    /// The icon.
    pub state: TrayState,
    /// How it is coloured.
    pub style: IconStyle,
    /// The tooltip.
    pub tooltip: String,
    /// The menu.
    pub menu: Menu,
}

impl TrayModel {
    /// The model of what the engine last sent, seen at `now` by a clock of this zone.
    #[must_use]
    pub fn from(live: &Live, now: Timestamp, zone: &TimeZone) -> Self {
        let told = headline(live, zone);
        let age_s = age_s(live, now);
        let faults = live.faults.iter().take(FAULT_ROWS_MAX).map(|fault| problem_row(&fault.message)).collect();
        let mut running = running_rows(&live.status.runs, age_s);
        running.extend(live.leftovers.iter().take(LEFTOVER_ROWS_MAX).map(leftover_row));
        running.extend(live.status.jobs.iter().take(JOB_ROWS_MAX).map(job_row));
        let stopped = stopped_rows(&live.unseen, live.status.summary.stopped_unseen);
        let model = Self::assemble(state(live), &told, [faults, running, stopped], commands(Some(live), zone));
        Self { style: live.icon_style, ..model }
    }

    /// The model while the engine has not answered yet.
    #[must_use]
    pub fn connecting() -> Self {
        Self::assemble(TrayState::Idle, "Connecting…", Default::default(), commands(None, &TimeZone::UTC))
    }

    /// The model while the engine cannot be reached; `why` is a lowercase fragment.
    #[must_use]
    pub fn away(why: &str) -> Self {
        let rows = [vec![problem_row(why)], vec![], vec![]];
        Self::assemble(TrayState::Fault, "Not watching", rows, commands(None, &TimeZone::UTC))
    }

    /// The same with a problem of the tray itself, told first.
    #[must_use]
    pub fn with_problem(mut self, problem: Option<&str>) -> Self {
        if let (Some(problem), Some(faults)) = (problem, self.menu.sections.get_mut(FAULTS)) {
            faults.rows.insert(0, problem_row(problem));
            faults.rows.truncate(faults.places);
        }
        self
    }

    fn assemble(
        state: TrayState,
        told: &str,
        [faults, running, stopped]: [Vec<Row>; 3],
        commands: [Section; 2],
    ) -> Self {
        let told_of = [
            Section { rows: vec![Row::text(told)], places: 1 },
            Section { rows: faults, places: FAULT_ROWS_MAX },
            Section { rows: running, places: RUNNING_ROWS_MAX + 1 + LEFTOVER_ROWS_MAX + JOB_ROWS_MAX },
            Section { rows: stopped, places: STOPPED_ROWS_MAX + 2 },
        ];
        let sections = told_of.into_iter().chain(commands).collect();
        let style = IconStyle::default();
        Self {
            state,
            style,
            tooltip: tooltip(&format!("Nightkeep – {}", lowercase_first(told))),
            menu: Menu { sections },
        }
    }
}

fn state(live: &Live) -> TrayState {
    let summary = &live.status.summary;
    let has_fault = |wanted: fn(FaultKind) -> bool| live.faults.iter().any(|fault| wanted(fault.kind));
    if has_fault(is_severe) {
        TrayState::Fault
    } else if summary.stopped_unseen > 0 {
        TrayState::Stopped
    } else if live.status.paused.is_some() {
        TrayState::Paused
    } else if needs_a_look_somewhere(live) || has_fault(needs_a_look) {
        TrayState::Warning
    } else if summary.running == 0 {
        TrayState::Idle
    } else if all_wait(&live.status.runs) {
        TrayState::Paused
    } else {
        TrayState::Working
    }
}

/// What is not recorded cannot be acted on after a crash, so this is as bad as not watching.
fn is_severe(kind: FaultKind) -> bool {
    match kind {
        FaultKind::Storage => true,
        FaultKind::Config
        | FaultKind::Quarantine
        | FaultKind::Watch
        | FaultKind::Notifications
        | FaultKind::Pings
        | FaultKind::Tray
        | FaultKind::Awake => false,
    }
}

/// A desktop without notifications or a disk without file events may be so for good: that is told in the menu, and
/// no triangle is shown for years.
fn needs_a_look(kind: FaultKind) -> bool {
    match kind {
        FaultKind::Storage | FaultKind::Config | FaultKind::Quarantine | FaultKind::Pings => true,
        FaultKind::Watch | FaultKind::Notifications | FaultKind::Tray | FaultKind::Awake => false,
    }
}

/// Whether a run is late or gives no sign of life, something was left behind, or a job will not start again.
fn needs_a_look_somewhere(live: &Live) -> bool {
    let summary = &live.status.summary;
    let (late, left) = (summary.warning > 0 || summary.unreachable > 0, !live.leftovers.is_empty());
    late || left || open_breakers(live) > 0
}

fn wants_a_look(run: &RunView) -> bool {
    let is_late = matches!(run.progress, Progress::Warning | Progress::Stalled);
    is_late || run.liveness == Liveness::Unreachable || waits_for_you(run)
}

fn waits_for_you(run: &RunView) -> bool {
    run.phase == Phase::Running && run.activity == Activity::WaitingHuman
}

/// Jobs that will not start again unless somebody resumes them. What a person stopped is in order.
fn open_breakers(live: &Live) -> u32 {
    let open = live.status.jobs.iter().filter(|job| job.state == JobCondition::BreakerOpen).count();
    u32::try_from(open).unwrap_or(u32::MAX)
}

fn all_wait(runs: &[RunView]) -> bool {
    let mut begun = runs.iter().filter(|run| run.phase != Phase::Queued).peekable();
    begun.peek().is_some() && begun.all(|run| run.progress == Progress::Waiting)
}

/// The counts, the most urgent first where it is not the number of runs itself.
fn headline(live: &Live, zone: &TimeZone) -> String {
    let summary = &live.status.summary;
    let problems = live.faults.iter().filter(|fault| needs_a_look(fault.kind)).count();
    let mut parts = Vec::new();
    if let Some(paused) = &live.status.paused {
        let until = paused.until.as_deref().and_then(|until| clock_time(until, zone));
        parts.push(until.map_or_else(|| "Paused".to_owned(), |until| format!("Paused until {until}")));
    }
    if problems > 0 {
        parts.push(counted(u32::try_from(problems).unwrap_or(u32::MAX), "problem", "problems"));
    }
    let for_you = live.status.runs.iter().filter(|run| waits_for_you(run)).count();
    if summary.running > 0 {
        parts.push(format!("{} running", summary.running));
        match summary.running {
            _ if !all_wait(&live.status.runs) || for_you > 0 => {}
            1 => parts.push("waiting".to_owned()),
            _ => parts.push("all waiting".to_owned()),
        }
    }
    match for_you {
        0 => {}
        1 => parts.push("1 waits for you".to_owned()),
        many => parts.push(format!("{many} wait for you")),
    }
    if summary.queued > 0 {
        parts.push(format!("{} queued", summary.queued));
    }
    if summary.warning > 0 {
        parts.push(counted(summary.warning, "warning", "warnings"));
    }
    if summary.unreachable > 0 {
        parts.push(format!("{} unreachable", summary.unreachable));
    }
    if summary.stopped_unseen > 0 {
        parts.push(format!("{} stopped", summary.stopped_unseen));
    }
    if let Some(count) = u32::try_from(live.leftovers.len()).ok().filter(|count| *count > 0) {
        parts.push(format!("{} left processes", counted(count, "run", "runs")));
    }
    if open_breakers(live) > 0 {
        parts.push(format!("{} will not start again", counted(open_breakers(live), "job", "jobs")));
    }
    if parts.is_empty() { "Nothing is running".to_owned() } else { parts.join(", ") }
}

/// How old the document is: its clocks have gone on since, unless the watch is paused.
fn age_s(live: &Live, now: Timestamp) -> f64 {
    if live.status.paused.is_some() {
        return 0.0;
    }
    live.at.parse::<Timestamp>().map_or(0.0, |at| now.duration_since(at).as_secs_f64().max(0.0))
}

/// The first runs in their order; where not all have a place, those that want a look have one before others.
fn listed(runs: &[RunView]) -> Vec<&RunView> {
    let mut chosen: Vec<(usize, &RunView)> = runs.iter().enumerate().collect();
    chosen.sort_by_key(|(_, run)| !wants_a_look(run));
    chosen.truncate(RUNNING_ROWS_MAX);
    chosen.sort_by_key(|(place, _)| *place);
    chosen.into_iter().map(|(_, run)| run).collect()
}

fn running_rows(runs: &[RunView], age_s: f64) -> Vec<Row> {
    let listed = listed(runs);
    let more = runs.len().saturating_sub(listed.len());
    let mut rows: Vec<Row> = listed.into_iter().map(|run| running_row(run, age_s)).collect();
    if more > 0 {
        rows.push(Row::active(format!("… and {more} more"), MenuAction::OpenHistory));
    }
    rows
}

/// `unseen` is cut by the engine, `count` is all of them.
fn stopped_rows(unseen: &[HistoryRow], count: u32) -> Vec<Row> {
    let mut rows: Vec<Row> = unseen.iter().take(STOPPED_ROWS_MAX).map(stopped_row).collect();
    let count = usize::try_from(count).unwrap_or(usize::MAX).max(unseen.len());
    if count == 0 {
        return rows;
    }
    let more = count - rows.len();
    if more > 0 {
        rows.push(Row::active(format!("… and {more} more stopped"), MenuAction::OpenHistory));
    }
    rows.push(Row::active("Mark all as seen", MenuAction::MarkAllSeen));
    rows
}

/// "Problem: …".
fn problem_row(text: &str) -> Row {
    let text = one_line(text, SENTENCE_CHARS_MAX);
    Row::active(format!("Problem: {}", lowercase_first(text.trim_end_matches('.'))), MenuAction::OpenHistory)
}

/// An acronym or a path at the start stays as it is.
fn lowercase_first(text: &str) -> String {
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(first), Some(second)) if first.is_uppercase() && second.is_lowercase() => {
            first.to_lowercase().chain(text.chars().skip(1)).collect()
        }
        _ => text.to_owned(),
    }
}
