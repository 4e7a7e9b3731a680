//! Looks into JSON that others write and change without notice: what is missing or of another kind is just not there.

use nightkeep_core::{Span, Wall};
use serde_json::Value;

use crate::clean::clean_text;

/// Where nothing is: the value of every key that is missing.
pub(super) static NOTHING: Value = Value::Null;

/// No text that is shown is longer, in characters.
const SHOWN_CHARS_MAX: usize = 160;
/// A longer name is none that a program makes up, in bytes.
const ID_BYTES_MAX: usize = 256;
/// So much of a text is looked at for what is shown of it, in characters.
const LOOKED_AT_CHARS_MAX: usize = 2_000;

/// The object that a line is.
pub(super) fn object(line: &[u8]) -> Option<Value> {
    serde_json::from_slice::<Value>(line).ok().filter(Value::is_object)
}

/// What is under a key; [`NOTHING`] when there is none.
pub(super) fn at<'a>(value: &'a Value, key: &str) -> &'a Value {
    value.get(key).unwrap_or(&NOTHING)
}

/// The text under a key; empty when there is none.
pub(super) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    at(value, key).as_str().unwrap_or_default()
}

/// The name of something under a key; empty when there is none that a program makes up.
pub(super) fn id<'a>(value: &'a Value, key: &str) -> &'a str {
    let id = text(value, key);
    if id.len() <= ID_BYTES_MAX && !id.chars().any(char::is_control) { id } else { "" }
}

/// The list under a key; empty when there is none.
pub(super) fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    at(value, key).as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Whether `true` is under a key.
pub(super) fn is_true(value: &Value, key: &str) -> bool {
    at(value, key).as_bool() == Some(true)
}

/// The number under a key that counts something. Some writers write `3.0` for `3`.
pub(super) fn count(value: &Value, key: &str) -> Option<u64> {
    let number = at(value, key);
    // Saturates by itself, and turns what is no number into 0.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates as intended")]
    let rounded = || number.as_f64().filter(|number| *number >= 0.0).map(|number| number.round() as u64);
    number.as_u64().or_else(rounded)
}

/// The length in milliseconds under a key.
pub(super) fn ms(value: &Value, key: &str) -> Option<Span> {
    count(value, key).map(Span::from_ms)
}

/// The time under a key, written as RFC 3339 says.
pub(super) fn written_time(value: &Value, key: &str) -> Option<Wall> {
    let at = text(value, key).parse::<jiff::Timestamp>().ok()?;
    Some(Wall::from_ms(at.as_millisecond()))
}

/// The time under a key, in seconds since the epoch.
pub(super) fn unix_time(value: &Value, key: &str) -> Option<Wall> {
    let secs = i64::try_from(count(value, key)?).ok()?;
    secs.checked_mul(1_000).map(Wall::from_ms)
}

/// A time and a length after it.
pub(super) fn later(at: Wall, by: Span) -> Wall {
    Wall::from_ms(at.as_ms().saturating_add_unsigned(by.as_ms()))
}

/// The beginning of a text on one line, fit to be shown; nothing when nothing of it can be.
pub(super) fn shown(text: &str) -> Option<String> {
    let end = text.char_indices().nth(LOOKED_AT_CHARS_MAX).map_or(text.len(), |(at, _)| at);
    let shown = clean_text(text.get(..end).unwrap_or_default(), SHOWN_CHARS_MAX);
    Some(shown).filter(|shown| !shown.is_empty())
}

/// Stands for some values: the same for equal ones, on every machine and in every version.
///
/// FNV-1a with 64 bits (RFC 9923): what it is for is to notice that something is the same again, not to keep anybody out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Digest(u64);

impl Digest {
    /// Of nothing.
    pub(super) const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    /// With a text.
    pub(super) fn text(self, text: &str) -> Self {
        // Its length first, so that `ab` and `c` differ from `a` and `bc`.
        self.bytes(&text.len().to_le_bytes()).bytes(text.as_bytes())
    }

    /// With a value. What differs from one call to the next by itself (how long it took, when it was, in which words the
    /// agent describes it) is left out.
    pub(super) fn value(self, value: &Value) -> Self {
        match value {
            Value::Null => self.bytes(b"n"),
            Value::Bool(is) => self.bytes(if *is { b"t" } else { b"f" }),
            Value::Number(number) => self.bytes(b"0").text(&number.to_string()),
            Value::String(text) => self.bytes(b"s").text(text),
            Value::Array(values) => values.iter().fold(self.bytes(b"["), Self::value).bytes(b"]"),
            Value::Object(fields) => {
                // No writer promises an order.
                let mut fields: Vec<(&String, &Value)> = fields.iter().filter(|(key, _)| !varies(key)).collect();
                fields.sort_unstable_by_key(|(key, _)| *key);
                fields
                    .into_iter()
                    .fold(self.bytes(b"{"), |digest, (key, value)| digest.text(key).value(value))
                    .bytes(b"}")
            }
        }
    }

    /// The number.
    pub(super) const fn get(self) -> u64 {
        self.0
    }

    fn bytes(self, bytes: &[u8]) -> Self {
        let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        Self(bytes.iter().fold(self.0, step))
    }
}

fn varies(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    key == "description" || key.contains("duration") || key.contains("timestamp") || key.contains("elapsed")
}

/// A total that somebody else keeps: what it rose by since it was last said.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Total(u64);

impl Total {
    /// Takes the total in. One that is smaller than before was started again.
    pub(super) fn rise(&mut self, total: u64) -> u64 {
        // A result that was made up after a crash has zeros.
        if total == 0 {
            return 0;
        }
        let before = std::mem::replace(&mut self.0, total);
        if total < before { total } else { total - before }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_as_expected_is_not_there() {
        let value = json!({"text": 1, "count": "1", "list": {}, "at": "yesterday", "minus": -1, "float": 2.0});
        assert_eq!((text(&value, "text"), count(&value, "count"), list(&value, "list").len()), ("", None, 0));
        assert_eq!((written_time(&value, "at"), count(&value, "minus"), count(&value, "float")), (None, None, Some(2)));
        assert_eq!((object(b"[1]"), object(b"{\"a\":"), object(b"\xff")), (None, None, None));
    }

    #[test]
    fn a_digest_is_the_same_for_the_same_call_alone() {
        let digest = |value| Digest::new().value(&value).get();
        assert_eq!(Digest::new().bytes(b"foobar").get(), 0x8594_4171_f739_67e8, "as the standard has it");
        assert_eq!(digest(json!({"a": 1, "b": [true, null]})), digest(json!({"b": [true, null], "a": 1})));
        assert_eq!(digest(json!({"a": 1, "durationMs": 5, "description": "x"})), digest(json!({"a": 1})));
        assert_ne!(digest(json!(["ab", "c"])), digest(json!(["a", "bc"])));
        assert_ne!(digest(json!([["a"], "b"])), digest(json!([["a", "b"]])));
        assert_ne!(digest(json!("1")), digest(json!(1)));
    }

    #[test]
    fn a_total_is_told_once_even_when_it_starts_again() {
        let mut total = Total::default();
        let rises: Vec<u64> = [5, 5, 8, 0, 8, 3, 4].into_iter().map(|said| total.rise(said)).collect();
        assert_eq!(rises, [5, 0, 3, 0, 0, 3, 1]);
    }
}
