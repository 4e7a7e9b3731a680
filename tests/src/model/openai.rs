//! The Responses API, as Codex asks it.

use anyhow::Result;
use serde_json::{Value, json};

use super::{Answer, Model};

/// What an answer reads anew and writes, in tokens.
pub const USED: u64 = READ - CACHED + WRITTEN;
const READ: u64 = 1_000;
const CACHED: u64 = 400;
const WRITTEN: u64 = 50;

/// A service that answers in this order.
///
/// # Errors
/// No port can be had.
pub fn model(answers: Vec<Answer>) -> Result<Model> {
    held(answers, usize::MAX)
}

/// A service that answers the first requests at once, and others when they are let in.
///
/// # Errors
/// No port can be had.
pub fn held(answers: Vec<Answer>, let_in: usize) -> Result<Model> {
    Model::play("/v1/responses", answers, let_in)
}

/// The call of a function.
#[must_use]
pub fn calls(id: &str, name: &str, arguments: &Value) -> Answer {
    response(&json!({
        "type": "function_call", "id": format!("fc_{id}"), "call_id": format!("call_{id}"), "name": name,
        "arguments": arguments.to_string(),
    }))
}

/// A script that calls tools itself, which is what Codex offers to models that can write one.
#[must_use]
pub fn scripts(id: &str, script: &str) -> Answer {
    response(&json!({
        "type": "custom_tool_call", "id": format!("ctc_{id}"), "call_id": format!("call_{id}"), "name": "exec",
        "input": script,
    }))
}

/// The last words.
#[must_use]
pub fn says(id: &str, text: &str) -> Answer {
    let content = json!([{ "type": "output_text", "text": text }]);
    response(&json!({ "type": "message", "id": format!("msg_{id}"), "role": "assistant", "content": content }))
}

/// It has too much to do.
#[must_use]
pub fn unavailable() -> Answer {
    Answer::error(503, &json!({ "error": { "type": "server_error", "message": "try again" } }))
}

/// What may be used is used up.
#[must_use]
pub fn used_up() -> Answer {
    let error =
        json!({ "type": "usage_limit_reached", "message": "The usage limit has been reached", "plan_type": "plus" });
    Answer::error(429, &json!({ "error": error }))
}

fn response(item: &Value) -> Answer {
    let usage = json!({
        "input_tokens": READ, "input_tokens_details": { "cached_tokens": CACHED },
        "output_tokens": WRITTEN, "output_tokens_details": { "reasoning_tokens": 0 }, "total_tokens": READ + WRITTEN,
    });
    let of = |kind: &str, rest: Value| {
        let mut event = rest;
        if let Some(fields) = event.as_object_mut() {
            fields.insert("type".to_owned(), json!(kind));
        }
        event
    };
    let created = of("response.created", json!({ "response": { "id": "resp" } }));
    let item = of("response.output_item.done", json!({ "output_index": 0, "item": item }));
    let completed = of("response.completed", json!({ "response": { "id": "resp", "usage": usage, "output": [] } }));
    Answer::stream(&[
        ("response.created", created),
        ("response.output_item.done", item),
        ("response.completed", completed),
    ])
}
