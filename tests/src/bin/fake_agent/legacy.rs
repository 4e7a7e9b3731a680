//! What a process of the tree hands down to those it starts.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};

use crate::script::Signals;

/// The file to which every process adds its number.
pub(crate) const PIDS: &str = "FAKE_AGENT_PIDS";
/// The file whose lock the whole tree holds. Only the first process reads this; the others inherit the open file.
pub(crate) const HOLD: &str = "FAKE_AGENT_HOLD";

/// The file to which `note` adds its lines.
pub(crate) const NOTES: &str = "FAKE_AGENT_NOTES";

/// How long anything of a hostile tree lives at most.
const BOUND: Duration = Duration::from_secs(60);

/// What the next generation is told, whatever its environment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Legacy {
    pub(crate) ignored: Vec<Signals>,
    /// Where numbers go to.
    pub(crate) notes: Option<String>,
    /// When everything ends, in milliseconds since the Unix epoch.
    pub(crate) until_ms: Option<u64>,
    /// Whatever makes new processes does so only as long as this file is there.
    pub(crate) leash: Option<String>,
}

impl Legacy {
    /// Another of this program.
    pub(crate) fn command<S: AsRef<str>>(&self, steps: &[S]) -> Result<Command> {
        let mut command = Command::new(std::env::current_exe().context("find this program")?);
        command.args(self.steps()).args(steps.iter().map(AsRef::as_ref)).stdin(Stdio::null()).env_remove(HOLD);
        Ok(command)
    }

    /// The bound from this moment on, unless there is one.
    pub(crate) fn bind(&mut self) {
        self.until_ms.get_or_insert_with(|| now_ms() + u64::try_from(BOUND.as_millis()).unwrap_or(u64::MAX));
    }

    /// How much of the bound is left.
    pub(crate) fn left(&self) -> Duration {
        self.until_ms.map_or(BOUND, |until| Duration::from_millis(until.saturating_sub(now_ms())))
    }

    /// Whether nothing is to be started any more.
    pub(crate) fn is_over(&self) -> bool {
        self.left().is_zero() || self.leash.as_ref().is_some_and(|leash| !Path::new(leash).exists())
    }

    fn steps(&self) -> Vec<String> {
        let ignored = self.ignored.iter().map(|signals| match signals {
            Signals::Term => "ignore term",
            Signals::Int => "ignore int",
            Signals::Hup => "ignore hup",
            Signals::All => "ignore all",
        });
        let notes = self.notes.iter().map(|path| format!("note-number {path}"));
        let until = self.until_ms.iter().map(|until| format!("until {until}"));
        let leash = self.leash.iter().map(|path| format!("leash {path}"));
        ignored.map(str::to_owned).chain(notes).chain(until).chain(leash).collect()
    }
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
