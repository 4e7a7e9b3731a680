//! How names, counts and lengths of time are written in a menu.

/// Longest job name in a menu row, in characters.
pub(super) const NAME_CHARS_MAX: usize = 40;
/// Longest sentence in a menu row, in characters.
pub(super) const SENTENCE_CHARS_MAX: usize = 80;
/// Longest tooltip in UTF-16 units: Windows holds 128 and does not promise to end a longer one.
pub(super) const TOOLTIP_UNITS_MAX: usize = 120;

/// A name or sentence from outside, fit for one row: no control or bidirectional characters, one line, and no longer
/// than `chars_max`, the middle being left out.
#[must_use]
pub(super) fn one_line(text: &str, chars_max: usize) -> String {
    let spaced: String = text.chars().filter(|c| !is_hidden(*c)).map(|c| if is_break(c) { ' ' } else { c }).collect();
    let words: Vec<&str> = spaced.split_whitespace().collect();
    if words.is_empty() { "(no name)".to_owned() } else { cut_middle(&words.join(" "), chars_max) }
}

/// A label in which the character that marks access keys stands for itself.
#[must_use]
pub fn escape_label(label: &str, access_key_mark: char) -> String {
    label.chars().flat_map(|c| std::iter::repeat_n(c, if c == access_key_mark { 2 } else { 1 })).collect()
}

/// The tooltip, cut at the end to what every system shows.
#[must_use]
pub(super) fn tooltip(text: &str) -> String {
    if text.encode_utf16().count() <= TOOLTIP_UNITS_MAX {
        return text.to_owned();
    }
    let mut units = 1;
    let fits = |c: &char| {
        units += c.len_utf16();
        units <= TOOLTIP_UNITS_MAX
    };
    let mut short: String = text.chars().take_while(fits).collect();
    short.push('…');
    short
}

/// How long ago something was. Whole minutes, so that the text changes at most once a minute.
#[must_use]
pub(super) fn whole_minutes(seconds: f64) -> String {
    match whole_seconds(seconds) / 60 {
        0 => "under a minute".to_owned(),
        minutes @ 1..60 => format!("{minutes} min"),
        minutes @ 60..2880 => format!("{} h {:02} min", minutes / 60, minutes % 60),
        minutes => format!("{} days", minutes / 1440),
    }
}

/// A limit, which may be as short as a few seconds, exactly as it was set.
#[must_use]
pub(super) fn limit(seconds: f64) -> String {
    let seconds = whole_seconds(seconds);
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, 0) => format!("{m} min"),
        (0, m, s) => format!("{m} min {s:02} s"),
        (h, 0, _) => format!("{h} h"),
        (h, m, _) => format!("{h} h {m:02} min"),
    }
}

/// How long something took: exact while it is short, whole minutes from ten minutes on.
#[must_use]
pub(super) fn length(seconds: f64) -> String {
    let whole = seconds.round();
    limit(if whole < 600.0 { whole } else { (whole / 60.0).floor() * 60.0 })
}

/// `1 warning`, `2 warnings`.
#[must_use]
pub(super) fn counted(count: u32, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what fits first")]
fn whole_seconds(seconds: f64) -> u64 {
    if seconds.is_finite() { seconds.clamp(0.0, 1e12) as u64 } else { 0 }
}

/// Characters that break a line or part words.
fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}')
}

/// Characters that are not seen but change how what follows is seen.
fn is_hidden(c: char) -> bool {
    let bidirectional =
        matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let zero_width = matches!(c, '\u{200b}' | '\u{2060}' | '\u{feff}' | '\u{00ad}');
    bidirectional || zero_width || (c.is_control() && !is_break(c))
}

fn cut_middle(text: &str, chars_max: usize) -> String {
    let count = text.chars().count();
    if count <= chars_max {
        return text.to_owned();
    }
    let kept = chars_max.saturating_sub(1);
    let tail = kept / 2;
    let head: String = text.chars().take(kept - tail).collect();
    let end: String = text.chars().skip(count - tail).collect();
    format!("{}…{}", head.trim_end(), end.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_loses_its_middle_and_keeps_both_ends() {
        let name = one_line("refactor-the-parser-of-the-configuration-files-part-17", NAME_CHARS_MAX);
        assert_eq!(name, "refactor-the-parser-…ation-files-part-17");
        assert_eq!(one_line(&"ä".repeat(90), NAME_CHARS_MAX).chars().count(), NAME_CHARS_MAX);
        assert_eq!(one_line(&"x".repeat(NAME_CHARS_MAX), NAME_CHARS_MAX), "x".repeat(NAME_CHARS_MAX));
    }

    #[test]
    fn a_name_cannot_turn_the_row_around_break_it_or_hide() {
        assert_eq!(one_line("safe\u{202e}gpj.exe\u{2066}", 40), "safegpj.exe");
        assert_eq!(one_line("one\ntwo\tthree\u{1b}[31m", 40), "one two three[31m");
        assert_eq!(one_line("\u{200b}\u{feff} \n", 40), "(no name)");
    }

    #[test]
    fn access_key_marks_stand_for_themselves() {
        assert_eq!(escape_label("my_job__2", '_'), "my__job____2");
        assert_eq!(escape_label("R&D_x", '&'), "R&&D_x");
    }

    #[test]
    fn a_tooltip_never_exceeds_its_units_even_with_wide_characters() {
        let long = tooltip(&"🌙".repeat(100));
        assert!(long.encode_utf16().count() <= TOOLTIP_UNITS_MAX, "{}", long.encode_utf16().count());
        assert!(long.ends_with('…'));
        let exact = "x".repeat(TOOLTIP_UNITS_MAX);
        assert_eq!(tooltip(&exact), exact);
    }

    #[test]
    fn times_past_are_told_in_whole_minutes() {
        let told: Vec<String> =
            [-3.0, f64::NAN, 59.9, 60.0, 719.0, 3900.0, 200_000.0].into_iter().map(whole_minutes).collect();
        assert_eq!(
            told,
            ["under a minute", "under a minute", "under a minute", "1 min", "11 min", "1 h 05 min", "2 days"]
        );
    }

    #[test]
    fn limits_are_told_exactly() {
        let told: Vec<String> = [2.0, 60.0, 90.0, 2700.0, 3600.0, 5400.0].into_iter().map(limit).collect();
        assert_eq!(told, ["2 s", "1 min", "1 min 30 s", "45 min", "1 h", "1 h 30 min"]);
    }

    #[test]
    fn long_lengths_lose_their_seconds() {
        let told: Vec<String> = [4.2, 95.0, 2702.9].into_iter().map(length).collect();
        assert_eq!(told, ["4 s", "1 min 35 s", "45 min"]);
    }
}
