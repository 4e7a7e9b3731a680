//! From the run's directory to a running command.

use std::{
    error::Error,
    ffi::OsString,
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use interprocess::local_socket::{Listener, ListenerOptions};
use nightkeep_engine::{
    keeper::launch::Report,
    rundir::{Exit, FORMAT, RunDir, RunDirError, RunEnd, Spec, Started, Stdin},
    socket_path::{SocketPath, SocketPathError},
    sources::sd_notify::VARIABLES,
};
use nightkeep_os::{
    ChildSpec, ChildStdio, ExecError, FileError, Identity, Lock, Nursery, ProcessError, clocks, identify,
};

use super::{output::Output, records::Records, system};

/// Somebody who only looks whether the lock is free holds it for an instant.
const LOCK_TRIES: u32 = 25;
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// Why no command is started.
#[derive(Debug, thiserror::Error)]
pub(super) enum StartError {
    #[error("take the lock `{}`: another keeper holds it", path.display())]
    Held { path: PathBuf },
    #[error("start the run in `{}`: it was started before", path.display())]
    StartedBefore { path: PathBuf },
    #[error("find a spec in `{}`", path.display())]
    NoSpec { path: PathBuf },
    #[error("understand the spec in `{}`: it has no command", path.display())]
    NoCommand { path: PathBuf },
    #[error(transparent)]
    RunDir(#[from] RunDirError),
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Address(#[from] SocketPathError),
    #[error("listen at `{}`", path.display())]
    Listen {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("open `{}` for the command's output", path.display())]
    Output {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("learn who this process is")]
    Nobody,
    #[error(transparent)]
    Process(#[from] ProcessError),
    #[error("start a thread")]
    Thread(#[source] io::Error),
}

/// What a keeper needs before it may start the command.
pub(super) struct Ground {
    lock: Lock,
    spec: Spec,
    listener: Listener,
}

/// How the start went.
pub(super) enum Outcome {
    Running(Box<Kept>),
    NotStarted { error: ExecError, records: Box<Records> },
}

/// A running command and everything that belongs to it.
pub(super) struct Kept {
    pub(super) run: RunDir,
    pub(super) tag: String,
    pub(super) listener: Listener,
    pub(super) nursery: Nursery,
    pub(super) output: Output,
    pub(super) started: Started,
    pub(super) records: Records,
    pub(super) lock: Lock,
}

/// Takes the run for this process: from here on nobody else starts its command.
pub(super) fn claim(run: &RunDir) -> Result<Ground, StartError> {
    let lock = lock(run)?;
    // Whoever could write here could put a command of theirs in.
    nightkeep_os::private_dir(run.path())?;
    if run.read_started()?.is_some() || run.read_exit()?.is_some() {
        return Err(StartError::StartedBefore { path: run.path().to_owned() });
    }
    let spec = run.read_spec()?.ok_or_else(|| StartError::NoSpec { path: run.path().to_owned() })?;
    let path = run.socket();
    let failed = |source| StartError::Listen { path: path.clone(), source };
    SocketPath::remove_stale(&path).map_err(failed)?;
    let address = SocketPath::of(&path)?;
    let options = ListenerOptions::new().name(address.name().map_err(failed)?).reclaim_name(false);
    let listener = system::listen(options).map_err(failed)?;
    Ok(Ground { lock, spec, listener })
}

fn lock(run: &RunDir) -> Result<Lock, StartError> {
    let path = run.lock();
    for _ in 0..LOCK_TRIES {
        if let Some(lock) = Lock::exclusive(&path)? {
            return Ok(lock);
        }
        if run.read_started()?.is_some() {
            break;
        }
        thread::sleep(LOCK_PAUSE);
    }
    Err(StartError::Held { path })
}

/// Starts the command and writes down that it runs, or why it does not.
pub(super) fn command(run: &RunDir, ground: Ground) -> Result<Outcome, StartError> {
    let Ground { lock, spec, listener } = ground;
    let keeper = identify(std::process::id())?.ok_or(StartError::Nobody)?;
    let inherits = spec.stdin == Stdin::Inherit;
    let (tag, output_max) = (spec.tag.clone(), spec.output_max);
    let mut records = Records::of(run.clone());
    let missing = missing_directory(spec.cwd.as_path());
    let child = child(run, spec)?;
    let mut started = None;
    // Whoever finds a run without a record may rely on it: its command was not started.
    let record = |root: &Identity| {
        let started = started.insert(started_as(keeper, root.clone()));
        records.put_started(started.clone());
    };
    let nursery = missing.map_or_else(|| Nursery::start_known(child, record), Err);
    let (nursery, started) = match nursery.map(|nursery| (nursery, started)) {
        Ok((nursery, Some(started))) => (nursery, started),
        Ok((_, None)) => return Err(StartError::Nobody),
        Err(error) => {
            records.take_started_back();
            records.put_exit(not_started(error.clone()));
            remove_socket(run);
            return Ok(Outcome::NotStarted { error, records: Box::new(records) });
        }
    };
    if inherits {
        // Whoever writes to the command must learn that it has stopped reading.
        system::release_stdin();
    }
    let output = Output::of(run, output_max);
    // At once. A machine that has no thread to give holds no run up.
    drop(output.hold());
    Ok(Outcome::Running(Box::new(Kept { run: run.clone(), tag, listener, nursery, output, started, records, lock })))
}

fn started_as(keeper: Identity, root: Identity) -> Started {
    Started { format: FORMAT, boot: keeper.boot.clone(), keeper, root, clocks: clocks() }
}

fn child(run: &RunDir, spec: Spec) -> Result<ChildSpec, StartError> {
    let mut command = spec.command.into_iter().map(|part| part.0);
    let program = command.next().ok_or_else(|| StartError::NoCommand { path: run.path().to_owned() })?;
    let stdout = output(run.output())?;
    let stderr = if spec.stderr_apart {
        output(run.stderr())?
    } else {
        stdout.try_clone().map_err(|source| StartError::Output { path: run.output(), source })?
    };
    let told = [("NIGHTKEEP_RUN", OsString::from(spec.tag)), ("NIGHTKEEP_PROGRESS", spec.marker.0)];
    let told = told.into_iter().map(|(name, value)| (OsString::from(name), value));
    let not_its_own = VARIABLES.into_iter().filter(|name| !spec.env.contains_key(*name));
    let env_remove = not_its_own.map(OsString::from).collect();
    let asked = spec.env.into_iter().map(|(name, value)| (OsString::from(name), value.0));
    Ok(ChildSpec {
        program,
        args: command.collect(),
        cwd: Some(PathBuf::from(spec.cwd)),
        env: asked.chain(told).collect(),
        env_remove,
        stdin: match spec.stdin {
            Stdin::Null => ChildStdio::Null,
            Stdin::Inherit => ChildStdio::Inherit,
        },
        stdout: ChildStdio::File(stdout),
        stderr: ChildStdio::File(stderr),
    })
}

fn output(path: PathBuf) -> Result<File, StartError> {
    system::open_to_append(&path).map_err(|source| StartError::Output { path, source })
}

fn not_started(error: ExecError) -> Exit {
    let clocks = clocks();
    Exit {
        format: FORMAT,
        end: RunEnd::ExecError(error),
        clocks,
        interrupted_by: None,
        killed: false,
        leftovers: Vec::new(),
        all_gone: Some(clocks),
        output_dropped: 0,
    }
}

/// A socket that stays behind harms nobody: the lock tells that its keeper is gone.
pub(super) fn remove_socket(run: &RunDir) {
    drop(SocketPath::remove_stale(&run.socket()));
}

/// The way to tell the one who started the keeper how it went. There may be no such one.
pub(super) struct Reporter {
    pipe: Option<File>,
    path: PathBuf,
}

impl Reporter {
    pub(super) fn open(run: &RunDir) -> Self {
        let path = run.ready();
        Self { pipe: system::open_report(&path).ok(), path }
    }

    pub(super) fn running(&mut self, started: Started) {
        self.send(&Report::Running(started));
    }

    pub(super) fn not_started(&mut self, error: ExecError) {
        self.send(&Report::NotStarted(error));
    }

    pub(super) fn refused(&mut self, message: String) {
        self.send(&Report::Refused(message));
    }

    /// Who does not listen any more has lost interest.
    fn send(&mut self, report: &Report) {
        if let (Some(mut pipe), Ok(bytes)) = (self.pipe.take(), serde_json::to_vec(report)) {
            drop(pipe.write_all(&bytes));
            drop(std::fs::remove_file(&self.path));
        }
    }
}

/// An error with what caused it.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// Where a missing directory would look like a missing program, says which it is.
fn missing_directory(path: &Path) -> Option<ExecError> {
    let error = std::fs::metadata(path).err()?;
    let message = format!("the directory `{}` cannot be used: {error}", path.display());
    Some(ExecError { errno: error.raw_os_error(), message })
}
