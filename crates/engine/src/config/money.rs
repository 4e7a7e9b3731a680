//! Amounts of dollars as people write them: `5`, `2.50`, `$5`, `5 USD`.

/// The largest amount that is taken for meant: a million dollars.
const LARGEST: u64 = 1_000_000_000_000;
/// Decimals that count: a millionth of a dollar is the least.
const DECIMALS: usize = 6;

/// Reads an amount, in millionths of a dollar.
///
/// # Errors
/// A sentence that names the text and shows how to write one.
pub fn parse(text: &str) -> Result<u64, String> {
    let bare = text.trim();
    let bare = bare.strip_prefix('$').or_else(|| bare.strip_suffix("USD")).unwrap_or(bare).trim();
    let (whole, decimals) = bare.split_once('.').unwrap_or((bare, ""));
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(decimals) {
        return Err(format!("`{text}` is no amount of dollars; write `5` or `2.50`"));
    }
    let decimals = decimals.get(..DECIMALS).unwrap_or(decimals);
    let amount = format!("{whole}{decimals:0<DECIMALS$}").parse().ok().filter(|amount| *amount <= LARGEST);
    amount.ok_or_else(|| format!("`{text}` is more than a million dollars; write `5` or `2.50`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_people_write_them() {
        let cases = [
            ("5", 5_000_000),
            ("5.0", 5_000_000),
            (" $2.50 ", 2_500_000),
            ("0.1234567", 123_456),
            ("7 USD", 7_000_000),
        ];
        for (text, amount) in cases {
            assert_eq!(parse(text), Ok(amount), "{text}");
        }
    }

    #[test]
    fn what_is_no_amount_is_named_and_shown_how_to_write() {
        for text in ["", "$", "much", "-5", "5 apples", "1..5", "1e3", "NaN", ".5", "5€"] {
            let said = parse(text).expect_err(text);
            assert_eq!(said, format!("`{text}` is no amount of dollars; write `5` or `2.50`"));
        }
        for text in ["1000001", "99999999999999999999"] {
            assert!(parse(text).expect_err(text).contains("more than a million dollars"));
        }
    }
}
