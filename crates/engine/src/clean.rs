//! Text that comes from an agent is data, never markup: what could steer a terminal, hide text or turn its direction
//! is shown, not obeyed.

use std::borrow::Cow;

use serde_json::Value;

/// What stands at the end of a text that was cut.
const CUT: char = '…';

/// A note, a command or a name on one line: colours are taken out, line breaks become spaces, control and
/// bidirectional characters are written as `\u202e`. Cut to `chars_max` characters.
#[must_use]
pub fn clean_text(text: &str, chars_max: usize) -> String {
    let one_line = strip_ansi(text);
    let words = one_line.split(['\n', '\r', '\t', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}']);
    let words: Vec<&str> = words.map(str::trim).filter(|word| !word.is_empty()).collect();
    cut(&neutralise(&words.join(" ")), chars_max)
}

/// A line of output: like [`clean_text`], but it keeps its spaces, and of what overwrote itself (a progress bar) only
/// the last state is left, as a terminal would show it.
#[must_use]
pub fn clean_line(line: &str, chars_max: usize) -> String {
    let line = strip_ansi(line.trim_end_matches(['\n', '\r']));
    let shown = line.rsplit('\r').next().unwrap_or_default();
    cut(&neutralise(&shown.replace('\t', "    ")), chars_max)
}

/// Text of several lines in which nothing can steer a terminal, hide or turn its direction: what could is written out.
#[must_use]
pub fn harmless(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| is_harmful(c) && c != '\n') {
        return Cow::Borrowed(text);
    }
    let lines: Vec<String> = text.split('\n').map(neutralise).collect();
    Cow::Owned(lines.join("\n"))
}

/// JSON in whose texts nothing can steer a terminal, hide or turn its direction. What JSON writes out by itself, such as
/// the end of a line, stays.
#[must_use]
pub fn harmless_json(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(harmless_text(text)),
        Value::Array(values) => Value::Array(values.into_iter().map(harmless_json).collect()),
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(name, value)| (harmless_text(name), harmless_json(value))).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

fn harmless_text(text: String) -> String {
    let stays = |c: char| matches!(c, '\n' | '\r' | '\t') || !is_harmful(c);
    if text.chars().all(stays) {
        return text;
    }
    let written = |c: char| if stays(c) { c.to_string() } else { neutralise(c.encode_utf8(&mut [0; 4])) };
    text.chars().map(written).collect()
}

/// Takes the control sequences of terminals out (ECMA-48). A sequence without its end loses only its beginning, so
/// that nothing can hide what follows it.
#[must_use]
pub fn strip_ansi(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['\u{1b}', '\u{9b}', '\u{9d}', '\u{90}', '\u{98}', '\u{9e}', '\u{9f}']) {
        let (before, sequence) = rest.split_at(at);
        kept.push_str(before);
        rest = after_sequence(sequence);
    }
    kept.push_str(rest);
    kept
}

/// What is left after the sequence that `text` begins with.
fn after_sequence(text: &str) -> &str {
    let mut chars = text.chars();
    match chars.next() {
        Some('\u{9b}') => return after_csi(chars.as_str()),
        Some('\u{1b}') => {}
        Some(_) | None => return after_string(chars.as_str()),
    }
    let after_escape = chars.as_str();
    match chars.next() {
        Some('[') => after_csi(chars.as_str()),
        Some(']' | 'P' | 'X' | '^' | '_') => after_string(chars.as_str()),
        Some(' '..='/') => {
            let tail = chars.as_str().trim_start_matches(|c| matches!(c, ' '..='/'));
            tail.strip_prefix(|c| matches!(c, '0'..='~')).unwrap_or(tail)
        }
        Some('0'..='~') => chars.as_str(),
        Some(_) | None => after_escape,
    }
}

fn after_csi(text: &str) -> &str {
    let tail = text.trim_start_matches(|c| matches!(c, '0'..='?'));
    let tail = tail.trim_start_matches(|c| matches!(c, ' '..='/'));
    tail.strip_prefix(|c| matches!(c, '@'..='~')).unwrap_or(tail)
}

