//! Claude Code: what it streams when it is launched for that, what it writes into its transcript, and what it tells its
//! hooks. All three speak of the same messages and calls, and each of them changes without notice.

use std::collections::VecDeque;

use nightkeep_core::{HumanWait, Metrics, Signal, Span, Wait, Wall};
use serde_json::Value;

use super::calls::{Call, Calls, End};
use super::json::{at, count, id, is_true, list, ms, text};

pub mod hook;
pub mod settings;
mod stream;
mod transcript;

pub use hook::read_hook;
pub use stream::Stream;
pub use transcript::Transcript;

/// The name under which a compaction begins and ends. No call has it: theirs begin with `toolu_`.
const COMPACTION: &str = "compaction";
/// The model of a message that Claude Code wrote itself.
const NO_MODEL: &str = "<synthetic>";
/// Of so many messages it is remembered what was told of their use. The lines of one message stand close together, even
/// with a dozen sub-agents.
const MESSAGES_KEPT: usize = 256;

/// What stream and transcript have in common: messages with calls in them.
#[derive(Debug, Default)]
struct Session {
    calls: Calls,
    turn: Turn,
    usage: Usage,
}

impl Session {
    /// A message of the model, or one piece of it: it is written as several lines with the same number.
    fn assistant(&mut self, line: &Value, is_main: bool, out: &mut Vec<Signal>) -> Metrics {
        let message = at(line, "message");
        self.calls.works(out);
        let content = list(message, "content");
        if is_main {
            self.turn.goes_on(id(message, "id"), out);
            self.turn.uses_tool |= content.iter().any(is_call);
        }
        for block in content.iter().filter(|block| is_call(block)) {
            self.calls.begin(id(block, "id"), Call::of(text(block, "name"), at(block, "input")), out);
        }
        for block in content.iter().filter(|block| text(block, "type").ends_with("_tool_result")) {
            self.end(block, None, out);
        }
        let is_over = matches!(text(message, "stop_reason"), "end_turn" | "stop_sequence" | "refusal");
        if is_main && is_over {
            self.turn.ends(out);
        }
        Metrics { tokens: self.usage.of(message), ..Metrics::default() }
    }

    /// A message to the model: what came of its calls, among others.
    fn user(&mut self, line: &Value, out: &mut Vec<Signal>) {
        let results: Vec<&Value> =
            list(at(line, "message"), "content").iter().filter(|block| text(block, "type") == "tool_result").collect();
        if results.is_empty() {
            return;
        }
        self.calls.works(out);
        // It speaks of one call; which one cannot be told when there are several.
        let latency = if results.len() == 1 { latency(line) } else { None };
        for result in results {
            self.end(result, latency, out);
        }
    }

    fn end(&mut self, result: &Value, latency: Option<Span>, out: &mut Vec<Signal>) {
        let end = End { failed: is_true(result, "is_error"), result: at(result, "content"), took: latency };
        self.calls.end(id(result, "tool_use_id"), end, out);
    }

    /// Nothing that the model began is open any longer. Whatever works in the background goes on.
    fn close_calls(&mut self, out: &mut Vec<Signal>) {
        self.calls.close_all(|id| !id.starts_with(BACKGROUND), out);
    }
}

/// What the name of a task in the background begins with here.
const BACKGROUND: &str = "task ";

fn is_call(block: &Value) -> bool {
    matches!(text(block, "type"), "tool_use" | "server_tool_use" | "mcp_tool_use")
}

/// How long a call took, where its result says so.
fn latency(line: &Value) -> Option<Span> {
    let result =
        if line.get("toolUseResult").is_some() { at(line, "toolUseResult") } else { at(line, "tool_use_result") };
    ["durationMs", "duration_ms", "totalDurationMs"].iter().find_map(|key| ms(result, key))
}

/// The turn of the main agent: one answer of the model.
#[derive(Debug, Default)]
struct Turn {
    id: String,
    uses_tool: bool,
    /// Its end was told.
    ended: bool,
    /// How many began.
    count: u32,
}

impl Turn {
    /// A piece of the answer `id`.
    fn goes_on(&mut self, id: &str, out: &mut Vec<Signal>) {
        if id != self.id {
            self.ends(out);
            *self = Self { id: id.to_owned(), uses_tool: false, ended: false, count: self.count.saturating_add(1) };
        }
    }

    /// Nothing more comes of it.
    fn ends(&mut self, out: &mut Vec<Signal>) {
        let is_one = !self.id.is_empty();
        if is_one && !self.uses_tool && !std::mem::replace(&mut self.ended, true) {
            out.push(Signal::EmptyTurn);
        }
    }
}

/// What messages used, each told once.
#[derive(Debug, Default)]
struct Usage {
    told: VecDeque<(String, u64)>,
    total: u64,
}

impl Usage {
    /// What a message used beyond what was told of it. Its pieces repeat the same use, and the last one has all of it.
    fn of(&mut self, message: &Value) -> u64 {
        let (id, usage) = (id(message, "id"), at(message, "usage"));
        let parts = ["input_tokens", "cache_creation_input_tokens", "output_tokens"];
        let tokens = parts.iter().filter_map(|part| count(usage, part)).fold(0, u64::saturating_add);
        if id.is_empty() || tokens == 0 {
            return 0;
        }
        let rise = match self.told.iter_mut().find(|(known, _)| known == id) {
            Some((_, told)) => {
                let rise = tokens.saturating_sub(*told);
                *told = tokens.max(*told);
                rise
            }
            None => {
                if self.told.len() == MESSAGES_KEPT {
                    self.told.pop_front();
                }
                self.told.push_back((id.to_owned(), tokens));
                tokens
            }
        };
        self.total = self.total.saturating_add(rise);
        rise
    }
}

/// What an error of the model's service makes of a run, by the name that Claude Code gives it.
fn wait_after(error: &str) -> Option<Wait> {
    match error {
        "rate_limit" | "overloaded" => Some(Wait::Limit { until: None, after: None }),
        "authentication_failed"
        | "oauth_org_not_allowed"
        | "account_on_hold"
        | "verification_required"
        | "cloud_credential_error" => Some(Wait::Human { kind: HumanWait::SignIn, what: None }),
        _ => None,
    }
}

/// The wait for a limit that is said to take so long.
const fn limit(until: Option<Wall>, after: Option<Span>) -> Wait {
    Wait::Limit { until, after }
}
