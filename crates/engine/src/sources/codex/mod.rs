//! Codex: what it writes when it is launched with `exec --json`, and the rollout file of a session that somebody else
//! started.

use nightkeep_core::{Signal, Wait, Wall};

use super::calls::Calls;

mod exec;
mod rollout;

pub use exec::Exec;
pub use rollout::Rollout;

/// Whether the words of an error speak of a limit that passes by itself; there is nothing else to go by.
fn is_limit(message: &str) -> bool {
    let message = message.to_lowercase();
    ["usage limit", "rate limit", "too many requests", " 429"].iter().any(|words| message.contains(words))
}

/// The agent waits for a limit to pass.
fn wait_for_limit(calls: &mut Calls, until: Option<Wall>, out: &mut Vec<Signal>) {
    calls.wait(Wait::Limit { until, after: None }, out);
}
