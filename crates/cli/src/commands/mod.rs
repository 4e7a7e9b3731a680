//! The commands: what is asked of the engine, and what is printed of its answers.

mod beat;
mod demo;
mod doctor;
mod editor;
mod engine;
mod events;
mod faults;
mod following;
mod history;
mod hook;
mod jobs;
mod manual;
mod mark;
mod mcp;
mod open;
mod run;
mod runs;
mod say;
mod settings;
mod status;
mod types;
mod wait;
mod watch;

use nightkeep_engine::client::Client;
use nightkeep_engine::places::{Places, PlacesError};

use crate::Done;
use crate::args::Command;
use crate::failure::{Failure, chain};

/// Does one command.
pub(crate) fn run(command: Command) -> Done {
    // An agent calls it at every step, from wherever it is: it needs no place and no engine.
    if let Command::Hook(wanted) = command {
        return hook::hook(wanted);
    }
    // Nor does a sign of life, which has to be one wherever it is called.
    if let Command::Beat(wanted) = command {
        return runtime()?.block_on(beat::beat(&wanted)).map(|()| 0);
    }
    if let Command::DemoAgent = command {
        return demo::agent();
    }
    // Packages are made where nobody has a home.
    if let Command::Completions { shell } = command {
        return manual::completions(shell);
    }
    if let Command::Man { folder } = command {
        return manual::pages(&folder);
    }
    let here = Here::find()?;
    runtime()?.block_on(run_here(&here, command))
}

async fn run_here(here: &Here, command: Command) -> Done {
    match command {
        Command::Run(wanted) => return run::run(here, wanted).await,
        Command::Job(wanted) => return jobs::job(here, wanted).await,
        Command::Doctor(wanted) => return doctor::doctor(here, &wanted).await,
        Command::Diagnostics(wanted) => doctor::diagnostics(here, &wanted).await?,
        Command::Attach(wanted) => runs::attach(here, wanted).await?,
        Command::Start { job } => runs::start(here, &job).await?,
        Command::Stop(wanted) => runs::stop(here, &wanted).await?,
        Command::Resume(wanted) => match wanted.job {
            Some(job) => runs::resume(here, &job).await?,
            None => watch::resume(here).await?,
        },
        Command::Pause(wanted) => watch::pause(here, wanted.until.unwrap_or_default()).await?,
        Command::Snooze(wanted) => watch::snooze(here, &wanted).await?,
        Command::Quit(wanted) => watch::quit(here, wanted.what).await?,
        Command::Demo => demo::demo(here).await?,
        Command::DemoAgent => return demo::agent(),
        Command::Mark(wanted) => mark::mark(&wanted)?,
        Command::Hook(wanted) => return hook::hook(wanted),
        Command::Mcp(wanted) => mcp::mcp(wanted.run.as_deref()).await?,
        Command::Beat(wanted) => beat::beat(&wanted).await?,
        Command::Status(wanted) => status::status(here, &wanted).await?,
        Command::History(wanted) => history::history(here, wanted).await?,
        Command::Wait(wanted) => return wait::wait(here, &wanted).await,
        Command::Events(wanted) => events::events(here, &wanted).await?,
        Command::Show(wanted) => history::show(here, &wanted).await?,
        Command::Type(wanted) => types::type_of(here, wanted).await?,
        Command::Config(wanted) => settings::config(here, wanted).await?,
        Command::Engine(wanted) => engine::engine(here, &wanted).await?,
        Command::Open { page } => open::open(page)?,
        Command::Completions { shell } => return manual::completions(shell),
        Command::Man { folder } => return manual::pages(&folder),
        Command::Waiter { run_dir } => return run::waiter(here, &run_dir).await,
        Command::Keeper { run_dir } => {
            let shown = run_dir.display();
            return Err(Failure::usage(format!(
                "`keeper` takes one directory of a run and nothing else, not `{shown}`"
            )));
        }
    }
    Ok(0)
}

/// Where this user's Nightkeep lies.
struct Here {
    places: Places,
}

impl Here {
    fn find() -> Result<Self, Failure> {
        Ok(Self { places: Places::from_env().map_err(|error| cannot_use_places(&error))? })
    }

    /// The engine, started when there is none.
    async fn engine(&self) -> Result<Client, Failure> {
        // An engine that cannot use its places ends without a word that anybody here would hear.
        self.places.create().map_err(|error| cannot_use_places(&error))?;
        Ok(Client::connect_or_start(&self.places.socket()).await?)
    }
}

fn cannot_use_places(error: &PlacesError) -> Failure {
    Failure::new(format!("failed to {}", chain(error))).with_hint(error.hint())
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        // Longer than the pause between two looks at all markers, so that an idle engine keeps its one thread for them.
        .thread_keep_alive(std::time::Duration::from_secs(30))
        .build()
        .map_err(|cause| Failure::new(format!("the runtime cannot be started: {cause}")))
}
