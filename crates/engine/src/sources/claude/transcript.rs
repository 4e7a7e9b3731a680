//! The transcript of a session that somebody else started: `~/.claude/projects/FOLDER/SESSION.jsonl`.
//!
//! Its format is Claude Code's own and may change with any release. What it cannot tell is a permission that is asked for:
//! such a call looks like one that runs, where it is there at all.

use nightkeep_core::{HumanWait, Metrics, Signal, Wait};
use serde_json::Value;

use super::{NO_MODEL, Session, limit, wait_after};
use crate::sources::calls::{claim, took};
use crate::sources::json::{Total, at, is_true, later, list, ms, object, text, written_time};
use crate::sources::{Begun, LineReader};

/// Reads a transcript.
#[derive(Debug, Default)]
pub struct Transcript {
    session: Session,
    cost: Total,
    /// What the session cost before is not known, so that its first total says nothing.
    is_joined: bool,
}

impl LineReader for Transcript {
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

impl Transcript {
    /// For a transcript of which only the end is read: what was spent before is not counted.
    #[must_use]
    pub fn joined() -> Self {
        Self { is_joined: true, ..Self::default() }
    }

    fn read(&mut self, line: &Value, out: &mut Vec<Signal>) {
        let is_main = !is_true(line, "isSidechain");
        match text(line, "type") {
            "assistant" if is_made_up(line) => self.made_up(line, out),
            "assistant" => self.assistant(line, is_main, out),
            "user" if is_main && is_prompt(line) => {
                // The first words of a session: nothing was spent before them.
                self.is_joined &= !line.get("parentUuid").is_some_and(Value::is_null);
                // Whatever was open when a person speaks again is no longer waited for.
                self.session.calls.works(out);
                self.session.close_calls(out);
            }
            "user" => self.session.user(line, out),
            "system" if text(line, "subtype") == "api_error" => {
                let delay = ms(line, "retryInMs");
                let until = written_time(line, "timestamp").zip(delay).map(|(at, delay)| later(at, delay));
                self.session.calls.wait(limit(until, delay.filter(|_| until.is_none())), out);
            }
            "cost-state" => self.cost(line, out),
            _ => {}
        }
    }

    fn assistant(&mut self, line: &Value, is_main: bool, out: &mut Vec<Signal>) {
        let turns = self.session.turn.count;
        let used = self.session.assistant(line, is_main, out);
        let turns = self.session.turn.count.saturating_sub(turns);
        took(Metrics { turns, ..used }, out);
        let message = at(line, "message");
        let said = last_text(message);
        let is_over = text(message, "stop_reason") == "end_turn" && !self.session.turn.uses_tool;
        if is_main && is_over && !said.is_empty() {
            self.session.close_calls(out);
            out.push(claim(true, said));
            self.session.calls.wait(Wait::Human { kind: HumanWait::Instructions, what: None }, out);
        }
    }

    /// A message that Claude Code wrote in the place of the model: it has given up.
    fn made_up(&mut self, line: &Value, out: &mut Vec<Signal>) {
        if !is_true(line, "isApiErrorMessage") {
            return;
        }
        self.session.calls.works(out);
        self.session.close_calls(out);
        out.push(claim(false, last_text(at(line, "message"))));
        let instructions = Wait::Human { kind: HumanWait::Instructions, what: None };
        self.session.calls.wait(wait_after(text(line, "error")).unwrap_or(instructions), out);
    }

    fn cost(&mut self, line: &Value, out: &mut Vec<Signal>) {
        let rise = self.cost.rise(Metrics::dollars(at(line, "totalCostUSD").as_f64().unwrap_or_default()));
        if !std::mem::take(&mut self.is_joined) {
            took(Metrics { cost_microusd: rise, ..Metrics::default() }, out);
        }
    }
}

fn is_made_up(line: &Value) -> bool {
    is_true(line, "isApiErrorMessage") || text(at(line, "message"), "model") == NO_MODEL
}

/// Whether a person speaks, as against the result of a call or a remark of the program.
fn is_prompt(line: &Value) -> bool {
    let content = at(at(line, "message"), "content");
    let is_said = match content {
        Value::String(_) => true,
        Value::Array(blocks) => !blocks.is_empty() && blocks.iter().all(|block| text(block, "type") != "tool_result"),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    };
    is_said && !is_true(line, "isMeta")
}

fn last_text(message: &Value) -> &str {
    let texts = list(message, "content").iter().rev().map(|block| text(block, "text"));
    texts.into_iter().find(|text| !text.is_empty()).unwrap_or_default()
}
