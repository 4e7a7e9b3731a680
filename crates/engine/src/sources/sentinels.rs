//! What sentinel files say, from one look to the next.

use std::collections::BTreeMap;

use nightkeep_core::{Advance, Claim, HumanWait, Signal, Wait};

use crate::sentinel::{Heartbeat, Reading, Seen, State, Status, Step, Unlisted};

/// What the steps said at the last look.
#[derive(Debug, Default)]
pub(super) struct Said {
    steps: BTreeMap<String, Known>,
    /// What their ends came to together.
    word: Word,
    /// The newest files that were read.
    newest: Newest,
    /// The newest files that an earlier reader had read: nothing of theirs is told again.
    before: Newest,
}

#[derive(Debug, Default)]
struct Known {
    heartbeat: Option<Heartbeat>,
    state: Option<State>,
    at: Option<i64>,
}

/// What the ends of all steps say of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Word {
    /// Some go on, or none has ended.
    #[default]
    Nothing,
    /// All ended, and well.
    Success,
    /// One did not end well.
    Failure,
}

/// When files were written, in nanoseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Newest {
    status_ns: i128,
    pid_ns: i128,
}

impl Said {
    /// Goes on where an earlier reader had come to, as [`Said::came_to`] said.
    pub(super) fn going_on_from(from: &str) -> Self {
        let mut words = from.split(' ').map(|word| word.parse().unwrap_or_default());
        let before = Newest { status_ns: words.next().unwrap_or_default(), pid_ns: words.next().unwrap_or_default() };
        // What the earlier reader had told of the end may stand, and may have to be taken back.
        Self { before, newest: before, word: Word::Success, ..Self::default() }
    }

    /// How far it has come.
    pub(super) fn came_to(&self) -> String {
        format!("{} {}", self.newest.status_ns, self.newest.pid_ns)
    }

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
        let mut ended = None;
        for step in &reading.steps {
            // A failure says more than a success beside it.
            if self.step(step, out) && (has_failed(step) || !ended.is_some_and(has_failed)) {
                ended = Some(step);
            }
        }
        // A step whose files were cleaned away may come again.
        self.steps.retain(|name, _| reading.steps.iter().any(|step| step.name == *name));
        self.conclude(ended, out);
        Ok(())
    }

    /// Takes a step in. Whether it has come to its end since the last look.
    fn step(&mut self, step: &Step, out: &mut Vec<Signal>) -> bool {
        let is_new = !self.steps.contains_key(&step.name);
        let known = self.steps.entry(step.name.clone()).or_default();
        if let Some(Ok(heartbeat)) = step.heartbeat.as_ref().map(|seen| seen.said.as_ref()) {
            let is_beat = known.heartbeat.as_ref() != Some(heartbeat);
            known.heartbeat = Some(heartbeat.clone());
            if is_beat {
                out.push(Signal::Beat);
            }
        }
        if let Some(pid_ns) = step.pid.as_ref().map(written_ns) {
            if is_new && pid_ns > self.before.pid_ns {
                out.push(Signal::Note(format!("{} began", step.name)));
            }
            self.newest.pid_ns = self.newest.pid_ns.max(pid_ns);
        }
        let status_ns = match &step.status {
            Some(seen) => written_ns(seen),
            None => {
                // It begins again.
                known.state = None;
                return false;
            }
        };
        let Some(Ok(status)) = step.status.as_ref().map(|seen| seen.said.as_ref()) else { return false };
        self.newest.status_ns = self.newest.status_ns.max(status_ns);
        let is_news = status_ns > self.before.status_ns;
        if let Some(at) = status.step.filter(|at| known.at.is_none_or(|best| *at > best)) {
            known.at = Some(at);
            let (total, note, series) = (status.total, status.msg.clone(), Some(step.name.clone()));
            if is_news {
                out.push(Signal::Advance(Advance { step: Some(at), total, note, series }));
            }
        }
        if known.state.as_ref() == Some(&status.state) {
            return false;
        }
        known.state = Some(status.state.clone());
        told(step, status, is_news, out);
        status.state.is_end()
    }

    /// What the ends of the steps say of the run: its success once all of them have ended well, and a failure at once.
    /// A step that begins after that takes it back.
    fn conclude(&mut self, ended: Option<&Step>, out: &mut Vec<Signal>) {
        if self.steps.is_empty() {
            // What was cleaned away has been said.
            return;
        }
        let is = |state: &State| self.steps.values().any(|known| known.state.as_ref() == Some(state));
        let is_open = self.steps.values().any(|known| !known.state.as_ref().is_some_and(State::is_end));
        let word = if is(&State::Failed) {
            Word::Failure
        } else if is_open || !is(&State::Success) {
            Word::Nothing
        } else {
            Word::Success
        };
        let former = std::mem::replace(&mut self.word, word);
        match (word, ended) {
            (Word::Success, Some(step)) => out.push(Signal::Claims(claim(true, step))),
            (Word::Failure, Some(step)) if has_failed(step) => out.push(Signal::Claims(claim(false, step))),
            (Word::Nothing, _) if former != Word::Nothing => out.push(Signal::Unclaims),
            (Word::Nothing | Word::Success | Word::Failure, _) => {}
        }
    }
}

