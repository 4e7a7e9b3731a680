//! `run`: a command with a keeper above it and an engine that watches, as if it had been started directly.
//!
//! The command belongs to its keeper, not to this process: whatever becomes of this process or of the engine, the run
//! goes on and its exit code is kept. This process copies what the run prints, passes signals on, and ends as the
//! command did.

mod ending;
mod first_words;
mod follow;
mod output;
mod plan;
mod slot;
#[cfg_attr(unix, path = "system_unix.rs")]
#[cfg_attr(windows, path = "system_windows.rs")]
mod system;
mod waiter;

pub(super) use waiter::waiter;

use std::path::PathBuf;

use nightkeep_engine::api::{ErrorCode, StartReply};
use nightkeep_engine::client::Client;
use nightkeep_engine::keeper::launch::{LaunchError, Launched, launch_prepared};
use nightkeep_engine::keeper::link::KeeperLink;
use nightkeep_engine::keeper::protocol::Request;
use nightkeep_engine::rundir::{RunDir, Spec};
use nightkeep_os::ExecError;

use self::first_words::FirstWords;
use super::{Here, cannot_use_places};
use crate::Done;
use crate::args::Run;
use crate::console;
use crate::failure::{Failure, chain};

pub(super) async fn run(here: &Here, wanted: Run) -> Done {
    here.places.create().map_err(|error| cannot_use_places(&error))?;
    // From here on: a Ctrl-C during the start belongs to the command.
    let signals = if wanted.detach { None } else { Some(listen()?) };
    let engine = watcher(here, wanted.require_watch).await?;
    let require_watch = wanted.require_watch;
    let plan::Planned { spec, needs_slot } = plan::plan(here, engine.as_ref(), wanted).await?;
    let (tag, program, stderr_apart) = (spec.tag.clone(), spec.command.first().cloned(), spec.stderr_apart);
    let path = here.places.run_dir(&tag);
    let mut signals = signals;
    let Begun { dir, launched, watched } = match engine {
        Some(engine) if needs_slot => {
            let dir = slot::prepare(&path, &spec).await?;
            let queue = slot::Queue { here, require_watch, signals: signals.as_mut() };
            match queue.wait(engine, &dir, spec).await? {
                slot::Waited::Begun(begun) => *begun,
                slot::Waited::HandedOver(number) => return say_where(Some(number), &tag),
            }
        }
        engine => {
            let made = tokio::task::spawn_blocking(move || RunDir::create(path));
            let made = made.await.map_err(|fault| Failure::new(fault.to_string()))?;
            let dir = made.map_err(|error| cannot_launch(&error.into()))?;
            begin(here, engine.as_ref(), dir, spec).await?
        }
    };
    match launched {
        Launched::NotStarted(error) => Err(not_started(&error, &program.unwrap_or_default().lossy())),
        Launched::Running(_) if require_watch && watched.is_none() => {
            end_unwatched(&dir).await;
            Err(Failure::new("the command was ended again: it cannot be watched").with_hint("see `nightkeep doctor`"))
        }
        Launched::Running(started) => {
            let number = watched.map(|reply| reply.run);
            let Some(mut signals) = signals else { return say_where(number, &tag) };
            let end = follow::follow(&dir, &started, stderr_apart, &mut signals).await?;
            ending::code(here, &dir, number, end).await
        }
    }
}

/// A run that was started, or could not be.
struct Begun {
    dir: RunDir,
    launched: Launched,
    /// Its number, when an engine watches it.
    watched: Option<StartReply>,
}

/// Starts the command of a run whose directory is there, and has it watched.
async fn begin(here: &Here, engine: Option<&Client>, dir: RunDir, spec: Spec) -> Result<Begun, Failure> {
    let tag = spec.tag.clone();
    let first_words = FirstWords::listen(&spec, &dir);
    let launched = launch_prepared(&dir, spec, &program_path()?).await.map_err(|error| cannot_launch(&error))?;
    let watched = register(here, engine, &tag).await;
    first_words.hand_over(engine, watched.as_ref()).await;
    Ok(Begun { dir, launched, watched })
}

/// This very program, whatever is named for the engine: a run does not depend on it.
fn program_path() -> Result<PathBuf, Failure> {
    std::env::current_exe().map_err(|cause| Failure::new(format!("this program cannot be located: {cause}")))
}

fn listen() -> Result<system::Signals, Failure> {
    system::Signals::listen().map_err(|cause| Failure::new(format!("signals cannot be received: {cause}")))
}

/// What scripts take the number and the directory from.
fn say_where(number: Option<u64>, tag: &str) -> Done {
    let number = number.map_or_else(|| "-".to_owned(), |number| number.to_string());
    console::print(&format!("run {number} {tag}\n")).map(|()| 0)
}

/// The engine, or a warning that nobody will watch.
async fn watcher(here: &Here, required: bool) -> Result<Option<Client>, Failure> {
    match here.engine().await {
        Ok(engine) => Ok(Some(engine)),
        Err(failure) if required => Err(failure),
        Err(failure) => {
            console::warn(&format!("not watched: {}", failure.message));
            Ok(None)
        }
    }
}

async fn register(here: &Here, engine: Option<&Client>, tag: &str) -> Option<StartReply> {
    let mut answer = engine?.register(tag).await;
    if answer.as_ref().is_err_and(|error| error.code == ErrorCode::Unreachable) {
        // It ended since it was asked first, as one does that hands over; the next one knows the run, or takes it in.
        answer = match here.engine().await {
            Ok(engine) => engine.register(tag).await,
            Err(_) => answer,
        };
    }
    match answer {
        Ok(reply) => Some(reply),
        Err(error) => {
            let later = match error.code {
                ErrorCode::Storage => "; the run is taken in later",
                ErrorCode::NotFound | ErrorCode::Invalid | ErrorCode::Conflict | ErrorCode::CannotStart => "",
                ErrorCode::NotPermitted | ErrorCode::Version | ErrorCode::Unreachable | ErrorCode::Internal => "",
            };
            console::warn(&format!("not watched: {}{later}", error.message));
            None
        }
    }
}

async fn end_unwatched(dir: &RunDir) {
    if let Ok(link) = KeeperLink::connect(dir).await
        && let Err(error) = link.send(Request::KillAll).await
    {
        console::warn(&format!("the command may still run: failed to {}", chain(&error)));
    }
}

fn cannot_launch(error: &LaunchError) -> Failure {
    Failure::new(format!("failed to {}", chain(error))).with_hint("see `nightkeep doctor`")
}

/// The codes that shells use.
fn not_started(error: &ExecError, program: &str) -> Failure {
    let missing = std::io::Error::from_raw_os_error(error.errno.unwrap_or_default()).kind();
    let (code, hint) = if missing == std::io::ErrorKind::NotFound {
        (127, "check its name, and that its directory is in `PATH`")
    } else {
        (126, "check that it may be executed; `chmod +x` allows it")
    };
    Failure { code, ..Failure::new(format!("`{program}` cannot be started: {}", error.message)).with_hint(hint) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_and_one_that_may_not_be_executed_have_the_codes_of_a_shell() {
        let error = |errno| ExecError { errno: Some(errno), message: "no".to_owned() };
        assert_eq!(not_started(&error(2), "x").code, 127);
        assert_eq!(not_started(&error(13), "x").code, 126);
        assert_eq!(not_started(&error(8), "x").code, 126);
    }
}
