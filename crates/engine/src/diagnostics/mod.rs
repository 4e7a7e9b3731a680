//! What goes with a report of a fault, as one text: versions, checks, faults, settings, jobs, counts, and the end of the
//! engine's log. One form for the window and the command line, and of an engine that does not run as far as possible.
//!
//! It is made to be handed to others: the values of environments, the output of runs and what looks like a secret are
//! left out, and home directories are `~`.

mod hiding;
mod log;
#[cfg_attr(target_os = "linux", path = "system_linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "system_other.rs")]
mod system;
#[cfg(test)]
mod tests;
mod writing;

use crate::api::{
    ApiError, EngineInfo, HistoryFilter, HistoryPageQuery, JobSpec, Live, ResultKind, SettingsSpec, StorageView,
    TypeView,
};
use crate::client::Client;
use crate::clock;
use crate::config::{Config, read_text};
use crate::doctor::{self, Check};
use crate::places::Places;
use crate::retention;
use hiding::Hiding;

/// No diagnostics are longer, in bytes.
pub const BYTES_MAX: usize = 256 * 1024;

/// How runs end, in the words of the table.
const RESULTS: [(ResultKind, &str); 9] = [
    (ResultKind::Finished, "finished"),
    (ResultKind::Failed, "failed"),
    (ResultKind::NoProgress, "stopped for no progress"),
    (ResultKind::OtherLimit, "stopped at another limit"),
    (ResultKind::ByYou, "stopped by a person"),
    (ResultKind::Lost, "lost"),
    (ResultKind::NotStarted, "never started"),
    (ResultKind::HardKill, "of all: by force"),
    (ResultKind::Recovered, "of all: taken in later"),
];

/// All that is told.
#[derive(Debug)]
struct Found {
    at: String,
    system: Vec<String>,
    checks: Vec<Check>,
    engine: Result<EngineInfo, ApiError>,
    live: Option<Live>,
    /// How many runs are over, and how many of them ended in which way.
    ends: Option<(u64, Vec<(&'static str, u64)>)>,
    storage: StorageView,
    wanted: Option<Wanted>,
    log: Vec<String>,
}

/// What the user wants, as the engine or else the file has it.
#[derive(Debug)]
struct Wanted {
    settings: SettingsSpec,
    types: Vec<TypeView>,
    jobs: Vec<JobSpec>,
}

/// Looks at everything and tells it. Starts no engine.
pub async fn text(places: &Places) -> String {
    let checks = doctor::examine(places).await;
    let config = read_text(&places.config_file()).ok().and_then(|text| Config::parse(&text).ok());
    let engine = Client::connect(&places.socket()).await;
    let (mut live, mut ends, mut wanted) = (None, None, None);
    if let Ok(engine) = &engine {
        live = engine.live().await.ok();
        ends = ends_of(engine).await.ok();
        wanted = wanted_of(engine).await.ok();
    }
    let from_file = config.as_ref().map(|config| Wanted {
        settings: config.settings_spec(),
        types: config.types(),
        jobs: config.jobs().to_vec(),
    });
    // What stands in the file and is not in force may be a secret as well.
    let jobs = [&wanted, &from_file].into_iter().flatten().flat_map(|wanted| &wanted.jobs);
    let hiding = Hiding::of(jobs, places, config.as_ref());
    let found = Found {
        at: clock::rfc3339(clock::now().wall),
        system: system::lines(),
        checks,
        engine: engine.map(|engine| engine.engine().clone()),
        live,
        ends,
        storage: retention::storage(places),
        wanted: wanted.or(from_file),
        log: log::last_lines(&places.log_dir()),
    };
    writing::markdown(&found, &hiding)
}

async fn ends_of(engine: &Client) -> Result<(u64, Vec<(&'static str, u64)>), ApiError> {
    let mut counts = Vec::new();
    for (kind, words) in RESULTS {
        counts.push((words, total(engine, vec![kind]).await?));
    }
    Ok((total(engine, Vec::new()).await?, counts))
}

async fn total(engine: &Client, results: Vec<ResultKind>) -> Result<u64, ApiError> {
    let filter = HistoryFilter { results, ..HistoryFilter::default() };
    let query = HistoryPageQuery { filter, limit: Some(1), ..HistoryPageQuery::default() };
    engine.history_page(&query).await.map(|page| page.total)
}

async fn wanted_of(engine: &Client) -> Result<Wanted, ApiError> {
    let settings = engine.settings().await?.spec;
    let jobs = engine.jobs().await?.into_iter().map(|job| job.spec).collect();
    Ok(Wanted { settings, types: engine.types().await?, jobs })
}
