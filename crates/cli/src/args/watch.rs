//! Commands about the watch as a whole.

use clap::{Args, ValueEnum};
use nightkeep_engine::api::{PauseRequest, QuitChoice};

/// `nightkeep pause`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    nightkeep pause 1h\n  \
    nightkeep pause morning\n\n\
    Runs go on. None is warned about, stopped or started again by Nightkeep while the watch is paused, and the time of the \
    pause is on no limit. What you ask for is done, a stop that has begun goes on, and limits of cost stay in force. \
    `nightkeep resume` lets the watch go on.")]
pub struct Pause {
    /// For how long: a length of time, or `morning`, which is the end of the quiet hours; without it, until you resume
    #[arg(value_name = "TIME|morning", value_parser = until)]
    pub until: Option<PauseRequest>,
}

/// `nightkeep resume`.
#[derive(Debug, Args)]
#[command(
    after_help = "Without a name, the watch goes on that `nightkeep pause` has paused. With one, a job may start again that was \
    stopped, or that failed too often in a row; nothing is started by this, except a restart that waits for the end of \
    its pause."
)]
pub struct Resume {
    /// The job's name
    pub job: Option<String>,
}

/// `nightkeep snooze`.
#[derive(Debug, Args)]
#[command(
    after_help = "Until the morning, which is the end of the quiet hours. The job is run, watched and stopped as ever, and the \
    history has all of it. What cannot wait is shown all the same, without a sound: that something of it could not be \
    stopped."
)]
pub struct Snooze {
    /// The job's name
    pub job: String,
    /// Show them again
    #[arg(long)]
    pub off: bool,
}

/// `nightkeep quit`.
#[derive(Debug, Args)]
#[command(
    after_help = "The next command, and the next start of the tray, start the engine again, and it finds all runs again."
)]
pub struct Quit {
    /// What is to end
    #[arg(value_enum)]
    pub what: What,
}

/// What is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum What {
    /// The tray alone; runs stay watched
    Tray,
    /// The tray and the engine; runs go on, and nobody watches them
    Watching,
    /// All runs, and after them the tray and the engine
    Runs,
}

impl From<What> for QuitChoice {
    fn from(what: What) -> Self {
        match what {
            What::Tray => Self::Tray,
            What::Watching => Self::Watching,
            What::Runs => Self::Runs,
        }
    }
}

fn until(text: &str) -> Result<PauseRequest, String> {
    if text == "morning" {
        return Ok(PauseRequest { for_s: None, morning: true });
    }
    let length = nightkeep_engine::config::duration::parse(text).map_err(|fault| fault.to_string())?;
    Ok(PauseRequest { for_s: Some(length.as_ms().div_ceil(1000)), morning: false })
}
