//! A Nightkeep of its own for one measurement: a home, an engine, and fake agents as jobs.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tempfile::TempDir;

use super::{Bench, api, proc};
use crate::nightkeep::{Engine, Nightkeep};
use crate::project::Profile;
use crate::shell::Task;

/// Longer than this, nothing takes that is measured here.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often something is looked at that nothing announces: fine enough for goals of tenths of a second.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// A Nightkeep of its own. Its runs and its engine end with it.
pub(super) struct Lab {
    pub(super) nightkeep: Nightkeep,
    engine: Option<Engine>,
    fake_agent: PathBuf,
    home: TempDir,
}

/// A job of the lab.
pub(super) struct Agent<'a> {
    pub(super) name: String,
    /// What the fake agent does.
    pub(super) steps: &'a [&'a str],
    /// Lines below `[jobs.NAME]`.
    pub(super) limits: &'a str,
}

impl Lab {
    /// A lab with its jobs and a running engine.
    pub(super) fn open(bench: &Bench, agents: &[Agent<'_>]) -> Result<Self> {
        Self::open_with(bench, agents, "")
    }

    /// A lab with more in its configuration than its jobs.
    pub(super) fn open_with(bench: &Bench, agents: &[Agent<'_>], more: &str) -> Result<Self> {
        let home = tempfile::Builder::new().prefix("nightkeep-bench-").tempdir().context("make a home")?;
        let nightkeep = Nightkeep::at_home(&bench.project, Profile::Release, home.path());
        let fake_agent = bench.project.binary(Profile::Dev, "fake-agent");
        let mut lab = Self { nightkeep, engine: None, fake_agent, home };
        let jobs: String = agents.iter().map(|agent| lab.table(agent)).collect();
        let config = format!("{more}\n{jobs}");
        fs::write(lab.home().join("config.toml"), config).context("write `config.toml`")?;
        lab.engine = Some(lab.nightkeep.engine()?);
        Ok(lab)
    }

    /// Many jobs that do the same.
    pub(super) fn open_with_same(bench: &Bench, count: usize, steps: &[&str], limits: &str) -> Result<Self> {
        let agents: Vec<Agent<'_>> =
            (0..count).map(|number| Agent { name: format!("a{number}"), steps, limits }).collect();
        Self::open(bench, &agents)
    }

    /// The folder that holds everything.
    pub(super) fn home(&self) -> &Path {
        self.home.path()
    }

    /// The engine's socket.
    pub(super) fn socket(&self) -> PathBuf {
        self.home().join("engine.sock")
    }

    /// The engine's process.
    pub(super) fn engine_pid(&self) -> Result<u32> {
        self.engine.as_ref().map(|engine| engine.pid).context("find the engine")
    }

    /// Ends the engine without a warning and starts another.
    pub(super) fn crash_engine(&mut self) -> Result<Duration> {
        Task::new("kill").args(["-KILL".to_owned(), self.engine_pid()?.to_string()]).run()?;
        drop(self.engine.take());
        let start = Instant::now();
        self.engine = Some(self.nightkeep.engine()?);
        Ok(start.elapsed())
    }

    /// Starts a job over the API, without the cost of a command.
    pub(super) fn start(&self, job: &str) -> Result<()> {
        api::request(&self.socket(), "POST", &format!("/v1/jobs/{job}/start"))
    }

    /// Stops a job over the API.
    pub(super) fn stop(&self, job: &str) -> Result<()> {
        api::request(&self.socket(), "POST", &format!("/v1/jobs/{job}/stop"))
    }

    /// Starts the jobs `a0`, `a1` … and waits until so many agents in all run.
    pub(super) fn start_same(&self, count: usize, processes: usize) -> Result<Duration> {
        let start = Instant::now();
        for number in 0..count {
            self.start(&format!("a{number}"))?;
        }
        self.until("all agents run", || Ok((self.agents().len() >= processes).then_some(())))?;
        Ok(start.elapsed())
    }

    /// Every process that an agent of this lab has been.
    pub(super) fn agents(&self) -> Vec<u32> {
        let text = fs::read_to_string(self.pids_file()).unwrap_or_default();
        text.lines().filter_map(|line| line.parse().ok()).collect()
    }

    /// Agents that still live.
    pub(super) fn survivors(&self) -> Vec<u32> {
        self.agents().into_iter().filter(|pid| proc::lives(*pid)).collect()
    }

    /// Whether any agent lives, one that gave no number included: all hold the lock of one file.
    pub(super) fn is_held(&self) -> Result<bool> {
        is_held(&self.held_file())
    }

    /// `status --json`.
    pub(super) fn status(&self) -> Result<Value> {
        self.nightkeep.json(&["status"])
    }

    /// `history --json`, as a list.
    pub(super) fn history(&self) -> Result<Vec<Value>> {
        let history = self.nightkeep.json(&["history", "--limit", "1000"])?;
        history.as_array().cloned().context("read `history --json`")
    }

    /// Waits for something.
    pub(super) fn until<T>(&self, what: &str, mut look: impl FnMut() -> Result<Option<T>>) -> Result<T> {
        let start = Instant::now();
        loop {
            if let Some(found) = look()? {
                return Ok(found);
            }
            if start.elapsed() > PATIENCE {
                bail!("waited {} s in vain until {what}", PATIENCE.as_secs());
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    fn pids_file(&self) -> PathBuf {
        self.home().join("pids")
    }

    fn held_file(&self) -> PathBuf {
        self.home().join("held")
    }

    fn table(&self, agent: &Agent<'_>) -> String {
        let words =
            [self.fake_agent.display().to_string()].into_iter().chain(agent.steps.iter().map(|&step| step.to_owned()));
        // A JSON text is a TOML text as well.
        let command: Vec<String> = words.map(|word| Value::from(word).to_string()).collect();
        let pids = Value::from(self.pids_file().display().to_string());
        let held = Value::from(self.held_file().display().to_string());
        let env = format!("{{ FAKE_AGENT_PIDS = {pids}, FAKE_AGENT_HOLD = {held} }}");
        let Agent { name, limits, .. } = agent;
        format!("[jobs.{name}]\ncommand = [{}]\nenv = {env}\n{limits}\n", command.join(", "))
    }
}

/// Whether somebody holds the lock of a file; a file that is not there is held by nobody.
fn is_held(path: &Path) -> Result<bool> {
    let Ok(file) = File::open(path) else { return Ok(false) };
    match file.try_lock() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("try the lock of `{}`", path.display())),
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        // Whatever fails here has ended already, or is killed two lines further down.
        if let Some(engine) = self.engine.take() {
            drop(engine.stop());
        }
        let keepers = proc::find("nightkeep", &self.home().display().to_string()).unwrap_or_default();
        for pid in self.survivors().into_iter().chain(keepers) {
            Task::new("kill").args(["-KILL".to_owned(), pid.to_string()]).succeeds();
        }
    }
}

/// A time as the API writes it.
pub(super) fn time(value: &Value, name: &str) -> Result<jiff::Timestamp> {
    let text = value.get(name).and_then(Value::as_str).with_context(|| format!("find the time `{name}`"))?;
    text.parse().with_context(|| format!("read the time `{text}`"))
}

/// The first event of a kind in the timeline of `show --json`.
pub(super) fn event<'a>(detail: &'a Value, kind: &str) -> Option<&'a Value> {
    let timeline = detail.get("timeline")?.as_array()?;
    timeline.iter().find(|event| event.get("kind").and_then(Value::as_str) == Some(kind))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_file_is_held_until_its_lock_is_given_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("held");
        assert!(!is_held(&path).unwrap());
        let holders = [File::create(&path).unwrap(), File::open(&path).unwrap()];
        for holder in &holders {
            holder.lock_shared().unwrap();
        }
        for holder in holders {
            assert!(is_held(&path).unwrap());
            drop(holder);
        }
        assert!(!is_held(&path).unwrap());
    }

    #[test]
    fn the_first_event_of_a_kind_is_found_with_its_time() {
        let detail = json!({"timeline": [
            {"kind": "started", "at": "2026-01-02T03:04:05.25Z"},
            {"kind": "warned", "at": "2026-01-02T03:04:09Z"},
            {"kind": "warned", "at": "2026-01-02T03:04:10Z"},
        ]});
        let warned = event(&detail, "warned").unwrap();
        assert_eq!(time(warned, "at").unwrap(), "2026-01-02T03:04:09Z".parse().unwrap());
        assert!(event(&detail, "ended").is_none());
        assert!(time(&detail, "at").is_err());
    }
}
