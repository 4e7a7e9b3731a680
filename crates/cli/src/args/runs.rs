//! Commands about runs.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use nightkeep_engine::api::{Leftovers, LimitsSpec, Outcome};

use super::{dollars_or_off, length, length_or_off, source};

/// Limits, each of which may be left out.
#[derive(Debug, Default, Clone, Args)]
pub struct Limits {
    /// Warn when the work has not moved forward for this long
    #[arg(long, value_name = "TIME", value_parser = length, help_heading = "Limits")]
    pub warn_after: Option<String>,
    /// Stop when the work has not moved forward for this long
    #[arg(long, value_name = "TIME", value_parser = length, help_heading = "Limits")]
    pub stall_after: Option<String>,
    /// Give a stopped run this long to clean up
    #[arg(long, value_name = "TIME", value_parser = length, help_heading = "Limits")]
    pub grace: Option<String>,
    /// Before the first step, start counting only after this long
    #[arg(long, value_name = "TIME", value_parser = length, help_heading = "Limits")]
    pub start_allowance: Option<String>,
    /// Stop a run that takes longer than this in all; `off` for never, whatever the type says
    #[arg(long, value_name = "TIME", value_parser = length_or_off, help_heading = "Limits")]
    pub max_runtime: Option<String>,
    /// Expect a sign of life this often: degraded after three that are missing, unreachable after ten
    #[arg(long, value_name = "TIME", value_parser = length_or_off, help_heading = "Limits")]
    pub beat: Option<String>,
    /// Tell when it has cost this many dollars, by its own reports, and before at 80 %
    #[arg(long, value_name = "USD", value_parser = dollars_or_off, help_heading = "Limits")]
    pub max_cost: Option<String>,
    /// The same for all runs of its job within 24 hours
    #[arg(long, value_name = "USD", value_parser = dollars_or_off, help_heading = "Limits")]
    pub max_cost_per_day: Option<String>,
}

impl Limits {
    /// As they stand in the configuration.
    #[must_use]
    pub fn spec(&self) -> LimitsSpec {
        LimitsSpec {
            warn_after: self.warn_after.clone(),
            stall_after: self.stall_after.clone(),
            grace: self.grace.clone(),
            start_allowance: self.start_allowance.clone(),
            max_runtime: self.max_runtime.clone(),
            beat: self.beat.clone(),
            max_cost: self.max_cost.clone(),
            max_cost_per_day: self.max_cost_per_day.clone(),
            ..LimitsSpec::default()
        }
    }

    /// These limits, and where they leave something out, those of `base`.
    #[must_use]
    pub fn over(&self, base: &LimitsSpec) -> LimitsSpec {
        let own = self.spec();
        LimitsSpec {
            warn_after: own.warn_after.or_else(|| base.warn_after.clone()),
            stall_after: own.stall_after.or_else(|| base.stall_after.clone()),
            grace: own.grace.or_else(|| base.grace.clone()),
            start_allowance: own.start_allowance.or_else(|| base.start_allowance.clone()),
            max_runtime: own.max_runtime.or_else(|| base.max_runtime.clone()),
            beat: own.beat.or_else(|| base.beat.clone()),
            max_cost: own.max_cost.or_else(|| base.max_cost.clone()),
            max_cost_per_day: own.max_cost_per_day.or_else(|| base.max_cost_per_day.clone()),
            ..base.clone()
        }
    }
}

/// `nightkeep run`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    nightkeep run -- python3 gen.py\n  \
    nightkeep run --type llm --progress out/progress.json -- python3 gen.py --all\n  \
    nightkeep run --stall-after 45m --max-runtime 8h --name refactor -- ./agent.sh\n  \
    nightkeep run --job nightly                      run a job here, as cron would\n  \
    nightkeep run --detach -- ./long.sh              come back at once\n\n\
    The command tells of its progress by writing {\"step\": 3, \"note\": \"draft written\"} to the file that \
    $NIGHTKEEP_PROGRESS names, or with `nightkeep mark`.\n\n\
    Where `max_running` is set, the command waits until there is a free slot for it; Ctrl-C gives its place up. With \
    `--detach`, a process of its own waits.\n\n\
    Times are written as 90, 90s, 10m or 1h30m. Ends with the command's own exit code; with 124 when Nightkeep stopped \
    it, 128 + N when signal N ended it, 127 when there is no such program, 126 when it may not be executed.")]
