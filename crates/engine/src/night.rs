//! What a night came to: which night, how its runs ended, what the stops saved, in numbers and in sentences. Pure.

use jiff::civil::{Date, Time, time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use nightkeep_core::Span;

use crate::api::{ApiError, ErrorCode, HistoryRow, NightCounts, NightReport, Outcome, QuietTime, Reason};
use crate::api::{Spared, SparedUntil};

/// When a night begins.
const EVENING: Time = time(18, 0, 0, 0);
/// When it ends.
const LATE_MORNING: Time = time(10, 0, 0, 0);
/// When somebody would have looked.
const MORNING: Time = time(8, 0, 0, 0);

/// A job that is started again so soon was not missed.
pub const AGAIN_MS: i64 = 5 * 60_000;

/// Less than this is not worth a sentence.
const TOLD_MIN_S: f64 = 60.0;

/// How the time is counted that stops saved.
pub const RULE: &str = "Counted for each run that Nightkeep stopped: from its end until 08:00, or until its longest run \
    time or the next start of its job if that comes first. Not counted when the job was started again within 5 minutes, \
    and not for runs that you stopped yourself.";

/// A night: from one evening to the next late morning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Night {
    /// The day on whose evening it begins.
    pub date: Date,
    /// When it begins, in milliseconds since the Unix epoch.
    pub from_ms: i64,
    /// When it ends.
    pub to_ms: i64,
    /// When somebody would look.
    pub morning_ms: i64,
}

/// A run of the night, with what its row does not say.
#[derive(Debug, Clone, PartialEq)]
pub struct NightRun {
    /// Its row of the history.
    pub row: HistoryRow,
    /// When it started.
    pub started_ms: i64,
    /// When it ended.
    pub ended_ms: i64,
    /// The longest it might have taken.
    pub max_runtime_ms: Option<u64>,
    /// When its job was started the next time.
    pub next_start_ms: Option<i64>,
}

/// Runs that are not over, or were not at the end of the night.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Others {
    /// Those that go on at this moment.
    pub running: u32,
    /// Those that ran through this night and ended after it, or go on.
    pub through: u32,
}

/// The day that a text such as `2026-11-21` names.
///
/// # Errors
/// When it names none.
pub fn date_of(text: &str) -> Result<Date, ApiError> {
    text.parse().map_err(|_| {
        ApiError::new(ErrorCode::Invalid, format!("`{text}` is no day"))
            .with_hint("write it like `2026-11-21`: the day on whose evening the night began")
            .at_field("date")
    })
}

impl Night {
    /// The night that begins on the evening of this day.
    #[must_use]
    pub fn of(date: Date, zone: &TimeZone) -> Option<Self> {
        let next = date.tomorrow().ok()?;
        let at = |day: Date, time: Time| {
            day.to_datetime(time).to_zoned(zone.clone()).ok().map(|at| at.timestamp().as_millisecond())
        };
        Some(Self { date, from_ms: at(date, EVENING)?, to_ms: at(next, LATE_MORNING)?, morning_ms: at(next, MORNING)? })
    }

    /// The night that is on, or else the last one.
    #[must_use]
    pub fn latest(now: &Zoned) -> Option<Self> {
        let today = now.date();
        let date = if now.time() >= EVENING { today } else { today.yesterday().ok()? };
        Self::of(date, now.time_zone())
    }

    /// "Last night", "Tonight so far", "Night of Fri 20 Nov".
    fn label(&self, now: &Zoned) -> String {
        let is_evening = now.time() >= EVENING;
        let days = now.date().since(self.date).ok().map(|passed| passed.get_days());
        match (days, is_evening) {
            (Some(0), true) => "Tonight so far".to_owned(),
            (Some(1), _) => "Last night".to_owned(),
            (_, _) if self.date.year() == now.year() => format!("Night of {}", self.date.strftime("%a %-d %b")),
            (_, _) => format!("Night of {}", self.date.strftime("%a %-d %b %Y")),
        }
    }
}

/// What the runs of a night came to, newest first, as it stands at this moment.
#[must_use]
pub fn report(night: &Night, runs: &[NightRun], others: Others, now: &Zoned) -> NightReport {
    let now_ms = now.timestamp().as_millisecond();
    let counts = counts(runs);
    let spared: Vec<Spared> = runs.iter().filter_map(|run| spared(night, run, now_ms)).collect();
    let saved_s: f64 = spared.iter().map(|spared| spared.seconds).sum();
    let longest_quiet = longest_quiet(runs);
    let is_last = Night::latest(now).is_none_or(|latest| latest.date <= night.date);
    let mut sentences = vec![
        empty(runs, others),
        longest_quiet.as_ref().map_or_else(String::new, quiet_words),
        alive(runs),
        if is_last { going_on(others.running) } else { String::new() },
    ];
    sentences.retain(|sentence| !sentence.is_empty());
    NightReport {
        date: night.date.to_string(),
        is_last,
        from: rfc3339(night.from_ms),
        to: rfc3339(night.to_ms),
        counts,
        headline: headline(&night.label(now), counts),
        not_wasted: (saved_s >= TOLD_MIN_S).then(|| format!("About {} not wasted.", length(saved_s))),
        rule: RULE.to_owned(),
        spared,
        longest_quiet,
        sentences,
        stopped: runs.iter().map(|run| &run.row).filter(|row| row.outcome == Outcome::Aborted).cloned().collect(),
    }
}

