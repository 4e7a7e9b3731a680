//! Starting a run: its directory, its spec, its keeper, and the wait until the command runs or cannot.

#[cfg_attr(target_os = "linux", path = "ready_linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "ready_other.rs")]
mod ready;

use std::{
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use nightkeep_os::{DetachedStdin, ExecError};
use serde::{Deserialize, Serialize};

use crate::rundir::{RunDir, RunDirError, Spec, Started, Stdin};

/// The hidden command of the `nightkeep` binary that is a keeper.
pub const KEEPER_COMMAND: &str = "keeper";

/// How long a keeper may take until its command runs. It takes milliseconds; only a machine that does nothing else
/// for this long, or a broken installation, gets here.
const READY_WAIT_MAX: Duration = Duration::from_secs(20);

/// How a start went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Launched {
    /// The command runs, or has run.
    Running(Started),
    /// The command could not be started; the run's record says so.
    NotStarted(ExecError),
}

/// What a keeper tells the one who started it, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Report {
    /// The command runs.
    Running(Started),
    /// The command could not be started.
    NotStarted(ExecError),
    /// The keeper gives up before it has tried: a fragment that reads after "failed to".
    Refused(String),
}

/// Why nothing can be said of a start, or it was not even tried.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// The run's directory is of no use.
    #[error(transparent)]
    RunDir(#[from] RunDirError),
    /// The wait for the keeper cannot be prepared.
    #[error("prepare the wait for the keeper in `{}`", path.display())]
    Prepare {
        /// The run's directory.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The keeper cannot be started.
    #[error("start the keeper `{}`", program.display())]
    Spawn {
        /// The program.
        program: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The keeper gave up.
    #[error("keep the run in `{}`: the keeper failed to {message}", path.display())]
    Refused {
        /// The run's directory.
        path: PathBuf,
        /// What the keeper said.
        message: String,
    },
    /// The keeper says nothing.
    #[error("hear from the keeper of `{}` within {} s", path.display(), READY_WAIT_MAX.as_secs())]
    Silent {
        /// The run's directory.
        path: PathBuf,
    },
}

/// Starts the run of `spec` in its directory `path`, with a keeper that is the program `nightkeep`.
///
/// Returns once the command runs or is known not to. `nightkeep` is the path of the `nightkeep` binary.
///
/// # Errors
/// When the directory cannot be made, or no keeper comes up.
pub async fn launch(path: &Path, spec: Spec, nightkeep: &Path) -> Result<(RunDir, Launched), LaunchError> {
    let run = off_thread({
        let path = absolute(path)?;
        move || Ok::<_, LaunchError>(RunDir::create(path)?)
    })
    .await?;
    let launched = launch_prepared(&run, spec, nightkeep).await?;
    Ok((run, launched))
}

/// Starts the run of `spec` in its directory, which is there already: what it planned before is written over.
///
/// # Errors
/// When no keeper comes up.
pub async fn launch_prepared(run: &RunDir, spec: Spec, nightkeep: &Path) -> Result<Launched, LaunchError> {
    let stdin = match spec.stdin {
        Stdin::Null => DetachedStdin::Null,
        Stdin::Inherit => DetachedStdin::Inherit,
    };
    off_thread({
        let run = run.clone();
        move || run.write_spec(&spec)
    })
    .await?;
    let ready =
        ready::Ready::prepare(run).map_err(|source| LaunchError::Prepare { path: run.path().to_owned(), source })?;
    off_thread({
        let (program, dir) = (nightkeep.to_owned(), run.path().to_owned());
        move || spawn(program, &dir, stdin)
    })
    .await?;
    let silent = || LaunchError::Silent { path: run.path().to_owned() };
    let report = match tokio::time::timeout(READY_WAIT_MAX, ready.wait(run)).await {
        Ok(Some(report)) => report,
        // A keeper that was killed says nothing; what it wrote down before it started the command stays.
        Ok(None) => match run.read_started()? {
            Some(started) => Report::Running(started),
            None => Report::Refused("say why it ended".to_owned()),
        },
        Err(_) => {
            // It is said that the command does not run, so it must not be started from here on.
            run.give_up("its keeper took too long")?;
            Report::Running(run.read_started()?.ok_or_else(silent)?)
        }
    };
    match report {
        Report::Running(started) => Ok(Launched::Running(started)),
        Report::NotStarted(error) => Ok(Launched::NotStarted(error)),
        Report::Refused(message) => Err(LaunchError::Refused { path: run.path().to_owned(), message }),
    }
}

/// The keeper runs in the run's directory, so that it keeps no other one busy.
fn absolute(path: &Path) -> Result<PathBuf, LaunchError> {
    std::path::absolute(path).map_err(|source| LaunchError::Prepare { path: path.to_owned(), source })
}

fn spawn(program: PathBuf, run_dir: &Path, stdin: DetachedStdin) -> Result<(), LaunchError> {
    let args = [OsString::from(KEEPER_COMMAND), run_dir.as_os_str().to_owned()];
    nightkeep_os::spawn_detached(program.as_os_str(), &args, &[], Some(run_dir), stdin)
        .map(drop)
        .map_err(|source| LaunchError::Spawn { program, source })
}

/// Does what waits for the disk where no other task waits for it.
async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    }
}
