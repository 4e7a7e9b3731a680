//! The nursery, the same on Linux and macOS but for who inherits orphans, which `imp` knows.

use rustix::io::Errno;
use rustix::process::{Pid, kill_process, kill_process_group};

use crate::exit::ExecError;
use crate::facts::ProcessFacts;
use crate::identity::{Delivery, Identity, Process, ProcessError};
use crate::imp;
use crate::nursery::{ChildSpec, Reaped, Sweep};
use crate::signal::Signal;
use crate::unix;
use crate::unix::reap::{Reaper, Waiter};
use crate::unix::spawn::spawn_leader;

#[derive(Debug)]
pub(crate) struct Nursery {
    root: Identity,
    root_pid: Pid,
    reaper: Reaper,
    /// Removed with the nursery, when nothing is left in it.
    group: Option<imp::RunGroup>,
}

impl Nursery {
    pub(crate) fn start(spec: ChildSpec, introduce: impl FnOnce(&Identity) + Send) -> Result<Self, ExecError> {
        unix::ignore_hangups();
        imp::inherit_orphans()?;
        let group = imp::RunGroup::make();
        let (root_pid, root) = spawn_leader(spec, group.as_ref().map(imp::RunGroup::members), |pid| {
            // A command whose identity cannot be read could not be found again after a restart, so it does not run.
            let root = imp::identify_child(pid);
            let root = root.map_err(|error| ExecError { errno: None, message: error.to_string() })?;
            introduce(&root);
            Ok(root)
        })?;
        Ok(Self { root, root_pid, reaper: Reaper::new(root_pid), group })
    }

    pub(crate) fn root(&self) -> &Identity {
        &self.root
    }

    pub(crate) fn signal_root(&self, signal: Signal) -> Result<Delivery, ProcessError> {
        // An uncollected child owns its pid, dead or alive.
        if self.reaper.has_root_ended() {
            return Ok(Delivery::Gone);
        }
        delivery(kill_process(self.root_pid, unix::raw_signal(signal)), self.root.pid, signal)
    }

    pub(crate) fn signal_root_group(&self, signal: Signal) -> Result<Delivery, ProcessError> {
        if !self.reaper.has_root_ended() {
            return delivery(kill_process_group(self.root_pid, unix::raw_signal(signal)), self.root.pid, signal);
        }
        // The number of the group is free for others once the group is empty, so its members are signalled one by one.
        let in_group = |member: &ProcessFacts| member.group == self.root.pid && member.session == self.root.pid;
        let reached = self.signal_members(signal, in_group);
        Ok(if reached > 0 { Delivery::Delivered } else { Delivery::Gone })
    }

    pub(crate) fn signal_rest(&self, signal: Signal) -> usize {
        self.signal_members(signal, |member| member.identity.pid != self.root.pid)
    }

    pub(crate) fn members(&self) -> Vec<ProcessFacts> {
        imp::members_below(&self.root)
    }

    pub(crate) fn kill_sweep(&self, sweep: Sweep) -> usize {
        // Where orphans go elsewhere, looking at the children alone would never find them.
        let looks_below = match sweep {
            Sweep::Children => !imp::NURSERY_PROVES_EMPTINESS,
            Sweep::Tree => {
                if let Some(group) = &self.group {
                    group.kill();
                }
                true
            }
        };
        let below = if looks_below { self.signal_members(Signal::Kill, |member| member.depth > 1) } else { 0 };
        let kill = |child: &u32| {
            let child = i32::try_from(*child).ok().and_then(Pid::from_raw);
            child.is_some_and(|child| kill_process(child, rustix::process::Signal::KILL).is_ok())
        };
        below + imp::own_children().iter().filter(|child| kill(child)).count()
    }

    pub(crate) fn reap(&mut self) -> Reaped {
        self.reaper.reap()
    }

    pub(crate) fn waiter(&self) -> Waiter {
        self.reaper.waiter()
    }

    fn signal_members(&self, signal: Signal, wanted: impl Fn(&ProcessFacts) -> bool) -> usize {
        let reach = |member: &ProcessFacts| {
            let Ok(Some(process)) = Process::open(&member.identity) else { return false };
            let delivered = matches!(process.signal(signal), Ok(Delivery::Delivered));
            if delivered && !matches!(signal, Signal::Kill | Signal::Stop | Signal::Cont) {
                // A stopped process keeps the signal pending until it goes on. If it is gone, all the better.
                drop(process.signal(Signal::Cont));
            }
            delivered
        };
        self.members().iter().filter(|member| wanted(member) && reach(member)).count()
    }
}

fn delivery(sent: Result<(), Errno>, pid: u32, signal: Signal) -> Result<Delivery, ProcessError> {
    match sent {
        Ok(()) => Ok(Delivery::Delivered),
        Err(Errno::SRCH) => Ok(Delivery::Gone),
        Err(error) => Err(ProcessError::Refused { pid, signal, source: error.into() }),
    }
}
