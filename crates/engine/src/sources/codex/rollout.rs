//! The rollout file of a Codex session that somebody else started: `~/.codex/sessions/…/rollout-….jsonl`.
//!
//! What is asked of a person and what is tried again is not written into it: a call that waits for a permission looks like
//! one that runs, and a limit shows when the turn has failed over it.

use std::collections::VecDeque;

use nightkeep_core::{HumanWait, Metrics, Signal, Span, Wait, Wall};
use serde_json::{Value, json};

use super::exec::tokens;
use super::{is_limit, wait_for_limit};
use crate::sources::calls::{Call, Calls, End, claim, described, question, took};
use crate::sources::json::{Total, at, id, ms, object, text, unix_time};
use crate::sources::{Begun, LineReader};

/// The name of a search, which is over as soon as it is written: it has none of its own.
const SEARCH: &str = "web search";
/// The tool that runs a script, which calls other tools.
const SCRIPT: &str = "exec";
/// What runs commands in a script.
const COMMANDS: [&str; 2] = ["exec_command", "write_stdin"];
/// Of so many things that are over it is remembered that they were told.
const TOLD_KEPT: usize = 32;

/// Reads a rollout file.
#[derive(Debug, Default)]
pub struct Rollout {
    calls: Calls,
    /// The call that only waits for what others do, and whether what it comes to is told by those.
    waiting: Option<(String, bool)>,
    /// What is over and was told, though its call was not open.
    told: VecDeque<String>,
    uses_tool: bool,
    tokens: Total,
    /// The total of the session was seen; the first one may hold what was used before.
    has_total: bool,
    /// When the usage limits that are used up pass.
    resets: Option<Wall>,
}

impl LineReader for Rollout {
    fn go_on_with(&mut self, open: &[Begun]) {
        self.calls.go_on_with(open);
    }

    fn line(&mut self, line: &[u8], out: &mut Vec<Signal>) {
        let from = out.len();
        if let Some(line) = object(line) {
            let payload = at(&line, "payload");
            match text(&line, "type") {
                "event_msg" => self.event(payload, out),
                "response_item" => self.item(payload, out),
                _ => {}
            }
        }
        self.calls.settle(from, out);
    }
}

impl Rollout {
    fn event(&mut self, event: &Value, out: &mut Vec<Signal>) {
        match text(event, "type") {
            "task_started" | "turn_started" => {
                self.calls.works(out);
                self.calls.close_all(|_| true, out);
                self.waiting = None;
                self.uses_tool = false;
            }
            "task_complete" | "turn_complete" => self.complete(event, out),
            "turn_aborted" => {
                self.calls.close_all(|_| true, out);
                self.calls.wait(instructions(), out);
            }
            "token_count" => self.token_count(event, out),
            "item_completed" => self.called(event, at(event, "item"), out),
            "exec_approval_request" | "apply_patch_approval_request" | "request_permissions" => {
                let what = described("command", event);
                self.calls.wait(Wait::Human { kind: HumanWait::Permission, what }, out);
            }
            "request_user_input" | "elicitation_request" => {
                self.calls.wait(Wait::Human { kind: HumanWait::Question, what: question(event) }, out);
            }
            _ => {}
        }
    }

    fn item(&mut self, item: &Value, out: &mut Vec<Signal>) {
        let id = id(item, "call_id");
        match text(item, "type") {
            "function_call" => self.begin(id, item, &arguments(item), out),
            "custom_tool_call" => self.begin(id, item, at(item, "input"), out),
            "local_shell_call" => self.begin(id, item, at(item, "action"), out),
            "function_call_output" | "custom_tool_call_output" => {
                self.calls.works(out);
                self.output(id, &Output::of(at(item, "output")), out);
            }
            // Its beginning is not written.
            "web_search_call" if text(item, "status") == "completed" => {
                self.calls.works(out);
                self.uses_tool = true;
                self.calls.begin(SEARCH, Call::of(SEARCH, at(item, "action")), out);
                self.calls.end(SEARCH, End { failed: false, result: &Value::Null, took: None }, out);
            }
            "message" | "reasoning" if text(item, "role") != "user" => self.calls.works(out),
            _ => {}
        }
    }

