//! One line of the story of a run.

use super::heard::heard;
use super::parts::{fragment, left_behind, lengths, lower_first, place, quote, signal_name, still_alive};
use crate::api::{Evidence, Method, OnStall, Outcome, Reason};
use crate::store::entry::{Ending, Entry, Registration, Stage};
use crate::store::state::StoredRun;

/// The sentence for one entry of the run's journal.
#[must_use]
pub fn event(entry: &Entry, run: &StoredRun) -> String {
    match entry {
        Entry::Registered(registration) => registered(registration),
        Entry::Started { pid, .. } => format!("Its command was started as process {pid}."),
        Entry::Advanced { n: _, step, total, note, gap_ms, source } => {
            let place = place(Some(*step), *total, note.as_deref()).expect("there is a step");
            let by = source.as_ref().map_or_else(String::new, |source| format!(", reported by the agent ({source})"));
            format!("It moved forward to {place}, after {}{by}.", lengths(*gap_ms))
        }
        Entry::Heard(what) => heard(what),
        Entry::WentBack { step, best } => {
            format!("The marker went back to step {step}; step {best} stays the best.")
        }
        Entry::MarkerTrouble { what } => format!("The marker cannot be used: {}.", fragment(what)),
        Entry::MarkerReadable => "The marker can be used again.".to_owned(),
        Entry::ClaimIgnored { .. } => "The marker claims a time in the future; the claim is ignored.".to_owned(),
        Entry::Warned { since_ms } => {
            format!("No progress for {} (warning after {}).", lengths(*since_ms), lengths(run.limits.warn_ms))
        }
        Entry::WouldStop { reason, since_ms } => {
            let left_alone = !run.observe && run.by_job == Some(OnStall::Notify);
            let stays = if left_alone { "its job wants it left alone" } else { "it is only observed" };
            format!("It would have been stopped ({}), but {stays}.", why(*reason, *since_ms))
        }
        Entry::StopIntended { reason, since_ms, step: _, note: _, force } => {
            let how = if *force { " without a grace" } else { "" };
            format!("It is to be stopped{how}: {}.", why(*reason, *since_ms))
        }
        Entry::StopAbandoned { why } => format!("The stop was called off: {}.", fragment(why)),
        Entry::Signalled { stage } => signalled(*stage, is_identified(run)).to_owned(),
        Entry::SignalDelivered => "The request has reached it.".to_owned(),
        Entry::RootEnded { code, signal } => root_ended(*code, *signal),
        Entry::Acknowledged { note } => {
            let said = note.as_ref().map_or_else(String::new, |note| format!(": {}", quote(note)));
            format!("It acknowledged the stop request{said}.")
        }
        Entry::AbortedNoteWritten { note } => format!("Nightkeep wrote into the marker: {}.", quote(note)),
        Entry::Adopted { how } => format!("It was found again after a restart: {}.", fragment(how)),
        Entry::CouldNotStop { survivors } => match still_alive(survivors).as_str() {
            "" => "Not everything could be stopped.".to_owned(),
            alive => format!("Not everything could be stopped: {}", lower_first(alive)),
        },
        Entry::Leftovers { pids, .. } => match left_behind(pids).as_str() {
            "" => "It left something behind that could not be listed.".to_owned(),
            left => left.to_owned(),
        },
        Entry::LeftoverStopIntended { force: true } => "What it left behind is to be killed.".to_owned(),
        Entry::LeftoverStopIntended { force: false } => "What it left behind is to be stopped.".to_owned(),
        Entry::LeftoversSignalled { stage } => leftovers_signalled(*stage).to_owned(),
        Entry::LeftoversGone { .. } => "Nothing is left of what it left behind.".to_owned(),
        Entry::WatchPaused { until_wall_ms } => paused(*until_wall_ms).to_owned(),
        Entry::WatchResumed => "The watch went on.".to_owned(),
        Entry::Slept { ms, .. } => format!("The computer slept for {}; that time is on no limit.", lengths(*ms)),
        Entry::ClockJumped { by_ms } => {
            let how = if *by_ms < 0 { "back" } else { "forward" };
            format!("The computer's clock was set {how} by {}.", lengths(by_ms.unsigned_abs()))
        }
        Entry::Starved { ms } => {
            format!("The engine was held up for {} and looked again before it judged.", lengths(*ms))
        }
        Entry::Ended(ending) => ended(ending, run),
        Entry::Seen => "Somebody looked at it.".to_owned(),
        Entry::Unseen => "It was marked as not seen.".to_owned(),
        Entry::Present { pids, .. } => format!("Of it, {} were there.", super::parts::processes(pids.len())),
        Entry::EvidenceTaken { evidence } => evidence_taken(evidence),
        Entry::Queued { .. } => "It waits for a free slot.".to_owned(),
        Entry::SlotGiven => "A slot was free, and it was its turn.".to_owned(),
        Entry::Cancelled { why } => cancelled(why.as_deref()),
        Entry::Removing { folder } => format!("Its {} is to be removed.", if *folder { "folder" } else { "output" }),
        Entry::NotRemoved => "What was to be removed of it is still there.".to_owned(),
    }
}