pub struct Run {
    /// Take command, directory, marker and limits from this job
    #[arg(long, value_name = "NAME", conflicts_with_all = ["kind", "name"])]
    pub job: Option<String>,
    /// The job type, which brings the limits; see `nightkeep type list`
    #[arg(long = "type", id = "kind", value_name = "TYPE")]
    pub kind: Option<String>,
    /// What the run is called; the program's name when left out
    #[arg(long)]
    pub name: Option<String>,
    /// The file in which the command stamps its progress
    #[arg(long, value_name = "FILE")]
    pub progress: Option<PathBuf>,
    /// Another way in which its progress shows, such as claude-stream, 'pattern:step (\d+)' or 'files:out/*.md'; may be
    /// given several times
    #[arg(long = "source", value_name = "SOURCE", value_parser = source)]
    pub sources: Vec<String>,
    /// The limits.
    #[command(flatten)]
    pub limits: Limits,
    /// Only record what would be done about a stall
    #[arg(long)]
    pub observe: bool,
    /// What becomes of processes that outlive the command: stop, keep or report
    #[arg(long, value_name = "WHAT", value_parser = super::jobs::leftovers)]
    pub leftovers: Option<Leftovers>,
    /// Come back as soon as the command runs
    #[arg(long)]
    pub detach: bool,
    /// Do not run the command unless it can be watched
    #[arg(long)]
    pub require_watch: bool,
    /// The command and its arguments
    #[arg(
        value_name = "COMMAND",
        trailing_var_arg = true,
        allow_hyphen_values = true,
        required_unless_present = "job"
    )]
    pub command: Vec<OsString>,
}

/// `nightkeep attach`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    nightkeep attach --name fuzz --pid 4711 --progress /srv/fuzz/progress.json\n  \
    nightkeep attach --name web --pidfile web.pid --progress web.json --type agent --observe\n  \
    nightkeep attach --name pipeline --sentinel out\n\n\
    A script that leaves `STEP.pid`, `.heartbeat`, `.status` and `.result` in a folder needs no more than that folder: \
    its step that goes on is watched, with the limits of the type `sentinel`, and what it says of its end is taken.\n\n\
    Of a process that Nightkeep did not start, it can stop only what it can identify.")]
#[command(group(clap::ArgGroup::new("process").required(true).multiple(true).args(["pid", "pidfile", "sentinel"])))]
pub struct Attach {
    /// What the run is called; by default, with --sentinel, as its folder is
    #[arg(long, required_unless_present = "sentinel")]
    pub name: Option<String>,
    /// The process
    #[arg(long)]
    pub pid: Option<u32>,
    /// A file that holds the process's number
    #[arg(long, value_name = "FILE", conflicts_with = "pid")]
    pub pidfile: Option<PathBuf>,
    /// A folder in which the process leaves sentinel files, which tell its number as well
    #[arg(long, value_name = "FOLDER")]
    pub sentinel: Option<PathBuf>,
    /// The file in which the process stamps its progress
    #[arg(long, value_name = "FILE", required_unless_present_any = ["sources", "sentinel"])]
    pub progress: Option<PathBuf>,
    /// Another way in which its progress shows, such as claude-stream, 'pattern:step (\d+)' or 'files:out/*.md'; may be
    /// given several times
    #[arg(long = "source", value_name = "SOURCE", value_parser = source)]
    pub sources: Vec<String>,
    /// The job type, which brings the limits
    #[arg(long = "type", value_name = "TYPE")]
    pub kind: Option<String>,
    /// The limits.
    #[command(flatten)]
    pub limits: Limits,
    /// Only record what would be done about a stall
    #[arg(long)]
    pub observe: bool,
}

/// `nightkeep stop`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  nightkeep stop 41\n  nightkeep stop nightly --force\n\n\
    The request returns when the stop has begun; `nightkeep show 41` tells how it went. A job \
    stays stopped: nothing starts it until `nightkeep resume JOB`. A stop of a single run leaves its job as it is.")]
pub struct Stop {
    /// The number of a run, or the name of a job
    #[arg(value_name = "RUN|JOB")]
    pub target: String,
    /// Kill at once, without time to clean up
    #[arg(long)]
    pub force: bool,
}

/// `nightkeep wait`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    nightkeep wait 41\n  \
    nightkeep wait nightly --timeout 2h | jq -r .message\n\n\
    Ends with 0 when the run succeeded, with 1 when it did not, and with 124 when it was not over in time: `outcome` is \
    null then. Of a job, it is the latest run.")]
pub struct Wait {
    /// The number of a run, or the name of a job
    #[arg(value_name = "RUN|JOB")]
    pub target: String,
    /// Wait no longer than this; without it, for as long as it takes
    #[arg(long, value_name = "TIME", value_parser = span)]
    pub timeout: Option<Duration>,
}

