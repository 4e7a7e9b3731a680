//! `pause`, `resume` and `quit`: the watch as a whole.

use std::time::Duration;

use nightkeep_engine::api::{ErrorCode, PauseRequest, PauseView, ResumedReply, UnsnoozedReply};
use nightkeep_engine::client::Client;
use tokio::time::sleep;

use super::Here;
use crate::args::{Snooze, What};
use crate::console;
use crate::failure::Failure;
use crate::render::{self, View};

/// Between two looks at what still runs.
const LOOK_EVERY: Duration = Duration::from_millis(200);

pub(super) async fn pause(here: &Here, wanted: PauseRequest) -> Result<(), Failure> {
    let paused = here.engine().await?.pause(wanted).await?;
    console::print(&format!("{}\n", render::paused(&paused, &View::of_this_terminal())))
}

pub(super) async fn resume(here: &Here) -> Result<(), Failure> {
    let ResumedReply { was } = here.engine().await?.resume().await?;
    console::print(match was {
        Some(PauseView { .. }) => "the watch goes on\n",
        None => "the watch was not paused\n",
    })
}

pub(super) async fn snooze(here: &Here, Snooze { job, off }: &Snooze) -> Result<(), Failure> {
    let engine = here.engine().await?;
    if !off {
        let snoozed = engine.snooze_job(job).await?;
        return console::print(&format!("{}\n", render::snoozed(&snoozed, &View::of_this_terminal())));
    }
    let UnsnoozedReply { was } = engine.unsnooze_job(job).await?;
    console::print(&match was {
        Some(_) => format!("notifications of {job} are shown again\n"),
        None => format!("notifications of {job} were not snoozed\n"),
    })
}

pub(super) async fn quit(here: &Here, what: What) -> Result<(), Failure> {
    let engine = match Client::connect(&here.places.socket()).await {
        // The tray asks for an engine; without one nothing of both is there.
        Err(error) if error.code == ErrorCode::Unreachable && what != What::Runs => {
            return console::print("no engine is running\n");
        }
        Err(error) if error.code == ErrorCode::Unreachable => here.engine().await?,
        connected => connected?,
    };
    let stopping = engine.quit(what.into()).await?.runs;
    for run in &stopping {
        console::print(&format!("stopping run {run}\n"))?;
    }
    if what == What::Runs {
        until_it_ends(here).await?;
    }
    console::print(match what {
        What::Tray => "the tray ends; runs stay watched\n",
        What::Watching => "the tray and the engine end; runs go on unwatched\n",
        What::Runs => "all runs are over; the tray and the engine end\n",
    })
}

/// Waits for the last run, saying what is left whenever that changes.
async fn until_it_ends(here: &Here) -> Result<(), Failure> {
    let mut told = None;
    while let Ok(engine) = Client::connect(&here.places.socket()).await {
        let Ok(live) = engine.live().await else { break };
        let left = live.status.runs.len();
        if told.is_some_and(|told| told != left) && left > 0 {
            console::tell(&format!("{left} still running\n"));
        }
        told = Some(left);
        sleep(LOOK_EVERY).await;
    }
    Ok(())
}
