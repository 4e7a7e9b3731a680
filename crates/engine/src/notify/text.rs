//! The words of notifications: fact first, no more than two lines.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use nightkeep_core::jobs::LastEnd;
use nightkeep_core::{Cap, Exit, HeardNotice, HumanWait, Method, Notice, Outcome, Reason, RunId, Span, Wall};

use super::policy::Slot;
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
    /// Its place on the screen: a later text in the same place replaces the earlier one.
    pub slot: Slot,
    /// The fact.
    pub title: String,
    /// What else is known.
    pub body: String,
    /// How loudly.
    pub urgency: Urgency,
    /// Without a sound.
    pub is_silent: bool,
}

/// What is known of a run beside what a notice says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Around {
    /// The best step.
    pub step: Option<i64>,
    /// How many steps there are.
    pub total: Option<i64>,
    /// When it last moved forward.
    pub last_advance: Option<Wall>,
    /// How many processes it had when its stop began.
    pub processes: Option<usize>,
    /// All of its processes are known, not only those that could be identified.
    pub is_whole: bool,
    /// The names of those that were there after the polite signals.
    pub stubborn: Vec<String>,
    /// It had stalled before this engine found it.
    pub stalled_unwatched: bool,
}

impl Around {
    /// It moved forward.
    pub fn advanced(&mut self, step: i64, total: Option<i64>, at: Wall) {
        self.step = Some(step);
        self.total = total.or(self.total);
        self.last_advance = Some(at);
    }
}

impl Text {
    pub(super) fn about(run: RunId, title: String, body: String, urgency: Urgency) -> Self {
        Self { slot: Slot::Run(run.0), title, body, urgency, is_silent: false }
    }

    /// The words for `notice`, spoken at `now` to somebody in `zone`.
    #[must_use]
    pub fn of(notice: &Notice, around: &Around, now: Wall, zone: &TimeZone) -> Self {
        match notice {
            Notice::Warning { run, job, since, step, stop_in } => {
                let next = stop_in.map_or_else(
                    || "It will not be stopped.".to_owned(),
                    |left| format!("It will be stopped at {}.", clock_time(now, left, zone)),
                );
                let body = format!("No progress for {since} ({}). {next}", last(*step, around));
                Self::about(*run, format!("{} is quiet", short(job)), body, Urgency::Low)
            }
            Notice::Stopped { run, job, reason, method, since, step, grace } => {
                if around.stalled_unwatched && *reason == Reason::Stalled {
                    let body = format!("{} had stalled while nobody was watching; it was stopped.", short(job));
                    return Self::about(*run, "Cleaned up after a restart".to_owned(), body, Urgency::Normal);
                }
                let (title, place) = match method {
                    Method::Graceful => (format!("{} was stopped", short(job)), place(*step, around, zone)),
                    Method::Forced => (format!("{} was force-stopped", short(job)), String::new()),
                };
                let body = format!("{}.{place} {}", cause(*reason, *since), how(*method, *grace, around));
                Self::about(*run, title, body, Urgency::Normal)
            }
            Notice::CouldNotStop { run, job, survivors } => Self::about(
                *run,
                format!("Could not stop {}", short(job)),
                survivors_text(survivors),
                Urgency::Critical,
            ),
            Notice::Stalled { run, job, since, step } => {
                let last = last(*step, around);
                let body = format!("No progress for {since} ({last}). It is left alone, as its job wants it.");
                Self::about(*run, format!("{} has stalled", short(job)), body, Urgency::Normal)
            }
            Notice::BreakerOpened { run, job, failures, last: end } => {
                let body = format!("{} {failures} times in a row. {}", how_often(end), last_cause(end));
                Self::about(*run, format!("{} will not start again", short(job)), body, Urgency::Normal)
            }
            Notice::CouldNotJudge { run, job, since } => {
                let body = format!("No progress seen for {since}, but its marker cannot be read. It was not stopped.");
                Self::about(*run, format!("{} cannot be judged", short(job)), body, Urgency::Normal)
            }
            Notice::Heard { run, job, what } => heard(*run, &short(job), what),
        }
    }

