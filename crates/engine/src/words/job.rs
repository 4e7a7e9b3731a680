//! What happened to a job beyond its runs.

use super::parts::{lengths, quote};
use crate::api::TimelineEvent;
use crate::clock::rfc3339;
use crate::store::job::{JobEntry, StampedJob};

/// One line of the story of a job.
#[must_use]
pub fn job_event(StampedJob { at, entry }: &StampedJob) -> TimelineEvent {
    TimelineEvent {
        at: rfc3339(nightkeep_core::Wall::from_ms(at.at_wall_ms)),
        kind: entry.kind().to_owned(),
        text: job_sentence(entry),
        lasted_s: None,
    }
}

/// One sentence about what happened to a job.
#[must_use]
pub fn job_sentence(entry: &JobEntry) -> String {
    match entry {
        JobEntry::Failed { run, failures: 1 } => format!("Run {run} failed or was stopped."),
        JobEntry::Failed { run, failures } => {
            format!("Run {run} failed or was stopped, the {} in a row.", nth(*failures))
        }
        JobEntry::Succeeded { run } => format!("Run {run} succeeded; failures are counted from the beginning again."),
        JobEntry::BreakerOpened { run: _, failures } => {
            format!("It will not start again until it is resumed: {failures} runs in a row failed or were stopped.")
        }
        JobEntry::RestartDue { nth: _, after_ms: 0 } => "It is to be started again at once.".to_owned(),
        JobEntry::RestartDue { nth: count, after_ms } => {
            format!("It is to be started again after {}, the {} time in a row.", lengths(*after_ms), nth(*count))
        }
        JobEntry::RestartBegun { run } => format!("It is started again, as run {run}."),
        JobEntry::RestartDone { run } => format!("Run {run} has begun, so that no other start is due."),
        JobEntry::RestartCalledOff => "It is not started again by itself.".to_owned(),
        JobEntry::Stopped => "It was stopped on request, and stays stopped until it is resumed.".to_owned(),
        JobEntry::Resumed => "It was resumed: it may start again.".to_owned(),
        JobEntry::CarriedOver { from, state: _ } => format!("It was called {} before.", quote(from)),
        JobEntry::Removed => "It was taken out of the configuration.".to_owned(),
        JobEntry::Snoozed { until_wall_ms } => {
            let until = rfc3339(nightkeep_core::Wall::from_ms(*until_wall_ms));
            format!("Its notifications were snoozed until {until}.")
        }
        JobEntry::SnoozeTakenBack => "Its notifications are shown again.".to_owned(),
        JobEntry::WatchPaused { until_wall_ms: Some(until) } => {
            format!("The watch was paused until {}.", rfc3339(nightkeep_core::Wall::from_ms(*until)))
        }
        JobEntry::WatchPaused { until_wall_ms: None } => "The watch was paused until somebody resumes it.".to_owned(),
        JobEntry::WatchResumed { by_person: true } => "The watch was resumed on request.".to_owned(),
        JobEntry::WatchResumed { by_person: false } => "The pause of the watch is over.".to_owned(),
    }
}

/// "2nd".
fn nth(count: u32) -> String {
    let ending = match (count % 10, count % 100) {
        (1, rest) if rest != 11 => "st",
        (2, rest) if rest != 12 => "nd",
        (3, rest) if rest != 13 => "rd",
        _ => "th",
    };
    format!("{count}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_decision_is_a_sentence() {
        let told: Vec<String> = [
            JobEntry::Failed { run: 7, failures: 1 },
            JobEntry::Failed { run: 8, failures: 2 },
            JobEntry::BreakerOpened { run: 9, failures: 3 },
            JobEntry::RestartDue { nth: 2, after_ms: 60_000 },
            JobEntry::CarriedOver { from: "a".to_owned(), state: Box::default() },
        ]
        .iter()
        .map(job_sentence)
        .collect();
        assert_eq!(
            told,
            [
                "Run 7 failed or was stopped.",
                "Run 8 failed or was stopped, the 2nd in a row.",
                "It will not start again until it is resumed: 3 runs in a row failed or were stopped.",
                "It is to be started again after 60 s, the 2nd time in a row.",
                "It was called `a` before.",
            ]
        );
        assert_eq!([1, 2, 3, 4, 11, 12, 13, 21].map(nth), ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st"]);
    }
}
