//! The words for many at once, and for a whole night.

use nightkeep_core::Span;

use super::policy::{Event, Kind, Member, Night, Slot, Wants};
use super::text::{Text, Urgency, short};
use crate::api::{HistoryRow, Outcome, Reason};

/// So many names are said of many.
const NAMES_MAX: usize = 2;

/// Something that a person could do something about, or would want to know of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// A job is not started again.
    NotStartedAgain(String),
    /// A run waits for a person.
    WaitsForPerson(String),
    /// A run gives no sign of life.
    Unreachable(String),
    /// A run stalls and is left alone.
    Stalled(String),
    /// A run could not be judged.
    NotJudged(String),
    /// A run went round in circles.
    Circled(String),
    /// A run has spent most of what it may.
    Spent(String),
    /// A run was found again.
    FoundAgain(String),
    /// A run was past its warning limit.
    Warned(String),
}

impl Need {
    /// What was kept for the report of the morning: the word of its kind and its job, with what a person thinks of it as.
    #[must_use]
    pub fn of_held(what: &str) -> Option<(Event, Self)> {
        let (word, job) = what.split_once('/')?;
        let (kind, job) = (Kind::named(word)?, job.to_owned());
        let need = match kind {
            Kind::Warning => Self::Warned(job),
            Kind::CouldNotJudge => Self::NotJudged(job),
            Kind::Circling => Self::Circled(job),
            Kind::Spent => Self::Spent(job),
            Kind::Recovered => Self::FoundAgain(job),
            Kind::Stopped
            | Kind::CouldNotStop
            | Kind::NotWatching
            | Kind::Breaker
            | Kind::LeftAlone
            | Kind::WaitsForPerson
            | Kind::Unreachable
            | Kind::Finished
            | Kind::Failed => return None,
        };
        Some((kind.event()?, need))
    }

    /// Whose it is.
    #[must_use]
    pub fn job(&self) -> &str {
        match self {
            Self::NotStartedAgain(job)
            | Self::WaitsForPerson(job)
            | Self::Unreachable(job)
            | Self::Stalled(job)
            | Self::NotJudged(job)
            | Self::Circled(job)
            | Self::Spent(job)
            | Self::FoundAgain(job)
            | Self::Warned(job) => job,
        }
    }

    /// Whether what came after it says it all: who was warned about was stopped, or what was found again has ended.
    #[must_use]
    pub fn is_over(&self, rows: &[HistoryRow]) -> bool {
        let ended = |job: &str| rows.iter().any(|row| row.job == job);
        match self {
            Self::Warned(job) => rows.iter().any(|row| row.job == *job && row.outcome == Outcome::Aborted),
            Self::FoundAgain(job) => ended(job),
            Self::NotStartedAgain(_)
            | Self::WaitsForPerson(_)
            | Self::Unreachable(_)
            | Self::Stalled(_)
            | Self::NotJudged(_)
            | Self::Circled(_)
            | Self::Spent(_) => false,
        }
    }
}

/// Whether something of this kind has to be remembered until the morning: neither the history of ended runs nor the runs
/// themselves say it then.
#[must_use]
pub fn waits_for_the_morning(kind: Kind) -> bool {
    Need::of_held(&format!("{}/", kind.word())).is_some() && kind != Kind::Recovered
}

/// Those of the night and of the day before it that its report tells of, as that is wanted.
#[must_use]
pub fn of_report(mut rows: Vec<HistoryRow>, night: &Night, wants: Wants) -> Vec<HistoryRow> {
    rows.retain(|row| {
        let event = match row.outcome {
            Outcome::Succeeded => Event::Finished,
            Outcome::Failed => Event::Failed,
            Outcome::Aborted => Event::Stopped,
            Outcome::Lost => Event::Recovered,
        };
        wants.report_tells(event, is_of(night, row))
    });
    rows
}

/// Whether a run ended in the night, and not on the day before it.
fn is_of(night: &Night, row: &HistoryRow) -> bool {
    row.ended_at.parse::<jiff::Timestamp>().is_ok_and(|ended| ended >= night.from)
}

impl Text {
    /// One text for all of `members`; `None` for nobody.
    #[must_use]
    pub fn of_many(members: &[Member]) -> Option<Self> {
        let _first = members.first()?;
        let mut names: Vec<&str> = Vec::new();
        let mut runs: Vec<(Option<u64>, &str)> = Vec::new();
        for Member { kind: _, run, job } in members {
            if !runs.contains(&(*run, job)) {
                runs.push((*run, job));
                names.push(job);
            }
        }
        let all = |wanted: Kind| members.iter().all(|member| member.kind == wanted);
        let what = match (all(Kind::Stopped), all(Kind::Failed), all(Kind::Finished)) {
            (true, _, _) => "were stopped",
            (_, true, _) => "failed",
            (_, _, true) => "finished",
            (false, false, false) => "need a look",
        };
        Some(Self {
            slot: Slot::Many,
            title: format!("{} runs {what}", names.len()),
            body: format!("{}.", listed(&names)),
            urgency: Urgency::Normal,
            is_silent: false,
        })
    }

