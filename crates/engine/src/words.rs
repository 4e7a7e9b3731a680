//! What happened, in sentences, made only from stored facts: what is not known is not said.

mod at_length;
mod event;
mod gaps;
mod heard;
mod job;
mod parts;
mod plain;

use jiff::tz::TimeZone;

pub use at_length::at_length;
pub use event::event;
pub use gaps::gaps;
pub use heard::{dollars, microusd};
pub use job::{job_event, job_sentence};
use parts::{clock, lengths, lower_first, place, quote, signal_name, still_alive};
pub use plain::{bytes, chain, count};

use crate::api::{Method, OnStall, Outcome, QueuePlace, Reason};
use crate::store::entry::{Ending, Stage};
use crate::store::state::{LeftoverFate, Stop, StoredRun, WouldStop};

/// What is or was the case with a run: its cause first, then how it went. Times are those of `zone`.
#[must_use]
pub fn message(run: &StoredRun, zone: &TimeZone) -> String {
    sentences(run, zone).join(" ")
}

fn sentences(run: &StoredRun, zone: &TimeZone) -> Vec<String> {
    let mut sentences = match &run.ended {
        None => alive(run, zone),
        Some(ending) => over(run, ending, zone),
    };
    sentences.retain(|sentence| !sentence.is_empty());
    sentences
}

fn over(run: &StoredRun, ending: &Ending, zone: &TimeZone) -> Vec<String> {
    let mut sentences = match (&ending.exec_error, ending.outcome) {
        (Some(error), Outcome::Failed | Outcome::Lost | Outcome::Succeeded | Outcome::Aborted) => {
            vec![not_started(run, error)]
        }
        (None, Outcome::Succeeded | Outcome::Failed) if by_its_own_word(run, ending).is_some() => {
            let own = by_its_own_word(run, ending).unwrap_or_default();
            vec![own, last_place(run, zone), would_have_been_stopped(run, zone)]
        }
        (None, Outcome::Succeeded) => vec![succeeded(run), would_have_been_stopped(run, zone)],
        (None, Outcome::Failed) => {
            vec![failed(run, ending), last_place(run, zone), would_have_been_stopped(run, zone)]
        }
        (None, Outcome::Aborted) if run.cancelled().is_some() => vec![cancelled(run, ending, zone)],
        (None, Outcome::Aborted) => {
            let stopped = ending.identified.map_or_else(String::new, parts::identified);
            vec![cause(run, ending.reason, zone), manner(run, ending.method), stopped, still_alive(&ending.survivors)]
        }
        (None, Outcome::Lost) => {
            vec![lost(ending, zone), last_place(run, zone)]
        }
    };
    sentences.push(leftovers(run));
    if ending.recovered && ending.outcome != Outcome::Lost {
        sentences.push("It ended while nobody was watching; its end was recovered from its records.".to_owned());
    }
    sentences
}

/// What it left behind, and what has become of that.
fn leftovers(run: &StoredRun) -> String {
    let left = parts::left_behind(&run.leftovers);
    match run.leftover_fate {
        None => left,
        Some(LeftoverFate::Alive) if left.is_empty() => {
            "It left something behind that could not be listed; it may still be there.".to_owned()
        }
        Some(LeftoverFate::Alive) => left,
        Some(LeftoverFate::Ended) => format!("{left} What it left behind has ended since.").trim_start().to_owned(),
        Some(LeftoverFate::Stopped) => format!("{left} What it left behind was stopped.").trim_start().to_owned(),
    }
}

/// An end that nothing tells of. A recovered one is dated by the last sign of the run.
fn lost(ending: &Ending, zone: &TimeZone) -> String {
    let last_sign = clock(ending.ended_wall_ms, zone);
    match (ending.rebooted, ending.recovered) {
        (true, _) => format!("It was cut off when the computer went down; its last sign is of {last_sign}."),
        (false, true) => {
            format!("It ended, but its end was not reported; recovered, with its last sign at {last_sign}.")
        }
        (false, false) => "Its end was not seen, and nothing tells how it was.".to_owned(),
    }
}

fn alive(run: &StoredRun, zone: &TimeZone) -> Vec<String> {
    if let Some(stop) = &run.stop {
        let survivors = still_alive(&run.survivors);
        return vec![cause(run, Some(stop.reason), zone), "It is being stopped.".to_owned(), survivors];
    }
    if let Some(wait) = run.queued.as_ref().filter(|_| run.is_queued()) {
        return vec![format!("It waits for a free slot since {}.", clock(wait.from.at_wall_ms, zone))];
    }
    let since = clock(run.started_wall_ms(), zone);
    let first = match place(run.best_step, run.total, run.note.as_deref()) {
        _ if run.started.is_none() && !run.attached => "It is being started.".to_owned(),
        Some(place) => format!("It runs since {since} and is at {place}."),
        None => format!("It runs since {since} and has not shown a step yet."),
    };
    let trouble = run
        .marker_trouble
        .as_ref()
        .map_or_else(String::new, |what| format!("The marker cannot be used: {}.", parts::fragment(what)));
    vec![first, trouble, would_have_been_stopped(run, zone)]
}

