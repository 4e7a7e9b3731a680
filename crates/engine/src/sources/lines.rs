//! Whole lines out of bytes that come in pieces.

use nightkeep_core::Signal;

use super::{Begun, Reader};

/// The longest line that is looked at, in bytes. Streams of coding agents have lines of tens of kilobytes; a longer one
/// says no more than that something was written.
pub const LINE_MAX: usize = 8 * 1024 * 1024;

/// What makes signals of whole lines.
pub trait LineReader: Send {
    /// Takes one line in, without its end, and appends what it says.
    fn line(&mut self, line: &[u8], out: &mut Vec<Signal>);

    /// Takes back what an earlier reader had told to have begun, and no end of it.
    fn go_on_with(&mut self, _open: &[Begun]) {}
}

/// A reader of whole lines, each of which is a beat at least.
#[derive(Debug, Default)]
pub struct Lines<R> {
    reader: R,
    /// The beginning of a line whose end is not there yet.
    begun: Vec<u8>,
    /// The present line is longer than it may be; the rest of it is passed over.
    too_long: bool,
    /// Whether a carriage return ends a line as well.
    returns: bool,
}

impl<R: LineReader> Lines<R> {
    /// Lines for `reader`.
    pub const fn new(reader: R) -> Self {
        Self { reader, begun: Vec::new(), too_long: false, returns: false }
    }

    /// Lines for `reader` that end with a carriage return as well: progress bars overwrite one line for hours. Behind
    /// such an end, a line feed ends an empty line.
    pub const fn with_returns(reader: R) -> Self {
        Self { reader, begun: Vec::new(), too_long: false, returns: true }
    }

    fn end_line(&mut self, out: &mut Vec<Signal>) {
        if self.too_long {
            out.push(Signal::Beat);
        } else {
            self.reader.line(self.begun.strip_suffix(b"\r").unwrap_or(&self.begun), out);
        }
        // A long line is rare: its memory is given back.
        self.begun = Vec::new();
        self.too_long = false;
    }

    fn go_on(&mut self, piece: &[u8]) {
        if self.too_long || self.begun.len() + piece.len() > LINE_MAX {
            self.too_long = true;
            self.begun = Vec::new();
        } else {
            self.begun.extend_from_slice(piece);
        }
    }
}

impl<R: LineReader> Reader for Lines<R> {
    fn go_on_with(&mut self, open: &[Begun]) {
        self.reader.go_on_with(open);
    }

    fn take(&mut self, bytes: &[u8], out: &mut Vec<Signal>) {
        let returns = self.returns;
        for (n, piece) in bytes.split(|byte| *byte == b'\n' || (returns && *byte == b'\r')).enumerate() {
            if n > 0 {
                self.end_line(out);
            }
            self.go_on(piece);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Says each line again.
    #[derive(Default)]
    struct Echo;

    impl LineReader for Echo {
        fn line(&mut self, line: &[u8], out: &mut Vec<Signal>) {
            out.push(Signal::Note(String::from_utf8_lossy(line).into_owned()));
        }
    }

    fn read(pieces: &[&[u8]]) -> Vec<Signal> {
        let mut lines = Lines::new(Echo);
        let mut out = Vec::new();
        for piece in pieces {
            lines.take(piece, &mut out);
        }
        out
    }

    fn note(text: &str) -> Signal {
        Signal::Note(text.to_owned())
    }

    #[test]
    fn a_line_is_read_once_its_end_is_there_however_it_was_cut() {
        let wanted = [note("one"), note(""), note("two")];
        assert_eq!(read(&[b"one\r\n\ntwo\nthr"]), wanted);
        let single: Vec<&[u8]> = b"one\r\n\ntwo\nthr".chunks(1).collect();
        assert_eq!(read(&single), wanted);
    }

    #[test]
    fn a_line_that_is_too_long_is_a_beat_and_the_next_one_is_read() {
        let long = vec![b'x'; LINE_MAX];
        assert_eq!(read(&[&long, b"yy", b"\nnext\n"]), [Signal::Beat, note("next")]);
        assert_eq!(read(&[&long, b"\nnext\n"]).len(), 2, "one that just fits is read");
    }
}
