//! Stopping a run that is no child of a keeper: process by process, as far as they can be identified.

use std::collections::BTreeMap;
use std::time::Duration;

use nightkeep_core::{RunId, Stage};
use nightkeep_os::{Identity, Process, Signal, is_running};
use tokio::sync::mpsc;

use super::fact::Fact;
use super::run::Members;
use crate::store::StoreHandle;

/// How long a forced stop tries; the core gives up a little later.
const FORCE_TRIES: u32 = 80;
/// Between two tries.
const BETWEEN_TRIES: Duration = Duration::from_millis(50);

/// How often nobody may be left to kill before a forced stop looks no more. Whoever is found may have started another one
/// and ended before its turn came, so one look in vain says little; no number of them is a proof.
const LOOKS_IN_VAIN: u32 = 3;

/// Who belongs to an attached run, and by what it is told.
#[derive(Debug, Clone)]
pub(super) struct Kin {
    /// Known so far.
    pub(super) members: Members,
    /// The tag that the run's processes carry, if Nightkeep launched it.
    pub(super) tag: Option<String>,
}

impl Kin {
    /// All that can be identified at this moment: those known before, what hangs below them, and what carries the
    /// run's tag or that of the agent.
    pub(super) fn find(&self) -> Vec<Identity> {
        let mut found: BTreeMap<u32, Identity> = self.members.alive.clone();
        for known in self.members.list() {
            found.extend(below(&known).into_iter().map(|process| (process.pid, process)));
        }
        let agent = agent_s_own(&self.members.root);
        let own = self.tag.as_deref().map(|tag| nightkeep_os::tagged(crate::environment::RUN, tag).unwrap_or_default());
        found.extend(agent.into_iter().chain(own.unwrap_or_default()).map(|process| (process.pid, process)));
        found.into_values().collect()
    }

    /// Carries out one stage on those that were found. Who belongs to the run, and what a forced stop left.
    pub(super) fn signal(&self, stage: Stage, polite: Signal, found: Vec<Identity>) -> (Vec<Identity>, Vec<u32>) {
        match stage {
            Stage::PoliteRoot => ask(&self.members.root, polite),
            Stage::PoliteRest => {
                for member in found.iter().filter(|member| **member != self.members.root) {
                    ask(member, polite);
                }
            }
            Stage::Forced => return force(found, || self.find()),
        }
        (found, Vec::new())
    }
}

/// Kills whoever was found, and whoever `look` finds after that. Who was there last, and those who could not be killed.
fn force(mut found: Vec<Identity>, mut look: impl FnMut() -> Vec<Identity>) -> (Vec<Identity>, Vec<u32>) {
    let mut in_vain = 0;
    for _ in 0..FORCE_TRIES {
        if kill_each(&found) {
            in_vain = 0;
            std::thread::sleep(BETWEEN_TRIES);
        } else if in_vain == LOOKS_IN_VAIN {
            return (found, Vec::new());
        } else {
            in_vain += 1;
        }
        found = look();
    }
    let left = found.iter().filter(|member| is_running(member)).map(|member| member.pid).collect();
    (found, left)
}

/// What carries the number of a root in its environment, as that of its agent. Another agent may have that number by this
/// time: whatever was not there before it is its own.
fn agent_s_own(root: &Identity) -> Vec<Identity> {
    let Ok(holder) = nightkeep_os::identify(root.pid) else { return Vec::new() };
    let other = holder.filter(|holder| !holder.is_same_process(root));
    let mut found = nightkeep_os::tagged("CLAUDE_PID", &root.pid.to_string()).unwrap_or_default();
    found.retain(|process| other.as_ref().is_none_or(|other| process.start < other.start));
    found
}

/// The processes below a root, itself included.
pub(super) fn below(root: &Identity) -> Vec<Identity> {
    let below = nightkeep_os::descendants(root.pid).unwrap_or_default();
    // The number may belong to somebody else by this time.
    let is_it = below.first().is_some_and(|top| top.identity == *root);
    if is_it { below.into_iter().map(|process| process.identity).collect() } else { Vec::new() }
}

