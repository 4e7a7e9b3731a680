//! The keeper's side: being the parent of one command and of everything it leaves behind.

use std::ffi::OsString;
use std::fs::File;
use std::path::PathBuf;

use crate::exit::{ExecError, ExitStatus};
use crate::facts::ProcessFacts;
use crate::identity::{Delivery, Identity, ProcessError};
use crate::imp;
use crate::signal::Signal;

/// Where a command's standard input or output goes.
#[derive(Debug, Default)]
pub enum ChildStdio {
    /// Nowhere.
    #[default]
    Null,
    /// Where the caller's goes.
    Inherit,
    /// Into this file, which is closed here once the command has it.
    File(File),
}

/// The command a nursery starts.
#[derive(Debug, Default)]
pub struct ChildSpec {
    /// The program: a path, or a name that is looked up in `PATH` of the command's environment.
    pub program: OsString,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Where it runs; where the caller runs, if not given.
    pub cwd: Option<PathBuf>,
    /// What is set on top of the caller's environment.
    pub env: Vec<(OsString, OsString)>,
    /// What is taken out of the caller's environment.
    pub env_remove: Vec<OsString>,
    /// Standard input.
    pub stdin: ChildStdio,
    /// Standard output.
    pub stdout: ChildStdio,
    /// Standard error.
    pub stderr: ChildStdio,
}

/// How thoroughly [`Nursery::kill_sweep`] looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sweep {
    /// Own children. Their children become own children when they die, so that repeating this is enough in the end.
    Children,
    /// Everything below as well: faster on deep trees.
    Tree,
}

/// What [`Nursery::reap`] collected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reaped {
    /// How the command itself ended; given once, by the call that collected it.
    pub root: Option<ExitStatus>,
    /// The kernel says that no child is left. With [`Nursery::PROVES_EMPTINESS`], nothing that the command ever
    /// started is alive.
    pub empty: bool,
}

/// What a [`Waiter`] waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChildNews {
    /// A child has ended and waits to be collected by [`Nursery::reap`].
    SomethingEnded,
    /// The kernel says that no child is left.
    NoneLeft,
}

/// The parent of one command, and of everything the command leaves behind.
///
/// On Linux the process is made a child subreaper: whatever loses its parent anywhere below becomes its own child. The
/// nursery collects *every* child of the process, so a process with a nursery starts nothing else.
///
/// To kill everything, collect first, then kill, then wait:
///
/// ```no_run
/// # use nightkeep_os::{Nursery, Sweep};
/// # fn kill(mut nursery: Nursery) {
/// let waiter = nursery.waiter();
/// while !nursery.reap().empty {
///     nursery.kill_sweep(Sweep::Tree);
///     let _news = waiter.wait();
/// }
/// # }
/// ```
///
/// In this order nothing is lost: whatever comes too late for the sweep comes because its parent has ended, and that end
/// is news for the waiter, since it was not collected yet. (Collecting between the sweep and the wait would swallow that
/// news.) A child that the kernel does not let go of, in an uninterruptible wait, may hide such an end, so the sweep is
/// also repeated every 100 ms by those who can. Only `reap` collects children and it needs `&mut self`, so a child that is
/// being killed still owns its pid.
#[derive(Debug)]
pub struct Nursery {
    inner: imp::Nursery,
}

impl Nursery {
    /// Whether [`Reaped::empty`] proves that nothing is left: on Linux (subreaper) and Windows (job object), not on macOS.
    pub const PROVES_EMPTINESS: bool = imp::NURSERY_PROVES_EMPTINESS;

    /// Makes this process a nursery and starts the command in it.
    ///
    /// The command gets a session and a process group of its own, default signal handling, an empty signal mask, and no
    /// open file but the three of the spec. The calling process ignores SIGHUP, SIGPIPE, SIGINT and SIGTERM from here on. To be called
    /// once in the life of a process.
    ///
    /// # Errors
    ///
    /// Fails if the command cannot be started.
    pub fn start(spec: ChildSpec) -> Result<Self, ExecError> {
        Self::start_known(spec, |_| ())
    }

    /// The same, and calls `introduce` with the process that is about to become the command. The command is started when
    /// that has returned; if this process is killed before, it never is. `introduce` runs in a thread with a small stack.
    ///
    /// # Errors
    ///
    /// Fails if the command cannot be started, which may turn out when `introduce` was called.
    pub fn start_known(spec: ChildSpec, introduce: impl FnOnce(&Identity) + Send) -> Result<Self, ExecError> {
        Ok(Self { inner: imp::Nursery::start(spec, introduce)? })
    }

    /// Returns who the command is.
    #[must_use]
    pub fn root(&self) -> &Identity {
        self.inner.root()
    }

    /// Signals the command itself.
    ///
    /// # Errors
    ///
    /// Fails if the system refuses.
    pub fn signal_root(&self, signal: Signal) -> Result<Delivery, ProcessError> {
        self.inner.signal_root(signal)
    }

    /// Signals the command's process group, as a terminal does on Ctrl-C. On Windows this is CTRL_BREAK.
    ///
    /// # Errors
    ///
    /// Fails if the system refuses.
    pub fn signal_root_group(&self, signal: Signal) -> Result<Delivery, ProcessError> {
        self.inner.signal_root_group(signal)
    }

    /// Signals everything that is left but the command itself, follows up with SIGCONT so that stopped processes get it,
    /// and returns how many processes were reached.
    pub fn signal_rest(&self, signal: Signal) -> usize {
        self.inner.signal_rest(signal)
    }

    /// Lists what can be seen of the command and everything it left behind. Empty is not proof.
    #[must_use]
    pub fn members(&self) -> Vec<u32> {
        self.inner.members().into_iter().map(|member| member.identity.pid).collect()
    }

    /// Describes what can be seen of the command and everything it left behind, for a list of leftovers.
    #[must_use]
    pub fn member_facts(&self) -> Vec<ProcessFacts> {
        self.inner.members()
    }

    /// Kills everything that is found, and returns how many processes that were. To be repeated as shown above until the kernel
    /// says that nothing is left.
    pub fn kill_sweep(&self, sweep: Sweep) -> usize {
        self.inner.kill_sweep(sweep)
    }

    /// Collects every child that has ended, without waiting.
    pub fn reap(&mut self) -> Reaped {
        self.inner.reap()
    }

    /// Returns something with which another thread can wait for ends while this one keeps the sole right to collect.
    #[must_use]
    pub fn waiter(&self) -> Waiter {
        Waiter { inner: self.inner.waiter() }
    }
}

/// Waits for children to end without collecting them.
#[derive(Debug)]
pub struct Waiter {
    inner: imp::Waiter,
}

impl Waiter {
    /// Waits until a child has ended that was not reported before. After [`ChildNews::SomethingEnded`] the next call
    /// first waits for [`Nursery::reap`], so that one end is not reported over and over.
    #[must_use]
    pub fn wait(&self) -> ChildNews {
        self.inner.wait()
    }
}
