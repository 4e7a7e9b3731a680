//! What sentinel files say, from one look to the next.

use std::collections::BTreeMap;

use nightkeep_core::{Advance, Claim, HumanWait, Signal, Wait};

use crate::sentinel::{Heartbeat, Reading, State, Step, Unlisted};

/// What the steps said at the last look.
#[derive(Debug, Default)]
pub(super) struct Said {
    steps: BTreeMap<String, Known>,
    /// How many steps have ended well.
    done: i64,
}

#[derive(Debug, Default)]
struct Known {
    heartbeat: Option<Heartbeat>,
    state: Option<State>,
    at: Option<i64>,
}

impl Said {
    /// Takes a look in and appends what is new.
    ///
    /// # Errors
    /// Why the folder cannot be listed, as a fragment.
    pub(super) fn take(&mut self, reading: Reading, out: &mut Vec<Signal>) -> Result<(), String> {
        match reading.unlisted {
            // It may come to be.
            Some(Unlisted::Missing) => return Ok(()),
            Some(trouble) => return Err(format!("the folder cannot be listed: {trouble}")),
            None => {}
        }
        for step in &reading.steps {
            self.step(step, out);
        }
        // A step whose files were cleaned away may come again.
        self.steps.retain(|name, _| reading.steps.iter().any(|step| step.name == *name));
        Ok(())
    }

    fn step(&mut self, step: &Step, out: &mut Vec<Signal>) {
        let is_new = !self.steps.contains_key(&step.name);
        let known = self.steps.entry(step.name.clone()).or_default();
        if let Some(Ok(heartbeat)) = step.heartbeat.as_ref().map(|seen| seen.said.as_ref()) {
            let is_beat = known.heartbeat.as_ref() != Some(heartbeat);
            known.heartbeat = Some(heartbeat.clone());
            if is_beat {
                out.push(Signal::Beat);
            }
        }
        if is_new && step.pid.is_some() {
            out.push(Signal::Note(format!("{} began", step.name)));
        }
        let Some(Ok(status)) = step.status.as_ref().map(|seen| seen.said.as_ref()) else { return };
        if let Some(at) = status.step.filter(|at| known.at.is_none_or(|best| *at > best)) {
            known.at = Some(at);
            let (total, note, series) = (status.total, status.msg.clone(), Some(step.name.clone()));
            out.push(Signal::Advance(Advance { step: Some(at), total, note, series }));
        }
        if known.state.as_ref() == Some(&status.state) {
            return;
        }
        known.state = Some(status.state.clone());
        match &status.state {
            State::Success => {
                self.done += 1;
                let note = Some(format!("{} is done", step.name));
                out.push(Signal::Advance(Advance { step: None, total: None, note, series: None }));
                out.push(Signal::Claims(claim(true, step, status.msg.as_deref())));
            }
            State::Failed => out.push(Signal::Claims(claim(false, step, status.msg.as_deref()))),
            State::Waiting => {
                out.push(Signal::Waits(Wait::Human { kind: HumanWait::Question, what: status.msg.clone() }));
            }
            State::RateLimited => out.push(Signal::Waits(Wait::Limit { until: status.retry_at, after: None })),
            State::Working => out.push(Signal::Resumes),
            State::Other(_) | State::Unsaid => {}
        }
    }
}

/// Its own word for its end, with what its result says.
fn claim(succeeded: bool, step: &Step, msg: Option<&str>) -> Claim {
    let result = step.result.as_ref().and_then(|seen| seen.said.as_ref().ok());
    let said = result.and_then(|report| report.msg.as_deref()).or(msg);
    let word = if succeeded { "succeeded" } else { "failed" };
    let message = said.map_or_else(|| format!("{} {word}", step.name), |said| format!("{}: {said}", step.name));
    Claim { succeeded, message: Some(message) }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::sentinel::read;

    fn look(said: &mut Said, dir: &tempfile::TempDir) -> Vec<Signal> {
        let mut out = Vec::new();
        said.take(read(dir.path()), &mut out).expect("it can be listed");
        out
    }

    #[test]
    fn a_step_is_told_from_its_start_to_its_end_and_nothing_twice() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut said = Said::default();
        assert_eq!(look(&mut said, &dir), []);
        fs::write(dir.path().join("fetch.pid"), "4711\n").expect("written");
        fs::write(dir.path().join("fetch.heartbeat"), "1").expect("written");
        assert_eq!(look(&mut said, &dir), [Signal::Beat, Signal::Note("fetch began".to_owned())]);
        assert_eq!(look(&mut said, &dir), []);
        fs::write(dir.path().join("fetch.heartbeat"), "2").expect("written");
        fs::write(dir.path().join("fetch.result"), r#"{"msg": "12 pages"}"#).expect("written");
        fs::write(dir.path().join("fetch.status"), "SUCCESS\n").expect("written");
        let note = Some("fetch is done".to_owned());
        let claim = Claim { succeeded: true, message: Some("fetch: 12 pages".to_owned()) };
        let done = Signal::Advance(Advance { note, ..Advance::default() });
        assert_eq!(look(&mut said, &dir), [Signal::Beat, done, Signal::Claims(claim)]);
        assert_eq!(look(&mut said, &dir), []);
    }

    #[test]
    fn a_folder_that_is_not_there_yet_says_nothing_and_a_file_in_its_place_is_named() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut out = Vec::new();
        Said::default().take(read(&dir.path().join("later")), &mut out).expect("it may come to be");
        fs::write(dir.path().join("file"), "").expect("written");
        let fault = Said::default().take(read(&dir.path().join("file")), &mut out).expect_err("it is no folder");
        assert_eq!(fault, "the folder cannot be listed: it is not a folder");
        assert_eq!(out, []);
    }
}
