//! What agents call, and what makes them call it.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `nightkeep hook …`.
#[derive(Debug, Subcommand)]
pub enum HookCommand {
    /// Take in what Claude Code tells, or have it tell
    #[command(after_help = "Examples:\n  \
        nightkeep hook claude --print                  what would be written into the settings\n  \
        nightkeep hook claude --install                for every session of yours\n  \
        nightkeep hook claude --install --project      for those in this directory\n  \
        nightkeep hook claude --print > night.json && claude --settings night.json -p …    for one run\n\n\
        Without an option it reads one event from stdin, says nothing, and ends with 0 whatever happens.")]
    Claude(HookClaude),
}

/// `nightkeep hook claude`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag, and most exclude each other")]
pub struct HookClaude {
    /// Print the settings that make Claude Code tell
    #[arg(long, group = "what")]
    pub print: bool,
    /// Write them into its settings, beside everything else that is there
    #[arg(long, group = "what")]
    pub install: bool,
    /// Take them out again
    #[arg(long, group = "what")]
    pub uninstall: bool,
    /// The settings of the project in this directory: `.claude/settings.json`
    #[arg(long, group = "where", requires = "what")]
    pub project: bool,
    /// These settings
    #[arg(long, value_name = "FILE", group = "where", requires = "what")]
    pub settings: Option<PathBuf>,
}
