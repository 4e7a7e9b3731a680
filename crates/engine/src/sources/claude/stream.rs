//! What `claude -p --output-format stream-json --verbose` writes.
//!
//! It cannot ask anybody, unless whoever launched it answers. Each line that is not understood is a beat, so is one that
//! only tells that a tool still runs.

use nightkeep_core::{Activity, Advance, HumanWait, Metrics, Signal, Wait};
use serde_json::Value;

use super::{BACKGROUND, COMPACTION, NO_MODEL, Session, limit, wait_after};
use crate::sources::calls::{Call, claim, described, hand_back, question, took};
use crate::sources::json::{Total, at, count, id, is_true, list, ms, object, shown, text, unix_time};
use crate::sources::{Begun, LineReader};

/// Reads the stream.
#[derive(Debug, Default)]
pub struct Stream {
    session: Session,
    cost: Total,
}

impl LineReader for Stream {
    fn go_on_with(&mut self, open: &[Begun]) {
        self.session.calls.go_on_with(open);
    }

    fn line(&mut self, line: &[u8], out: &mut Vec<Signal>) {
        let from = out.len();
        if let Some(line) = object(line) {
            self.read(&line, out);
        }
        self.session.calls.settle(from, out);
    }
}

impl Stream {
    fn read(&mut self, line: &Value, out: &mut Vec<Signal>) {
        match text(line, "type") {
            "assistant" if text(at(line, "message"), "model") == NO_MODEL => {}
            "assistant" => {
                let is_main = at(line, "parent_tool_use_id").is_null();
                let used = self.session.assistant(line, is_main, out);
                took(used, out);
            }
            "user" => self.session.user(line, out),
            "stream_event" => self.session.calls.works(out),
            "system" => self.system(line, out),
            "tool_progress" => {
                let retry = at(line, "subagent_retry");
                if retry.is_object() {
                    self.session.calls.wait(limit(None, ms(retry, "retry_delay_ms")), out);
                }
            }
            "rate_limit_event" => self.rate_limit(at(line, "rate_limit_info"), out),
            "auth_status" if is_true(line, "isAuthenticating") => {
                self.session.calls.wait(Wait::Human { kind: HumanWait::SignIn, what: None }, out);
            }
            "auth_status" => self.session.calls.works(out),
            "control_request" => self.asked(at(line, "request"), out),
            "result" => self.result(line, out),
            _ => {}
        }
    }

    fn system(&mut self, line: &Value, out: &mut Vec<Signal>) {
        let calls = &mut self.session.calls;
        match text(line, "subtype") {
            "api_retry" => calls.wait(retry(line), out),
            "status" if text(line, "status") == "compacting" => {
                calls.works(out);
                calls.begin(COMPACTION, Call::other(Activity::Compacting, None), out);
            }
            "status" | "compact_boundary" => calls.close(COMPACTION, out),
            "task_started" => self.task_started(line, out),
            "task_updated" => {
                if matches!(text(at(line, "patch"), "status"), "completed" | "failed" | "killed") {
                    calls.close(&task(line), out);
                }
            }
            "task_notification" => {
                let is_done = text(line, "status") == "completed";
                calls.close(&task(line), out);
                if is_done && !is_true(line, "ambient") {
                    out.push(Signal::Advance(Advance { note: shown(text(line, "summary")), ..Advance::default() }));
                }
            }
            "background_tasks_changed" => {
                let left: Vec<String> = list(line, "tasks").iter().map(task).collect();
                calls.close_all(|id| id.starts_with(BACKGROUND) && !left.iter().any(|left| left == id), out);
            }
            "session_state_changed" => match text(line, "state") {
                "requires_action" => calls.wait(Wait::Human { kind: HumanWait::Permission, what: None }, out),
                "running" => calls.works(out),
                _ => {}
            },
            _ => {}
        }
    }

