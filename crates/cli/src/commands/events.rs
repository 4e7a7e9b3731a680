//! `events`: what happens, one JSON object a line.

use std::collections::BTreeSet;

use nightkeep_engine::api::{Phase, RunEvent};
use nightkeep_engine::client::Client;
use serde::Serialize;

use super::Here;
use super::following::Following;
use crate::args::Events;
use crate::console;
use crate::failure::Failure;

pub(super) async fn events(here: &Here, wanted: &Events) -> Result<(), Failure> {
    let mut interrupt = std::pin::pin!(tokio::signal::ctrl_c());
    tokio::select! {
        _ended = &mut interrupt => Ok(()),
        ended = async { if wanted.whole { pictures(here).await } else { story(here, wanted.every.as_secs()).await } } => ended,
    }
}

/// Prints what happens to runs.
async fn story(here: &Here, every_s: u64) -> Result<(), Failure> {
    let mut following = Following::begin(here, async |engine: &Client| engine.run_events(every_s).await).await?;
    let mut going_on = BTreeSet::new();
    loop {
        if let Some(event) = following.news().await? {
            note(&mut going_on, &event);
            print(&event)?;
            continue;
        }
        following.go_on().await?;
        for event in ended_meanwhile(&following.engine, &going_on).await {
            note(&mut going_on, &event);
            print(&event)?;
        }
    }
}

fn note(going_on: &mut BTreeSet<u64>, event: &RunEvent) {
    let _changed = match event.phase {
        Phase::Ended => going_on.remove(&event.run),
        Phase::Queued | Phase::Starting | Phase::Running | Phase::Stopping => going_on.insert(event.run),
    };
}

/// The ends of runs that came while one engine took the place of another, when nobody told of them.
async fn ended_meanwhile(engine: &Client, going_on: &BTreeSet<u64>) -> Vec<RunEvent> {
    let mut ends = Vec::new();
    for run in going_on {
        let row = engine.run(*run).await.ok().and_then(|detail| detail.ended);
        ends.extend(row.and_then(|row| RunEvent::end(row.ended_at.clone(), None, Some(row))));
    }
    ends
}

/// Prints each picture.
async fn pictures(here: &Here) -> Result<(), Failure> {
    let mut following = Following::begin(here, Client::events).await?;
    loop {
        match following.news().await? {
            Some(live) => print(&live)?,
            None => following.go_on().await?,
        }
    }
}

fn print(event: &impl Serialize) -> Result<(), Failure> {
    let line = serde_json::to_string(event)
        .map_err(|cause| Failure::new(format!("the event cannot be written as JSON: {cause}")))?;
    console::print(&format!("{line}\n"))
}