/// What a state that is another one than before says.
fn told(step: &Step, status: &Status, is_news: bool, out: &mut Vec<Signal>) {
    match &status.state {
        State::Success => {
            let note = Some(format!("{} is done", step.name));
            if is_news {
                out.push(Signal::Advance(Advance { step: None, total: None, note, series: None }));
            }
            hand_back(step, out);
        }
        State::Failed => hand_back(step, out),
        State::Waiting => {
            out.push(Signal::Waits(Wait::Human { kind: HumanWait::Question, what: status.msg.clone() }));
        }
        State::RateLimited => out.push(Signal::Waits(Wait::Limit { until: status.retry_at, after: None })),
        State::Working => out.push(Signal::Resumes),
        State::Other(_) | State::Unsaid => {}
    }
}

/// What came of a step, as it was written.
fn hand_back(step: &Step, out: &mut Vec<Signal>) {
    if let Some(Ok(report)) = step.result.as_ref().map(|seen| seen.said.as_ref()) {
        out.push(Signal::Result(report.document.clone()));
    }
}

fn written_ns<T>(seen: &Seen<T>) -> i128 {
    seen.stamp.as_ref().map_or(0, |stamp| stamp.written_ns)
}

fn has_failed(step: &Step) -> bool {
    step.status.as_ref().is_some_and(|seen| seen.said.as_ref().is_ok_and(|status| status.state == State::Failed))
}

/// Its own word for its end, with what its result says.
fn claim(succeeded: bool, step: &Step) -> Claim {
    let result = step.result.as_ref().and_then(|seen| seen.said.as_ref().ok());
    let status = step.status.as_ref().and_then(|seen| seen.said.as_ref().ok());
    let said = result.and_then(|report| report.msg.as_deref()).or(status.and_then(|status| status.msg.as_deref()));
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
        let result = Signal::Result(r#"{"msg": "12 pages"}"#.to_owned());
        assert_eq!(look(&mut said, &dir), [Signal::Beat, done, result, Signal::Claims(claim)]);
        assert_eq!(look(&mut said, &dir), []);
    }

    fn write(dir: &tempfile::TempDir, name: &str, text: &str) {
        fs::write(dir.path().join(name), text).expect("written");
    }

    fn claims(said: &[Signal]) -> Vec<&Signal> {
        said.iter().filter(|signal| matches!(signal, Signal::Claims(_) | Signal::Unclaims)).collect()
    }

    fn succeeded(message: &str) -> Signal {
        Signal::Claims(Claim { succeeded: true, message: Some(message.to_owned()) })
    }

    fn failed(message: &str) -> Signal {
        Signal::Claims(Claim { succeeded: false, message: Some(message.to_owned()) })
    }

    #[test]
    fn the_run_claims_what_all_of_its_steps_say_and_takes_it_back_when_another_one_begins() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut said = Said::default();
        write(&dir, "a.pid", "1");
        write(&dir, "b.pid", "2");
        write(&dir, "a.status", "SUCCESS");
        assert_eq!(claims(&look(&mut said, &dir)), Vec::<&Signal>::new());
        write(&dir, "b.status", "SUCCESS");
        assert_eq!(claims(&look(&mut said, &dir)), [&succeeded("b succeeded")]);
        write(&dir, "c.pid", "3");
        assert_eq!(claims(&look(&mut said, &dir)), [&Signal::Unclaims]);
        write(&dir, "c.status", r#"{"state": "failed", "msg": "no network"}"#);
        write(&dir, "d.status", "SUCCESS");
        assert_eq!(claims(&look(&mut said, &dir)), [&failed("c: no network")]);
        // It is tried again.
        fs::remove_file(dir.path().join("c.status")).expect("removed");
        assert_eq!(claims(&look(&mut said, &dir)), [&Signal::Unclaims]);
        write(&dir, "c.status", "SUCCESS");
        assert_eq!(claims(&look(&mut said, &dir)), [&succeeded("c succeeded")]);
        for entry in fs::read_dir(dir.path()).expect("listed") {
            fs::remove_file(entry.expect("an entry").path()).expect("removed");
        }
        assert_eq!(look(&mut said, &dir), []);
    }

    #[test]
    fn what_an_earlier_reader_told_is_no_progress_again_but_stays_true() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut said = Said::default();
        write(&dir, "a.pid", "1");
        write(&dir, "a.status", r#"{"state": "success", "step": 4}"#);
        assert_eq!(look(&mut said, &dir).len(), 4);
        let mut next = Said::going_on_from(&said.came_to());
        assert_eq!(look(&mut next, &dir), [succeeded("a succeeded")]);
        write(&dir, "b.pid", "2");
        assert_eq!(look(&mut next, &dir), [Signal::Note("b began".to_owned()), Signal::Unclaims]);
        let mut last = Said::going_on_from(&next.came_to());
        assert_eq!(look(&mut last, &dir), [Signal::Unclaims], "nobody knows whether that was told");
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
