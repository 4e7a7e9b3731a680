//! What programs tell their terminal: operating system commands (OSC) in captured output.
//!
//! | command | what it says here |
//! | --- | --- |
//! | `9;4;1;N` | progress, in hundredths: an advance when it rises, in a series of its own until `9;4;0` |
//! | `9;4;2`, `9;4;4` | a note: error, paused |
//! | `9;4;0`, `9;4;3` | that it is alive; cleared is no success |
//! | `7501;state=working` | works on; with `progress`, as above |
//! | `7501;state=blocked` | waits for a person |
//! | `7501;state=idle` | waits for something to do |
//! | `7501;state=done`, `error` | what it says of its end |
//! | `9;TEXT`, `777;notify;…`, `99;…;TEXT` | a note |
//! | `133;A` | a prompt of the shell: nothing works or is blocked any longer |
//!
//! Nothing of it is ever shown as it came.

mod record;
mod rise;
mod scanner;
mod status;
#[cfg(test)]
mod tests;

use nightkeep_core::Signal;

use self::record::Report;
use self::rise::Rise;
use self::scanner::Scanner;
use self::status::{Status, next};
use super::{NOTE_CHARS_MAX, Reader};
use crate::clean::clean_text;

/// The most notes that are made of what is read at once.
const NOTES_MAX: usize = 32;

/// A reader of what a program tells its terminal. It needs no configuration.
#[derive(Debug, Default)]
pub struct Osc {
    scanner: Scanner,
    heard: Heard,
}

impl Osc {
    /// A reader at the beginning of the output.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Reader for Osc {
    fn take(&mut self, bytes: &[u8], out: &mut Vec<Signal>) {
        let before = out.len();
        let mut any = false;
        self.heard.notes_left = NOTES_MAX;
        self.scanner.take(bytes, |command| any |= self.heard.command(command, out));
        // Repeating what was said is a sign of life, and no more.
        if any && out.len() == before {
            out.push(Signal::Beat);
        }
    }
}

/// What has been heard so far.
#[derive(Debug, Default)]
struct Heard {
    status: Status,
    bar: Rise,
    /// The state in `9;4`.
    bar_state: u8,
    bars: u64,
    last_note: Option<String>,
    /// How many more notes are made of the bytes at hand.
    notes_left: usize,
}

impl Heard {
    /// Takes one command in, and tells whether it is one that says something of the program.
    fn command(&mut self, command: &[u8], out: &mut Vec<Signal>) -> bool {
        let (number, rest) = split(command);
        match number {
            b"9" => return self.nine(rest, out),
            b"7501" => {
                if let Some(report) = Report::of(rest) {
                    self.status.take(report, out);
                }
            }
            b"777" => match split(rest) {
                (b"notify", text) => self.note(text, out),
                _ => return false,
            },
            b"99" => match split(rest) {
                (how, text) if is_plain_text(how) => self.note(text, out),
                _ => return false,
            },
            b"133" if split(rest).0 == b"A" => self.status.prompt(out),
            _ => return false,
        }
        true
    }

    /// `9` is a note in some terminals and one of many commands in others: those begin with a number.
    fn nine(&mut self, rest: &[u8], out: &mut Vec<Signal>) -> bool {
        match split(rest) {
            (b"4", bar) => self.bar(bar, out),
            (number, _) if !number.is_empty() && number.iter().all(u8::is_ascii_digit) => return false,
            _ => self.note(rest, out),
        }
        true
    }

    fn bar(&mut self, text: &[u8], out: &mut Vec<Signal>) {
        let (state, value) = split(text);
        let value: Option<i64> = str::from_utf8(value).ok().and_then(|value| value.parse().ok());
        let (state, note) = match state {
            b"0" => (0, None),
            b"1" => (1, None),
            b"2" => (2, Some("progress bar: error")),
            b"3" => (3, None),
            b"4" => (4, Some("progress bar: paused")),
            _ => return,
        };
        if state == 0 {
            self.bar = Rise::default();
        }
        if let Some(value) = value.filter(|value| state == 1 && (0..=100).contains(value)) {
            out.extend(self.bar.to(value, || next(&mut self.bars, "9;4")).map(Signal::Advance));
        }
        if std::mem::replace(&mut self.bar_state, state) != state {
            out.extend(note.map(|note| Signal::Note(note.to_owned())));
        }
    }

    fn note(&mut self, text: &[u8], out: &mut Vec<Signal>) {
        let note = clean_text(&String::from_utf8_lossy(text), NOTE_CHARS_MAX);
        if !note.is_empty() && self.notes_left > 0 && self.last_note.as_ref() != Some(&note) {
            self.notes_left -= 1;
            self.last_note = Some(note.clone());
            out.push(Signal::Note(note));
        }
    }
}

/// What stands before the first `;`, and what stands behind it.
fn split(text: &[u8]) -> (&[u8], &[u8]) {
    let mut parts = text.splitn(2, |byte| *byte == b';');
    (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
}

/// Whether `99` brings the text of a notification in plain form: its title, its body, or what is not named.
fn is_plain_text(how: &[u8]) -> bool {
    how.split(|byte| *byte == b':').all(|pair| match pair {
        [b'p', b'=', what @ ..] => matches!(what, b"title" | b"body"),
        [b'e', b'=', encoded @ ..] => encoded == b"0",
        _ => true,
    })
}
