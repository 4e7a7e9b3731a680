//! Starting the engine when nobody listens.

use std::env;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nightkeep_os::{DetachedStdin, Process};

use nightkeep_core::Span;

use super::engine_at;
use crate::api::{ApiError, EngineInfo, ErrorCode};
use crate::clock;
use crate::environment::inside_a_run;
use crate::places::{HOME_VARIABLE, Places};
use crate::store::why_unusable;

/// How long a started engine may take until it answers.
const ANSWERS_WITHIN: Span = Span::from_secs(5);
/// How long another engine may take, in whose favour the started one has ended.
const OTHER_ANSWERS_WITHIN: Span = Span::from_secs(1);
/// Between two looks at its socket: the first pause and the longest.
const LOOK_AGAIN: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(100));
/// What to do when there is nothing to be said.
const IN_A_TERMINAL: &str = "run `nightkeep engine` in a terminal to see why";
/// Names the program to start instead of the one that lies beside this one.
const PROGRAM_VARIABLE: &str = "NIGHTKEEP_BIN";

/// The `nightkeep` program: `NIGHTKEEP_BIN` when set, this very program when it is `nightkeep`, else the one beside it.
///
/// # Errors
/// The system does not say where this program lies.
pub fn nightkeep_program() -> io::Result<PathBuf> {
    if let Some(named) = env::var_os(PROGRAM_VARIABLE).filter(|named| !named.is_empty()) {
        return Ok(PathBuf::from(named));
    }
    Ok(beside(&env::current_exe()?))
}

/// Starts an engine, and waits until it or another one that was faster answers.
pub(super) async fn start_and_wait(socket: &Path) -> Result<EngineInfo, ApiError> {
    if inside_a_run() {
        return Err(no_engine_inside_a_run());
    }
    let pid = nightkeep_program().and_then(|program| start_engine(&program)).map_err(|cause| cannot_start(&cause))?;
    someone_answers(socket, pid).await
}

/// Starts an engine that outlives this process, and returns its pid. It does no harm when one runs already: the second
/// one sees the lock and ends.
///
/// # Errors
/// The program is missing or cannot be started.
pub(crate) fn start_engine(program: &Path) -> io::Result<u32> {
    // Not from the caller's directory: it must not be kept busy for as long as the engine lives. A path that is
    // relative to it has to be said in full, then.
    let home = env::var_os(HOME_VARIABLE).filter(|home| !home.is_empty()).map(std::path::absolute).transpose()?;
    // The engine's keepers are of the program that it is.
    let named = env::var_os(PROGRAM_VARIABLE).map(|_| program.to_owned());
    let variables = [(HOME_VARIABLE, home), (PROGRAM_VARIABLE, named)];
    let variables: Vec<_> =
        variables.into_iter().filter_map(|(name, value)| Some((name.into(), value?.into()))).collect();
    let elsewhere = env::temp_dir();
    let (program, args) = (program.as_os_str(), ["engine".into()]);
    nightkeep_os::spawn_detached(program, &args, &variables, Some(&elsewhere), DetachedStdin::Null)
        .map_err(|cause| io::Error::new(cause.kind(), format!("`{}`: {cause}", program.display())))
}

/// Waits until the engine that was started as `pid` answers, or another one that was faster.
pub(crate) async fn someone_answers(socket: &Path, pid: u32) -> Result<EngineInfo, ApiError> {
    let engine = Process::open_pid(pid).ok().flatten();
    let started = clock::now().awake;
    let mut ended = None;
    let mut pause = LOOK_AGAIN.0;
    loop {
        match engine_at(socket).await {
            Err(error) if error.code == ErrorCode::Unreachable => {}
            answered => return answered,
        }
        let now = clock::now().awake;
        if !engine.as_ref().is_some_and(Process::is_alive) {
            ended = ended.or(Some(now));
        }
        if ended.is_some_and(|ended| now.since(ended) >= OTHER_ANSWERS_WITHIN) {
            return Err(why_it_ended(socket));
        }
        if now.since(started) >= ANSWERS_WITHIN {
            return Err(no_answer(format!("the engine was started and did not answer within {ANSWERS_WITHIN}")));
        }
        // Nothing tells when a socket begins to listen.
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LOOK_AGAIN.1);
    }
}

/// An engine that ended has nobody to tell why, but what stops it most often can be seen from here as well.
fn why_it_ended(socket: &Path) -> ApiError {
    let database = Places::from_env().ok().filter(|places| places.socket() == socket).map(|places| places.database());
    let Some(trouble) = database.as_deref().and_then(why_unusable) else {
        return no_answer("the engine was started and ended at once".to_owned());
    };
    let error = ApiError::new(ErrorCode::Unreachable, format!("no engine can be started: {}", trouble.with_causes()));
    match trouble.hint() {
        Some(hint) => error.with_hint(hint),
        None => error.with_hint(IN_A_TERMINAL),
    }
}

fn no_engine_inside_a_run() -> ApiError {
    let message = "the engine is not running, and a run cannot start it: it would be stopped with the run";
    ApiError::new(ErrorCode::Unreachable, message.to_owned())
        .with_hint("start it outside of the run, with `nightkeep status` in another terminal")
}

fn no_answer(message: String) -> ApiError {
    ApiError::new(ErrorCode::Unreachable, message).with_hint(IN_A_TERMINAL)
}

pub(crate) fn cannot_start(cause: &io::Error) -> ApiError {
    ApiError::new(ErrorCode::Unreachable, format!("the engine is not running and cannot be started: {cause}"))
        .with_hint(format!("install `nightkeep` beside this program, or name it in `{PROGRAM_VARIABLE}`"))
}

fn beside(this: &Path) -> PathBuf {
    // A program that was replaced while it runs is still found: the system appends a word to its path.
    let shown = this.to_string_lossy();
    let this = shown.strip_suffix(" (deleted)").map_or(this, Path::new);
    let name = format!("nightkeep{}", env::consts::EXE_SUFFIX);
    if this.file_name().is_some_and(|own| own == name.as_str()) { this.to_owned() } else { this.with_file_name(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_this_one_or_the_one_beside_it() {
        let name = format!("nightkeep{}", env::consts::EXE_SUFFIX);
        let own = Path::new("/opt/bin").join(&name);
        assert_eq!(beside(&own), own);
        assert_eq!(beside(Path::new("/opt/bin/nightkeep-tray")), own);
    }

    #[test]
    fn a_program_that_was_replaced_while_it_runs_is_found_where_it_was() {
        let name = format!("nightkeep{}", env::consts::EXE_SUFFIX);
        let shown = format!("/opt/bin/{name} (deleted)");
        assert_eq!(beside(Path::new(&shown)), Path::new("/opt/bin").join(name));
    }
}
