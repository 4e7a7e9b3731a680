//! What was the case with a run, at length.

use jiff::tz::TimeZone;

use super::parts::{clock, lengths, place, processes, quote, still_alive};
use super::sentences;
use crate::api::{EvidenceProcess, Outcome, ProcessEnd, Reason};
use crate::store::entry::{Ending, Stage};
use crate::store::state::{Stop, StoredRun};

/// The source of a run that has no other one.
const MARKER: &str = "marker";

/// What is or was the case with a run, a sentence each: the first says it, the others how it came and how it went. `seen`
/// are the processes that were there before a stop.
#[must_use]
pub fn at_length(run: &StoredRun, seen: &[EvidenceProcess], zone: &TimeZone) -> Vec<String> {
    let (Some(ending), Some(stop)) = (&run.ended, &run.stop) else { return sentences(run, zone) };
    if ending.outcome != Outcome::Aborted || ending.reason != Some(Reason::Stalled) {
        return sentences(run, zone);
    }
    let mut told = vec![since_when(run, zone), how_long(run, stop), asked(stop, seen, zone)];
    told.extend([killed(stop, ending, seen, zone), held_by(seen), still_alive(&ending.survivors)]);
    told.extend(ending.identified.map(super::parts::identified));
    told.push(super::leftovers(run));
    if ending.recovered {
        told.push("It ended while nobody was watching; its end was recovered from its records.".to_owned());
    }
    told.retain(|sentence| !sentence.is_empty());
    told
}

fn since_when(run: &StoredRun, zone: &TimeZone) -> String {
    let who = if run.steps.keys().all(|source| source == MARKER) { "The marker" } else { "It" };
    match &run.last_advance {
        Some(advance) => format!("{who} stopped advancing at {}.", clock(advance.at_wall_ms, zone)),
        None => "It never advanced.".to_owned(),
    }
}

fn how_long(run: &StoredRun, stop: &Stop) -> String {
    let (limit, warn) = (lengths(run.limits.stall_ms), lengths(run.limits.warn_ms));
    let note = stop.note.as_deref().or(run.note.as_deref());
    let stayed = match place(stop.step.or(run.best_step), run.total, note) {
        Some(place) if place.ends_with('`') => format!("It stayed at {place}, for"),
        Some(place) => format!("It stayed at {place} for"),
        None => "It showed no step for".to_owned(),
    };
    format!("{stayed} {} (limit {limit}, warning at {warn}).", lengths(stop.since_ms))
}

fn asked(stop: &Stop, seen: &[EvidenceProcess], zone: &TimeZone) -> String {
    let Some(first) = stop.first_signal.as_ref().filter(|_| !stop.force) else { return String::new() };
    let at = clock(first.at_wall_ms, zone);
    let is_over = |process: &&EvidenceProcess| matches!(process.end, Some(ProcessEnd::Obeyed | ProcessEnd::Gone));
    let obeyed = seen.iter().filter(is_over).count();
    let known = seen.iter().filter(|process| process.end.is_some()).count();
    match (known == seen.len(), obeyed, seen.len()) {
        (false, _, _) | (true, _, 0) => format!("It was asked to stop at {at}."),
        (true, 1, 1) => format!("It was asked to stop at {at}, and ended."),
        (true, obeyed, all) if obeyed == all => {
            format!("It was asked to stop at {at}; all {} ended.", processes(all))
        }
        (true, obeyed, all) => format!("It was asked to stop at {at}; {obeyed} of {} ended.", processes(all)),
    }
}

fn killed(stop: &Stop, ending: &Ending, seen: &[EvidenceProcess], zone: &TimeZone) -> String {
    let Some((Stage::Forced, at)) = &stop.stage else { return String::new() };
    let at = clock(at.at_wall_ms, zone);
    let count = seen.iter().filter(|process| process.end == Some(ProcessEnd::Ignored)).count();
    let what = match count {
        0 => "What was left was".to_owned(),
        1 => "The last one was".to_owned(),
        count => format!("The other {count} were"),
    };
    let rest = if ending.survivors.is_empty() { "; nothing of it is left." } else { "." };
    format!("{what} killed at {at}{rest}")
}