    fn begin(&mut self, id: &str, item: &Value, input: &Value, out: &mut Vec<Signal>) {
        self.calls.works(out);
        self.uses_tool = true;
        let name = match text(item, "name") {
            "" => "shell",
            // Another `wait` is for an agent.
            "wait" if input.get("cell_id").is_some() => SCRIPT,
            name => name,
        };
        self.calls.begin(id, Call::of(name, input), out);
        let waits = match name {
            // A script that runs a command and ends before it has done nothing that counts, nor has one that goes on.
            SCRIPT => Some(input.as_str().is_none_or(|script| COMMANDS.iter().any(|command| script.contains(command)))),
            "write_stdin" => Some(false),
            _ => None,
        };
        if let Some(is_told) = waits {
            self.waiting = Some((id.to_owned(), is_told));
        }
    }

    /// A call came back. That is no end of its work when it only says that this goes on: an agent can ask for ever after a
    /// command that hangs.
    fn output(&mut self, id: &str, output: &Output, out: &mut Vec<Signal>) {
        let waited = self.waiting.take_if(|(waiting, _)| waiting == id).is_some_and(|(_, is_told)| is_told);
        let was_told = waited && !output.failed || self.told.iter().any(|told| told == id);
        if output.goes_on || was_told {
            self.calls.close(id, out);
        } else {
            self.calls.end(id, End { failed: output.failed, result: &output.result, took: output.took }, out);
        }
    }

    /// Something is over. What came back before its end, and what a script called, is written in no other way; of the rest
    /// the output follows.
    fn called(&mut self, event: &Value, item: &Value, out: &mut Vec<Signal>) {
        let (status, id) = (text(item, "status"), id(item, "id"));
        // A search has no word for how it went, and stands elsewhere when no script makes it.
        let is_search = text(item, "type") == "WebSearch" && self.waiting.is_some();
        let is_over = is_search || matches!(status, "completed" | "failed" | "declined");
        let Some(call) = call(item).filter(|_| is_over && !id.is_empty() && !self.calls.is_open(id)) else { return };
        if let Some((_, is_told)) = &mut self.waiting {
            *is_told = true;
        }
        if self.told.len() == TOLD_KEPT {
            self.told.pop_front();
        }
        self.told.push_back(id.to_owned());
        self.calls.works(out);
        self.calls.begin(id, call, out);
        let took = ms(event, "completed_at_ms").zip(ms(event, "started_at_ms"));
        let took = took.and_then(|(end, begin)| end.as_ms().checked_sub(begin.as_ms())).map(Span::from_ms);
        let result = json!([at(item, "exit_code"), at(item, "aggregated_output"), at(item, "result"), status]);
        self.calls.end(id, End { failed: matches!(status, "failed" | "declined"), result: &result, took }, out);
    }

    fn complete(&mut self, event: &Value, out: &mut Vec<Signal>) {
        self.calls.works(out);
        self.calls.close_all(|_| true, out);
        took(Metrics { turns: 1, ..Metrics::default() }, out);
        let error = at(event, "error");
        if !error.is_null() {
            out.push(claim(false, text(error, "message")));
            if is_limit_error(error) {
                wait_for_limit(&mut self.calls, self.resets, out);
                return;
            }
        } else {
            if !self.uses_tool {
                out.push(Signal::EmptyTurn);
            }
            out.push(claim(true, text(event, "last_agent_message")));
        }
        self.calls.wait(instructions(), out);
    }

