//! What the bytes of a `.pid` and of a `.result` say.

use serde_json::{Map, Value};

use super::defect::Defect;
use crate::clean::clean_text;
use crate::marker::{shown, whole};

/// What is kept of a message.
const MESSAGE_CHARS_MAX: usize = 500;
/// No system gives a process a larger number.
const PID_MAX: u32 = i32::MAX.unsigned_abs();
const HUGE: Defect = Defect::Unusable("its number is larger than that of any process");

/// Which process a step says it is. A claim, and maybe a stale one: never enough to signal that process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pid {
    /// Its number.
    pub pid: u32,
    /// When it was started, in the system's own unit, where the writer said so.
    pub start: Option<u64>,
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The JSON as it was written, without what surrounds it.
    pub document: String,
    /// Whether it went well.
    pub ok: Option<bool>,
    /// An exit code or the like.
    pub code: Option<i64>,
    /// A message for people, in one line of at most 500 characters.
    pub msg: Option<String>,
}

/// Reads a `.pid`: `4711`, or `4711 8151623`. Half of a number cannot be told from a whole one.
pub(crate) fn pid(bytes: &[u8]) -> Result<Pid, Defect> {
    let mut words = text(bytes)?.split_whitespace();
    let pid = number(words.next().unwrap_or_default())?;
    let start = words.next().map(start).transpose()?;
    match words.next() {
        None => Ok(Pid { pid, start }),
        Some(_) => Err(Defect::Unusable("it holds more than a number and a start")),
    }
}

fn number(word: &str) -> Result<u32, Defect> {
    let digits = word.strip_prefix('-').unwrap_or(word);
    if !is_digits(digits) {
        return Err(Defect::Unusable("it does not begin with the number of a process"));
    }
    match word.parse::<i64>() {
        Ok(0) => Err(Defect::Unusable("its number is zero")),
        Ok(number) if number > 0 => u32::try_from(number).ok().filter(|pid| *pid <= PID_MAX).ok_or(HUGE),
        Err(_) if digits == word => Err(HUGE),
        Ok(_) | Err(_) => Err(Defect::Unusable("its number is below zero")),
    }
}

fn start(word: &str) -> Result<u64, Defect> {
    let start = is_digits(word).then(|| word.parse().ok()).flatten();
    start.ok_or(Defect::Unusable("its second word is no start of a process"))
}

/// Reads a `.result`: one JSON document of any kind.
pub(crate) fn report(bytes: &[u8]) -> Result<Report, Defect> {
    let document = text(bytes)?;
    let value = json(document)?;
    let object = value.as_object();
    let field = |name| object.and_then(|object| object.get(name));
    Ok(Report {
        document: document.to_owned(),
        ok: field("ok").and_then(Value::as_bool),
        code: field("code").and_then(whole),
        msg: object.and_then(message),
    })
}

/// The text in `bytes`, without what surrounds it. A last character that is cut in two is half-written.
pub(super) fn text(bytes: &[u8]) -> Result<&str, Defect> {
    let text = str::from_utf8(bytes).map_err(|error| match error.error_len() {
        None => Defect::HalfWritten,
        Some(_) => Defect::NotUtf8,
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim();
    if text.is_empty() { Err(Defect::HalfWritten) } else { Ok(text) }
}

/// The JSON in `text`; what only ends too early is half-written.
pub(super) fn json(text: &str) -> Result<Value, Defect> {
    serde_json::from_str(text).map_err(|error| if error.is_eof() { Defect::HalfWritten } else { Defect::NotJson })
}

/// The message of an object, fit to be shown.
pub(super) fn message(object: &Map<String, Value>) -> Option<String> {
    object.get("msg").and_then(shown).map(|text| clean_text(&text, MESSAGE_CHARS_MAX)).filter(|text| !text.is_empty())
}

/// Digits only: `+7`, which some would read as a number, is none here.
fn is_digits(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}