fn paused(until_wall_ms: Option<i64>) -> &'static str {
    match until_wall_ms {
        Some(_) => "The watch was paused; that time is on no limit.",
        None => "The watch was paused until somebody resumes it; that time is on no limit.",
    }
}

fn leftovers_signalled(stage: Stage) -> &'static str {
    match stage {
        Stage::Forced => "What it left behind was killed.",
        Stage::PoliteRoot | Stage::PoliteRest => "What it left behind was asked to stop.",
    }
}

fn cancelled(why: Option<&str>) -> String {
    match why {
        Some(why) => format!("It was not started: {}.", fragment(why)),
        None => "Its start was called off on request.".to_owned(),
    }
}

fn registered(Registration { attached, observe, command, .. }: &Registration) -> String {
    let what = match (attached, command.is_empty()) {
        (true, _) => "A process that was running already was attached".to_owned(),
        (false, true) => "It became known".to_owned(),
        (false, false) => format!("It became known: {}", quote(&command.join(" "))),
    };
    let observed = if *observe { "; it is only observed" } else { "" };
    format!("{what}{observed}.")
}

fn why(reason: Reason, since_ms: u64) -> String {
    let since = lengths(since_ms);
    match reason {
        Reason::Stalled => format!("no progress for {since}"),
        Reason::Unresponsive => format!("no sign of life for {since}"),
        Reason::MaxRuntime => format!("it has run for {since}"),
        Reason::User => "on request".to_owned(),
        Reason::Circling => format!("busy with the same thing again and again, after {since}"),
        Reason::Budget => format!("its budget was spent, after {since}"),
    }
}

/// Whether its processes are only those that could be identified: nothing proves that these are all.
fn is_identified(run: &StoredRun) -> bool {
    run.attached || run.ended.as_ref().is_some_and(|ending| ending.identified.is_some())
}

const fn signalled(stage: Stage, is_identified: bool) -> &'static str {
    match (stage, is_identified) {
        (Stage::PoliteRoot, _) => "It was asked to stop.",
        (Stage::PoliteRest, false) => "Everything that was left of it was asked to stop.",
        (Stage::PoliteRest, true) => "What could be identified of it was asked to stop.",
        (Stage::Forced, false) => "What was left of it was killed.",
        (Stage::Forced, true) => "What could be identified of it was killed.",
    }
}

fn root_ended(code: Option<i32>, signal: Option<i32>) -> String {
    match (code, signal) {
        (Some(code), _) => format!("Its command ended with exit code {code}."),
        (None, Some(signal)) => format!("Its command was ended by signal {}.", signal_name(signal)),
        (None, None) => "Its command ended; nothing tells how.".to_owned(),
    }
}

fn ended(ending: &Ending, run: &StoredRun) -> String {
    let how = match (ending.outcome, ending.method) {
        _ if ending.exec_error.is_some() => "It could not be started.",
        _ if run.cancelled().is_some() => "It is over without having begun.",
        (Outcome::Succeeded, _) => "It finished.",
        (Outcome::Failed, _) => "It failed.",
        (Outcome::Aborted, Some(Method::Graceful)) => "It is stopped; it ended within the grace.",
        (Outcome::Aborted, Some(Method::Forced)) => "It is stopped, by force.",
        (Outcome::Aborted, None) => "It is stopped.",
        (Outcome::Lost, _) => "It is over; its end was not seen.",
    };
    let alive = still_alive(&ending.survivors);
    format!("{how} {alive}").trim_end().to_owned()
}

fn evidence_taken(evidence: &Evidence) -> String {
    let processes = match evidence.processes.len() {
        1 => "1 process was".to_owned(),
        count => format!("{count} processes were"),
    };
    match evidence.missing.len() {
        0 => format!("Evidence was taken: {processes} there."),
        1 => format!("Evidence was taken: {processes} there; 1 part could not be had."),
        parts => format!("Evidence was taken: {processes} there; {parts} parts could not be had."),
    }
}
