//! What can be asked for. Every row keeps its place: what is not to be had at the moment is hidden.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use nightkeep_engine::api::{Live, RunView};

use super::{RUNNING_ROWS_MAX, listed};
use crate::tray::menu::{Row, Section};
use crate::tray::words::{NAME_CHARS_MAX, one_line};
use crate::tray::{MenuAction, PauseLength};

/// The commands; without a document from the engine, only those that need none.
pub(super) fn commands(live: Option<&Live>, zone: &TimeZone) -> [Section; 2] {
    let is_paused = live.is_some_and(|live| live.status.paused.is_some());
    let runs = live.map_or(&[][..], |live| &live.status.runs);
    let window = vec![
        Row::active("Last night’s report", MenuAction::OpenHistory),
        Row::active("Open window", MenuAction::OpenWindow),
    ];
    let watch = vec![
        Row::opening("Stop a run", stop_rows(runs)).shown_if(!runs.is_empty()),
        Row::active("Resume watching", MenuAction::ResumeWatch).shown_if(is_paused),
        Row::opening("Pause watching", pause_rows(live, zone)).shown_if(live.is_some() && !is_paused),
        Row::active("Settings…", MenuAction::OpenSettings),
        quit_row(runs),
    ];
    [window, watch].map(|rows| Section { places: rows.len(), rows })
}

/// `08:00`.
pub(super) fn clock_time(at: &str, zone: &TimeZone) -> Option<String> {
    Some(at.parse::<Timestamp>().ok()?.to_zoned(zone.clone()).strftime("%H:%M").to_string())
}

fn pause_rows(live: Option<&Live>, zone: &TimeZone) -> Vec<Row> {
    let morning = live.and_then(|live| clock_time(live.morning.as_deref()?, zone));
    let row = |length| {
        let label = match length {
            PauseLength::Hour => "For 1 hour".to_owned(),
            PauseLength::Morning => format!("Until {}", morning.as_deref().unwrap_or("the morning")),
            PauseLength::Endless => "Until I resume".to_owned(),
        };
        Row::active(label, MenuAction::Pause(length))
    };
    PauseLength::ALL.into_iter().map(row).collect()
}

/// Those that are listed above. The window asks before anything is stopped.
fn stop_rows(runs: &[RunView]) -> Vec<Row> {
    let listed = listed(runs);
    let row = |run: &&RunView| {
        let name = one_line(&run.job, NAME_CHARS_MAX);
        let is_alone = listed.iter().filter(|other| other.job == run.job).count() == 1;
        let label = if is_alone { format!("{name}…") } else { format!("{name}, run {}…", run.run) };
        Row::active(label, MenuAction::StopRun(run.run))
    };
    let rows = listed.iter().map(row);
    rows.chain(std::iter::repeat_with(Row::free)).take(RUNNING_ROWS_MAX).collect()
}

/// Where nothing runs, there is nothing to be asked about: the engine watches for what is started later.
fn quit_row(runs: &[RunView]) -> Row {
    if runs.is_empty() { Row::active("Quit", MenuAction::Quit) } else { Row::active("Quit…", MenuAction::AskToQuit) }
}