/// Carries out one stage of a stop on all that can be identified, and tells who that was.
pub(super) async fn stop(
    id: RunId,
    kin: Kin,
    (stage, polite): (Stage, Signal),
    store: StoreHandle,
    facts: mpsc::Sender<Fact>,
) {
    if stage == Stage::Forced {
        // Nobody else remembers that it was killed: that is on record before it is.
        store.written(id.0).await;
    }
    let searched = tokio::task::spawn_blocking(move || {
        // Who is there is told before anybody ends of the signal, or the run would look over too early.
        let found = kin.find();
        drop(facts.blocking_send(Fact::Members(id, found.clone())));
        let (found, left) = kin.signal(stage, polite, found);
        drop(facts.blocking_send(Fact::Members(id, found)));
        drop(facts.blocking_send(Fact::Searched(id)));
        if stage == Stage::Forced {
            drop(facts.blocking_send(Fact::Survivors(id, left)));
        }
    });
    if let Err(fault) = searched.await {
        tracing::error!(run = id.0, %fault, "a search failed");
    }
}

fn ask(member: &Identity, polite: Signal) {
    signal(member, polite);
    // A stopped process takes the request only once it goes on.
    signal(member, Signal::Cont);
}

/// Kills processes. Whether any was still there.
fn kill_each(found: &[Identity]) -> bool {
    found.iter().filter(|member| kill(member)).count() > 0
}

/// Kills a process. Whether it was still there.
fn kill(member: &Identity) -> bool {
    let there = is_running(member);
    if there {
        signal(member, Signal::Kill);
    }
    there
}

fn signal(member: &Identity, signal: Signal) {
    // What cannot be identified is not signalled.
    let Ok(Some(process)) = Process::open(member) else { return };
    if let Err(fault) = process.signal(signal) {
        tracing::warn!(pid = member.pid, %fault, "a signal was refused");
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::process::{Child, Command};

    use super::*;

    fn sleeper() -> (Child, Identity) {
        let child = Command::new("sleep").arg("600").spawn().unwrap();
        let identity = nightkeep_os::identify(child.id()).unwrap().unwrap();
        (child, identity)
    }

    /// Forces a tree of which each look finds something else, and at last nothing more. Whether each of two processes
    /// that hop was killed.
    fn killed_when(seen: impl FnOnce(Identity, Identity) -> Vec<Vec<Identity>>) -> [bool; 2] {
        let ((mut first, one), (mut second, other)) = (sleeper(), sleeper());
        let mut looks = VecDeque::from(seen(one.clone(), other.clone()));
        let left = force(looks.pop_front().unwrap(), || looks.pop_front().unwrap_or_default());
        let killed = [&one, &other].map(|process| !is_running(process));
        for child in [&mut first, &mut second] {
            child.kill().unwrap();
            child.wait().unwrap();
        }
        assert_eq!(left, (Vec::new(), Vec::new()));
        killed
    }

    #[test]
    fn a_tree_that_hops_is_not_called_stopped_after_a_look_in_vain() {
        let nobody = Vec::new;
        // It is between two processes, at the first look and at every other one.
        assert_eq!(killed_when(|one, other| vec![nobody(), vec![one], nobody(), vec![other]]), [true, true]);
        assert_eq!(killed_when(|one, other| vec![vec![one], nobody(), nobody(), vec![other]]), [true, true]);
    }

    #[test]
    fn looking_for_a_tree_comes_to_an_end_with_the_third_look_in_vain() {
        let mut looks = 0;
        let look = || {
            looks += 1;
            Vec::new()
        };
        assert_eq!(force(Vec::new(), look), (Vec::new(), Vec::new()));
        assert_eq!(looks, LOOKS_IN_VAIN);
    }
}
