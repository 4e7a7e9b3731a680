//! One row for one run.

use nightkeep_engine::api::{
    Activity, HistoryRow, JobCondition, JobStatus, LeftoverView, Liveness, Phase, Progress, Reason, RunView,
};

use crate::tray::MenuAction;
use crate::tray::menu::Row;
use crate::tray::words::{NAME_CHARS_MAX, counted, length, limit, one_line, whole_minutes};

/// `refactor-parser – step 14/40, 12 min since last step`. `age_s` is how old the document is that `run` is from.
pub(super) fn running_row(run: &RunView, age_s: f64) -> Row {
    let name = one_line(&run.job, NAME_CHARS_MAX);
    let told = match run.phase {
        Phase::Queued => queued(run),
        Phase::Starting => "starting".to_owned(),
        Phase::Stopping => "stopping".to_owned(),
        Phase::Ended => "ended".to_owned(),
        Phase::Running => match reported(run, age_s) {
            Some(reported) => format!("{}, {reported}", progress(run, age_s)),
            None => progress(run, age_s),
        },
    };
    Row::active(format!("{name} – {told}"), MenuAction::OpenRun(run.run))
}

fn queued(run: &RunView) -> String {
    match &run.queue {
        Some(place) => format!("waits for a free slot ({} of {} running)", place.running, place.slots),
        None => "queued".to_owned(),
    }
}

fn progress(run: &RunView, age_s: f64) -> String {
    let since = whole_minutes(run.since_advance_s + age_s);
    let stall_after = limit(run.stall_after_s);
    let told = match run.progress {
        Progress::Starting => return "starting".to_owned(),
        Progress::Waiting => waiting(run),
        Progress::Advancing | Progress::Quiet => no_step_for(run, &since),
        Progress::Warning if run.observe => format!("{} (past its warning limit)", no_step_for(run, &since)),
        Progress::Warning => format!("{} (stops at {stall_after})", no_step_for(run, &since)),
        Progress::Stalled if run.observe => format!("stalled, {since} without a step (only watched)"),
        Progress::Stalled => format!("stalled, {since} without a step"),
    };
    match (run.step, run.total) {
        (Some(step), Some(total)) if total > 0 => format!("step {step}/{total}, {told}"),
        (Some(step), _) => format!("step {step}, {told}"),
        (None, _) => told,
    }
}

fn no_step_for(run: &RunView, since: &str) -> String {
    match run.step {
        Some(_) => format!("{since} since last step"),
        None => format!("no step yet, {since}"),
    }
}

fn waiting(run: &RunView) -> String {
    let what = match run.activity {
        Activity::WaitingHuman => "waits for you",
        Activity::WaitingLimit => "waits for a usage limit",
        Activity::Asleep => "asleep with the computer",
        Activity::Working | Activity::Tool | Activity::Subagent | Activity::Compacting => "waiting",
    };
    match &run.doing {
        Some(doing) => format!("{what}: {}", one_line(doing, NAME_CHARS_MAX)),
        None => what.to_owned(),
    }
}

/// What else is odd about it, the worst only.
fn reported(run: &RunView, age_s: f64) -> Option<String> {
    let since = || whole_minutes(run.since_beat_s.unwrap_or(0.0) + age_s);
    let circles = || run.circling.then(|| "busy, but not advancing".to_owned());
    match run.liveness {
        Liveness::Unreachable => Some(format!("unreachable for {}", since())),
        Liveness::Degraded => circles().or_else(|| Some(format!("no beat for {}", since()))),
        Liveness::Healthy | Liveness::Unknown => circles(),
    }
}

/// `web – left 2 processes behind`.
pub(super) fn leftover_row(left: &LeftoverView) -> Row {
    let name = one_line(&left.job, NAME_CHARS_MAX);
    let what = match u32::try_from(left.pids.len()).unwrap_or(u32::MAX) {
        0 => "something".to_owned(),
        count => counted(count, "process", "processes"),
    };
    let stopping = if left.stopping { ", stopping" } else { "" };
    Row::active(format!("{name} – left {what} behind{stopping}"), MenuAction::OpenRun(left.run))
}

/// `nightly-fuzz – will not start again (3 failures in a row): resume`. A click resumes it.
pub(super) fn job_row(status: &JobStatus) -> Row {
    let name = one_line(&status.job, NAME_CHARS_MAX);
    let told = match status.state {
        JobCondition::Killed => "kept stopped: resume".to_owned(),
        JobCondition::BreakerOpen => {
            format!("will not start again ({} in a row): resume", counted(status.failures, "failure", "failures"))
        }
        JobCondition::Restarting => "stalled, starts again: start now".to_owned(),
    };
    Row::active(format!("{name} – {told}"), MenuAction::ResumeJob(status.job.clone()))
}

/// `Stopped: nightly-fuzz – no progress for 45 min`.
pub(super) fn stopped_row(row: &HistoryRow) -> Row {
    let name = one_line(&row.job, NAME_CHARS_MAX);
    let why = match row.reason {
        Some(Reason::Stalled) => match row.longest_gap_s {
            Some(gap) => format!("no progress for {}", length(gap)),
            None => "no progress".to_owned(),
        },
        Some(Reason::Unresponsive) => "no sign of life".to_owned(),
        Some(Reason::MaxRuntime) => "reached its longest run time".to_owned(),
        Some(Reason::User) => "by you".to_owned(),
        Some(Reason::Circling) => "busy, but not advancing".to_owned(),
        Some(Reason::Budget) => "its budget was spent".to_owned(),
        None => "reason unknown".to_owned(),
    };
    let left = match u32::try_from(row.survivors.len()).unwrap_or(u32::MAX) {
        0 => String::new(),
        count => format!(", {} still running", counted(count, "process", "processes")),
    };
    Row::active(format!("Stopped: {name} – {why}{left}"), MenuAction::OpenRun(row.run))
}
