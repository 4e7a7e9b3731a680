//! The Messages API, as Claude Code asks it.

use anyhow::Result;
use serde_json::{Value, json};

use super::{Answer, Model};

/// The model that every answer is of.
pub const MODEL: &str = "claude-sonnet-4-5";
/// What an answer reads and writes, in tokens.
pub const READ: u64 = 1_000;
/// See [`READ`].
pub const WRITTEN: u64 = 50;

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
    Model::play("/v1/messages", answers, let_in)
}

/// Words, and the call of a tool: two pieces of one message.
#[must_use]
pub fn calls(id: &str, tool: &str, input: &Value) -> Answer {
    let words = piece(0, &json!({ "type": "text", "text": "" }), &json!({ "type": "text_delta", "text": "I begin." }));
    let block = json!({ "type": "tool_use", "id": format!("toolu_{id}"), "name": tool, "input": {} });
    let call = piece(1, &block, &json!({ "type": "input_json_delta", "partial_json": input.to_string() }));
    message(id, [words, call].concat(), "tool_use")
}

/// The last words.
#[must_use]
pub fn says(id: &str, text: &str) -> Answer {
    let words = piece(0, &json!({ "type": "text", "text": "" }), &json!({ "type": "text_delta", "text": text }));
    message(id, words, "end_turn")
}

/// It has too much to do, for so many seconds.
#[must_use]
pub fn overloaded(secs: u32) -> Answer {
    let error = json!({ "type": "overloaded_error", "message": "Overloaded" });
    Answer::error(529, &json!({ "type": "error", "error": error })).retry_after(secs)
}

/// It wants another key.
#[must_use]
pub fn unauthorized() -> Answer {
    let error = json!({ "type": "authentication_error", "message": "invalid x-api-key" });
    Answer::error(401, &json!({ "type": "error", "error": error }))
}

type Event = (&'static str, Value);

fn piece(index: u32, block: &Value, delta: &Value) -> Vec<Event> {
    vec![
        ("content_block_start", json!({ "type": "content_block_start", "index": index, "content_block": block })),
        ("content_block_delta", json!({ "type": "content_block_delta", "index": index, "delta": delta })),
        ("content_block_stop", json!({ "type": "content_block_stop", "index": index })),
    ]
}

fn message(id: &str, pieces: Vec<Event>, stop: &str) -> Answer {
    // As the real one does: at the beginning little is known of what will be written.
    let usage = |written: u64| {
        json!({
            "input_tokens": READ, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
            "output_tokens": written,
        })
    };
    let begun = json!({
        "id": format!("msg_{id}"), "type": "message", "role": "assistant", "model": MODEL, "content": [],
        "stop_reason": null, "stop_sequence": null, "usage": usage(1),
    });
    let end = json!({ "stop_reason": stop, "stop_sequence": null });
    let begins = [("message_start", json!({ "type": "message_start", "message": begun }))];
    let ends = [
        ("message_delta", json!({ "type": "message_delta", "delta": end, "usage": { "output_tokens": WRITTEN } })),
        ("message_stop", json!({ "type": "message_stop" })),
    ];
    Answer::stream(&[begins.to_vec(), pieces, ends.to_vec()].concat())
}
