//! What happened: `history` and `show`.

use std::fs::File;
use std::io::Read;

use nightkeep_engine::api::{ApiError, ErrorCode, HistoryQuery, HistoryRow, Outcome};
use nightkeep_engine::client::Client;
use nightkeep_engine::export::{Exporter, Format};
use nightkeep_engine::report;

use super::{Here, faults};
use crate::args::{History, Show};
use crate::console;
use crate::failure::Failure;
use crate::render::{self, View};

/// How much of an output file is copied at once.
const CHUNK_BYTES: usize = 64 * 1024;

pub(super) async fn history(here: &Here, wanted: History) -> Result<(), Failure> {
    let History { json, csv, night, job, outcome, limit } = wanted;
    if let Some(date) = night {
        return of_night(here, date.as_deref(), json).await;
    }
    let is_filtered = job.is_some() || outcome.is_some();
    let query = HistoryQuery { limit: Some(limit), before: None, job, outcome: outcome.map(Outcome::from) };
    let engine = here.engine().await?;
    let rows = engine.history(&query).await?;
    faults::tell_of_the_history(&engine).await;
    if json {
        return console::print_json(&rows);
    }
    if csv {
        return print_csv(&rows);
    }
    if rows.is_empty() && is_filtered {
        return console::print("no run matches\n");
    }
    console::print(&render::history(&rows, &View::of_this_terminal()))?;
    note_as_seen(&engine, &rows).await;
    Ok(())
}

/// What a night came to, in the words of the window.
async fn of_night(here: &Here, date: Option<&str>, json: bool) -> Result<(), Failure> {
    let engine = here.engine().await?;
    let report = engine.night(date).await?;
    faults::tell_of_the_history(&engine).await;
    if json {
        return console::print_json(&report);
    }
    console::print(&render::night(&report, &View::of_this_terminal()))?;
    note_as_seen(&engine, &report.stopped).await;
    Ok(())
}

fn print_csv(rows: &[HistoryRow]) -> Result<(), Failure> {
    let table = || {
        let mut table = Exporter::begin(Format::Csv, Vec::new())?;
        rows.iter().try_for_each(|row| table.write(row))?;
        table.finish()
    };
    let table: std::io::Result<Vec<u8>> = table();
    let table = table.map_err(|cause| Failure::new(format!("the table cannot be made: {cause}")))?;
    console::print_bytes(&table)
}

pub(super) async fn show(here: &Here, wanted: &Show) -> Result<(), Failure> {
    let engine = here.engine().await?;
    let run = engine.run(wanted.run).await.map_err(|error| no_such_run(error, wanted.run))?;
    if wanted.json {
        return console::print_json(&run);
    }
    if wanted.output {
        return copy_output(run.output.path.as_deref(), wanted.run);
    }
    if wanted.markdown {
        return console::print(&report::markdown(&run, &View::of_this_terminal().zone));
    }
    console::print(&render::run(&run, &View::of_this_terminal()))?;
    note_as_seen(&engine, run.ended.as_slice()).await;
    Ok(())
}

fn no_such_run(error: ApiError, run: u64) -> Failure {
    if error.code == ErrorCode::NotFound && error.hint.is_none() {
        return Failure::new(format!("there is no run {run}"))
            .with_hint("see `nightkeep status` and `nightkeep history`");
    }
    error.into()
}

/// What a person has read is no news any longer. Not worth a failure.
async fn note_as_seen(engine: &Client, rows: &[HistoryRow]) {
    if !console::is_read_by_a_person() {
        return;
    }
    for row in rows.iter().filter(|row| row.outcome == Outcome::Aborted && !row.seen) {
        if let Err(error) = engine.mark_seen(row.run).await {
            tracing::debug!(%error, "failed to note a run as seen");
        }
    }
}

fn copy_output(path: Option<&str>, run: u64) -> Result<(), Failure> {
    let Some(path) = path else {
        return Err(Failure::new(format!("the output of run {run} was not captured or is gone")));
    };
    let cannot_read = |cause| Failure::new(format!("`{path}` cannot be read: {cause}"));
    let mut file = File::open(path).map_err(cannot_read)?;
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        match file.read(&mut chunk).map_err(cannot_read)? {
            0 => return Ok(()),
            read => console::print_bytes(chunk.get(..read).unwrap_or_default())?,
        }
    }
}
