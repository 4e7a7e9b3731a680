//! Finds operating system commands of terminals in a stream: `ESC ]`, the text, and `BEL` or `ESC \` as its end.

/// The longest command that is looked at. A longer one is passed over.
pub(super) const COMMAND_MAX: usize = 4096;

const BEL: u8 = 0x07;
const ESC: u8 = 0x1b;

/// Where in the stream it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    /// Not in a command.
    #[default]
    Outside,
    /// Behind an `ESC`.
    Escape,
    /// In the text of a command.
    Inside,
    /// Behind an `ESC` in the text of a command.
    Ending,
}

/// The scanner. What it keeps is one command at most.
///
/// The one-byte forms of `ESC ]` and `ESC \` are parts of letters in UTF-8, so they are left alone.
#[derive(Debug, Default)]
pub(super) struct Scanner {
    state: State,
    text: Vec<u8>,
}

impl Scanner {
    /// Takes the next bytes in, and hands every command that ends in them to `found`.
    pub(super) fn take(&mut self, mut bytes: &[u8], mut found: impl FnMut(&[u8])) {
        while let Some((byte, rest)) = bytes.split_first() {
            if self.state == State::Outside {
                let Some(at) = bytes.iter().position(|byte| *byte == ESC) else { return };
                bytes = bytes.get(at + 1..).unwrap_or_default();
                self.state = State::Escape;
                continue;
            }
            self.step(*byte, &mut found);
            bytes = rest;
        }
    }

    fn step(&mut self, byte: u8, found: &mut impl FnMut(&[u8])) {
        self.state = match (self.state, byte) {
            (State::Outside | State::Escape, ESC) => State::Escape,
            (State::Escape, b']') => self.begin(),
            (State::Outside | State::Escape, _) => State::Outside,
            (State::Inside, BEL) | (State::Ending, b'\\') => {
                found(&self.text);
                State::Outside
            }
            (State::Inside, ESC) => State::Ending,
            // Another sequence begins where the end should have been.
            (State::Ending, ESC) => State::Escape,
            (State::Ending, b']') => self.begin(),
            (State::Ending, _) => State::Outside,
            // No command that is looked for has a line end or another control character in it: its end is missing.
            (State::Inside, ..0x20) => State::Outside,
            (State::Inside, _) if self.text.len() == COMMAND_MAX => State::Outside,
            (State::Inside, _) => {
                self.text.push(byte);
                State::Inside
            }
        };
    }

    fn begin(&mut self) -> State {
        self.text.clear();
        State::Inside
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn commands(pieces: &[&[u8]]) -> Vec<String> {
        let mut scanner = Scanner::default();
        let mut found = Vec::new();
        for piece in pieces {
            scanner.take(piece, |text| found.push(String::from_utf8_lossy(text).into_owned()));
        }
        found
    }

    #[test]
    fn commands_are_found_with_both_ends_however_they_were_cut() {
        let stream = b"a\x1b]9;4;1;5\x07b\x1b]0;t\xc3\xa4\x1b\\c\x1b]\x07";
        let wanted = ["9;4;1;5", "0;t\u{e4}", ""];
        assert_eq!(commands(&[stream]), wanted);
        let single: Vec<&[u8]> = stream.chunks(1).collect();
        assert_eq!(commands(&single), wanted);
    }

    #[test]
    fn what_has_no_end_hides_nothing_that_follows() {
        for stream in [
            &b"\x1b]no end\n\x1b]a\x07"[..],
            b"\x1b]cancelled\x18\x1b]a\x07",
            b"\x1b]cut off\x1b]a\x07",
            b"\x1b]colour\x1b[31m\x1b]a\x07",
            b"\x1b\x1b\x1b]a\x07",
            b"\x1b[31m\x1b\x1b]a\x1b\\",
            b"\x1b]twice\x1b\x1b]a\x07",
            b"\x1bPtmux;\x1b\x1b]a\x07\x1b\\",
        ] {
            assert_eq!(commands(&[stream]), ["a"], "{stream:?}");
        }
        // In UTF-8 these are parts of letters.
        assert!(commands(&[b"\x9da\x9c\xe2\x80\x9d\x07"]).is_empty());
    }

    #[test]
    fn a_command_that_is_too_long_is_passed_over() {
        let text = vec![b'x'; COMMAND_MAX];
        assert_eq!(commands(&[b"\x1b]", &text, b"\x07"]).len(), 1);
        assert_eq!(commands(&[b"\x1b]", &text, b"x\x07\x1b]a\x07"]), ["a"]);
    }

    proptest! {
        #[test]
        fn cuts_change_nothing_in_any_bytes(
            bytes in prop::collection::vec(prop::sample::select(b"\x1b]\\\x07;9a\n\x9d".to_vec()), 0..200),
            size in 1_usize..20,
        ) {
            let cut: Vec<&[u8]> = bytes.chunks(size).collect();
            prop_assert_eq!(commands(&cut), commands(&[&bytes]));
        }
    }
}
