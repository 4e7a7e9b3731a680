//! The words for runs that were recovered: found again, or found to be over.

use nightkeep_core::RunId;

use super::policy::Slot;
use super::text::{Text, Urgency, short};

/// A run that was recovered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// Which run.
    pub run: RunId,
    /// The job's name.
    pub job: String,
    /// What has become of it.
    pub kind: RecoveryKind,
}

/// What has become of a run that was recovered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecoveryKind {
    /// It still runs and is watched again.
    Runs {
        /// Its root process.
        pid: Option<u32>,
    },
    /// It succeeded while nobody watched.
    Finished,
    /// It failed while nobody watched.
    Failed {
        /// The exit code.
        code: Option<i32>,
        /// The signal that ended it.
        signal: Option<i32>,
    },
    /// It is gone, and nothing tells how it ended.
    Lost,
    /// The computer went down while it ran.
    CutOff,
}

impl Text {
    /// One text for all that was recovered together; `None` for nothing.
    #[must_use]
    pub fn of_recoveries(recoveries: &[Recovery]) -> Option<Self> {
        let _first = recoveries.first()?;
        let (title, body) = match recoveries {
            [only] => one(only),
            many => (format!("{} runs were recovered", many.len()), counts(many)),
        };
        Some(Self { slot: Slot::Recovered, title, body, urgency: Urgency::Normal, is_silent: false })
    }
}

fn one(Recovery { run: _, job, kind }: &Recovery) -> (String, String) {
    let job = short(job);
    match kind {
        RecoveryKind::Runs { pid } => {
            let pid = pid.map_or_else(String::new, |pid| format!(" (pid {pid})"));
            (
                "Found a run from before the restart".to_owned(),
                format!("{job}{pid} was still running and is being watched again."),
            )
        }
        RecoveryKind::Finished => (format!("{job} has finished"), "It ended while nobody was watching.".to_owned()),
        RecoveryKind::Failed { code, signal } => {
            let how = match (code, signal) {
                (Some(code), _) => format!("It ended with exit code {code}"),
                (None, Some(signal)) => format!("It was ended by signal {signal}"),
                (None, None) => "It ended".to_owned(),
            };
            (format!("{job} has failed"), format!("{how} while nobody was watching."))
        }
        RecoveryKind::Lost => {
            (format!("{job} is gone"), "Its end was not reported, and nothing tells how it was.".to_owned())
        }
        RecoveryKind::CutOff => (format!("{job} was cut off"), "The computer went down while it ran.".to_owned()),
    }
}

fn counts(recoveries: &[Recovery]) -> String {
    let count = |wanted: fn(&RecoveryKind) -> bool| recoveries.iter().filter(|case| wanted(&case.kind)).count();
    let parts = [
        (count(|kind| matches!(kind, RecoveryKind::Runs { .. })), "still running and watched again"),
        (count(|kind| matches!(kind, RecoveryKind::Finished)), "finished while nobody was watching"),
        (count(|kind| matches!(kind, RecoveryKind::Failed { .. })), "failed while nobody was watching"),
        (count(|kind| matches!(kind, RecoveryKind::Lost)), "gone without a trace of their end"),
        (count(|kind| matches!(kind, RecoveryKind::CutOff)), "cut off when the computer went down"),
    ];
    let parts: Vec<String> =
        parts.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    format!("{}.", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(kinds: &[RecoveryKind]) -> String {
        let cases: Vec<Recovery> = (1..)
            .zip(kinds)
            .map(|(run, kind)| Recovery { run: RunId(run), job: "docs-sweep".to_owned(), kind: *kind })
            .collect();
        Text::of_recoveries(&cases).map_or_else(String::new, |text| format!("{}: {}", text.title, text.body))
    }

    #[test]
    fn every_recovery_has_its_words() {
        let kinds = [
            RecoveryKind::Runs { pid: Some(3311) },
            RecoveryKind::Finished,
            RecoveryKind::Failed { code: Some(7), signal: None },
            RecoveryKind::Failed { code: None, signal: Some(9) },
            RecoveryKind::Lost,
            RecoveryKind::CutOff,
        ];
        let said: Vec<String> = kinds.iter().map(|kind| words(std::slice::from_ref(kind))).collect();
        insta::assert_snapshot!(said.join("\n"), @r"
        Found a run from before the restart: docs-sweep (pid 3311) was still running and is being watched again.
        docs-sweep has finished: It ended while nobody was watching.
        docs-sweep has failed: It ended with exit code 7 while nobody was watching.
        docs-sweep has failed: It was ended by signal 9 while nobody was watching.
        docs-sweep is gone: Its end was not reported, and nothing tells how it was.
        docs-sweep was cut off: The computer went down while it ran.
        ");
    }

    #[test]
    fn many_are_told_as_one() {
        let said = words(&[RecoveryKind::Runs { pid: None }, RecoveryKind::Lost, RecoveryKind::Runs { pid: Some(1) }]);
        assert_eq!(
            said,
            "3 runs were recovered: 2 still running and watched again, 1 gone without a trace of their end."
        );
        assert_eq!(Text::of_recoveries(&[]), None);
    }
}
