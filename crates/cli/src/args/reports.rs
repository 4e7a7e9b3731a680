//! Commands with which a run tells of itself.

use clap::Args;

/// Beats come no faster than this, in milliseconds.
const FASTEST_MS: u64 = 100;

/// `nightkeep beat`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    nightkeep beat --every 30s &                    in a script: beats for as long as the script lives\n  \
    nightkeep beat --ok --latency-ms 840 --cost-usd 0.012\n\n\
    A beat says that the work is alive, never that it moved forward. With `--every` it goes on while the engine is away, \
    and ends by itself with the process that started it or with the run. No engine is started for it.\n\n\
    Ends with 0 whatever becomes of the beat, so that it never disturbs the work; one that was not taken in is said on \
    standard error.")]
pub struct Beat {
    /// Beat again and again, in the background of a script
    #[arg(long, value_name = "TIME", value_parser = interval)]
    pub every: Option<String>,
    /// Beat for as long as this process lives; the one that started the beats when left out
    #[arg(long, value_name = "PID", requires = "every")]
    pub pid: Option<u32>,
    /// A call of a model or a tool went well
    #[arg(long, conflicts_with = "failed")]
    pub ok: bool,
    /// A call did not go well
    #[arg(long)]
    pub failed: bool,
    /// How long it took
    #[arg(long, value_name = "N")]
    pub latency_ms: Option<u64>,
    /// What it cost
    #[arg(long, value_name = "N", value_parser = cost)]
    pub cost_usd: Option<f64>,
    /// The run, by its number or its tag; $NIGHTKEEP_RUN when left out
    #[arg(long)]
    pub run: Option<String>,
    /// Say nothing when a beat is not taken in
    #[arg(long)]
    pub quiet: bool,
}

/// `nightkeep mcp`.
#[derive(Debug, Args)]
#[command(after_help = "The tools are `mark_progress`, `waiting` and `status`. Have an agent start it:\n  \
    claude mcp add nightkeep -- nightkeep mcp\n\n\
    It speaks of the run in whose environment it is started. Where the agent passes no environment on, name \
    NIGHTKEEP_RUN in the `env` of its configuration.")]
pub struct Mcp {
    /// The run, by its number or its tag; $NIGHTKEEP_RUN when left out
    #[arg(long)]
    pub run: Option<String>,
}

fn interval(text: &str) -> Result<String, String> {
    let every = nightkeep_engine::config::duration::parse(text).map_err(|fault| fault.to_string())?;
    if every.as_ms() < FASTEST_MS {
        Err("beats come ten times a second at most".to_owned())
    } else {
        Ok(text.to_owned())
    }
}

fn cost(text: &str) -> Result<f64, String> {
    let cost: f64 = text.parse().map_err(|_| "a cost is a number of dollars".to_owned())?;
    if cost.is_finite() && cost >= 0.0 { Ok(cost) } else { Err("a cost is 0 dollars or more".to_owned()) }
}