fn counts(runs: &[NightRun]) -> NightCounts {
    let mut counts = NightCounts::default();
    for run in runs {
        let count = match run.row.outcome {
            Outcome::Succeeded => &mut counts.finished,
            Outcome::Failed => &mut counts.failed,
            Outcome::Aborted => &mut counts.stopped,
            Outcome::Lost => &mut counts.lost,
        };
        *count += 1;
    }
    counts
}

/// "Last night: 7 runs – 4 finished, 1 failed, 2 stopped."
fn headline(label: &str, counts: NightCounts) -> String {
    let NightCounts { finished, failed, stopped, lost } = counts;
    let all = finished + failed + stopped + lost;
    let kinds = [(finished, "finished"), (failed, "failed"), (stopped, "stopped"), (lost, "lost")];
    let parts: Vec<(u32, &str)> = kinds.into_iter().filter(|(count, _)| *count > 0).collect();
    match parts.as_slice() {
        [] => format!("{label}: no runs."),
        [(1, what)] => format!("{label}: 1 run, {what}."),
        [(2, what)] => format!("{label}: 2 runs, both {what}."),
        [(_, what)] => format!("{label}: {all} runs, all {what}."),
        several => {
            let parts: Vec<String> = several.iter().map(|(count, what)| format!("{count} {what}")).collect();
            format!("{label}: {all} runs – {}.", parts.join(", "))
        }
    }
}

/// What the stop of a run saved; `None` for a run that was not stopped, or by a person.
fn spared(night: &Night, run: &NightRun, now_ms: i64) -> Option<Spared> {
    let row = &run.row;
    if row.outcome != Outcome::Aborted || row.reason == Some(Reason::User) {
        return None;
    }
    let longest = run.max_runtime_ms.map(|ms| (run.started_ms.saturating_add_unsigned(ms), SparedUntil::MaxRuntime));
    let next = run.next_start_ms.map(|at| (at, SparedUntil::NextStart));
    let ends = [Some((night.morning_ms, SparedUntil::Morning)), Some((now_ms, SparedUntil::Now)), longest, next];
    let (until_ms, because) = ends.into_iter().flatten().min_by_key(|(at, _)| *at)?;
    let is_again = run.next_start_ms.is_some_and(|next| next.saturating_sub(run.ended_ms) <= AGAIN_MS);
    let saved_ms = if is_again { 0 } else { until_ms.saturating_sub(run.ended_ms) };
    // What was stopped after the morning, or at its longest run time, saved nothing.
    let saved_ms = u64::try_from(saved_ms).unwrap_or(0);
    if saved_ms == 0 && !is_again {
        return None;
    }
    Some(Spared {
        run: row.run,
        job: row.job.clone(),
        from: row.ended_at.clone(),
        until: rfc3339(until_ms),
        because,
        seconds: Span::from_ms(saved_ms).as_secs_f64(),
    })
}

fn longest_quiet(runs: &[NightRun]) -> Option<QuietTime> {
    let finished = runs.iter().map(|run| &run.row).filter(|row| row.outcome == Outcome::Succeeded);
    let quiet = finished.filter_map(|row| Some((row, row.longest_gap_s?)));
    let (row, gap_s) = quiet.max_by(|(_, one), (_, other)| one.total_cmp(other))?;
    Some(QuietTime { run: row.run, job: row.job.clone(), gap_s, stall_after_s: row.stall_after_s })
}

fn quiet_words(quiet: &QuietTime) -> String {
    let limit = quiet.stall_after_s.map_or_else(String::new, |limit| format!(", limit {}", length(limit)));
    format!("Longest quiet time in a good run: {} ({}{limit}).", length(quiet.gap_s), quiet.job)
}

fn alive(runs: &[NightRun]) -> String {
    let mut jobs: Vec<&str> = Vec::new();
    for run in runs.iter().filter(|run| !run.row.survivors.is_empty()) {
        if !jobs.contains(&run.row.job.as_str()) {
            jobs.push(&run.row.job);
        }
    }
    match jobs.split_last() {
        None => String::new(),
        Some((only, [])) => format!("Processes of {only} were still alive after the stop."),
        Some((last, others)) => {
            format!("Processes of {} and {last} were still alive after the stop.", others.join(", "))
        }
    }
}

fn empty(runs: &[NightRun], others: Others) -> String {
    match (runs, others.through) {
        ([], 0) => "Nothing ran between 18:00 and 10:00.".to_owned(),
        ([], _) => "No run ended between 18:00 and 10:00.".to_owned(),
        ([..], _) => String::new(),
    }
}

fn going_on(running: u32) -> String {
    match running {
        0 => String::new(),
        1 => "1 run is still going on.".to_owned(),
        more => format!("{more} runs are still going on."),
    }
}

fn length(seconds: f64) -> String {
    let length = std::time::Duration::try_from_secs_f64(seconds).unwrap_or_default();
    Span::from_ms(u64::try_from(length.as_millis()).unwrap_or(u64::MAX)).to_string()
}

fn rfc3339(wall_ms: i64) -> String {
    let time = Timestamp::from_millisecond(wall_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    format!("{time:.3}")
}

#[cfg(test)]
mod tests;
