//! The words of notifications: fact first, no more than two lines.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use nightkeep_core::jobs::LastEnd;
use nightkeep_core::{Cap, Exit, HeardNotice, HumanWait, Method, Notice, Outcome, Reason, RunId, Span, Wall};

use crate::clean::clean_text;
use crate::words::dollars;

/// The longest job name in a title, in characters.
const NAME_MAX: usize = 40;
/// The longest question in a body, in characters.
const QUESTION_MAX: usize = 120;

/// How loudly something is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// Nice to know.
    Low,
    /// Worth a banner.
    Normal,
    /// Nightkeep cannot do its work; the banner stays.
    Critical,
}

/// A notification in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Which run it is about. A later text about the same run replaces the earlier one.
    pub run: RunId,
    /// The fact.
    pub title: String,
    /// What else is known.
    pub body: String,
    /// How loudly.
    pub urgency: Urgency,
}

impl Text {
    /// The words for `notice`, spoken at `now` to somebody in `zone`.
    #[must_use]
    pub fn of(notice: &Notice, now: Wall, zone: &TimeZone) -> Self {
        match notice {
            Notice::Warning { run, job, since, step, stop_in } => {
                let next = stop_in.map_or_else(
                    || "It will not be stopped.".to_owned(),
                    |left| format!("It will be stopped at {}.", clock_time(now, left, zone)),
                );
                Self {
                    run: *run,
                    title: format!("{} is quiet", short(job)),
                    body: format!("No progress for {since} ({}). {next}", last(*step)),
                    urgency: Urgency::Low,
                }
            }
            Notice::Stopped { run, job, reason, method, since, step, grace } => Self {
                run: *run,
                title: match method {
                    Method::Graceful => format!("{} was stopped", short(job)),
                    Method::Forced => format!("{} was force-stopped", short(job)),
                },
                body: format!("{} ({}). {}", cause(*reason, *since), last(*step), how(*method, *grace)),
                urgency: Urgency::Normal,
            },
            Notice::CouldNotStop { run, job, survivors } => Self {
                run: *run,
                title: format!("Could not stop {}", short(job)),
                body: survivors_text(survivors),
                urgency: Urgency::Critical,
            },
            Notice::Stalled { run, job, since, step } => Self {
                run: *run,
                title: format!("{} has stalled", short(job)),
                body: format!("No progress for {since} ({}). It is left alone, as its job wants it.", last(*step)),
                urgency: Urgency::Normal,
            },
            Notice::BreakerOpened { run, job, failures, last: end } => Self {
                run: *run,
                title: format!("{} will not start again", short(job)),
                body: format!("{} {failures} times in a row. {}", how_often(end), last_cause(end)),
                urgency: Urgency::Normal,
            },
            Notice::CouldNotJudge { run, job, since } => Self {
                run: *run,
                title: format!("{} cannot be judged", short(job)),
                body: format!("No progress seen for {since}, but its marker cannot be read. It was not stopped."),
                urgency: Urgency::Normal,
            },
            Notice::Heard { run, job, what } => heard(*run, &short(job), what),
        }
    }
}

/// The words for what came of the reports of a run.
fn heard(run: RunId, job: &str, what: &HeardNotice) -> Text {
    let (title, body) = match what {
        HeardNotice::WaitsForPerson { kind, what, since } => {
            let asked = what.as_deref().map_or(String::new(), |what| format!(" {}", clean_text(what, QUESTION_MAX)));
            let for_what = match kind {
                HumanWait::Permission => "to be allowed something",
                HumanWait::Question => "for an answer",
                HumanWait::SignIn => "for you to sign in",
                HumanWait::Instructions => "to be told what to do next",
            };
            (format!("{job} waits for you"), format!("It has waited {for_what} for {since}.{asked}"))
        }
        HeardNotice::Unreachable { since } => (
            format!("{job} gives no sign of life"),
            format!("No beat for {since}. It is not stopped for that; its progress is watched on."),
        ),
        HeardNotice::Circling { times } => (
            format!("{job} is busy, but not advancing"),
            format!("The same {times} times in a row. See what it does before it costs more."),
        ),
        HeardNotice::Spent { cost_microusd, max_microusd, cap } => {
            let (budget, within) = match cap {
                Cap::Run => ("its budget", "so far"),
                Cap::Day => ("the budget of a day", "in 24 hours"),
            };
            let spent = format!("{} of {} {within}.", dollars(*cost_microusd), dollars(*max_microusd));
            if cost_microusd >= max_microusd {
                (format!("{job} has spent {budget}"), format!("{spent} It is not stopped for that."))
            } else {
                (format!("{job} has spent most of {budget}"), spent)
            }
        }
    };
    Text { run, title, body, urgency: Urgency::Normal }
}

pub(super) fn short(job: &str) -> String {
    clean_text(job, NAME_MAX)
}

fn last(step: Option<i64>) -> String {
    step.map_or_else(|| "no step yet".to_owned(), |step| format!("last: step {step}"))
}

fn cause(reason: Reason, since: Span) -> String {
    match reason {
        Reason::Stalled => format!("No progress for {since}"),
        Reason::MaxRuntime => format!("It had run for {since}, its longest run time"),
        Reason::User => "Stopped by you".to_owned(),
        Reason::Unresponsive => format!("No sign of life for {since}"),
        Reason::Circling => "It was busy with the same thing again and again".to_owned(),
        Reason::Budget => "It had spent its budget".to_owned(),
    }
}

fn how(method: Method, grace: Span) -> String {
    match method {
        Method::Graceful => "It ended when it was asked to.".to_owned(),
        Method::Forced if grace == Span::ZERO => "It was killed.".to_owned(),
        Method::Forced => format!("It ignored the stop request and was killed after {grace}."),
    }
}