/// What a run waits for, as a fragment: "waits for a free slot: 2 of 2 `llm` runs are running".
#[must_use]
pub fn waits(place: &QueuePlace) -> String {
    let QueuePlace { r#type, running, slots, ahead: _ } = place;
    let kind = r#type.as_ref().map_or_else(String::new, |kind| format!("{} ", quote(kind)));
    let (word, are) = if *slots == 1 { ("run", "is") } else { ("runs", "are") };
    format!("waits for a free slot: {running} of {slots} {kind}{word} {are} running")
}

/// Its place among those that wait, as a fragment: "1 run is before it".
#[must_use]
pub fn place_in_queue(place: &QueuePlace) -> String {
    match place.ahead {
        0 => "it is the next one".to_owned(),
        1 => "1 run is before it".to_owned(),
        ahead => format!("{ahead} runs are before it"),
    }
}

/// The end of a run that never began.
fn cancelled(run: &StoredRun, ending: &Ending, zone: &TimeZone) -> String {
    let Some((wait, why)) = run.cancelled() else { return String::new() };
    let at = clock(ending.ended_wall_ms, zone);
    let waited = lengths(u64::try_from(ending.ended_wall_ms.saturating_sub(wait.from.at_wall_ms)).unwrap_or(0));
    match why {
        Some(why) => format!("It waited {waited} for a free slot and was not started: {}.", parts::fragment(why)),
        None => format!("Cancelled on request at {at}, after {waited} of waiting for a free slot; it never began."),
    }
}

fn not_started(run: &StoredRun, error: &str) -> String {
    let command = run.command.first().map_or_else(|| "The command".to_owned(), |program| quote(program));
    format!("{command} could not be started: {}.", lower_first(&parts::fragment(error)))
}

fn succeeded(run: &StoredRun) -> String {
    let took = lengths(run.took_ms.unwrap_or(0));
    match place(run.best_step, run.total, run.note.as_deref()) {
        Some(place) => format!("Finished after {took} at {place}."),
        None => format!("Finished after {took}."),
    }
}

/// Of an end that nobody saw, what the run had said itself.
fn by_its_own_word(run: &StoredRun, ending: &Ending) -> Option<String> {
    let (succeeded, message) = run.heard.claimed.as_ref()?;
    if ending.exit_code.is_some() || ending.signal.is_some() {
        return None;
    }
    let word = if *succeeded { "success" } else { "failure" };
    let said = message.as_ref().map_or_else(String::new, |message| format!(": {}", quote(message)));
    let took = lengths(run.took_ms.unwrap_or(0));
    Some(format!("It reported {word} itself{said}, and ended after {took}; its exit code was not seen."))
}

fn failed(run: &StoredRun, ending: &Ending) -> String {
    let took = lengths(run.took_ms.unwrap_or(0));
    match (ending.exit_code, ending.signal) {
        (Some(code), _) => format!("Exit code {code} after {took}."),
        (None, Some(signal)) => format!("Ended by signal {} after {took}.", signal_name(signal)),
        (None, None) => format!("Failed after {took}."),
    }
}

/// Why it was stopped.
fn cause(run: &StoredRun, reason: Option<Reason>, zone: &TimeZone) -> String {
    let stop = run.stop.as_ref();
    let measured = stop.map(|stop| lengths(stop.since_ms));
    match reason {
        Some(Reason::Stalled) => stalled(run, measured, zone),
        Some(Reason::Unresponsive) => match measured {
            Some(since) => format!("No sign of life for {since}. {}", last_place(run, zone)).trim_end().to_owned(),
            None => "Stopped because it gave no sign of life.".to_owned(),
        },
        Some(Reason::MaxRuntime) => match (measured, run.limits.max_runtime_ms) {
            (Some(ran), Some(limit)) => {
                format!("Stopped after {ran}: its longest run time is {}. {}", lengths(limit), last_place(run, zone))
                    .trim_end()
                    .to_owned()
            }
            (Some(ran), None) => format!("Stopped after {ran}, longer than it may run."),
            (None, _) => "Stopped because it had run for longer than it may.".to_owned(),
        },
        Some(Reason::User) => by_request(run, stop, zone),
        Some(Reason::Circling) => {
            format!("Stopped because it was busy with the same thing again and again. {}", last_place(run, zone))
                .trim_end()
                .to_owned()
        }
        Some(Reason::Budget) => match run.limits.reports.max_microusd {
            Some(max) => format!(
                "Stopped because it had cost {}; it may cost {}. {}",
                dollars(run.heard.totals.cost_microusd),
                dollars(max),
                last_place(run, zone)
            )
            .trim_end()
            .to_owned(),
            None => "Stopped because its budget was spent.".to_owned(),
        },
        None => "Stopped.".to_owned(),
    }
}

fn stalled(run: &StoredRun, measured: Option<String>, zone: &TimeZone) -> String {
    let Some(since) = measured else { return "Stopped because it made no progress.".to_owned() };
    let limit = lengths(run.limits.stall_ms);
    let stop = run.stop.as_ref();
    let step = stop.and_then(|stop| stop.step).or(run.best_step);
    let note = stop.and_then(|stop| stop.note.as_deref()).or(run.note.as_deref());
    match (place(step, run.total, note), &run.last_advance) {
        (Some(place), Some(advance)) => {
            let from = clock(advance.at_wall_ms, zone);
            format!("No progress for {since} (limit {limit}): the marker stayed at {place}, from {from} on.")
        }
        (Some(place), None) => format!("No progress for {since} (limit {limit}): the marker stayed at {place}."),
        (None, _) => format!("No progress for {since} (limit {limit}): it never showed a step."),
    }
}

fn by_request(run: &StoredRun, stop: Option<&Stop>, zone: &TimeZone) -> String {
    let at = stop.map_or_else(String::new, |stop| format!(" at {}", clock(stop.at.at_wall_ms, zone)));
    match place(run.best_step, run.total, run.note.as_deref()) {
        Some(place) => format!("Stopped on request{at}, at {place}."),
        None => format!("Stopped on request{at}."),
    }
}

/// How it was stopped.
fn manner(run: &StoredRun, method: Option<Method>) -> String {
    let acknowledged = run.acknowledged.is_some();
    match method {
        None => String::new(),
        Some(Method::Graceful) if acknowledged => {
            "It acknowledged the stop request and ended within the grace.".to_owned()
        }
        Some(Method::Graceful) => "It ended within the grace after the stop request.".to_owned(),
        Some(Method::Forced) => {
            run.stop.as_ref().map_or_else(|| "It was killed.".to_owned(), |stop| killed(stop, acknowledged))
        }
    }
}

fn killed(stop: &Stop, acknowledged: bool) -> String {
    let waited = waited_ms(stop);
    if stop.force && waited.is_none_or(|waited| waited == 0) {
        return "It was killed without a grace.".to_owned();
    }
    let how = if acknowledged { "acknowledged the stop request, but" } else { "ignored the stop request and" };
    match waited {
        Some(waited) => format!("It {how} was killed after {}.", lengths(waited)),
        None => format!("It {how} was killed."),
    }
}

/// From the first signal to the forced one.
fn waited_ms(stop: &Stop) -> Option<u64> {
    let (Stage::Forced, forced) = stop.stage.as_ref()? else { return None };
    let first = stop.first_signal.as_ref()?;
    if first.boot == forced.boot {
        Some(forced.at_awake_ms.saturating_sub(first.at_awake_ms))
    } else {
        u64::try_from(forced.at_wall_ms.saturating_sub(first.at_wall_ms)).ok()
    }
}

fn would_have_been_stopped(run: &StoredRun, zone: &TimeZone) -> String {
    let Some(WouldStop { at, reason, since_ms }) = &run.would_stop else { return String::new() };
    let (at, since) = (clock(at.at_wall_ms, zone), lengths(*since_ms));
    let why = match reason {
        Reason::Stalled => format!("after {since} without progress (limit {})", lengths(run.limits.stall_ms)),
        Reason::Unresponsive => format!("after {since} without a sign of life"),
        Reason::MaxRuntime => match run.limits.max_runtime_ms {
            Some(limit) => format!("after running for {since} (limit {})", lengths(limit)),
            None => format!("after running for {since}"),
        },
        Reason::User => "on request".to_owned(),
        Reason::Circling => format!("after {since}, busy with the same thing again and again"),
        Reason::Budget => format!("after {since}, when its budget was spent"),
    };
    match (run.observe, run.by_job) {
        (false, Some(OnStall::Notify)) => format!("It stalled at {at}, {why}; its job wants it left alone then."),
        (true, _) | (false, Some(OnStall::Abort | OnStall::Restart) | None) => {
            format!("It is only observed: it would have been stopped at {at}, {why}.")
        }
    }
}

fn last_place(run: &StoredRun, zone: &TimeZone) -> String {
    match (place(run.best_step, run.total, run.note.as_deref()), &run.last_advance) {
        (Some(place), Some(advance)) => format!("Last: {place}, at {}.", clock(advance.at_wall_ms, zone)),
        (Some(place), None) => format!("Last: {place}."),
        (None, _) => String::new(),
    }
}
