//! The demo's jobs, and what Nightkeep should do with each.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

/// A job of the demo.
pub(super) struct Job {
    pub(super) name: &'static str,
    /// What it is, for people.
    pub(super) story: &'static str,
    /// What should have happened to it, for people.
    pub(super) ending: &'static str,
    interpreter: &'static str,
    agent: &'static str,
    arguments: &'static [&'static str],
    outcome: &'static str,
    method: Option<&'static str>,
    /// Whether it cleans up and leaves the aborted note.
    cleans_up: bool,
}

/// The limits of every job of the demo.
const LIMITS: &str = "warn_after = \"4s\"\nstall_after = \"7s\"\ngrace = \"3s\"\n";

/// What an agent that cleans up must not leave behind.
const LEFTOVERS: [&str; 2] = ["half-written", "lease"];

pub(super) const JOBS: &[Job] = &[
    Job {
        name: "articles",
        story: "waits for an answer that never comes; cleans up when asked to stop",
        ending: "warned, stopped gently, cleaned up after itself",
        interpreter: "python3",
        agent: "articles.py",
        arguments: &[],
        outcome: "aborted",
        method: Some("graceful"),
        cleans_up: true,
    },
    Job {
        name: "stubborn",
        story: "the same, and ignores the request to stop",
        ending: "warned, asked to stop, then killed",
        interpreter: "python3",
        agent: "articles.py",
        arguments: &["--ignore-term"],
        outcome: "aborted",
        method: Some("forced"),
        cleans_up: false,
    },
    Job {
        name: "sweep",
        story: "a shell script whose command hangs; its trap cleans up",
        ending: "warned, stopped gently, its trap ran",
        interpreter: "bash",
        agent: "sweep.sh",
        arguments: &[],
        outcome: "aborted",
        method: Some("graceful"),
        cleans_up: true,
    },
    Job {
        name: "chatty",
        story: "prints all the time and gets nowhere",
        ending: "warned and stopped: output is not progress",
        interpreter: "bash",
        agent: "chatty.sh",
        arguments: &[],
        outcome: "aborted",
        method: Some("graceful"),
        cleans_up: false,
    },
    Job {
        name: "patient",
        story: "healthy, with long quiet phases",
        ending: "left alone until it was done",
        interpreter: "python3",
        agent: "patient.py",
        arguments: &["--phases", "4", "--quiet-seconds", "3"],
        outcome: "succeeded",
        method: None,
        cleans_up: false,
    },
];

impl Job {
    /// Whether its interpreter is there (Windows has no `bash` by itself).
    pub(super) fn can_run(&self) -> bool {
        let is_there = self.program().is_some();
        if !is_there {
            println!("(without `{}`: there is no `{}` here)", self.name, self.interpreter);
        }
        is_there
    }

    fn program(&self) -> Option<String> {
        // On Windows Python is called `python`.
        let names = [self.interpreter, self.interpreter.trim_end_matches('3')];
        names.iter().find_map(|name| which::which(name).ok()).map(|path| path.display().to_string())
    }

    /// Its table in `config.toml`.
    pub(super) fn toml(&self, agents: &Path, work: &Path) -> String {
        let agent = agents.join(self.agent).display().to_string();
        let mut command = vec![self.program().unwrap_or_else(|| self.interpreter.to_owned()), agent];
        command.extend(self.arguments.iter().map(|&argument| argument.to_owned()));
        // A JSON text is a TOML text as well.
        let command: Vec<String> = command.into_iter().map(|word| Value::from(word).to_string()).collect();
        let work = Value::from(work.display().to_string());
        let env = format!("{{ AGENT_NAME = \"{}\" }}", self.name);
        format!(
            "[jobs.{name}]\ncommand = [{command}]\ncwd = {work}\nenv = {env}\nprogress = \"{name}.json\"\n{LIMITS}",
            name = self.name,
            command = command.join(", "),
        )
    }

    /// What is not as it should be in its row of the history and in what `show` says.
    pub(super) fn faults(&self, row: Option<&Value>, detail: &Value) -> Vec<String> {
        let Some(row) = row else { return vec!["it did not end in time".to_owned()] };
        let is_aborted = self.outcome == "aborted";
        let mut faults = Vec::new();
        let mut compare = |name: &str, wanted: Value| {
            let found = row.get(name).cloned().unwrap_or_default();
            if found != wanted {
                faults.push(format!("`{name}` is {found} and should be {wanted}"));
            }
        };
        compare("outcome", self.outcome.into());
        compare("reason", is_aborted.then_some("stalled").into());
        compare("method", self.method.into());
        compare("survivors", Value::Array(Vec::new()));
        if warned(detail) != is_aborted {
            faults.push(if is_aborted { "there was no warning" } else { "there was a warning" }.to_owned());
        }
        if is_aborted && detail.pointer("/evidence/processes/0").is_none() {
            faults.push("there is no evidence".to_owned());
        }
        faults
    }

