//! What the bytes of a `.status` say: one of two words, or JSON.

use nightkeep_core::time::Wall;
use serde_json::Value;

use super::contents::{json, message, text};
use super::defect::Defect;
use crate::clean::clean_text;
use crate::marker::{claimed_at, shown, whole};

/// What is kept of a state that is not known.
const STATE_CHARS_MAX: usize = 100;

/// The words that a state is known by; capitals do not matter.
const STATES: [(&str, State); 5] = [
    ("success", State::Success),
    ("failed", State::Failed),
    ("working", State::Working),
    ("waiting", State::Waiting),
    ("rate_limited", State::RateLimited),
];

/// How a step says it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Ended, and well.
    Success,
    /// Ended, and not well.
    Failed,
    /// At work.
    Working,
    /// Waits for somebody or something.
    Waiting,
    /// Waits for a usage limit to pass.
    RateLimited,
    /// Another word, in one line of at most 100 characters. Nothing follows from it.
    Other(String),
    /// The JSON says nothing of it.
    Unsaid,
}

impl State {
    /// Whether the step is over.
    #[must_use]
    pub fn is_end(&self) -> bool {
        match self {
            Self::Success | Self::Failed => true,
            Self::Working | Self::Waiting | Self::RateLimited | Self::Other(_) | Self::Unsaid => false,
        }
    }
}

/// What a step says of itself. Of the plain words, nothing but the state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// How it is.
    pub state: State,
    /// How far the work is.
    pub step: Option<i64>,
    /// How many steps there are.
    pub total: Option<i64>,
    /// A message for people, in one line of at most 500 characters.
    pub msg: Option<String>,
    /// When the status says it was written: a claim.
    pub claimed_at: Option<Wall>,
    /// Until when it says it waits: a claim.
    pub retry_at: Option<Wall>,
}

/// Reads a `.status`: `SUCCESS` or `FAILED` in its first line, or a JSON object.
pub(crate) fn status(bytes: &[u8]) -> Result<Status, Defect> {
    let text = text(bytes)?;
    if text.starts_with('{') { of_json(text) } else { of_word(text, bytes.ends_with(b"\n")) }
}

fn of_word(text: &str, is_whole_line: bool) -> Result<Status, Defect> {
    let (word, is_whole) = text.split_once('\n').map_or((text, is_whole_line), |(line, _)| (line, true));
    let word = word.trim().to_ascii_lowercase();
    let state = [State::Success, State::Failed].into_iter().zip(["success", "failed"]);
    match state.into_iter().find(|(_, known)| known.starts_with(&word)) {
        Some((state, known)) if known == word => {
            Ok(Status { state, step: None, total: None, msg: None, claimed_at: None, retry_at: None })
        }
        Some(_) if !is_whole => Err(Defect::HalfWritten),
        Some(_) | None => Err(Defect::Unusable("it is neither `SUCCESS` nor `FAILED` nor a JSON object")),
    }
}

fn of_json(text: &str) -> Result<Status, Defect> {
    let Value::Object(object) = json(text)? else { return Err(Defect::NotJson) };
    let count = |name, least| object.get(name).and_then(whole).filter(|count| *count >= least);
    let time = |name| object.get(name).and_then(claimed_at);
    let status = Status {
        state: object.get("state").and_then(shown).map_or(State::Unsaid, |state| state_of(&state)),
        step: count("step", 0),
        total: count("total", 1),
        msg: message(&object),
        claimed_at: time("ts"),
        retry_at: time("retry_at"),
    };
    if status.state == State::Unsaid && status.step.is_none() {
        return Err(Defect::Unusable("it has neither a `state` nor a `step`"));
    }
    Ok(status)
}

fn state_of(text: &str) -> State {
    let word = clean_text(text, STATE_CHARS_MAX);
    let known = STATES.into_iter().find(|(name, _)| word.eq_ignore_ascii_case(name));
    match known {
        Some((_, state)) => state,
        None if word.is_empty() => State::Unsaid,
        None => State::Other(word),
    }
}
