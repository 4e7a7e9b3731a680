//! The runs that are not over.

use nightkeep_engine::api::{
    Activity, HistoryRow, JobCondition, JobStatus, LeftoverView, PauseView, Phase, Progress, RunView, SnoozeView,
    Status, Summary,
};

use nightkeep_engine::words;

use super::reports::{Beats, doing};
use super::units::rough;
use super::{UNKNOWN, View, bytes, length, moment, table};

const HEADER: [&str; 9] = ["RUN", "JOB", "TYPE", "STATE", "STEP", "PROGRESS", "OUTPUT", "PROCS", "MEMORY"];

/// The table of runs, what is odd about them, the counts, and the stops that nobody has looked at.
#[must_use]
pub fn status(status: &Status, unseen: &[HistoryRow], leftovers: &[LeftoverView], view: &View) -> String {
    let mut text = String::new();
    if !status.runs.is_empty() {
        let beats = Beats::of(&status.runs);
        let header: Vec<&str> = HEADER.into_iter().chain(beats.header()).collect();
        let rows = status.runs.iter().map(|run| row(run).into_iter().chain(beats.cell(run)).collect());
        text.push_str(&table(view, &header, "STEP", rows));
        for run in &status.runs {
            if let Some(doing) = doing(run, view) {
                text.push_str(&format!("  run {}: {doing}\n", run.run));
            }
            if let Some(note) = &run.marker_note {
                text.push_str(&format!("  run {}: {note}\n", run.run));
            }
            if let Some(place) = &run.queue {
                let (waits, before) = (words::waits(place), words::place_in_queue(place));
                text.push_str(&format!("  run {}: {waits}; {before}\n", run.run));
            }
        }
        text.push('\n');
    }
    text.push_str(&format!("{}\n", summary(&status.summary)));
    if let Some(pause) = &status.paused {
        text.push_str(&format!("  {}\n", paused(pause, view)));
    }
    for job in &status.jobs {
        text.push_str(&format!("  {}\n", condition(job, view)));
    }
    for snooze in &status.snoozed {
        text.push_str(&format!("  {}\n", snoozed(snooze, view)));
    }
    for left in leftovers {
        text.push_str(&format!("  {}\n", left_behind(left)));
    }
    for row in unseen {
        text.push_str(&format!("  run {} {}, {}: {}\n", row.run, row.job, moment(&row.ended_at, view), row.message));
    }
    text
}

/// That nothing is judged, until when, and what ends it.
#[must_use]
pub fn paused(pause: &PauseView, view: &View) -> String {
    let until = pause.until.as_deref().map(|at| format!(" until {}", moment(at, view))).unwrap_or_default();
    format!("the watch is paused{until}: no run is judged, and none is started again; `nightkeep resume` lets it go on")
}

/// No notifications of a job for a while, and how to have them again.
#[must_use]
pub fn snoozed(SnoozeView { job, until }: &SnoozeView, view: &View) -> String {
    format!(
        "notifications of {job} are snoozed until {}; `nightkeep snooze {job} --off` shows them",
        moment(until, view)
    )
}

/// What a run left behind, and how to stop it.
fn left_behind(left: &LeftoverView) -> String {
    let LeftoverView { run, job, pids, stopping, ended_at: _ } = left;
    let pids: Vec<String> = pids.iter().map(u32::to_string).collect();
    let what = match pids.as_slice() {
        [] => "something that could not be listed".to_owned(),
        [pid] => format!("1 process (pid {pid})"),
        many => format!("{} processes (pids {})", many.len(), many.join(", ")),
    };
    let next = if *stopping { "it is being stopped".to_owned() } else { format!("`nightkeep stop {run}` ends it") };
    format!("run {run} {job} is over and left {what} behind; {next}")
}

/// Why a job is not started as usual, and what lets it start again.
pub(super) fn condition(job: &JobStatus, view: &View) -> String {
    let JobStatus { job, state, since, failures, next_start } = job;
    let since = since.as_deref().map(|at| format!(" since {}", moment(at, view))).unwrap_or_default();
    let resume = format!("`nightkeep resume {job}` lets it start again");
    match (state, next_start) {
        (JobCondition::Killed, _) => format!("{job} is kept stopped{since}; {resume}"),
        (JobCondition::BreakerOpen, _) => {
            format!("{job} will not start again{since}: it failed or was stopped {failures} times in a row; {resume}")
        }
        (JobCondition::Restarting, Some(at)) => format!("{job} stalled and is started again at {}", moment(at, view)),
        (JobCondition::Restarting, None) => format!("{job} stalled and is being started again"),
    }
}

/// The counts, as one line.
#[must_use]
pub fn summary(summary: &Summary) -> String {
    let Summary { running, queued, warning, stopped_unseen, degraded, unreachable, healthy, killed } = summary;
    let mut parts = vec![if *running == 0 { "nothing is running".to_owned() } else { format!("{running} running") }];
    let counts = [
        (queued, "queued"),
        (warning, "warning"),
        (healthy, "healthy"),
        (degraded, "degraded"),
        (unreachable, "unreachable"),
        (stopped_unseen, "stopped since you last looked"),
        (killed, "kept stopped"),
    ];
    parts.extend(counts.iter().filter(|(n, _)| **n > 0).map(|(n, word)| format!("{n} {word}")));
    parts.join(", ")
}

fn row(run: &RunView) -> Vec<String> {
    vec![
        run.run.to_string(),
        run.job.clone(),
        run.r#type.clone(),
        state(run),
        step(run),
        match run.phase {
            // Its clock does not run.
            Phase::Queued => UNKNOWN.to_owned(),
            Phase::Starting | Phase::Running | Phase::Stopping | Phase::Ended => {
                format!("{} of {}", rough(run.since_advance_s), length(run.stall_after_s))
            }
        },
        run.since_output_s.map_or_else(|| UNKNOWN.to_owned(), rough),
        run.processes.map_or_else(|| UNKNOWN.to_owned(), |n| n.to_string()),
        run.memory_bytes.map_or_else(|| UNKNOWN.to_owned(), bytes),
    ]
}

fn state(run: &RunView) -> String {
    let word = match run.phase {
        Phase::Queued => "queued",
        Phase::Starting => "starting",
        Phase::Stopping => "stopping",
        Phase::Ended => "ended",
        Phase::Running => progress(run.progress, run.activity),
    };
    if run.observe { format!("{word} (observed)") } else { word.to_owned() }
}

fn progress(progress: Progress, activity: Activity) -> &'static str {
    match (activity, progress) {
        (Activity::WaitingHuman, _) => "waits for you",
        (Activity::WaitingLimit, _) => "waits for a limit",
        (Activity::Asleep, _) => "asleep",
        (Activity::Working | Activity::Tool | Activity::Subagent | Activity::Compacting, progress) => match progress {
            Progress::Starting => "starting",
            Progress::Advancing => "advancing",
            Progress::Quiet => "quiet",
            Progress::Warning => "! warning",
            Progress::Stalled => "✕ stalled",
            Progress::Waiting => "waiting",
        },
    }
}

fn step(run: &RunView) -> String {
    let step = match (run.step, run.total) {
        (None, _) => return UNKNOWN.to_owned(),
        (Some(step), None) => step.to_string(),
        (Some(step), Some(total)) => format!("{step}/{total}"),
    };
    match &run.note {
        Some(note) => format!("{step} {note}"),
        None => step,
    }
}