    /// The end of a run by itself, after `took`.
    #[must_use]
    pub fn of_end(run: RunId, job: &str, exit: &Exit, took: Span, around: &Around) -> Self {
        let (job, step) = (short(job), around.step);
        let last = step.map_or_else(String::new, |step| format!(" Last: {}.", steps(step, around)));
        let (title, body) = match exit {
            Exit::Code(0) => {
                let steps = match (step, around.total) {
                    (Some(step), Some(total)) => format!(", {step} of {total} steps"),
                    (Some(step), None) => format!(", last: step {step}"),
                    (None, _) => String::new(),
                };
                (format!("{job} finished"), format!("Ran {took}{steps}."))
            }
            Exit::Code(code) => (format!("{job} failed"), format!("Exit code {code} after {took}.{last}")),
            Exit::Signal(signal) => (format!("{job} failed"), format!("Ended by signal {signal} after {took}.{last}")),
            Exit::NotStarted { message, .. } => {
                let why = clean_text(message, QUESTION_MAX);
                (format!("{job} failed"), format!("It could not be started: {}.", why.trim_end_matches('.')))
            }
            Exit::Interrupted { .. } | Exit::Unknown => (format!("{job} ended"), format!("It ran {took}.{last}")),
        };
        Self::about(run, title, body, Urgency::Low)
    }

    /// The history cannot be written, so that nothing is judged.
    #[must_use]
    pub fn of_no_watch(why: Option<&str>, running: usize) -> Self {
        let why = why.map_or_else(String::new, |why| format!(" ({})", clean_text(why, QUESTION_MAX)));
        let runs = match running {
            0 => "What is started continues without a limit.".to_owned(),
            1 => "1 run continues without a limit.".to_owned(),
            many => format!("{many} runs continue without a limit."),
        };
        Self {
            slot: Slot::Watch,
            title: "Runs are not being watched".to_owned(),
            body: format!("The history cannot be written{why}. {runs}"),
            urgency: Urgency::Critical,
            is_silent: false,
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
    Text::about(run, title, body, Urgency::Normal)
}

pub(super) fn short(job: &str) -> String {
    clean_text(job, NAME_MAX)
}

fn last(step: Option<i64>, around: &Around) -> String {
    step.map_or_else(|| "no step yet".to_owned(), |step| format!("last: {}", steps(step, around)))
}

/// "step 14/40".
fn steps(step: i64, around: &Around) -> String {
    around.total.map_or_else(|| format!("step {step}"), |total| format!("step {step}/{total}"))
}

/// " Last: step 14/40 at 01:31."
fn place(step: Option<i64>, around: &Around, zone: &TimeZone) -> String {
    let Some(step) = step else { return " It showed no step.".to_owned() };
    let at = around.last_advance.and_then(|at| Timestamp::from_millisecond(at.as_ms()).ok());
    let at = at.map_or_else(String::new, |at| at.to_zoned(zone.clone()).strftime(" at %H:%M").to_string());
    format!(" Last: {}{at}.", steps(step, around))
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

fn how(method: Method, grace: Span, around: &Around) -> String {
    match (method, around.processes.filter(|count| *count > 0)) {
        (Method::Graceful, None) => "It ended when it was asked to.".to_owned(),
        (Method::Graceful, Some(1)) => "Its process ended.".to_owned(),
        (Method::Graceful, Some(count)) if around.is_whole => format!("All {count} processes ended."),
        (Method::Graceful, Some(count)) => format!("The {count} processes that could be identified ended."),
        (Method::Forced, _) if grace == Span::ZERO => "It was killed.".to_owned(),
        (Method::Forced, _) => stubborn(grace, &around.stubborn),
    }
}

fn stubborn(grace: Span, names: &[String]) -> String {
    let clean: Vec<String> = names.iter().map(|name| short(name)).collect();
    match clean.as_slice() {
        [] => format!("It ignored the stop request and was killed after {grace}."),
        [name] => format!("{name} ignored the stop request and was killed after {grace}."),
        [one, other] => format!("{one} and {other} ignored the stop request and were killed after {grace}."),
        [one, rest @ ..] => {
            format!("{one} and {} more ignored the stop request and were killed after {grace}.", rest.len())
        }
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
mod tests;
