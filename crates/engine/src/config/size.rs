//! Amounts of bytes as people write them: `20MB`, `1.5 GB`, `512KiB`, `65536`.

/// The largest amount that is taken for meant: a terabyte.
const LARGEST: u64 = 1_000_000_000_000;

const EXAMPLES: &str = "write `500KB`, `20MB` or `1GB`";

/// Units, in small letters. The decimal ones are those of `ls --si` and of disks.
const UNITS: [(&str, u64); 13] = [
    ("", 1),
    ("b", 1),
    ("k", 1_000),
    ("kb", 1_000),
    ("kib", 1 << 10),
    ("m", 1_000_000),
    ("mb", 1_000_000),
    ("mib", 1 << 20),
    ("g", 1_000_000_000),
    ("gb", 1_000_000_000),
    ("gib", 1 << 30),
    ("t", 1_000_000_000_000),
    ("tb", 1_000_000_000_000),
];

/// A text that is no amount of bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SizeFault {
    /// It cannot be read.
    #[error("`{0}` is no size; {EXAMPLES}")]
    Unreadable(String),
    /// It is smaller than can be used here.
    #[error("`{text}` is too small; the least is {}", format(*least))]
    TooSmall {
        /// The text.
        text: String,
        /// The least.
        least: u64,
    },
    /// It is larger than a terabyte.
    #[error("`{0}` is larger than 1TB; {EXAMPLES}")]
    TooLarge(String),
}

/// Reads an amount of bytes that is not less than `least`.
///
/// # Errors
/// A sentence that names the text and shows how to write one.
pub fn parse(text: &str, least: u64) -> Result<u64, SizeFault> {
    let unreadable = || SizeFault::Unreadable(text.to_owned());
    let lower = text.trim().to_lowercase();
    let digits = lower.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(lower.len());
    let (number, unit) = lower.split_at(digits);
    let unit = unit.trim_start();
    let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(unreadable)?;
    match bytes(number, *factor).ok_or_else(unreadable)? {
        bytes if bytes < least => Err(SizeFault::TooSmall { text: text.to_owned(), least }),
        bytes if bytes > LARGEST => Err(SizeFault::TooLarge(text.to_owned())),
        bytes => Ok(bytes),
    }
}

/// A number, which may have decimals, times a unit.
fn bytes(number: &str, factor: u64) -> Option<u64> {
    let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
    let decimals = decimals.get(..decimals.len().min(6)).unwrap_or(decimals);
    let all: u64 = format!("{whole}{decimals}").parse().ok()?;
    Some(all.saturating_mul(factor) / 10_u64.pow(u32::try_from(decimals.len()).ok()?))
}

/// Writes an amount the way [`parse`] reads it, in the largest unit that leaves no rest.
#[must_use]
pub fn format(bytes: u64) -> String {
    let units = [("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1_000)];
    let fitting = units.into_iter().find(|(_, factor)| bytes >= *factor && bytes.is_multiple_of(*factor));
    fitting.map_or_else(|| bytes.to_string(), |(unit, factor)| format!("{}{unit}", bytes / factor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        let cases = [
            ("65536", 65_536),
            ("20MB", 20_000_000),
            (" 20 mb ", 20_000_000),
            ("1.5GB", 1_500_000_000),
            ("512KiB", 524_288),
            ("2M", 2_000_000),
            ("1GiB", 1_073_741_824),
        ];
        for (text, bytes) in cases {
            assert_eq!(parse(text, 0), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn what_is_no_size_is_named_and_shown_how_to_write() {
        for text in ["", "much", "MB", "-5MB", "5 apples", "1..5MB", "20MB20"] {
            assert_eq!(parse(text, 0), Err(SizeFault::Unreadable(text.to_owned())));
        }
        assert_eq!(parse("1KB", 64_000).unwrap_err().to_string(), "`1KB` is too small; the least is 64KB");
        assert!(matches!(parse("99999999999999999TB", 0), Err(SizeFault::Unreadable(_) | SizeFault::TooLarge(_))));
        assert!(matches!(parse("2TB", 0), Err(SizeFault::TooLarge(_))));
    }

    #[test]
    fn a_written_size_is_read_as_the_same_size() {
        for bytes in [1, 65_536, 500_000, 20_000_000, 1_000_000_000] {
            assert_eq!(parse(&format(bytes), 0), Ok(bytes));
        }
        assert_eq!(format(20_000_000), "20MB");
    }
}