/// Who did not end when asked, deepest in the tree; else who was deepest. Whether it worked is told, not why it did not.
fn held_by(seen: &[EvidenceProcess]) -> String {
    let deepest = |wanted: fn(&EvidenceProcess) -> bool| {
        seen.iter().filter(|process| wanted(process)).max_by_key(|process| process.depth)
    };
    let stubborn = |process: &EvidenceProcess| matches!(process.end, Some(ProcessEnd::Ignored | ProcessEnd::Alive));
    let (process, which) = match (deepest(stubborn), deepest(|_| true)) {
        (Some(process), _) => (process, "held out longest"),
        (None, Some(process)) if seen.len() > 1 => (process, "was last in the tree"),
        (None, _) => return String::new(),
    };
    let name = quote(&process.name);
    let Some(percent) = process.cpu_percent else { return format!("{name} (pid {}) {which}.", process.pid) };
    format!("{name} (pid {}) {which}; just before the stop it used {percent:.1} % CPU.", process.pid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Method;
    use crate::store::entry::{LimitsMs, Registration, Stamp, Survivor};

    const MIN: u64 = 60_000;

    fn stamp(minute: i64) -> Stamp {
        Stamp { at_wall_ms: minute * 60_000, at_awake_ms: 0, boot: String::new() }
    }

    fn process(pid: u32, depth: u32, end: Option<ProcessEnd>) -> EvidenceProcess {
        EvidenceProcess {
            pid,
            parent: None,
            depth,
            name: format!("p{pid}"),
            command: String::new(),
            state: "sleeping".to_owned(),
            cpu_s: 0.0,
            cpu_percent: Some(0.0),
            memory_bytes: None,
            age_s: 0.0,
            end,
        }
    }

    fn stalled(survivors: Vec<Survivor>) -> StoredRun {
        let mut run = StoredRun::register(1, &stamp(0), &Registration::plain("t"));
        run.limits = LimitsMs { warn_ms: 30 * MIN, stall_ms: 45 * MIN, ..LimitsMs::default() };
        run.last_advance = Some(stamp(91));
        (run.best_step, run.total) = (Some(14), Some(40));
        run.stop = Some(Stop {
            at: stamp(136),
            reason: Reason::Stalled,
            since_ms: 45 * MIN,
            step: Some(14),
            note: None,
            force: false,
            stage: Some((Stage::Forced, stamp(137))),
            first_signal: Some(stamp(136)),
            delivered: None,
        });
        let mut ending = Ending::new(Outcome::Aborted, 0);
        (ending.reason, ending.method, ending.survivors) = (Some(Reason::Stalled), Some(Method::Forced), survivors);
        run.ended = Some(ending);
        run
    }

    #[test]
    fn a_stall_is_told_from_its_cause_to_the_last_process() {
        use ProcessEnd::{Ignored, Obeyed};
        let seen = [process(1, 0, Some(Obeyed)), process(2, 1, Some(Obeyed)), process(3, 2, Some(Ignored))];
        assert_eq!(
            at_length(&stalled(Vec::new()), &seen, &TimeZone::UTC),
            [
                "The marker stopped advancing at 01:31:00.",
                "It stayed at step 14 of 40 for 45 min (limit 45 min, warning at 30 min).",
                "It was asked to stop at 02:16:00; 2 of 3 processes ended.",
                "The last one was killed at 02:17:00; nothing of it is left.",
                "`p3` (pid 3) held out longest; just before the stop it used 0.0 % CPU.",
            ]
        );
    }

    #[test]
    fn what_is_not_known_of_the_processes_is_not_said() {
        let told = at_length(&stalled(vec![Survivor::from(3)]), &[process(3, 0, None)], &TimeZone::UTC);
        assert_eq!(
            told.get(2..).expect("there are five"),
            [
                "It was asked to stop at 02:16:00.",
                "What was left was killed at 02:17:00.",
                "1 process is still alive (pid 3)."
            ]
        );
    }

    #[test]
    fn anything_but_a_stall_is_told_as_in_one_line() {
        let run = StoredRun::register(1, &stamp(0), &Registration::plain("t"));
        assert_eq!(at_length(&run, &[], &TimeZone::UTC).join(" "), crate::words::message(&run, &TimeZone::UTC));
    }
}
