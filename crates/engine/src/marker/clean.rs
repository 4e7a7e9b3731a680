//! Text from agents, made fit to be shown in one line.

/// Characters that change how other text looks without being seen themselves: directions, joiners, byte order marks.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// `text` in one line of at most `chars_max` characters, without terminal sequences, control characters and invisible
/// ones. What was cut off is shown by `…`.
pub(super) fn clean(text: &str, chars_max: usize) -> String {
    let mut cleaned = String::new();
    let mut count = 0;
    let mut gap = false;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if c == '\u{1b}' {
            skip_sequence(&mut rest);
        } else if c.is_whitespace() || c.is_control() {
            gap = count > 0;
        } else if !is_invisible(c) {
            let needed = 1 + usize::from(gap);
            if count + needed > chars_max.saturating_sub(1) && (count + needed > chars_max || has_more(&rest)) {
                cleaned.push('…');
                break;
            }
            if std::mem::take(&mut gap) {
                cleaned.push(' ');
            }
            cleaned.push(c);
            count += needed;
        }
    }
    cleaned
}

fn has_more(rest: &std::iter::Peekable<std::str::Chars<'_>>) -> bool {
    rest.clone().any(|c| !c.is_whitespace() && !c.is_control() && !is_invisible(c))
}

/// Skips the rest of a terminal sequence that an escape character began: `[…letter`, or `]…` up to its end.
fn skip_sequence(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match rest.peek() {
        Some('[') => {
            rest.next();
            while rest.next().is_some_and(|c| !('@'..='~').contains(&c)) {}
        }
        Some(']') => while rest.next().is_some_and(|c| c != '\u{7}' && c != '\u{1b}') {},
        Some(_) | None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_becomes_one_visible_line() {
        assert_eq!(clean("  draft\r\n\twritten \u{202e}txet\u{0} ", 500), "draft written txet");
        assert_eq!(clean("\u{1b}[31mred\u{1b}[0m \u{1b}]0;title\u{7}end", 500), "red end");
    }

    #[test]
    fn a_long_note_is_cut_and_says_so() {
        assert_eq!(clean("abcdef", 6), "abcdef");
        assert_eq!(clean("abcdefg", 6), "abcde…");
        assert_eq!(clean("abcde fgh", 6), "abcde…");
        assert_eq!(clean(&"ä".repeat(600), 500).chars().count(), 500);
    }
}
