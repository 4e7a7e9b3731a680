//! One look at a marker, and what it says.

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use nightkeep_core::time::{Span, Wall};
use serde_json::{Map, Value};

use super::clean::clean;
use super::place::{self, Links, Stamp};
use super::trouble::Trouble;
use crate::config::duration;

/// A larger file is no marker.
pub(super) const BYTES_MAX: u64 = 64 * 1024;
/// What is kept of a note.
const NOTE_CHARS_MAX: usize = 500;
/// What is kept of the name of a series.
const SERIES_CHARS_MAX: usize = 100;
/// A number from here on is milliseconds since 1970: as seconds it would lie after the year 5000.
const MILLISECONDS_FROM: f64 = 1e11;

/// When a half-written marker is looked at again, counted from the first look. After the last one it is a trouble.
pub(super) const LOOK_AGAIN: [Duration; 3] =
    [Duration::from_millis(50), Duration::from_millis(200), Duration::from_millis(500)];

/// What a marker says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// How far the work is. `None` in the aborted note only.
    pub step: Option<i64>,
    /// How many steps there are.
    pub total: Option<i64>,
    /// The note, in one visible line of at most 500 characters.
    pub note: Option<String>,
    /// When the marker says it was written. Any time: it is a claim, and whoever uses it compares it with the clock.
    pub claimed_at: Option<Wall>,
    /// The time that the agent asks for, for this one step.
    pub expect: Option<Span>,
    /// Whose steps these are: `run_id`, else `pid`.
    pub series: Option<String>,
    /// Whether it is the aborted note: the agent acknowledges that it was stopped.
    pub aborted: bool,
    /// Which state of the file this was read from.
    pub stamp: Stamp,
}

/// Looks at the marker at `path` once.
///
/// # Errors
/// Why it cannot be read, or is no marker.
pub fn read(path: &Path) -> Result<Reading, Trouble> {
    let (bytes, stamp) = read_bytes(path)?;
    interpret(&bytes, stamp)
}

/// Looks at the marker at `path`, and again for up to half a second while it is empty or half-written: somebody may be
/// in the middle of writing it.
///
/// # Errors
/// Why it cannot be read, or is no marker.
pub async fn read_patiently(path: &Path) -> Result<Reading, Trouble> {
    let mut before = Duration::ZERO;
    let mut result = read_aside(path).await;
    for at in LOOK_AGAIN {
        match &result {
            Err(trouble) if trouble.is_half_written() => {}
            Ok(_) | Err(_) => break,
        }
        tokio::time::sleep(at - before).await;
        before = at;
        result = read_aside(path).await;
    }
    result
}

/// Reads on a thread of its own: a file on a network that hangs must not hold up anything else.
async fn read_aside(path: &Path) -> Result<Reading, Trouble> {
    let path = path.to_owned();
    let reading = tokio::task::spawn_blocking(move || read(&path)).await;
    reading.unwrap_or_else(|error| Err(Trouble::Failed(error.to_string())))
}

/// The bytes of the marker at `path`, and the state of the file before they were read.
pub(super) fn read_bytes(path: &Path) -> Result<(Vec<u8>, Stamp), Trouble> {
    let (bytes, stamp) = read_at_most(path, Links::OfThisUser, BYTES_MAX)?;
    bytes.map(|bytes| (bytes, stamp)).ok_or(Trouble::TooLarge)
}

/// The bytes of the regular file at `path`, unless there are more of them than `bytes_max`, and the state of the file
/// before they were read.
pub(crate) fn read_at_most(path: &Path, links: Links, bytes_max: u64) -> Result<(Option<Vec<u8>>, Stamp), Trouble> {
    let (file, stamp) = place::open(path, links)?;
    let mut bytes = Vec::new();
    // The size may change between the stamp and the reading, so the reading itself is what has a limit.
    file.take(bytes_max + 1).read_to_end(&mut bytes).map_err(|error| Trouble::of(&error, path))?;
    Ok(((bytes.len() as u64 <= bytes_max).then_some(bytes), stamp))
}

/// The JSON object in `bytes`.
pub(super) fn object(bytes: &[u8]) -> Result<Map<String, Value>, Trouble> {
    let text = str::from_utf8(bytes).map_err(|_| Trouble::NotUtf8)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        return Err(Trouble::Empty);
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Trouble::NoStep("it is JSON, but not an object with a `step`")),
        Err(_) => Err(Trouble::NotJson),
    }
}

pub(crate) fn interpret(bytes: &[u8], stamp: Stamp) -> Result<Reading, Trouble> {
    let object = object(bytes)?;
    let note = object.get("note").and_then(shown).map(|note| clean(&note, NOTE_CHARS_MAX)).filter(|n| !n.is_empty());
    let step = step_of(&object)?;
    let aborted = step == -1 && note.as_deref().is_none_or(is_farewell);
    if step < 0 && !aborted {
        return Err(Trouble::NoStep("its `step` is below zero"));
    }
    Ok(Reading {
        step: (!aborted).then_some(step),
        total: object.get("total").and_then(whole).filter(|total| *total > 0),
        note,
        claimed_at: object.get("ts").and_then(claimed_at),
        expect: object.get("expect").and_then(expect),
        series: ["run_id", "pid"].iter().find_map(|key| object.get(*key).and_then(series)),
        aborted,
        stamp,
    })
}

/// The step of a marker: a whole number, also where the writer's language has only floats.
pub(super) fn step_of(object: &Map<String, Value>) -> Result<i64, Trouble> {
    match object.get("step") {
        None => Err(Trouble::NoStep("it has no `step`")),
        Some(value @ Value::Number(_)) => {
            whole(value).ok_or(Trouble::NoStep("its `step` is not a whole number of usual size"))
        }
        Some(Value::String(_)) => Err(Trouble::NoStep("its `step` is a text, not a number")),
        Some(Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) => {
            Err(Trouble::NoStep("its `step` is not a number"))
        }
    }
}

/// A whole number, also where the writer's language has only floats.
#[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53, where every whole float is exact")]
pub(crate) fn whole(value: &Value) -> Option<i64> {
    let exact = |float: &f64| float.fract() == 0.0 && float.abs() < 9_007_199_254_740_992.0;
    value.as_i64().or_else(|| value.as_f64().filter(exact).map(|float| float as i64))
}

fn is_farewell(note: &str) -> bool {
    note.to_lowercase().starts_with("abort")
}

/// A text, or a number as text.
pub(crate) fn shown(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn series(value: &Value) -> Option<String> {
    shown(value).map(|name| clean(&name, SERIES_CHARS_MAX)).filter(|name| !name.is_empty())
}

/// A time as it is claimed: seconds or milliseconds since 1970, or RFC 3339.
#[expect(clippy::cast_possible_truncation, reason = "a cast from float saturates, and a claim may be wild")]
pub(crate) fn claimed_at(value: &Value) -> Option<Wall> {
    match value {
        Value::Number(number) => {
            let number = number.as_f64()?;
            let ms = if number.abs() < MILLISECONDS_FROM { number * 1000.0 } else { number };
            Some(Wall::from_ms(ms.round() as i64))
        }
        Value::String(text) => {
            let at: jiff::Timestamp = text.trim().parse().ok()?;
            Some(Wall::from_ms(at.as_millisecond()))
        }
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn expect(value: &Value) -> Option<Span> {
    shown(value).and_then(|text| duration::parse(&text).ok())
}
