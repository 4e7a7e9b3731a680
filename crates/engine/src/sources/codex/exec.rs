//! What `codex exec --json` writes. It asks nobody: what would need a permission is refused.

use nightkeep_core::{Activity, Advance, HumanWait, Metrics, Signal, Wait};
use serde_json::{Value, json};

use super::{is_limit, wait_for_limit};
use crate::sources::calls::{Call, Calls, End, claim, hand_back, question, took};
use crate::sources::json::{NOTHING, Total, at, count, id, is_true, list, object, shown, text};
use crate::sources::{Begun, LineReader};

/// Reads the events.
#[derive(Debug, Default)]
pub struct Exec {
    calls: Calls,
    /// The last words of the present turn.
    said: String,
    uses_tool: bool,
    /// How much of the list of things to do was done at best.
    done: usize,
    tokens: Total,
}

impl LineReader for Exec {
    fn go_on_with(&mut self, open: &[Begun]) {
        self.calls.go_on_with(open);
    }

    fn line(&mut self, line: &[u8], out: &mut Vec<Signal>) {
        let from = out.len();
        if let Some(line) = object(line) {
            self.read(&line, out);
        }
        self.calls.settle(from, out);
    }
}

impl Exec {
    fn read(&mut self, line: &Value, out: &mut Vec<Signal>) {
        let item = at(line, "item");
        match text(line, "type") {
            "turn.started" => {
                self.calls.works(out);
                self.uses_tool = false;
                self.done = 0;
                self.said.clear();
            }
            "item.started" => self.begin(item, out),
            "item.updated" => self.progress(item, out),
            "item.completed" => self.end(item, out),
            "request_user_input" => {
                self.calls.wait(Wait::Human { kind: HumanWait::Question, what: question(line) }, out);
            }
            "turn.completed" => self.turn_completed(at(line, "usage"), out),
            "turn.failed" => {
                self.calls.close_all(|_| true, out);
                out.push(claim(false, text(at(line, "error"), "message")));
            }
            "error" => {
                let message = text(line, "message");
                out.extend(shown(message).map(Signal::Note));
                if is_limit(message) {
                    wait_for_limit(&mut self.calls, None, out);
                }
            }
            _ => {}
        }
    }

    fn begin(&mut self, item: &Value, out: &mut Vec<Signal>) {
        self.calls.works(out);
        self.progress(item, out);
        if let Some(call) = call(item) {
            self.uses_tool = true;
            self.calls.begin(id(item, "id"), call, out);
        }
    }

    fn end(&mut self, item: &Value, out: &mut Vec<Signal>) {
        self.begin(item, out);
        match text(item, "type") {
            "agent_message" => self.said = text(item, "text").to_owned(),
            // A warning: the turn goes on.
            "error" => out.extend(shown(text(item, "message")).map(Signal::Note)),
            _ => {}
        }
        if call(item).is_some() {
            let failed = matches!(text(item, "status"), "failed" | "declined");
            self.calls.end(id(item, "id"), End { failed, result: &result(item), took: None }, out);
        }
    }

    /// What of the list of things to do is done.
    fn progress(&mut self, item: &Value, out: &mut Vec<Signal>) {
        if text(item, "type") != "todo_list" {
            return;
        }
        let all = list(item, "items");
        let done = all.iter().filter(|item| is_true(item, "completed")).count();
        if done > self.done {
            self.done = done;
            // It counts by itself: the steps of a list and calls that are over do not count alike.
            let note = Some(format!("{done} of {} things done", all.len()));
            out.push(Signal::Advance(Advance { note, ..Advance::default() }));
        }
    }

    fn turn_completed(&mut self, usage: &Value, out: &mut Vec<Signal>) {
        self.calls.works(out);
        self.calls.close_all(|_| true, out);
        if !self.uses_tool {
            out.push(Signal::EmptyTurn);
        }
        let tokens = self.tokens.rise(tokens(usage));
        took(Metrics { turns: 1, tokens, ..Metrics::default() }, out);
        let said = std::mem::take(&mut self.said);
        hand_back(&said, out);
        out.push(claim(true, &said));
    }
}

/// The call that an item is, if it is one.
fn call(item: &Value) -> Option<Call> {
    let call = match text(item, "type") {
        "command_execution" => Call::of("command", &json!({ "command": at(item, "command") })),
        "mcp_tool_call" => Call::of(&format!("{} {}", text(item, "server"), text(item, "tool")), at(item, "arguments")),
        "collab_tool_call" => match text(item, "tool") {
            "spawn_agent" | "wait" => Call::other(Activity::Subagent, shown(text(item, "prompt"))),
            tool => Call::of(tool, &NOTHING),
        },
        "file_change" => {
            let first = list(item, "changes").first().unwrap_or(&NOTHING);
            Call::of("file change", &json!({ "path": at(first, "path"), "changes": at(item, "changes") }))
        }
        "web_search" => Call::of("web search", &json!({ "query": at(item, "query") })),
        _ => return None,
    };
    Some(call)
}

/// What came of a call.
fn result(item: &Value) -> Value {
    json!([
        at(item, "exit_code"),
        at(item, "aggregated_output"),
        at(item, "result"),
        at(item, "error"),
        at(item, "status")
    ])
}

/// Those that the model read anew and wrote; reasoning is among what it wrote.
pub(super) fn tokens(usage: &Value) -> u64 {
    let of = |key| count(usage, key).unwrap_or_default();
    of("input_tokens").saturating_sub(of("cached_input_tokens")).saturating_add(of("output_tokens"))
}