    /// What a night came to; `None` when there is nothing to tell of it.
    #[must_use]
    pub fn of_night(night: &Night, rows: &[HistoryRow], needs: &[Need]) -> Option<Self> {
        // What somebody stopped by hand he knows of.
        let rows: Vec<&HistoryRow> = rows.iter().filter(|row| row.reason != Some(Reason::User)).collect();
        let of = |outcome: Outcome| -> Vec<&HistoryRow> {
            rows.iter().copied().filter(|row| row.outcome == outcome).collect()
        };
        let (finished, failed) = (of(Outcome::Succeeded), of(Outcome::Failed));
        let (stopped, lost) = (of(Outcome::Aborted), of(Outcome::Lost));
        if rows.is_empty() && needs.is_empty() {
            return None;
        }
        let body = [
            match (rows.is_empty(), stopped.is_empty()) {
                (true, _) => String::new(),
                (false, true) => "No run was stopped.".to_owned(),
                (false, false) => spared(night, &stopped),
            },
            names("Stopped", &stopped),
            names("Failed", &failed),
            names("Lost", &lost),
            if stopped.is_empty() && failed.is_empty() && lost.is_empty() {
                longest_quiet(&rows)
            } else {
                String::new()
            },
            needed(needs),
        ];
        let since = if rows.iter().all(|row| is_of(night, row)) { "Last night" } else { "Since yesterday" };
        let body: Vec<String> = body.into_iter().filter(|sentence| !sentence.is_empty()).collect();
        Some(Self {
            slot: Slot::Morning,
            title: format!("{since}: {}", counts(&finished, &failed, &lost, &stopped, needs)),
            body: body.join(" "),
            urgency: Urgency::Normal,
            is_silent: false,
        })
    }
}

fn counts(
    finished: &[&HistoryRow],
    failed: &[&HistoryRow],
    lost: &[&HistoryRow],
    stopped: &[&HistoryRow],
    needs: &[Need],
) -> String {
    let others = failed.len() + lost.len() + stopped.len();
    match (finished.len(), others) {
        (0, 0) if needs.len() == 1 => "1 run needs a look".to_owned(),
        (0, 0) => format!("{} runs need a look", needs.len()),
        (1, 0) => "1 run finished".to_owned(),
        (count, 0) => format!("{count} runs finished"),
        (_, _) => {
            let all = [
                (finished.len(), "finished"),
                (failed.len(), "failed"),
                (lost.len(), "lost"),
                (stopped.len(), "stopped"),
            ];
            let parts = all.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
            parts.collect::<Vec<_>>().join(", ")
        }
    }
}

/// The time from the stops to the morning, when somebody would have found the runs as they were.
fn spared(night: &Night, stopped: &[&HistoryRow]) -> String {
    let spared = stopped.iter().filter(|row| is_of(night, row)).filter_map(|row| {
        let ended: jiff::Timestamp = row.ended_at.parse().ok()?;
        u64::try_from(night.to.duration_since(ended).as_millis()).ok()
    });
    let spared = Span::from_ms(spared.sum());
    if spared < Span::from_mins(1) { String::new() } else { format!("About {spared} not wasted.") }
}

fn longest_quiet(rows: &[&HistoryRow]) -> String {
    let gaps = rows.iter().filter_map(|row| Some((row.longest_gap_s?, row)));
    let longest = gaps.max_by(|(one, _), (other, _)| one.total_cmp(other));
    longest.map_or_else(String::new, |(gap_s, row)| {
        let gap = std::time::Duration::try_from_secs_f64(gap_s).unwrap_or_default();
        let gap = Span::from_ms(u64::try_from(gap.as_millis()).unwrap_or(u64::MAX));
        format!("Longest quiet time {gap} ({}).", short(&row.job))
    })
}

fn names(what: &str, rows: &[&HistoryRow]) -> String {
    let mut names: Vec<&str> = Vec::new();
    // The history begins with the newest.
    for row in rows.iter().rev() {
        if !names.contains(&row.job.as_str()) {
            names.push(&row.job);
        }
    }
    if names.is_empty() { String::new() } else { format!("{what}: {}.", listed(&names)) }
}

fn needed(needs: &[Need]) -> String {
    let sentences = needs.iter().take(NAMES_MAX).map(|need| match need {
        Need::NotStartedAgain(job) => format!("{} will not start again.", short(job)),
        Need::WaitsForPerson(job) => format!("{} waits for you.", short(job)),
        Need::Unreachable(job) => format!("{} gives no sign of life.", short(job)),
        Need::Stalled(job) => format!("{} has stalled.", short(job)),
        Need::NotJudged(job) => format!("{} could not be judged.", short(job)),
        Need::Circled(job) => format!("{} was busy, but not advancing.", short(job)),
        Need::Spent(job) => format!("{} has spent most of its budget.", short(job)),
        Need::FoundAgain(job) => format!("{} was found again and is watched.", short(job)),
        Need::Warned(job) => format!("{} was quiet for long.", short(job)),
    });
    sentences.collect::<Vec<_>>().join(" ")
}

/// "nightly-fuzz, refactor-parser and 2 more".
fn listed(names: &[&str]) -> String {
    let short_names: Vec<String> = names.iter().take(NAMES_MAX).map(|name| short(name)).collect();
    match names.len().saturating_sub(NAMES_MAX) {
        0 => short_names.join(", "),
        more => format!("{} and {more} more", short_names.join(", ")),
    }
}

#[cfg(test)]
mod tests;