    /// It is written again with each answer and each change of the limits, whether anything was used or not.
    fn token_count(&mut self, event: &Value, out: &mut Vec<Signal>) {
        let limits = at(event, "rate_limits");
        if limits.is_object() {
            let windows = ["primary", "secondary"].into_iter().map(|window| at(limits, window));
            let full = windows.filter(|window| at(window, "used_percent").as_f64().is_some_and(|used| used >= 100.0));
            self.resets = full.filter_map(|window| unix_time(window, "resets_at")).max();
        }
        let info = at(event, "info");
        let rise = self.tokens.rise(tokens(at(info, "total_token_usage")));
        if rise > 0 {
            let last = tokens(at(info, "last_token_usage"));
            let tokens = if std::mem::replace(&mut self.has_total, true) { rise } else { last };
            took(Metrics { tokens, ..Metrics::default() }, out);
        }
    }
}

const fn instructions() -> Wait {
    Wait::Human { kind: HumanWait::Instructions, what: None }
}

/// The work that an item is, if it is one.
fn call(item: &Value) -> Option<Call> {
    let call = match text(item, "type") {
        "CommandExecution" => Call::of("command", &json!({ "command": at(item, "command") })),
        "FileChange" => {
            let changes = at(item, "changes");
            let path = changes.as_object().and_then(|changes| changes.keys().next());
            Call::of("file change", &json!({ "path": path, "changes": changes }))
        }
        "McpToolCall" => Call::of(&format!("{} {}", text(item, "server"), text(item, "tool")), at(item, "arguments")),
        _ => return None,
    };
    Some(call)
}

/// What a function is called with: JSON in a text.
fn arguments(item: &Value) -> Value {
    let written = text(item, "arguments");
    serde_json::from_str(written).unwrap_or_else(|_| Value::String(written.to_owned()))
}

/// Whether the error of a turn is a limit: its kind is a name, or an object with the kind as its one key.
fn is_limit_error(error: &Value) -> bool {
    let info = at(error, "codex_error_info");
    let status = info.as_object().and_then(|kinds| kinds.values().next()).map(|kind| at(kind, "http_status_code"));
    info.as_str() == Some("usage_limit_exceeded")
        || status.and_then(Value::as_u64) == Some(429)
        || is_limit(text(error, "message"))
}

/// What came of a function, of which the model is told in words.
struct Output {
    failed: bool,
    /// The work goes on behind it.
    goes_on: bool,
    took: Option<Span>,
    result: Value,
}

impl Output {
    /// In one text, or in several pieces. A head of lines such as `Wall time: 0.1 seconds` differs each time.
    fn of(output: &Value) -> Self {
        let content = if output.is_object() { at(output, "content") } else { output };
        let refused = at(output, "success").as_bool() == Some(false);
        let (first, rest) = match content {
            Value::String(words) => (words.as_str(), None),
            Value::Array(pieces) => {
                (pieces.first().map(|piece| text(piece, "text")).unwrap_or_default(), pieces.get(1..))
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => ("", None),
        };
        let (head, body) = first.split_once("\nOutput:\n").unwrap_or(("", first));
        let code = ["Process exited with code ", "Exit code: "].iter().find_map(|key| number_after(head, key));
        let says = |words: &str| head.lines().any(|line| line.starts_with(words));
        let secs = ["Wall time: ", "Wall time "].iter().find_map(|key| number_after(head, key));
        let took = secs.and_then(|secs| std::time::Duration::try_from_secs_f64(secs).ok());
        Self {
            failed: refused || code.is_some_and(|code| code != 0.0) || says("Script failed"),
            goes_on: says("Process running ") || says("Script running "),
            took: took.map(|took| Span::from_ms(u64::try_from(took.as_millis()).unwrap_or(u64::MAX))),
            result: match rest {
                _ if !content.is_string() && head.is_empty() => content.clone(),
                Some(rest) => json!([body, rest]),
                None => json!([code, body]),
            },
        }
    }
}

fn number_after(head: &str, key: &str) -> Option<f64> {
    let rest = head.lines().find_map(|line| line.strip_prefix(key))?;
    rest.split_whitespace().next()?.parse().ok()
}
