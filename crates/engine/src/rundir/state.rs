//! What has become of a run, seen from its directory alone.

use nightkeep_os::{ExecError, Lock, is_running};

use super::{Exit, FORMAT, RunDir, RunDirError, RunEnd, Started};

/// What has become of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunState {
    /// The command has ended.
    Ended {
        /// How.
        exit: Exit,
        /// Whether the keeper is still there, because of what the command left behind.
        kept: bool,
    },
    /// The keeper is there; ask it. Without a record it has only just begun, or the disk is full.
    Kept(Option<Started>),
    /// The keeper is gone and the command is alive: what is known of it is what anybody can see.
    Orphaned(Started),
    /// There is no keeper, and no sign that the command was ever started.
    NeverStarted,
    /// Keeper and command are gone, and nobody knows how it ended.
    Lost,
}

impl RunDir {
    /// Finds out what has become of the run.
    ///
    /// Where it says [`RunState::NeverStarted`], a keeper may be about to begin: who has just started one knows.
    ///
    /// # Errors
    /// When a record cannot be read or understood, or the lock cannot be looked at.
    pub fn state(&self) -> Result<RunState, RunDirError> {
        let exit = self.read_exit()?;
        let kept = nightkeep_os::lock_is_held(&self.lock())?;
        // A keeper may have written its last record and gone between the two looks.
        let exit = if exit.is_none() && !kept { self.read_exit()? } else { exit };
        if let Some(exit) = exit {
            return Ok(RunState::Ended { exit, kept });
        }
        let started = self.read_started()?;
        Ok(match (kept, started) {
            (true, started) => RunState::Kept(started),
            (false, None) => RunState::NeverStarted,
            (false, Some(started)) if is_running(&started.root) => RunState::Orphaned(started),
            (false, Some(_)) => RunState::Lost,
        })
    }
}

impl RunDir {
    /// Has a command that was not started never be: no keeper that comes later starts it. Where one is there already, or
    /// the command was started, this changes nothing.
    ///
    /// # Errors
    /// When a record cannot be read or written, or the lock cannot be had.
    pub fn give_up(&self, why: &str) -> Result<(), RunDirError> {
        let Some(_lock) = Lock::exclusive(&self.lock())? else { return Ok(()) };
        if self.read_started()?.is_some() || self.read_exit()?.is_some() {
            return Ok(());
        }
        let (clocks, error) = (nightkeep_os::clocks(), ExecError { errno: None, message: why.to_owned() });
        let end = RunEnd::ExecError(error);
        let all_gone = Some(clocks);
        self.write_exit(&Exit {
            format: FORMAT,
            end,
            clocks,
            interrupted_by: None,
            killed: false,
            leftovers: Vec::new(),
            all_gone,
            output_dropped: 0,
        })
    }
}
