//! Runs of which the engine of a night never hears.

use std::fs;

use anyhow::{Context as _, Result};
use nightkeep_engine::rundir::{RunDir, RunState};

use super::Night;
use crate::eventually;

impl Night {
    /// Runs a command to its end under a keeper that no engine hears of, and says the name of its directory.
    ///
    /// # Errors
    /// When it does not end.
    pub fn unheard(&self, arguments: &[&str]) -> Result<String> {
        let aside = Self::new("")?;
        let run = ["run", "--"];
        // With a program that is no engine, the command runs unwatched.
        let mut command = aside.command(&[&run[..], arguments].concat())?;
        let _said = command.env("NIGHTKEEP_BIN", "/bin/false").output()?;
        let dirs = fs::read_dir(aside.home().join("runs"))?.flatten().next().context("no directory was made")?;
        let tag = dirs.file_name().to_string_lossy().into_owned();
        let dir = RunDir::at(dirs.path());
        eventually("its keeper to be done", || {
            matches!(dir.state(), Ok(RunState::Ended { kept: false, .. })).then_some(())
        })?;
        fs::rename(dir.path(), self.home().join("runs").join(&tag))?;
        Ok(tag)
    }
}
