//! The command about the settings.

use clap::Subcommand;

/// `nightkeep config …`.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// List the settings in force
    List {
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Print one setting
    Get {
        /// Its name, such as `quiet_hours`
        name: String,
    },
    /// Change a setting; it is in force at once
    #[command(
        after_help = "Examples:\n  nightkeep config set quiet_hours 22:30-06:00\n  nightkeep config set quiet_days Sun-Thu\n  nightkeep config set show.stopped digest\n  nightkeep config set keep_days 90\n  nightkeep config set keep_awake plugged-in\n  nightkeep config set max_running none"
    )]
    Set {
        /// Its name, such as `quiet_hours`
        name: String,
        /// What it is to be; `none` takes away what can be left out
        value: String,
    },
    /// Show what a reset would change; with `--yes`, set all settings back
    #[command(
        after_help = "Only settings are reset: jobs, job types, the history, and the comments in `config.toml` stay."
    )]
    Reset {
        /// Do it
        #[arg(long)]
        yes: bool,
    },
}
