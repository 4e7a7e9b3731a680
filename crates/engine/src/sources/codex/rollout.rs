//! The rollout file of a Codex session that somebody else started: `~/.codex/sessions/…/rollout-….jsonl`.
//!
//! What is asked of a person and what is tried again is not written into it: a call that waits for a permission looks like
//! one that runs, and a limit shows when the turn has failed over it.

use nightkeep_core::{HumanWait, Metrics, Signal, Span, Wait, Wall};
use serde_json::{Value, json};

use super::exec::tokens;
use super::{is_limit, wait_for_limit};
use crate::sources::LineReader;
use crate::sources::calls::{Call, Calls, End, claim, described, question, took};
use crate::sources::json::{Total, at, id, ms, object, text, unix_time};

/// The name of a search, which is over as soon as it is written: it has none of its own.
const SEARCH: &str = "web search";

/// The tool that runs a script, which calls other tools.
const SCRIPT: &str = "exec";

/// Reads a rollout file.
#[derive(Debug, Default)]
pub struct Rollout {
    calls: Calls,
    /// The script that runs, and whether anything that it called was told.
    script: Option<(String, bool)>,
    uses_tool: bool,
    tokens: Total,
    /// The total of the session was seen; the first one may hold what was used before.
    has_total: bool,
    /// When the usage limits that are used up pass.
    resets: Option<Wall>,
}

impl LineReader for Rollout {
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
                self.script = None;
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
                let output = Output::of(at(item, "output"));
                let script = self.script.take_if(|(script, _)| script == id);
                match script {
                    // It did what it called, which was told.
                    Some((_, true)) if !output.failed => self.calls.close(id, out),
                    Some(_) | None => {
                        let end = End { failed: output.failed, result: &output.result, took: output.took };
                        self.calls.end(id, end, out);
                    }
                }
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
        let name = if text(item, "name").is_empty() { "shell" } else { text(item, "name") };
        self.calls.begin(id, Call::of(name, input), out);
        if name == SCRIPT {
            self.script = Some((id.to_owned(), false));
        }
    }

    /// Something is over. What a script called is not written in any other way; the end of what the model called itself is.
    fn called(&mut self, event: &Value, item: &Value, out: &mut Vec<Signal>) {
        let status = text(item, "status");
        let id = id(item, "id");
        let is_over = matches!(status, "completed" | "failed" | "declined");
        let Some((script, has_called)) = self.script.as_mut().filter(|_| is_over) else { return };
        if id.is_empty() || id == script || self.calls.is_open(id) {
            return;
        }
        *has_called = true;
        self.calls.works(out);
        self.calls.begin(id, call(item), out);
        let took = ms(event, "completed_at_ms").zip(ms(event, "started_at_ms"));
        let took = took.and_then(|(end, begin)| end.as_ms().checked_sub(begin.as_ms())).map(Span::from_ms);
        let result = json!([at(item, "exit_code"), at(item, "aggregated_output"), at(item, "result"), status]);
        self.calls.end(id, End { failed: status != "completed", result: &result, took }, out);
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

/// What a script called.
fn call(item: &Value) -> Call {
    match text(item, "type") {
        "CommandExecution" => Call::of("command", &json!({ "command": at(item, "command") })),
        "FileChange" => {
            let changes = at(item, "changes");
            let path = changes.as_object().and_then(|changes| changes.keys().next());
            Call::of("file change", &json!({ "path": path, "changes": changes }))
        }
        "McpToolCall" => Call::of(&format!("{} {}", text(item, "server"), text(item, "tool")), at(item, "arguments")),
        other => Call::of(other, &Value::Null),
    }
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
    took: Option<Span>,
    result: Value,
}

impl Output {
    fn of(output: &Value) -> Self {
        let content = if output.is_object() { at(output, "content") } else { output };
        let refused = at(output, "success").as_bool() == Some(false);
        let Some(words) = content.as_str() else { return Self::of_script(content, refused) };
        // A head of lines such as `Wall time: 0.1 seconds`, and the output itself; the head differs each time.
        let (head, body) = words.split_once("\nOutput:\n").unwrap_or(("", words));
        let code = ["Process exited with code ", "Exit code: "].iter().find_map(|key| number_after(head, key));
        Self {
            failed: refused || code.is_some_and(|code| code != 0.0),
            took: secs(head, "Wall time: "),
            result: Value::from(vec![Value::from(code), Value::from(body)]),
        }
    }

    /// Several pieces, the first of which is the head.
    fn of_script(pieces: &Value, refused: bool) -> Self {
        let head = pieces.get(0).map(|head| text(head, "text")).unwrap_or_default();
        let Some(rest) = pieces.as_array().and_then(|all| all.get(1..)).filter(|_| head.ends_with("\nOutput:\n"))
        else {
            return Self { failed: refused, took: None, result: pieces.clone() };
        };
        let failed = refused || head.starts_with("Script failed");
        Self { failed, took: secs(head, "Wall time "), result: Value::from(rest.to_vec()) }
    }
}

/// The seconds that stand after a key.
fn secs(head: &str, key: &str) -> Option<Span> {
    let took = std::time::Duration::try_from_secs_f64(number_after(head, key)?).ok()?;
    Some(Span::from_ms(u64::try_from(took.as_millis()).unwrap_or(u64::MAX)))
}

fn number_after(head: &str, key: &str) -> Option<f64> {
    let rest = head.lines().find_map(|line| line.strip_prefix(key))?;
    rest.split_whitespace().next()?.parse().ok()
}
