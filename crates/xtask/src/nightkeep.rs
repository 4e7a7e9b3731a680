//! Nightkeep itself, used from outside: through its command line, as any script would.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::project::{Profile, Project};
use crate::shell::{Started, Task};

/// How long an engine may take until it answers.
const ENGINE_START_MAX: Duration = Duration::from_secs(15);

/// The `nightkeep` binary and the places it works in.
#[derive(Debug, Clone)]
pub(crate) struct Nightkeep {
    binary: PathBuf,
    home: Option<PathBuf>,
}

/// An engine that answers.
#[derive(Debug)]
pub(crate) struct Engine {
    nightkeep: Nightkeep,
    /// Its process number.
    pub(crate) pid: u32,
    /// Our child, unless an engine was running already.
    child: Option<Started>,
}

impl Nightkeep {
    /// The binary of a profile, working in the user's own places.
    pub(crate) fn of_the_user(project: &Project, profile: Profile) -> Self {
        Self { binary: project.binary(profile, "nightkeep"), home: None }
    }

    /// The binary of a profile, with everything in one folder.
    pub(crate) fn at_home(project: &Project, profile: Profile, home: &Path) -> Self {
        Self { home: Some(home.to_path_buf()), ..Self::of_the_user(project, profile) }
    }

    /// A command of it.
    pub(crate) fn task<A: Into<String>>(&self, arguments: impl IntoIterator<Item = A>) -> Task {
        self.with_home(Task::new(self.binary.display().to_string())).args(arguments)
    }

    /// Another program that is to find the same places.
    pub(crate) fn with_home(&self, task: Task) -> Task {
        match &self.home {
            Some(home) => task.env("NIGHTKEEP_HOME", home.display().to_string()),
            None => task,
        }
    }

    /// What a command prints with `--json`.
    pub(crate) fn json(&self, arguments: &[&str]) -> Result<Value> {
        let text = self.task(arguments.iter().copied()).args(["--json"]).output()?;
        serde_json::from_str(&text).with_context(|| format!("read what `nightkeep {}` prints", arguments.join(" ")))
    }

    /// Makes sure that an engine runs, and says whether it is ours to stop.
    pub(crate) fn engine(&self) -> Result<Engine> {
        let mut child = self.task(["engine"]).start(true)?;
        let start = Instant::now();
        loop {
            let failure = match self.json(&["status"]) {
                Ok(status) => {
                    let pid = engine_pid(&status).context("find the engine's process in `status --json`")?;
                    let is_ours = pid == child.pid() && !child.has_ended();
                    return Ok(Engine { nightkeep: self.clone(), pid, child: is_ours.then_some(child) });
                }
                Err(error) => error,
            };
            if start.elapsed() > ENGINE_START_MAX {
                return Err(failure.context("wait for the engine"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Engine {
    /// Whether it was started by us.
    pub(crate) fn is_ours(&self) -> bool {
        self.child.is_some()
    }

    /// Asks it to end and waits for that. Runs go on.
    pub(crate) fn stop(mut self) -> Result<()> {
        self.nightkeep.task(["engine", "--stop"]).output()?;
        let Some(child) = &mut self.child else { return Ok(()) };
        let start = Instant::now();
        while !child.has_ended() {
            if start.elapsed() > ENGINE_START_MAX {
                bail!("the engine (process {}) was asked to end and goes on", self.pid);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

fn engine_pid(status: &Value) -> Option<u32> {
    status.pointer("/engine/pid")?.as_u64()?.try_into().ok()
}
