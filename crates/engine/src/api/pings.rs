//! What is heard of the programs that ping.

use serde::{Deserialize, Serialize};

/// The port for pings, and what came through it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct PingsView {
    /// What stands before the path of a ping; `null` while nobody listens.
    pub url: Option<String>,
    /// How many were taken in since the port was opened.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub heard: u64,
    /// How many came from a web page or were meant for another host, and were refused.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub foreign: u64,
    /// How many came too often, and were refused.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub limited: u64,
    /// How many were left out because there was no room for them.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub dropped: u64,
    /// Every job, and every check that a ping has made.
    pub checks: Vec<CheckView>,
}

impl PingsView {
    /// The check of a job.
    #[must_use]
    pub fn check_of(&self, job: &str) -> Option<CheckView> {
        self.checks.iter().find(|check| check.job.as_deref() == Some(job)).cloned()
    }
}

/// Something that can be pinged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct CheckView {
    /// The job's name; `null` for a check that a ping has made.
    pub job: Option<String>,
    /// The name in its URL; `null` where its name makes none.
    pub slug: Option<String>,
    /// Where to ping it. A secret: whoever knows it can ping. `null` while nobody listens, or where there is no way to it.
    pub url: Option<String>,
    /// The last ping of it.
    pub last: Option<PingView>,
}

/// A ping as it was heard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct PingView {
    /// What it said: `success`, `start`, `fail`, `log`, or `exit 3`.
    pub said: String,
    /// The id of the run that it was of, as the client has it.
    pub rid: Option<String>,
    /// When it came.
    pub at: String,
    /// Whether the run of its job was over already.
    pub late: bool,
    /// The beginning of its body, at most 10,000 bytes. What is no text in it is replaced.
    pub body: String,
    /// What the client calls itself.
    pub client: Option<String>,
}