/// After a string (a window title, a link) that ends with BEL or ST; without an end, only its introducer is gone.
fn after_string(text: &str) -> &str {
    let ends = [("\u{7}", 1), ("\u{1b}\\", 2), ("\u{9c}", 2)];
    let first = ends.iter().filter_map(|(end, len)| text.find(end).map(|at| at + len)).min();
    first.and_then(|at| text.get(at..)).unwrap_or(text)
}

fn neutralise(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_harmful(c) {
            shown.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Control characters, and those that turn the direction of text or stand for nothing visible.
fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

fn cut(text: &str, chars_max: usize) -> String {
    if text.chars().count() <= chars_max {
        return text.to_owned();
    }
    let mut kept: String = text.chars().take(chars_max.saturating_sub(1)).collect();
    kept.push(CUT);
    kept
}

#[cfg(test)]
mod tests {
    #[test]
    fn json_keeps_its_lines_and_loses_what_steers_a_terminal() {
        let said = serde_json::json!({"a\u{202e}b": ["one\n\ttwo\u{1b}[31m", 3, null], "plain": "ä"});
        let shown = serde_json::json!({"a\\u202eb": ["one\n\ttwo\\u001b[31m", 3, null], "plain": "ä"});
        assert_eq!(harmless_json(said), shown);
    }

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn colours_titles_and_links_are_taken_out() {
        for (raw, clean) in [
            ("\u{1b}[1;31mred\u{1b}[0m", "red"),
            ("\u{1b}]0;title\u{7}after", "after"),
            ("\u{1b}]8;;https://x\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
            ("\u{9b}31mred", "red"),
            ("\u{1b}(Bplain", "plain"),
            ("\u{1b}7saved\u{1b}8", "saved"),
            ("\u{1b}[?25l\u{1b}[2K\u{1b}[1Gbar", "bar"),
        ] {
            assert_eq!(clean_text(raw, 80), clean, "{raw:?}");
        }
    }

    #[test]
    fn a_sequence_without_its_end_hides_nothing_that_follows() {
        assert_eq!(clean_text("\u{1b}]0;rm -rf is next", 80), "0;rm -rf is next");
        assert_eq!(clean_text("end\u{1b}", 80), "end");
    }

    #[test]
    fn bidirectional_and_control_characters_are_shown_not_obeyed() {
        assert_eq!(clean_text("safe\u{202e}exe.txt", 80), "safe\\u202eexe.txt");
        assert_eq!(clean_text("bell\u{7}null\u{0}", 80), "bell\\u0007null\\u0000");
        assert_eq!(clean_text("family 👩‍👧 é ü", 80), "family 👩‍👧 é ü");
    }

    #[test]
    fn lines_stay_lines_and_nothing_in_them_is_obeyed() {
        assert_eq!(harmless("plain\n  text\n"), "plain\n  text\n");
        assert_eq!(harmless("a\u{1b}[2J\nb\u{202e}c\r\n"), "a\\u001b[2J\nb\\u202ec\\u000d\n");
    }

    #[test]
    fn a_note_stands_on_one_line_and_is_cut() {
        assert_eq!(clean_text(" two\n\n  lines\there ", 80), "two lines here");
        assert_eq!(clean_text("abcdef", 6), "abcdef");
        assert_eq!(clean_text("abcdefg", 6), "abcde…");
    }

    #[test]
    fn a_line_that_overwrote_itself_shows_its_last_state() {
        assert_eq!(clean_line("10 %\r50 %\r100 %\r\n", 80), "100 %");
        assert_eq!(clean_line("  indented\tby tab", 80), "  indented    by tab");
    }

    proptest! {
        #[test]
        fn nothing_harmful_is_left_of_any_text(text in any::<String>(), max in 1_usize..200) {
            for clean in [clean_text(&text, max), clean_line(&text, max)] {
                prop_assert!(!clean.chars().any(is_harmful), "{clean:?}");
                prop_assert!(clean.chars().count() <= max);
            }
        }
    }
}
