//! The sample agents behave as the demo and other tests need them to.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use nightkeep_tests::{eventually, root};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;
use tempfile::TempDir;

struct Agent {
    work: TempDir,
    child: Child,
}

impl Agent {
    fn start(program: &str, script: &str, arguments: &[&str]) -> Self {
        let work = tempfile::tempdir().unwrap();
        let child = Command::new(program)
            .arg(root().join("tests/agents").join(script))
            .args(arguments)
            .current_dir(work.path())
            .envs([("AGENT_NAME", "it"), ("AGENT_STEP_SECONDS", "0.05"), ("AGENT_PRINT_SECONDS", "0.02")])
            .env("NIGHTKEEP_PROGRESS", work.path().join("marker.json"))
            .stdin(Stdio::null())
            .stdout(fs::File::create(work.path().join("output.log")).unwrap())
            .process_group(0)
            .spawn()
            .unwrap();
        Self { work, child }
    }

    fn reaches(&self, step: i64) {
        eventually(&format!("step {step}"), || (marker(self.work.path())?.get("step")? == step).then_some(())).unwrap();
    }

    fn prints(&self, word: &str) {
        let log = self.work.path().join("output.log");
        eventually(word, || fs::read_to_string(&log).ok()?.contains(word).then_some(())).unwrap();
    }

    fn signal(&self, signal: Signal) {
        kill_process_group(Pid::from_child(&self.child), signal).unwrap();
    }

    fn code(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    fn files(&self) -> Vec<String> {
        let names = fs::read_dir(self.work.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // It fails when nothing of the agent is left, which is as good.
        let _gone = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
    }
}

fn marker(work: &Path) -> Option<Value> {
    serde_json::from_str(&fs::read_to_string(work.join("marker.json")).ok()?).ok()
}

#[test]
fn the_article_generator_hangs_at_its_third_step_and_cleans_up_when_asked_to_stop() {
    let mut agent = Agent::start("python3", "articles.py", &["--name", "it", "--step-seconds", "0.05"]);
    agent.prints("querying the model");
    agent.reaches(2);
    assert_eq!(agent.files(), ["it.half-written", "it.lease", "marker.json", "output.log"]);
    agent.signal(Signal::TERM);
    assert_eq!(agent.code(), Some(143));
    assert_eq!(agent.files(), ["marker.json", "output.log"]);
    let last = marker(agent.work.path()).unwrap();
    assert_eq!((&last["step"], &last["note"]), (&Value::from(-1), &Value::from("aborted")));
}

#[test]
fn the_article_generator_gets_through_when_the_model_answers() {
    let mut agent = Agent::start("python3", "articles.py", &["--answer", "--name", "it", "--step-seconds", "0.01"]);
    assert_eq!(agent.code(), Some(0));
    assert_eq!(marker(agent.work.path()).unwrap()["step"], 5);
    assert_eq!(agent.files(), ["it.article", "marker.json", "output.log"]);
}

#[test]
fn the_article_generator_that_ignores_the_request_ends_only_by_force() {
    let mut agent = Agent::start("python3", "articles.py", &["--ignore-term", "--step-seconds", "0.05"]);
    agent.prints("querying the model");
    agent.signal(Signal::TERM);
    // Whatever else the request did would be done by the time a later signal has ended it.
    agent.signal(Signal::KILL);
    assert_eq!(agent.code(), None);
    assert_eq!(marker(agent.work.path()).unwrap()["step"], 2);
}

#[test]
fn the_sweep_runs_its_trap_once_its_hanging_command_is_gone() {
    let mut agent = Agent::start("bash", "sweep.sh", &[]);
    agent.prints("sweeping");
    agent.signal(Signal::TERM);
    assert_eq!(agent.code(), Some(143));
    assert_eq!(agent.files(), ["marker.json", "output.log"]);
    assert_eq!(marker(agent.work.path()).unwrap()["note"], "aborted");
}

#[test]
fn the_chatty_agent_prints_on_and_never_gets_beyond_its_second_step() {
    let agent = Agent::start("bash", "chatty.sh", &[]);
    agent.reaches(2);
    let log = agent.work.path().join("output.log");
    let lines = || fs::read_to_string(&log).unwrap().lines().count();
    let before = lines();
    eventually("ten more lines", || (lines() >= before + 10).then_some(())).unwrap();
    assert_eq!(marker(agent.work.path()).unwrap()["step"], 2);
}

#[test]
fn the_patient_agent_advances_once_in_each_phase_and_finishes() {
    let mut agent = Agent::start("python3", "patient.py", &["--phases", "3", "--quiet-seconds", "0.05"]);
    assert_eq!(agent.code(), Some(0));
    assert_eq!(marker(agent.work.path()).unwrap()["step"], 3);
}
