//! Whether a run that is about to be stopped is there at all: told by the system at that moment, not by what is remembered.

use nightkeep_core::{Input, Look, RunId};
use nightkeep_os::{Identity, Process};

use super::run::Body;
use super::task::Actor;
use crate::rundir::{RunDir, RunState};

/// Where the system has to be asked.
#[derive(Debug)]
pub(super) enum Whereabouts {
    /// The keeper's lock and records.
    Kept(RunDir),
    /// The process table.
    Attached(Identity),
    /// It is not reached at present; whoever calls it finds out.
    Unreached,
}

impl Whereabouts {
    /// Whether nothing of the run is there any more. Whoever cannot be asked is taken to be there. Touches the disk.
    pub(super) fn is_gone(&self) -> bool {
        match self {
            Self::Kept(dir) => matches!(dir.state(), Ok(RunState::Ended { kept: false, .. } | RunState::Lost)),
            Self::Attached(root) => match Process::open(root) {
                Ok(process) => process.is_none_or(|process| !process.is_alive()),
                Err(_) => false,
            },
            Self::Unreached => false,
        }
    }
}

impl Actor {
    /// Where the system has to be asked for a run.
    pub(super) fn whereabouts(&self, id: RunId) -> Whereabouts {
        let Some(run) = self.runs.get(&id) else { return Whereabouts::Unreached };
        match (&run.body, &run.dir) {
            (Body::Kept { .. }, Some(dir)) => Whereabouts::Kept(dir.clone()),
            (Body::Attached(members), _) => Whereabouts::Attached(members.root.clone()),
            (Body::Kept { .. } | Body::Unreached, _) => Whereabouts::Unreached,
        }
    }

    /// The answer to a look. A run that turns out to be gone is not stopped: what became of it is found out.
    pub(super) fn looked_at(&mut self, id: RunId, look: Look) {
        let gone = look == Look::NotRunning;
        self.give(Input::Looked(id, look));
        if gone {
            self.mend(id);
        }
    }
}
