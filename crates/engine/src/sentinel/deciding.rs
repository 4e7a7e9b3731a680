//! What a folder of sentinel files tells somebody who comes to it: at the start, or because whoever watched it has died.

use super::contents::Pid;
use super::reading::{Reading, Step, Unlisted};

/// What is to be done about a folder.
#[derive(Debug, PartialEq, Eq)]
pub enum Decision<'a> {
    /// These steps go on, or seem to; their processes, the latest first. Which of them is there, and whose number somebody
    /// else has by this time, is for the system to say.
    Watch(Vec<(&'a Step, Pid, Option<i128>)>),
    /// All steps have ended, and said how: that is taken.
    Take,
}

/// Why nothing can be done about a folder, as a sentence without its full stop.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undecided {
    /// It cannot be listed.
    #[error("the folder cannot be listed: {0}")]
    Unlisted(Unlisted),
    /// There is nothing in it.
    #[error("no step has begun there: there is no sentinel file")]
    Empty,
    /// No step that goes on says which process it is.
    #[error("no step that goes on has a `.pid` that can be used: of `{step}`, {what}")]
    NoPid {
        /// One of them.
        step: String,
        /// What is wrong.
        what: String,
    },
}

/// Decides by the files alone. A status tells of an end, whatever else lies there; a step without one goes on.
///
/// # Errors
/// When the files tell nothing.
pub fn decide(reading: &Reading) -> Result<Decision<'_>, Undecided> {
    if let Some(unlisted) = &reading.unlisted {
        return Err(Undecided::Unlisted(unlisted.clone()));
    }
    let open: Vec<&Step> = reading.steps.iter().filter(|step| !has_ended(step)).collect();
    let Some(first) = open.first() else {
        return if reading.steps.is_empty() { Err(Undecided::Empty) } else { Ok(Decision::Take) };
    };
    let process = |step: &&'_ Step| {
        let seen = step.pid.as_ref()?;
        Some((seen.said.as_ref().ok().copied()?, seen.stamp.as_ref().map(|stamp| stamp.written_ns)))
    };
    let mut found: Vec<(&Step, Pid, Option<i128>)> =
        open.iter().filter_map(|step| process(step).map(|(pid, written_ns)| (*step, pid, written_ns))).collect();
    found.sort_by_key(|(_, _, written_ns)| std::cmp::Reverse(*written_ns));
    if found.is_empty() {
        let fault = |step: &&Step| step.pid.as_ref().and_then(|seen| seen.said.as_ref().err().map(ToString::to_string));
        let named = open.iter().find_map(|step| fault(step).map(|what| (step.name.clone(), what)));
        let (step, what) = named.unwrap_or_else(|| (first.name.clone(), "there is none".to_owned()));
        return Err(Undecided::NoPid { step, what });
    }
    Ok(Decision::Watch(found))
}

fn has_ended(step: &Step) -> bool {
    step.status.as_ref().is_some_and(|seen| seen.said.as_ref().is_ok_and(|status| status.state.is_end()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::read;
    use super::*;

    /// What is decided about a folder with these files: the processes that are to be looked for, or why not.
    fn decided(files: &[(&str, &str)]) -> String {
        let dir = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            fs::write(dir.path().join(name), text).expect("written");
        }
        match decide(&read(dir.path())) {
            Ok(Decision::Watch(found)) => format!("{:?}", found.iter().map(|(_, pid, _)| pid.pid).collect::<Vec<_>>()),
            Ok(Decision::Take) => "taken".to_owned(),
            Err(undecided) => undecided.to_string(),
        }
    }

    #[test]
    fn a_step_without_a_status_goes_on_and_one_with_a_status_is_over_whatever_else_lies_there() {
        assert_eq!(decided(&[("a.pid", "11"), ("a.heartbeat", "")]), "[11]");
        assert_eq!(decided(&[("a.pid", "11"), ("a.status", "SUCCESS"), ("b.pid", "12 99")]), "[12]");
        assert_eq!(decided(&[("a.pid", "11"), ("a.heartbeat", ""), ("a.status", "FAILED")]), "taken");
        assert_eq!(decided(&[("a.pid", "11"), ("a.status", r#"{"state": "working", "step": 2}"#)]), "[11]");
        // Half of a word is no end.
        assert_eq!(decided(&[("a.pid", "11"), ("a.status", "SUCC")]), "[11]");
    }

    #[test]
    fn a_folder_that_tells_nothing_says_why() {
        assert_eq!(decided(&[]), "no step has begun there: there is no sentinel file");
        let no_pid = "no step that goes on has a `.pid` that can be used: of `a`, ";
        assert_eq!(decided(&[("a.heartbeat", "1")]), format!("{no_pid}there is none"));
        assert!(decided(&[("a.pid", "soon")]).starts_with(no_pid), "{}", decided(&[("a.pid", "soon")]));
        let missing = read(std::path::Path::new("/nonexistent"));
        assert_eq!(decide(&missing), Err(Undecided::Unlisted(Unlisted::Missing)));
    }
}