/// "Stopped" or "Failed": as the last of them.
fn how_often(last: &LastEnd) -> &'static str {
    match last.outcome {
        Outcome::Aborted => "Stopped",
        Outcome::Failed | Outcome::Succeeded | Outcome::Lost => "Failed",
    }
}

fn last_cause(last: &LastEnd) -> String {
    let why = match (last.reason, &last.exit) {
        (Some(Reason::Stalled), _) => format!("no progress for {}", last.since),
        (Some(Reason::MaxRuntime), _) => format!("it had run for {}, its longest run time", last.since),
        (Some(Reason::Unresponsive), _) => format!("no sign of life for {}", last.since),
        (Some(Reason::Circling), _) => "it went round in circles".to_owned(),
        (Some(Reason::Budget), _) => "it had cost as much as it may".to_owned(),
        (Some(Reason::User), _) => "stopped by you".to_owned(),
        (None, Exit::Code(code)) => format!("exit code {code}"),
        (None, Exit::Signal(signal)) => format!("signal {signal}"),
        (None, Exit::NotStarted { message, .. }) => {
            format!("it could not be started ({})", clean_text(message, NAME_MAX))
        }
        (None, Exit::Interrupted { .. } | Exit::Unknown) => "not known".to_owned(),
    };
    format!("Last cause: {why}.")
}

fn survivors_text(survivors: &[u32]) -> String {
    let pids: Vec<String> = survivors.iter().map(u32::to_string).collect();
    match pids.as_slice() {
        [] => "Nobody can say whether all of it has ended. It may keep using your quota.".to_owned(),
        [pid] => format!("1 process is still running (pid {pid}). It may keep using your quota."),
        many => {
            format!(
                "{} processes are still running (pids {}). They may keep using your quota.",
                many.len(),
                pids.join(", ")
            )
        }
    }
}

/// The time of day `left` after `now`: to the minute, or to the second when it is near.
fn clock_time(now: Wall, left: Span, zone: &TimeZone) -> String {
    let left_ms = i64::try_from(left.as_ms()).unwrap_or(i64::MAX);
    let format = if left_ms < 120_000 { "%H:%M:%S" } else { "%H:%M" };
    Timestamp::from_millisecond(now.as_ms())
        .ok()
        .and_then(|at| at.checked_add(SignedDuration::from_millis(left_ms)).ok())
        .map_or_else(|| format!("in {left}"), |at| at.to_zoned(zone.clone()).strftime(format).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Wall = Wall::from_ms(1_767_268_800_000);

    fn words(notice: &Notice) -> String {
        let text = Text::of(notice, NOON, &TimeZone::UTC);
        format!("{}\n{}", text.title, text.body)
    }

    fn stopped(reason: Reason, method: Method, grace: u64) -> Notice {
        Notice::Stopped {
            run: RunId(4),
            job: "articles".to_owned(),
            reason,
            method,
            since: Span::from_mins(45),
            step: Some(14),
            grace: Span::from_secs(grace),
        }
    }

    #[test]
    fn a_warning_says_when_the_stop_will_come() {
        let notice = Notice::Warning {
            run: RunId(4),
            job: "articles".to_owned(),
            since: Span::from_mins(30),
            step: Some(14),
            stop_in: Some(Span::from_mins(15)),
        };
        assert_eq!(
            words(&notice),
            "articles is quiet\nNo progress for 30 min (last: step 14). It will be stopped at 12:15."
        );
    }

    #[test]
    fn a_stop_says_why_and_how() {
        assert_eq!(
            words(&stopped(Reason::Stalled, Method::Graceful, 20)),
            "articles was stopped\nNo progress for 45 min (last: step 14). It ended when it was asked to."
        );
        assert_eq!(
            words(&stopped(Reason::Stalled, Method::Forced, 20)),
            "articles was force-stopped\nNo progress for 45 min (last: step 14). It ignored the stop request and was \
             killed after 20 s."
        );
    }

    #[test]
    fn a_job_that_will_not_start_again_says_how_often_it_failed_and_why_last() {
        let opened = |outcome, reason, exit| {
            let last = LastEnd { outcome, reason, since: Span::from_mins(20), exit };
            words(&Notice::BreakerOpened { run: RunId(4), job: "nightly-fuzz".to_owned(), failures: 3, last })
        };
        assert_eq!(
            opened(Outcome::Aborted, Some(Reason::Stalled), Exit::Signal(15)),
            "nightly-fuzz will not start again\nStopped 3 times in a row. Last cause: no progress for 20 min."
        );
        assert_eq!(
            opened(Outcome::Failed, None, Exit::Code(101)),
            "nightly-fuzz will not start again\nFailed 3 times in a row. Last cause: exit code 101."
        );
    }

    #[test]
    fn a_stop_that_left_something_names_it_and_stays_on_screen() {
        let notice = Notice::CouldNotStop { run: RunId(4), job: "articles".to_owned(), survivors: vec![48211] };
        let text = Text::of(&notice, NOON, &TimeZone::UTC);
        assert_eq!(text.urgency, Urgency::Critical);
        assert_eq!(text.body, "1 process is still running (pid 48211). It may keep using your quota.");
    }

    #[test]
    fn a_name_that_tries_to_rewrite_the_screen_is_shown_harmlessly() {
        let notice = Notice::CouldNotJudge { run: RunId(1), job: "a\u{202e}b\u{1b}[31m".to_owned(), since: Span::ZERO };
        let text = Text::of(&notice, NOON, &TimeZone::UTC);
        assert!(!text.title.contains('\u{202e}') && !text.title.contains('\u{1b}'), "{}", text.title);
    }
}
