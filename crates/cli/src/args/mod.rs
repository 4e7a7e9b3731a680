//! The command line as it is written: names, flags and help texts. What they mean is in `commands`.

mod hooks;
mod jobs;
mod reports;
mod runs;
mod settings;
mod watch;

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use clap_complete::Shell;
use nightkeep_engine::surface::PAGES;

pub use hooks::{HookClaude, HookCommand};
pub use jobs::{Capacity, JobCommand, JobEdit, JobFields, TypeCommand};
pub use reports::{Beat, Mcp};
pub use runs::{Attach, Events, History, Limits, Mark, Run, Show, Status, Stop, Wait};
pub use settings::ConfigCommand;
pub use watch::{Pause, Quit, Resume, Snooze, What};

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "nightkeep",
    version = nightkeep_engine::VERSION,
    about = "Supervises the agents you leave running overnight",
    long_about = "Supervises the agents you leave running overnight.\n\n\
        Nightkeep watches whether the work of a run moves forward. A run that stands still for longer than its kind of \
        work allows is stopped, gently at first, with everything it started; what was seen before is kept for you to \
        read in the morning.",
    after_help = "Start here:\n  \
        nightkeep run --type llm --progress out/progress.json -- python3 gen.py\n  \
        nightkeep status --watch\n  \
        nightkeep history\n\n\
        Data goes to stdout, everything else to stderr. The exit code is 0, or 1 when a request failed, or 2 when the \
        command line cannot be understood; `run` ends with the code of its command.",
    max_term_width = 100,
    infer_subcommands = false,
    disable_help_subcommand = true
)]
pub struct Cli {
    /// What is to be done.
    #[command(subcommand)]
    pub command: Command,
}

/// What is to be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a command and have it watched
    Run(Run),
    /// Watch a process that something else started
    Attach(Attach),
    /// Start a job
    Start {
        /// The job's name
        job: String,
    },
    /// Stop a run, or a job with every run of it
    Stop(Stop),
    /// Let the watch go on, or a job start again
    Resume(Resume),
    /// Pause the watch: judge no run and start none again for a while
    Pause(Pause),
    /// Show no notifications of a job until the morning
    Snooze(Snooze),
    /// Stamp progress: what an agent calls when it moved forward
    Mark(Mark),
    /// Give a sign of life: what an agent calls, or leaves running beside itself
    Beat(Beat),
    /// Be a tool server (MCP) with which an agent reports its progress
    Mcp(Mcp),
    /// Show the runs that are not over
    Status(Status),
    /// Show the runs that are over
    History(History),
    /// Tell the story of one run
    Show(Show),
    /// Wait until a run is over, and print what came of it as one JSON document
    Wait(Wait),
    /// Print what happens to runs, one JSON object a line, until Ctrl-C
    Events(Events),
    /// Add, change, test and remove jobs
    #[command(subcommand)]
    Job(JobCommand),
    /// Show and change job types: named sets of limits
    #[command(subcommand)]
    Type(TypeCommand),
    /// Show and change the settings: what is not about one job or type
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Have agents tell what they do
    #[command(subcommand)]
    Hook(HookCommand),
    /// Be the engine, which watches; started by itself when it is needed
    Engine(Engine),
    /// Watch a sample agent get stuck and be stopped, within a minute
    #[command(after_help = "Harmless: the sample advances five times, then does nothing. It is warned about after 8 \
        seconds and stopped after 20. See `nightkeep status --watch`, then `nightkeep show RUN`.")]
    Demo,
    /// Check that everything Nightkeep needs is in place
    Doctor(Doctor),
    /// Print all that goes with a report of a fault
    Diagnostics(Diagnostics),
    /// Open the window
    Open {
        /// The page of the window
        #[arg(help = format!("The page: {PAGES}"))]
        page: Option<String>,
    },
    /// End the tray, the watch, or all runs
    Quit(Quit),
    /// Print what lets a shell complete this command line
    #[command(
        after_help = "A package installs it. Without one:\n  nightkeep completions bash > ~/.local/share/bash-completion/completions/nightkeep\n  \
        nightkeep completions zsh > ~/.zfunc/_nightkeep      (with `fpath+=~/.zfunc` before `compinit`)\n  \
        nightkeep completions fish > ~/.config/fish/completions/nightkeep.fish"
    )]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Write the manual pages into a folder
    #[command(hide = true)]
    Man {
        /// The folder
        folder: PathBuf,
    },
    /// Be the sample agent of the demonstration
    #[command(hide = true)]
    DemoAgent,
    /// Wait for a slot for one run, and start it
    #[command(hide = true)]
    Waiter {
        /// The run's directory
        run_dir: PathBuf,
    },
    /// Keep one run
    #[command(hide = true)]
    Keeper {
        /// The run's directory
        run_dir: PathBuf,
    },
}

/// `nightkeep engine`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Only one engine works on a data directory. Runs go on while it is away, and it finds them again."
)]
pub struct Engine {
    /// End the engine that runs; its runs go on
    #[arg(long)]
    pub stop: bool,
}

/// `nightkeep doctor`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Ends with 1 when something is broken (✕), with 0 when there are only remarks (!).")]
pub struct Doctor {
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// `nightkeep diagnostics`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Versions, checks, settings, jobs, how runs ended, and the end of the engine's log, as Markdown.\n\n\
        The values of environments, the output of runs, and what looks like a secret are left out, and home \
        directories are `~`. Read it before you send it. It needs no engine."
)]
pub struct Diagnostics {
    /// Write it into this file, which only you can read
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Takes a length of time as it is written, after a check that it is one.
fn length(text: &str) -> Result<String, String> {
    nightkeep_engine::config::duration::parse(text).map(|_| text.to_owned()).map_err(|fault| fault.to_string())
}

/// The same, or the word that there is no limit.
fn length_or_off(text: &str) -> Result<String, String> {
    if nightkeep_engine::config::is_off(text) { Ok(text.to_owned()) } else { length(text) }
}

/// Takes a source as it is written, after a check that there is such a one.
fn source(text: &str) -> Result<String, String> {
    nightkeep_engine::sources::SourceSpec::parse(text).map(|_| text.to_owned())
}

/// An amount of dollars, or the word that there is no limit.
fn dollars_or_off(text: &str) -> Result<String, String> {
    if nightkeep_engine::config::is_off(text) {
        return Ok(text.to_owned());
    }
    nightkeep_engine::config::money::parse(text).map(|_| text.to_owned())
}
