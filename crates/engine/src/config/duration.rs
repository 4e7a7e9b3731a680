//! Lengths of time as people write them: `90`, `90s`, `10m`, `1h30m`, `1h 30m`, `1h30`, `500ms`.

use nightkeep_core::time::Span;

/// The longest length that is taken for meant: a year.
const LONGEST_MS: u64 = 366 * 24 * 3600 * 1000;

const EXAMPLES: &str = "write `90s`, `10m` or `1h30m`";

/// A text that is no length of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DurationFault {
    /// It cannot be read.
    #[error("`{0}` is no length of time; {EXAMPLES}")]
    Unreadable(String),
    /// It is longer than a year.
    #[error("`{0}` is longer than a year; {EXAMPLES}")]
    TooLong(String),
    /// It is not zero, and below one millisecond.
    #[error("`{0}` is shorter than a millisecond; {EXAMPLES}")]
    TooShort(String),
}

/// Reads a length of time. A number without a unit is seconds, or minutes right after hours (`1h30`); capitals do not
/// matter (`10M` is ten minutes, not ten months).
///
/// # Errors
/// A sentence that names the text and shows how to write one.
pub fn parse(text: &str) -> Result<Span, DurationFault> {
    let unreadable = || DurationFault::Unreadable(text.to_owned());
    let length = humantime::parse_duration(&with_unit(text)).map_err(|_| unreadable())?;
    let ms = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
    match ms {
        0 if !length.is_zero() => Err(DurationFault::TooShort(text.to_owned())),
        0..=LONGEST_MS => Ok(Span::from_ms(ms)),
        _ => Err(DurationFault::TooLong(text.to_owned())),
    }
}

/// Writes a length the way [`parse`] reads it: `1h30m`, `90s` as `1m30s`, `500ms`, `0s`.
#[must_use]
pub fn format(span: Span) -> String {
    let ms = span.as_ms();
    let parts = [(ms / 3_600_000, "h"), (ms / 60_000 % 60, "m"), (ms / 1000 % 60, "s"), (ms % 1000, "ms")];
    let text: String =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count}{unit}")).collect();
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// The text in small letters, and with the unit that a trailing bare number stands for.
fn with_unit(text: &str) -> String {
    let mut text = text.trim().to_lowercase();
    let head = text.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    if head.len() < text.len() {
        match head.trim_end().chars().last() {
            None => text.push('s'),
            Some('h') => text.push('m'),
            Some(_) => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_as_people_write_them() {
        let cases = [
            ("90", 90_000),
            (" 90s ", 90_000),
            ("10m", 600_000),
            ("10 min", 600_000),
            ("10M", 600_000),
            ("1h30m", 5_400_000),
            ("1h 30m", 5_400_000),
            ("1h30", 5_400_000),
            ("1.5", 1500),
            ("500ms", 500),
            ("2 days", 172_800_000),
            ("0", 0),
        ];
        for (text, ms) in cases {
            assert_eq!(parse(text), Ok(Span::from_ms(ms)), "{text}");
        }
    }

    #[test]
    fn what_is_no_length_is_named_and_shown_how_to_write() {
        let said: Vec<String> = ["soon", "", "-5m", "10x", "5m 3", "NaN", "2years", "5ns", "99999999999999999999s"]
            .into_iter()
            .map(|text| parse(text).unwrap_err().to_string())
            .collect();
        insta::assert_snapshot!(said.join("\n"));
    }

    #[test]
    fn a_written_length_is_read_as_the_same_length() {
        for ms in [0, 1, 500, 1000, 90_000, 600_000, 5_400_000, 172_800_000, 5_400_500] {
            let span = Span::from_ms(ms);
            assert_eq!(parse(&format(span)), Ok(span), "{}", format(span));
        }
        assert_eq!(format(Span::from_secs(5400)), "1h30m");
        assert_eq!(format(Span::from_secs(600)), "10m");
    }
}
