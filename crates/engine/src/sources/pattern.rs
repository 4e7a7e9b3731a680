//! A number in the output that has to rise, as in `step 3/10`, and output as such.

use nightkeep_core::{Advance, Signal};
use regex::{Captures, Regex, RegexBuilder};

use super::{LineReader, NOTE_CHARS_MAX, Reader};
use crate::clean::clean_line;

/// How much memory a pattern may take once it is compiled.
const COMPILED_BYTES_MAX: usize = 1024 * 1024;
/// The longest pattern.
const PATTERN_BYTES_MAX: usize = 4096;
/// How much of a line is looked at, in bytes.
const LOOKED_AT_MAX: usize = 16 * 1024;

/// A line with a number in it is a step. Whether the number has risen is not decided here.
#[derive(Debug, Clone)]
pub struct Pattern {
    regex: Regex,
    step: usize,
    total: Option<usize>,
}

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternFault {
    /// It is no regular expression.
    #[error("read the pattern, at character {}: {message}", at + 1)]
    Syntax {
        /// What is wrong.
        message: String,
        /// Where, in characters from the beginning.
        at: usize,
    },
    /// It has no group for the number.
    #[error("find the number in the pattern: it has no group, as in `step (\\d+)`")]
    NoGroup,
    /// It is too long, or what is made of it is too large.
    #[error("use the pattern: it is too large")]
    TooLarge,
}

impl Pattern {
    /// The pattern in `text`. The number is in the group `step`, else in the first; how many there are in all is in the
    /// group `total`, else in the second, if there is one. Both are whole numbers.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn new(text: &str) -> Result<Self, PatternFault> {
        if text.len() > PATTERN_BYTES_MAX {
            return Err(PatternFault::TooLarge);
        }
        regex_syntax::parse(text).map_err(|error| syntax(text, &error))?;
        let built = RegexBuilder::new(text).size_limit(COMPILED_BYTES_MAX).dfa_size_limit(COMPILED_BYTES_MAX).build();
        let regex = built.map_err(|_| PatternFault::TooLarge)?;
        let named = |name: &str| regex.capture_names().position(|found| found == Some(name));
        let groups = regex.captures_len();
        let step = named("step").or((groups > 1).then_some(1)).ok_or(PatternFault::NoGroup)?;
        let total = named("total").or((groups > 2 && step == 1).then_some(2));
        Ok(Self { regex, step, total })
    }

    /// The last step that a text speaks of, and of how many.
    pub(crate) fn last_step(&self, text: &str) -> Option<(i64, Option<i64>)> {
        let mut steps = text.lines().filter_map(|line| self.read(&clean_line(line, LOOKED_AT_MAX)));
        steps.next_back().and_then(|advance| Some((advance.step?, advance.total)))
    }

    fn read(&self, line: &str) -> Option<Advance> {
        let found = self.regex.captures(line)?;
        let step = number(&found, self.step)?;
        let total = self.total.and_then(|group| number(&found, group)).filter(|total| *total > 0);
        Some(Advance { step: Some(step), total, note: Some(clean_line(line.trim(), NOTE_CHARS_MAX)), series: None })
    }
}

/// A number that is too large is none.
fn number(found: &Captures<'_>, group: usize) -> Option<i64> {
    found.get(group)?.as_str().parse().ok().filter(|number| *number >= 0)
}

fn syntax(text: &str, error: &regex_syntax::Error) -> PatternFault {
    let (message, offset) = match error {
        regex_syntax::Error::Parse(error) => (error.kind().to_string(), error.span().start.offset),
        regex_syntax::Error::Translate(error) => (error.kind().to_string(), error.span().start.offset),
        _ => (error.to_string(), 0),
    };
    PatternFault::Syntax { message, at: text.get(..offset).unwrap_or_default().chars().count() }
}

impl LineReader for Pattern {
    /// A line without the number says nothing: that something is printed is a source of its own, [`Printed`].
    fn line(&mut self, line: &[u8], out: &mut Vec<Signal>) {
        let text = String::from_utf8_lossy(line.get(..LOOKED_AT_MAX).unwrap_or(line));
        // Colours may stand in the middle of what is looked for.
        let Some(advance) = self.read(&clean_line(&text, LOOKED_AT_MAX)) else { return };
        match out.last_mut() {
            // The same step again and again, as fast as it can be printed, is one.
            Some(Signal::Advance(last)) if last.step == advance.step => *last = advance,
            Some(_) | None => out.push(Signal::Advance(advance)),
        }
    }
}

/// Takes whatever is printed for a sign of life, and never for more.
#[derive(Debug, Clone, Copy, Default)]
pub struct Printed;

