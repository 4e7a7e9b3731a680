//! Who may speak on the socket of a run: the run.
//!
//! The kernel says with every datagram which process sent it. systemd finds the unit of that process by its control group,
//! and drops what comes from a process that has ended meanwhile, for want of one. Runs are known by descent and by their
//! tag, which are gone with the process just the same; but here the socket itself belongs to one run, so a sender that
//! ended at once, as `systemd-notify --no-block` does, is heard unless it was seen to be somebody else before. Who wants to
//! be taken for the run can be: programs of one user are not protected from one another. This keeps out those that got the
//! address by mistake, through an environment that was passed on or a path that was used twice.

use std::collections::{BTreeMap, VecDeque};

use nightkeep_os::{Family, Kinship, kinship};

use crate::environment::RUN;
use crate::rundir::RunDir;

/// So many outsiders are remembered, so that their last words are known for theirs.
const OUTSIDERS_MAX: usize = 64;

/// Who may speak.
#[derive(Debug, Default)]
pub(super) struct Senders {
    /// The run; without one, whoever can reach the socket may.
    run: Option<RunDir>,
    family: Option<Family>,
    /// Who was looked at in this burst. A number has no time to become somebody else's.
    known: BTreeMap<u32, bool>,
    outsiders: VecDeque<u32>,
    turned_away: TurnedAway,
}

/// The datagrams of outsiders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TurnedAway {
    /// How many there were.
    pub count: u64,
    /// The first of those who sent them.
    pub first: Option<u32>,
}

impl Senders {
    pub(super) fn of(run: Option<RunDir>) -> Self {
        Self { run, ..Self::default() }
    }

    /// From here on everybody is looked at anew.
    pub(super) fn begin(&mut self) {
        self.known.clear();
    }

    /// Whether a datagram of the process with this number counts. One that does not is counted.
    pub(super) fn is_heard(&mut self, pid: Option<u32>) -> bool {
        let (Some(pid), true) = (pid, self.run.is_some()) else { return true };
        let is_heard = match self.known.get(&pid) {
            Some(known) => *known,
            None => self.look(pid),
        };
        let _former = self.known.insert(pid, is_heard);
        if !is_heard {
            self.turned_away.count += 1;
            self.turned_away.first = self.turned_away.first.or(Some(pid));
        }
        is_heard
    }

    /// What was turned away so far.
    pub(super) const fn turned_away(&self) -> TurnedAway {
        self.turned_away
    }

    fn look(&mut self, pid: u32) -> bool {
        // A command is written down before it can say anything. Where that cannot be read, nothing speaks against it.
        let Some(family) = self.family() else { return true };
        let is_outsider = match kinship(pid, family) {
            Kinship::Member => false,
            Kinship::Outsider => true,
            Kinship::Untold => return !self.outsiders.contains(&pid),
        };
        self.outsiders.retain(|known| *known != pid);
        if is_outsider {
            if self.outsiders.len() == OUTSIDERS_MAX {
                self.outsiders.pop_front();
            }
            self.outsiders.push_back(pid);
        }
        !is_outsider
    }

    fn family(&mut self) -> Option<&Family> {
        if self.family.is_none() {
            let run = self.run.as_ref()?;
            let tag = run.path().file_name()?.to_str()?;
            let started = run.read_started().ok()??;
            self.family = Some(Family { tag: format!("{RUN}={tag}"), heir: started.keeper, eldest: started.root });
        }
        self.family.as_ref()
    }
}