    /// Something begins to work in the background; what works in the foreground is a call that is open.
    fn task_started(&mut self, line: &Value, out: &mut Vec<Signal>) {
        let is_call = at(line, "is_backgrounded").as_bool() == Some(false);
        if is_call || is_true(line, "ambient") || id(line, "task_id").is_empty() {
            return;
        }
        let is_shell = text(line, "task_type") == "local_bash";
        let activity = if is_shell { Activity::Tool } else { Activity::Subagent };
        self.session.calls.begin(&task(line), Call::other(activity, shown(text(line, "description"))), out);
    }

    /// The usage limits of a subscription. One that is passed may still be worked on beyond, for money.
    fn rate_limit(&mut self, info: &Value, out: &mut Vec<Signal>) {
        let is_refused = text(info, "status") == "rejected" && !text(info, "overageStatus").starts_with("allowed");
        if is_refused {
            self.session.calls.wait(limit(unix_time(info, "resetsAt"), None), out);
        } else {
            self.session.calls.works(out);
        }
    }

    /// A question to whoever launched it.
    fn asked(&mut self, request: &Value, out: &mut Vec<Signal>) {
        let (tool, input) = (text(request, "tool_name"), at(request, "input"));
        let wait = match (text(request, "subtype"), tool) {
            ("can_use_tool", "AskUserQuestion") => Wait::Human { kind: HumanWait::Question, what: question(input) },
            ("can_use_tool", _) => Wait::Human { kind: HumanWait::Permission, what: described(tool, input) },
            ("elicitation", _) => Wait::Human { kind: HumanWait::Question, what: shown(text(request, "message")) },
            _ => return,
        };
        self.session.calls.wait(wait, out);
    }

    fn result(&mut self, line: &Value, out: &mut Vec<Signal>) {
        self.session.calls.works(out);
        self.session.turn.ends(out);
        self.session.close_calls(out);
        let metrics = Metrics {
            cost_microusd: self.cost.rise(Metrics::dollars(at(line, "total_cost_usd").as_f64().unwrap_or_default())),
            turns: count(line, "num_turns").and_then(|turns| turns.try_into().ok()).unwrap_or_default(),
            tokens: self.tokens_beyond(at(line, "modelUsage")),
            ..Metrics::default()
        };
        took(metrics, out);
        let succeeded = text(line, "subtype") == "success" && !is_true(line, "is_error");
        let error = list(line, "errors").first().and_then(Value::as_str);
        if succeeded {
            hand_back(text(line, "result"), out);
        }
        let said = [Some(text(line, "result")), error, Some(text(line, "subtype"))];
        out.push(claim(succeeded, said.into_iter().flatten().find(|said| !said.is_empty()).unwrap_or_default()));
    }

    /// What all models used beyond what was told of the messages: a piece of a message does not have all of its own use.
    fn tokens_beyond(&mut self, models: &Value) -> u64 {
        let parts = ["inputTokens", "cacheCreationInputTokens", "outputTokens"];
        let all = models.as_object().into_iter().flat_map(serde_json::Map::values);
        let total =
            all.flat_map(|model| parts.iter().filter_map(|part| count(model, part))).fold(0, u64::saturating_add);
        let beyond = total.saturating_sub(self.session.usage.total);
        self.session.usage.total = self.session.usage.total.saturating_add(beyond);
        beyond
    }
}

/// What a request that is made again waits for: a person where only that helps, otherwise that the delay is over.
fn retry(line: &Value) -> Wait {
    let is_refused = matches!(at(line, "error_status").as_u64(), Some(401 | 403));
    let error = if is_refused { "authentication_failed" } else { text(line, "error") };
    match wait_after(error) {
        Some(wait @ Wait::Human { .. }) => wait,
        Some(Wait::Limit { .. }) | None => limit(None, ms(line, "retry_delay_ms")),
    }
}

/// The name under which a task begins and ends.
fn task(line: &Value) -> String {
    format!("{BACKGROUND}{}", id(line, "task_id"))
}
