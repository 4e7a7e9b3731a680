//! `run`: a command with a keeper above it and an engine that watches, as if it had been started directly.
//!
//! The command belongs to its keeper, not to this process: whatever becomes of this process or of the engine, the run
//! goes on and its exit code is kept. This process copies what the run prints, passes signals on, and ends as the
//! command did.

mod ending;
mod follow;
mod output;
mod plan;
#[cfg_attr(unix, path = "system_unix.rs")]
#[cfg_attr(windows, path = "system_windows.rs")]
mod system;

use nightkeep_engine::api::{ErrorCode, StartReply};
use nightkeep_engine::client::Client;
use nightkeep_engine::keeper::launch::{LaunchError, Launched, launch};
use nightkeep_engine::keeper::link::KeeperLink;
use nightkeep_engine::keeper::protocol::Request;
use nightkeep_engine::rundir::RunDir;
use nightkeep_os::ExecError;

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
    let spec = plan::plan(here, engine.as_ref(), wanted).await?;
    let (tag, program, stderr_apart) = (spec.tag.clone(), spec.command.first().cloned(), spec.stderr_apart);
    // This very program, whatever is named for the engine: a run does not depend on it.
    let keeper =
        std::env::current_exe().map_err(|cause| Failure::new(format!("this program cannot be located: {cause}")))?;
    let path = here.places.run_dir(&tag);
    let (dir, launched) = launch(&path, spec, &keeper).await.map_err(|error| cannot_launch(&error))?;
    let watched = register(here, engine.as_ref(), &tag).await;
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
    let answer = match engine?.register(tag).await {
        // It was ended at just this moment; another one takes the run as well.
        Err(error) if error.code == ErrorCode::Unreachable => match here.engine().await {
            Ok(engine) => engine.register(tag).await,
            Err(_) => Err(error),
        },
        answer => answer,
    };
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