    /// What is left of an agent that should have cleaned up.
    pub(super) fn leftovers(&self, work: &Path) -> Vec<String> {
        if !self.cleans_up {
            return Vec::new();
        }
        let is_left = |kind: &str| work.join(format!("{}.{kind}", self.name)).exists();
        let mut faults: Vec<String> =
            LEFTOVERS.iter().filter(|kind| is_left(kind)).map(|kind| format!("its {kind} file is left")).collect();
        let marker = fs::read_to_string(work.join(format!("{}.json", self.name))).unwrap_or_default();
        let marker: Value = serde_json::from_str(&marker).unwrap_or_default();
        if marker.get("step") != Some(&Value::from(-1)) || marker.get("note") != Some(&Value::from("aborted")) {
            faults.push(format!("its marker does not say that it was aborted: {marker}"));
        }
        faults
    }
}

/// A job's newest row in `history --json`.
pub(super) fn row<'a>(history: &'a Value, job: &str) -> Option<&'a Value> {
    history.as_array()?.iter().find(|row| row.get("job").and_then(Value::as_str) == Some(job))
}

fn warned(detail: &Value) -> bool {
    let timeline = detail.get("timeline").and_then(Value::as_array);
    timeline.is_some_and(|events| events.iter().any(|event| event.get("kind") == Some(&Value::from("warned"))))
}

/// What was last said of each job, so that only changes are told.
#[derive(Default)]
pub(super) struct Story {
    told: HashMap<String, String>,
}

impl Story {
    /// A line for everything that changed.
    pub(super) fn changes(&mut self, status: &Value, history: &Value) -> Vec<String> {
        let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let running = status.get("runs").and_then(Value::as_array).into_iter().flatten().map(|run| {
            let step = run.get("step").filter(|step| !step.is_null()).map(|step| format!(" (step {step})"));
            let word = if text(run, "phase") == "stopping" { "stopping".to_owned() } else { text(run, "progress") };
            (text(run, "job"), format!("{word}{}", step.unwrap_or_default()))
        });
        let ended = history.as_array().into_iter().flatten().map(|row| (text(row, "job"), text(row, "message")));
        let mut lines = Vec::new();
        for (job, word) in running.chain(ended) {
            if self.told.insert(job.clone(), word.clone()).as_ref() != Some(&word) {
                lines.push(format!("{job:10} {word}"));
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn articles() -> &'static Job {
        JOBS.iter().find(|job| job.name == "articles").unwrap()
    }

    #[test]
    fn a_stalled_run_that_was_warned_and_stopped_gently_is_right() {
        let row = json!({"outcome": "aborted", "reason": "stalled", "method": "graceful", "survivors": []});
        let detail = json!({"timeline": [{"kind": "warned"}], "evidence": {"processes": [{"pid": 7}]}});
        assert_eq!(articles().faults(Some(&row), &detail), Vec::<String>::new());
    }

    #[test]
    fn each_thing_that_is_wrong_is_named() {
        let row = json!({"outcome": "aborted", "reason": "user", "method": "forced", "survivors": [12]});
        let faults = articles().faults(Some(&row), &json!({"timeline": []}));
        assert_eq!(faults.len(), 5, "{faults:?}");
        assert_eq!(articles().faults(None, &Value::Null), ["it did not end in time"]);
    }

    #[test]
    fn an_agent_that_left_its_lease_has_not_cleaned_up() {
        let work = tempfile::tempdir().unwrap();
        fs::write(work.path().join("articles.json"), r#"{"step": -1, "note": "aborted"}"#).unwrap();
        assert_eq!(articles().leftovers(work.path()), Vec::<String>::new());
        fs::write(work.path().join("articles.lease"), "").unwrap();
        assert_eq!(articles().leftovers(work.path()), ["its lease file is left"]);
    }

    #[test]
    fn the_story_tells_a_change_once() {
        let mut story = Story::default();
        let status = json!({"runs": [{"job": "a", "phase": "running", "progress": "warning", "step": 2}]});
        assert_eq!(story.changes(&status, &json!([])), ["a          warning (step 2)"]);
        assert!(story.changes(&status, &json!([])).is_empty());
        let ended = json!([{"job": "a", "message": "stopped"}]);
        assert_eq!(story.changes(&json!({"runs": []}), &ended), ["a          stopped"]);
    }
}
