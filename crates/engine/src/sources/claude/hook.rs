//! What Claude Code tells its hooks: one JSON object each time, to a process of its own.
//!
//! Nothing is remembered from one to the next, so that an end says only that whatever bears the name is over. Between a
//! permission and the end of the call that it was for, nothing is told: the run counts as one that waits for a person.
//! Hooks are not called for everything that happens (none when the program is killed): the end of the process decides.

use nightkeep_core::{Activity, Advance, HumanWait, Signal, Wait};
use serde_json::Value;

use super::{COMPACTION, wait_after};
use crate::sources::calls::{Call, End, claim, described};
use crate::sources::json::{self, NOTHING, at, list, ms, object, shown, text};

/// The events that something is made of. Whoever asks for others as well gets beats.
pub const EVENTS: [&str; 17] = [
    "SessionStart",
    "UserPromptSubmit",
    "PreToolUse",
    "PostToolUse",
    "PostToolUseFailure",
    "PermissionRequest",
    "PermissionDenied",
    "Notification",
    "Elicitation",
    "ElicitationResult",
    "SubagentStart",
    "SubagentStop",
    "PreCompact",
    "PostCompact",
    "TaskCompleted",
    "Stop",
    "StopFailure",
];

/// The signals of one call of a hook: what Claude Code wrote to its stdin. At least a beat.
#[must_use]
pub fn read_hook(json: &[u8]) -> Vec<Signal> {
    let mut out = Vec::new();
    if let Some(event) = object(json) {
        read(&event, &mut out);
    }
    if out.is_empty() {
        out.push(Signal::Beat);
    }
    out
}

fn read(event: &Value, out: &mut Vec<Signal>) {
    match text(event, "hook_event_name") {
        "PreToolUse" => {
            let call = call(event);
            if let Some(id) = id(event) {
                out.push(call.begins(id));
            }
            out.extend(call.waits());
        }
        "PostToolUse" => end(event, false, at(event, "tool_response"), out),
        "PostToolUseFailure" => end(event, true, at(event, "error"), out),
        "PermissionDenied" => end(event, true, &NOTHING, out),
        "PermissionRequest" => {
            let what = described(text(event, "tool_name"), at(event, "tool_input"));
            out.push(call(event).waits().unwrap_or_else(|| human(HumanWait::Permission, what)));
        }
        "Notification" => notification(event, out),
        "Elicitation" => out.push(human(HumanWait::Question, shown(text(event, "message")))),
        "ElicitationResult" | "UserPromptSubmit" => out.push(Signal::Resumes),
        "SubagentStart" => out.push(Signal::Begins {
            id: agent(event),
            activity: Activity::Subagent,
            what: shown(text(event, "agent_type")),
        }),
        "SubagentStop" => out.push(Signal::Ends { id: agent(event), digest: None }),
        "PreCompact" => {
            out.push(Signal::Begins { id: COMPACTION.to_owned(), activity: Activity::Compacting, what: None })
        }
        "PostCompact" => out.push(compacted()),
        // Older programs tell of the end of a compaction in no other way.
        "SessionStart" if text(event, "source") == "compact" => out.push(compacted()),
        "TaskCompleted" => {
            out.push(Signal::Advance(Advance { note: shown(text(event, "task_subject")), ..Advance::default() }));
        }
        "Stop" => stop(event, out),
        "StopFailure" => {
            let error = text(event, "error");
            let said = [text(event, "last_assistant_message"), text(event, "error_details"), error];
            out.push(claim(false, said.into_iter().find(|said| !said.is_empty()).unwrap_or_default()));
            out.extend(wait_after(error).map(Signal::Waits));
        }
        _ => {}
    }
}

fn call(event: &Value) -> Call {
    Call::of(text(event, "tool_name"), at(event, "tool_input"))
}

fn id(event: &Value) -> Option<&str> {
    Some(json::id(event, "tool_use_id")).filter(|id| !id.is_empty())
}

fn end(event: &Value, failed: bool, result: &Value, out: &mut Vec<Signal>) {
    if let Some(id) = id(event) {
        call(event).ends(id, End { failed, result, took: ms(event, "duration_ms") }, out);
    }
}

/// It told what it had to tell a person, which is later than the same question in another event.
fn notification(event: &Value, out: &mut Vec<Signal>) {
    let message = shown(text(event, "message"));
    match text(event, "notification_type") {
        // Also that of a worker or a workflow.
        kind if kind.ends_with("permission_prompt") => out.push(human(HumanWait::Permission, message)),
        "idle_prompt" => out.push(human(HumanWait::Instructions, message)),
        "elicitation_dialog" | "agent_needs_input" => out.push(human(HumanWait::Question, message)),
        "elicitation_complete" | "elicitation_response" => out.push(Signal::Resumes),
        _ => out.extend(message.map(Signal::Note)),
    }
}

/// It is done when nothing in the background will wake it.
fn stop(event: &Value, out: &mut Vec<Signal>) {
    let is_empty = |key| at(event, key).is_array() && list(event, key).is_empty();
    if is_empty("background_tasks") && is_empty("session_crons") {
        out.push(claim(true, text(event, "last_assistant_message")));
    }
}

fn agent(event: &Value) -> String {
    format!("agent {}", json::id(event, "agent_id"))
}

fn compacted() -> Signal {
    Signal::Ends { id: COMPACTION.to_owned(), digest: None }
}

const fn human(kind: HumanWait, what: Option<String>) -> Signal {
    Signal::Waits(Wait::Human { kind, what })
}