/// `nightkeep events`.
#[derive(Debug, Args)]
#[command(
    after_help = "Each line is an event of one run: `liveness` comes at a fixed interval, whether or not anything is \
    printed, so that a run that is alive and quiet can be told from one that is gone; `output` when it has printed; \
    `advance` when it moved forward; `state` when anything else about it changed, its end included.\n\n\
    Goes on with the engine that takes over in an update. Ends with 1 when the engine ends."
)]
pub struct Events {
    /// Print JSON, as it always does
    #[arg(long)]
    pub json: bool,
    /// The time between two signs of life of a run, in whole seconds
    #[arg(long, value_name = "TIME", value_parser = span, default_value = "10s")]
    pub every: Duration,
    /// Print the whole picture after every change instead; each replaces the one before
    #[arg(long, conflicts_with = "every")]
    pub whole: bool,
}

/// Takes a length of time as it is written.
fn span(text: &str) -> Result<Duration, String> {
    let span = nightkeep_engine::config::duration::parse(text).map_err(|fault| fault.to_string())?;
    Ok(Duration::from_millis(span.as_ms()))
}

/// `nightkeep mark`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    nightkeep mark                                  one step further\n  \
    nightkeep mark 3 --note \"draft written\"\n  \
    nightkeep mark 3 --total 12\n  \
    nightkeep mark --expect 45m                     the step I am at takes longer\n\n\
    Without STEP, the step is one more than the last one; `--expect` alone keeps it. Writes the file that \
    $NIGHTKEEP_PROGRESS names and needs no engine. Other fields of the file are kept.")]
pub struct Mark {
    /// The step that is done; only a higher one counts as progress
    pub step: Option<i64>,
    /// What was done
    #[arg(long)]
    pub note: Option<String>,
    /// How many steps there are
    #[arg(long, value_name = "STEPS")]
    pub total: Option<i64>,
    /// How long the next step may take
    #[arg(long, value_name = "TIME", value_parser = length)]
    pub expect: Option<String>,
    /// The marker; $NIGHTKEEP_PROGRESS when left out
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
}

/// `nightkeep status`.
#[derive(Debug, Args)]
#[command(after_help = "PROGRESS is the time since the work last moved forward, of the time after which the run is \
    stopped. OUTPUT is the time since something was last printed, which is never taken for progress.")]
pub struct Status {
    /// Print one JSON document
    #[arg(long, conflicts_with = "watch")]
    pub json: bool,
    /// Keep showing it until Ctrl-C
    #[arg(long)]
    pub watch: bool,
}

/// `nightkeep history`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  nightkeep history --outcome aborted\n  nightkeep history --job nightly --limit 5 --json\n  \
    nightkeep history --night 2026-11-21\n\n\
    Newest first. On a terminal, what is listed counts as looked at."
)]
pub struct History {
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
    /// Print a table for a spreadsheet
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
    /// What a night came to, from 18:00 to 10:00; the last one unless the day is named on whose evening it began
    #[arg(long, value_name = "DAY", num_args = 0..=1, conflicts_with_all = ["csv", "job", "outcome", "limit"])]
    pub night: Option<Option<String>>,
    /// Only runs of this job
    #[arg(long, value_name = "NAME")]
    pub job: Option<String>,
    /// Only runs that ended so
    #[arg(long)]
    pub outcome: Option<OutcomeArg>,
    /// At most this many
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub limit: u32,
}

/// How a run ended, as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutcomeArg {
    /// By itself, with exit code 0
    Succeeded,
    /// By itself, with another exit code or by a signal
    Failed,
    /// Stopped by Nightkeep or by you
    Aborted,
    /// Nobody knows how
    Lost,
}

impl From<OutcomeArg> for Outcome {
    fn from(outcome: OutcomeArg) -> Self {
        match outcome {
            OutcomeArg::Succeeded => Self::Succeeded,
            OutcomeArg::Failed => Self::Failed,
            OutcomeArg::Aborted => Self::Aborted,
            OutcomeArg::Lost => Self::Lost,
        }
    }
}

/// `nightkeep show`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  nightkeep show 41\n  nightkeep show 41 --output > all-that-was-printed.log\n  \
    nightkeep show 41 --markdown | gh issue create --title Stuck --body-file -")]
pub struct Show {
    /// The run's number
    pub run: u64,
    /// Print one JSON document
    #[arg(long, conflicts_with = "output")]
    pub json: bool,
    /// Print everything the run has printed, as it was, and nothing else
    #[arg(long)]
    pub output: bool,
    /// Print a report in Markdown, to paste into an issue or a chat: without the environment and what looks like a secret
    #[arg(long, conflicts_with_all = ["output", "json"])]
    pub markdown: bool,
}
