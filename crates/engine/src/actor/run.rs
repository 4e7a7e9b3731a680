//! What the engine knows of a run beside what the core does: where it is on the disk and in the process table.

use std::collections::BTreeMap;
use std::path::PathBuf;

use nightkeep_core::{Exit, LeftoverPolicy, RunId, Stage, Wall};
use nightkeep_os::{FileStamp, Identity, Signal};
use tokio::task::JoinHandle;

use crate::keeper::link::KeeperRequests;
use crate::notify::Around;
use crate::rundir::RunDir;
use crate::store::entry::Stamped;

use super::inlet::Inlet;
use super::output::OutputAge;
use super::sources::SourceReader;
use super::usage::Usage;

/// A run that is watched.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) id: RunId,
    pub(super) tag: String,
    pub(super) job: String,
    pub(super) job_type: String,
    /// Its directory; an attached run has none of its own.
    pub(super) dir: Option<RunDir>,
    pub(super) marker: Option<PathBuf>,
    /// What stood at the marker's path before the start.
    pub(super) marker_before: Option<FileStamp>,
    /// When it was last read, if ever: a step can come from another source as well.
    pub(super) marker_read: Option<Wall>,
    /// Why the marker cannot be used, while it cannot.
    pub(super) marker_trouble: Option<MarkerTrouble>,
    pub(super) started: Wall,
    pub(super) attached: bool,
    pub(super) stop_signal: Signal,
    pub(super) body: Body,
    /// The stage of the stop that was asked for last.
    pub(super) stage: Option<Stage>,
    /// When the request to stop is known to have reached it.
    pub(super) asked: Option<Wall>,
    /// How the root ended, once that is known.
    pub(super) exit: Option<Exit>,
    /// When it ended, where a record tells.
    pub(super) ended: Option<Wall>,
    /// Its end happened while nobody watched.
    pub(super) recovered: bool,
    /// What becomes of what it leaves behind.
    pub(super) leftovers: LeftoverPolicy,
    /// What it is known to leave behind.
    pub(super) left: Option<Vec<Identity>>,
    /// What was known of it when it was found again.
    pub(super) before: Option<Before>,
    pub(super) usage: Usage,
    /// How fast it may speak.
    pub(super) inlet: Inlet,
    /// So many signals came from processes that are not its own.
    pub(super) strangers: u64,
    /// Who reads its sources beside the marker.
    pub(super) sources: Option<SourceReader>,
    /// Which of them cannot be read, why, and since when.
    pub(super) source_trouble: BTreeMap<String, (String, Wall)>,
    pub(super) output_age: OutputAge,
    /// The root, where a record tells it before anybody answers.
    pub(super) root: Option<u32>,
    /// What is told of it beside what the core says.
    pub(super) around: Around,
    /// Its end is known, and its marker is being read for the last time.
    pub(super) over: bool,
    /// The aborted note that is being left.
    pub(super) note: Option<JoinHandle<Option<Stamped>>>,
}

/// What was known of a run when it was found again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Before {
    /// The last sign of it.
    pub(super) last_sign: Wall,
    /// The computer was started anew since then.
    pub(super) rebooted: bool,
    /// How it was found, until somebody has been told.
    pub(super) untold: Option<Found>,
}

/// How a run was found again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// The engine before this one ended in order.
    InOrder,
    /// The engine before this one crashed.
    AfterCrash,
    /// It was started while no engine was there.
    Stranger,
}

/// Why a marker cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MarkerTrouble {
    /// A fragment that reads after "the marker cannot be used:".
    pub(super) what: String,
    /// The journal knows of it.
    pub(super) recorded: bool,
}

/// How the processes of a run are reached.
#[derive(Debug)]
pub(super) enum Body {
    /// Not yet: it is being started, or its keeper is being called.
    Unreached,
    /// Through its keeper, which is their ancestor.
    Kept { requests: KeeperRequests, keeper: u32, root: u32 },
    /// One by one, as far as they could be identified.
    Attached(Members),
}

/// The processes of an attached run that are known and were alive when last heard of.
#[derive(Debug, Clone)]
pub(super) struct Members {
    pub(super) root: Identity,
    pub(super) alive: BTreeMap<u32, Identity>,
    /// Those that were identified since the stop began.
    pub(super) stopped: BTreeMap<u32, Identity>,
    /// A forced stop is under way: what it still finds is not yet known here.
    pub(super) forcing: bool,
    /// So many times it is being found out who belongs to the run, for a signal: until then nobody knows who is left.
    pub(super) searches: u32,
}

impl Members {
    /// The members of a run of which only the root is known.
    pub(super) fn of_root(root: Identity) -> Self {
        let alive = BTreeMap::from([(root.pid, root.clone())]);
        Self { root, alive, stopped: BTreeMap::new(), forcing: false, searches: 0 }
    }

    /// What the run of this root left behind.
    pub(super) fn of_leftovers(root: Identity, found: Vec<Identity>) -> Self {
        let alive = found.into_iter().map(|process| (process.pid, process)).collect();
        Self { root, alive, stopped: BTreeMap::new(), forcing: false, searches: 0 }
    }

    /// All that are alive, the root first.
    pub(super) fn list(&self) -> Vec<Identity> {
        let root = self.alive.get(&self.root.pid).into_iter();
        root.chain(self.alive.values().filter(|member| member.pid != self.root.pid)).cloned().collect()
    }
}

impl Watched {
    /// The root process, if it is known.
    pub(super) fn root_pid(&self) -> Option<u32> {
        match &self.body {
            Body::Unreached => self.root,
            Body::Kept { root, .. } => Some(*root),
            Body::Attached(members) => Some(members.root.pid),
        }
    }

    /// The process below which all others of the run are, and whether it is one of them itself.
    pub(super) fn top(&self) -> Option<Top> {
        match &self.body {
            Body::Unreached => None,
            Body::Kept { keeper, .. } => Some(Top { pid: *keeper, is_member: false }),
            Body::Attached(members) => Some(Top { pid: members.root.pid, is_member: true }),
        }
    }
}

/// Where a walk over the processes of a run begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Top {
    pub(super) pid: u32,
    /// A keeper stands above its run and is no part of it.
    pub(super) is_member: bool,
}

impl Top {
    /// The processes of the run, parents before children, its root at depth 0.
    ///
    /// # Errors
    /// When the system does not show them.
    pub(super) fn processes(self) -> Result<Vec<nightkeep_os::ProcessFacts>, nightkeep_os::ProcessError> {
        let mut found = nightkeep_os::descendants(self.pid)?;
        if !self.is_member {
            found.retain(|process| process.depth > 0);
            for process in &mut found {
                process.depth -= 1;
            }
        }
        Ok(found)
    }
}
