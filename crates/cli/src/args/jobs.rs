//! Commands about jobs and job types.

use clap::{Args, Subcommand};
use nightkeep_engine::api::{Leftovers, OnStall};

use super::Limits;

/// `nightkeep job …`.
#[derive(Debug, Subcommand)]
pub enum JobCommand {
    /// Add a job to the configuration
    #[command(after_help = "Examples:\n  \
        nightkeep job add nightly --type llm --cwd ~/articles --progress progress.json -- python3 gen.py\n  \
        nightkeep job add fuzz --stall-after 2h --observe -- ./fuzz.sh --forever")]
    Add {
        /// The job's name
        name: String,
        /// What the job is.
        #[command(flatten)]
        fields: JobFields,
        /// The command and its arguments
        #[arg(value_name = "COMMAND", trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        command: Vec<String>,
    },
    /// List the jobs
    List {
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Show one job
    Show {
        /// The job's name
        name: String,
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Change a job: what is given, or everything in your editor when nothing is given
    #[command(after_help = "Examples:\n  \
        nightkeep job edit nightly --stall-after 30m\n  \
        nightkeep job edit nightly --rename weekly\n  \
        nightkeep job edit nightly -- python3 gen.py --fast\n  \
        nightkeep job edit nightly                       opens config.toml in $EDITOR")]
    Edit(JobEdit),
    /// Remove a job; the history of its runs stays
    Remove {
        /// The job's name
        name: String,
    },
    /// Check a job without starting it
    #[command(
        after_help = "Looks for the program, the interpreter of a script, the folders and the marker, checks the limits, and \
        asks the service that `check_url` names, for at most 3 s. Ends with 1 when one of these fails."
    )]
    Test {
        /// The job's name
        name: String,
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
}

/// What a job is.
#[derive(Debug, Default, Args)]
pub struct JobFields {
    /// The job type, which brings the limits; see `nightkeep type list`
    #[arg(long = "type", value_name = "TYPE")]
    pub kind: Option<String>,
    /// The file in which the command stamps its progress, relative to its directory
    #[arg(long, value_name = "FILE")]
    pub progress: Option<String>,
    /// Another way in which its progress shows, such as claude-stream, 'pattern:step (\d+)' or 'files:out/*.md'; may be
    /// given several times
    #[arg(long = "source", value_name = "SOURCE", value_parser = super::source)]
    pub sources: Vec<String>,
    /// Where the command runs; a job that is added without it runs where you stand
    #[arg(long, value_name = "DIRECTORY")]
    pub cwd: Option<String>,
    /// Set a variable for the command
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable)]
    pub env: Vec<(String, String)>,
    /// Only record what would be done about a stall
    #[arg(long)]
    pub observe: bool,
    /// What becomes of processes that outlive the command: stop, keep or report
    #[arg(long, value_name = "WHAT", value_parser = leftovers)]
    pub leftovers: Option<Leftovers>,
    /// What becomes of a run that stalls: abort (when left out), restart or notify
    #[arg(long, value_name = "WHAT", value_parser = on_stall)]
    pub on_stall: Option<OnStall>,
    /// The signal with which the command is asked to end; TERM when left out
    #[arg(long, value_name = "SIGNAL")]
    pub stop_signal: Option<String>,
    /// How much of the output is kept, such as 50MB; what the settings say when left out
    #[arg(long, value_name = "SIZE")]
    pub output_max: Option<String>,
    /// Be told when a run of it finishes or fails by itself
    #[arg(long)]
    pub notify_end: bool,
    /// Be told of it in quiet hours, too
    #[arg(long)]
    pub may_wake: bool,
    /// A service that the command needs, as http://host:port/path or tcp://host:port; `job test` asks it
    #[arg(long, value_name = "URL")]
    pub check_url: Option<String>,
    /// The limits.
    #[command(flatten)]
    pub limits: Limits,
}

/// `nightkeep job edit`.
#[derive(Debug, Args)]
pub struct JobEdit {
    /// The job's name
    pub name: String,
    /// Give it another name
    #[arg(long, value_name = "NAME")]
    pub rename: Option<String>,
    /// What is changed.
    #[command(flatten)]
    pub fields: JobFields,
    /// Stop stalled runs again
    #[arg(long, conflicts_with = "observe")]
    pub enforce: bool,
    /// The command and its arguments
    #[arg(value_name = "COMMAND", trailing_var_arg = true, allow_hyphen_values = true)]
    pub command: Vec<String>,
}

impl JobEdit {
    /// Whether nothing is to be changed by flags.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let JobFields {
            kind,
            progress,
            sources,
            cwd,
            env,
            observe,
            leftovers,
            on_stall,
            stop_signal,
            output_max,
            notify_end,
            may_wake,
            check_url,
            limits,
        } = &self.fields;
        self.rename.is_none()
            && !self.enforce
            && self.command.is_empty()
            && kind.is_none()
            && progress.is_none()
            && sources.is_empty()
            && cwd.is_none()
            && env.is_empty()
            && !observe
            && leftovers.is_none()
            && on_stall.is_none()
            && stop_signal.is_none()
            && output_max.is_none()
            && !notify_end
            && !may_wake
            && check_url.is_none()
            && limits.spec() == nightkeep_engine::api::LimitsSpec::default()
    }
}

/// `nightkeep type …`.
#[derive(Debug, Subcommand)]
pub enum TypeCommand {
    /// List the job types with their limits
    List {
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Show one job type
    Show {
        /// The type's name
        name: String,
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Change limits of a job type, or make a type of your own
    #[command(
        after_help = "Examples:\n  nightkeep type set llm --stall-after 20m\n  nightkeep type set sweep --warn-after 1h --stall-after 3h\n  nightkeep type set llm --max-running 1           the others wait for their turn"
    )]
    Set {
        /// The type's name
        name: String,
        /// The limits.
        #[command(flatten)]
        limits: Limits,
        /// Let at most this many runs of the type run side by side; `none` for any number
        #[arg(long, value_name = "N", value_parser = capacity)]
        max_running: Option<Capacity>,
    },
}

/// What becomes of processes that outlive the command, by its word.
pub(super) fn leftovers(text: &str) -> Result<Leftovers, String> {
    let all = [Leftovers::Stop, Leftovers::Keep, Leftovers::Report];
    all.into_iter().find(|known| known.word() == text).ok_or_else(|| "write stop, keep or report".to_owned())
}

/// What becomes of a run that stalls, by its word.
fn on_stall(text: &str) -> Result<OnStall, String> {
    let all = [OnStall::Abort, OnStall::Restart, OnStall::Notify];
    all.into_iter().find(|known| known.word() == text).ok_or_else(|| "write abort, restart or notify".to_owned())
}

/// How many runs may run side by side; `None` for any number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity(pub Option<u32>);

fn capacity(text: &str) -> Result<Capacity, String> {
    match (text, text.parse::<u32>()) {
        ("none", _) => Ok(Capacity(None)),
        (_, Ok(count)) if count > 0 => Ok(Capacity(Some(count))),
        (_, Ok(_) | Err(_)) => Err("write a whole number from 1 on, or `none`".to_owned()),
    }
}

fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write it as NAME=VALUE".to_owned()),
    }
}