impl Reader for Printed {
    fn take(&mut self, bytes: &[u8], out: &mut Vec<Signal>) {
        if !bytes.is_empty() {
            out.push(Signal::Beat);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sources::Lines;

    fn read(pattern: &str, output: &[u8]) -> Vec<Signal> {
        let mut out = Vec::new();
        Lines::with_returns(Pattern::new(pattern).unwrap()).take(output, &mut out);
        out
    }

    fn step(step: i64, total: Option<i64>, note: &str) -> Signal {
        Signal::Advance(Advance { step: Some(step), total, note: Some(note.to_owned()), series: None })
    }

    #[test]
    fn a_number_that_is_printed_is_a_step() {
        let output = b"begin\nstep 3/10: draft\nsteps\nstep x/10\n  step 4/10\r\n";
        let found = read(r"step (\d+)/(\d+)", output);
        assert_eq!(found, [step(3, Some(10), "step 3/10: draft"), step(4, Some(10), "step 4/10")]);
        assert_eq!(read(r"step (\d+)/\d+", b"step 5/10\n"), [step(5, None, "step 5/10")]);
    }

    #[test]
    fn groups_can_be_named_and_stand_in_any_order() {
        assert_eq!(read(r"of (?<total>\d+): (?<step>\d+)", b"of 9: 2\n"), [step(2, Some(9), "of 9: 2")]);
        assert_eq!(read(r"(a|b) (?<step>\d+)", b"b 2\n"), [step(2, None, "b 2")]);
        assert_eq!(read(r"(?<step>\d+)(?: of (\d+))?", b"2\n"), [step(2, None, "2")]);
    }

    #[test]
    fn a_line_that_overwrites_itself_is_read_each_time() {
        let found = read(r"(\d+)%", b"\r 10%\r 20%\r\x1b[K\x1b[32m3\x1b[0m0%|##");
        assert_eq!(found, [step(10, None, "10%"), step(20, None, "20%")]);
        let found = read(r"(\d+)%", b"\x1b[32m3\x1b[0m0%\n");
        assert_eq!(found, [step(30, None, "30%")]);
    }

    #[test]
    fn what_is_no_whole_number_of_usual_size_is_no_step() {
        for line in ["99999999999999999999", "-5", "3.5", "1,000", ""] {
            assert!(read("^n(.*)$", format!("n{line}\n").as_bytes()).is_empty(), "{line}");
        }
    }

    #[test]
    fn a_pattern_that_cannot_be_used_says_where_it_is_wrong() {
        let fault = |text: &str| Pattern::new(text).unwrap_err();
        assert_eq!(fault("step"), PatternFault::NoGroup);
        let PatternFault::Syntax { message, at } = fault("é (\\d+") else { panic!("it is open") };
        assert_eq!((message.as_str(), at), ("unclosed group", 2));
        assert_eq!(fault("é (\\d+").to_string(), "read the pattern, at character 3: unclosed group");
        assert!(matches!(fault(r"(\d)(?=x)"), PatternFault::Syntax { at: 4, .. }), "{:?}", fault(r"(\d)(?=x)"));
        assert_eq!(fault(r"((\d{1000}){1000}){1000}"), PatternFault::TooLarge);
        assert_eq!(fault(&"x".repeat(5000)), PatternFault::TooLarge);
    }

    #[test]
    fn a_step_that_is_printed_in_a_flood_is_one() {
        assert_eq!(read(r"step (\d+)", &b"step 7\n".repeat(100_000)), [step(7, None, "step 7")]);
        assert_eq!(read(r"step (\d+)", b"step 7\nstep 8\nstep 7\n").len(), 3);
    }

    #[test]
    fn a_pattern_made_to_take_forever_does_not() {
        let line = [&b"a".repeat(1_000_000)[..], b"!\n"].concat();
        assert!(read(r"^(a+)+(\d+)$", &line.repeat(4)).is_empty());
    }

    #[test]
    fn output_is_one_sign_of_life_however_much_it_is() {
        let mut out = Vec::new();
        Printed.take(b"step 1\nstep 2\n", &mut out);
        Printed.take(b"", &mut out);
        Printed.take(&[0; 100_000], &mut out);
        assert_eq!(out, [Signal::Beat, Signal::Beat]);
    }

    proptest! {
        #[test]
        fn any_text_is_a_pattern_or_not(text in r"[()\[\]{}|*+?\\dw^$.a-c0-9<>:=é-]{0,24}", line in any::<Vec<u8>>()) {
            if let Ok(mut pattern) = Pattern::new(&text) {
                pattern.line(&line, &mut Vec::new());
            }
        }
    }
}
