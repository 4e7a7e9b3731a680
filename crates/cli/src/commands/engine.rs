//! `engine`: be it, or end it.

use nightkeep_engine::api::ErrorCode;
use nightkeep_engine::client::{nightkeep_program, stop_engine};
use nightkeep_engine::clock::Clock;
use nightkeep_engine::environment::inside_a_run;
use nightkeep_engine::{HostError, HostOptions};

use super::{Here, cannot_use_places};
use crate::args::Engine;
use crate::console;
use crate::failure::Failure;

#[cfg_attr(unix, path = "engine/ending_unix.rs")]
#[cfg_attr(windows, path = "engine/ending_windows.rs")]
mod ending;
mod log;

pub(super) async fn engine(here: &Here, wanted: &Engine) -> Result<(), Failure> {
    if wanted.stop {
        return stop(here).await;
    }
    if inside_a_run() {
        return Err(Failure::new("the engine cannot live inside of a run: it would be stopped with the run")
            .with_hint("start it in a terminal of its own"));
    }
    here.places.create().map_err(|error| cannot_use_places(&error))?;
    log::start(&here.places.log_dir())?;
    host(here).await
}

async fn stop(here: &Here) -> Result<(), Failure> {
    match stop_engine(&here.places.socket()).await {
        Ok(()) => console::print("the engine ends; its runs go on\n"),
        Err(error) if error.code == ErrorCode::Unreachable => console::print("no engine is running\n"),
        Err(error) => Err(error.into()),
    }
}

/// The one place that hosts the engine. It ends when a person or the system asks for it; its runs go on.
async fn host(here: &Here) -> Result<(), Failure> {
    let nightkeep = nightkeep_program()
        .map_err(|error| Failure::new(format!("the path of this program cannot be found out: {error}")))?;
    let options = HostOptions { nightkeep, notifications: true, clock: Clock::system() };
    match nightkeep_engine::host(here.places.clone(), options, ending::interrupted()).await {
        Ok(()) => Ok(()),
        Err(error) => {
            let hint = error.hint();
            let message = if let HostError::Owned { data } = &error {
                format!("another engine is running: it holds `{}`", data.display())
            } else {
                tracing::error!(error = chain(&error), "the engine could not be started");
                chain(&error)
            };
            Err(Failure { hint, ..Failure::new(message) })
        }
    }
}

/// An error with its causes, on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
