//! The only place that writes to the terminal. Data goes to stdout, everything else to stderr. Names and commands are
//! shown, never obeyed; JSON holds them as they are.

use std::io::{self, IsTerminal, Write};

use nightkeep_engine::clean::harmless;
use serde::Serialize;

use crate::failure::Failure;

/// The width of a table that goes to a file or a pipe.
const WIDTH_WITHOUT_TERMINAL: u16 = 120;
/// No table is made narrower than this.
const WIDTH_MIN: u16 = 40;

/// Writes data.
///
/// # Errors
/// Nobody reads it any longer: not worth a word, as for every program in a pipe. Or it cannot be written.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    print_bytes(harmless(text).as_bytes())
}

/// Writes what a terminal is to obey, and then data.
///
/// # Errors
/// As [`print()`].
pub(crate) fn print_after(steering: &str, text: &str) -> Result<(), Failure> {
    print_bytes(format!("{steering}{}", harmless(text)).as_bytes())
}

/// Writes data that need not be text.
///
/// # Errors
/// As [`print()`].
pub(crate) fn print_bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(()),
        Err(cause) if cause.kind() == io::ErrorKind::BrokenPipe => Err(Failure::silent(0)),
        Err(cause) => Err(Failure::new(format!("stdout cannot be written: {cause}"))),
    }
}

/// Writes one JSON document.
///
/// # Errors
/// As [`print()`].
pub(crate) fn print_json(document: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(document)
        .map_err(|cause| Failure::new(format!("the document cannot be written as JSON: {cause}")))?;
    print_bytes(format!("{text}\n").as_bytes())
}

/// Writes what is no data. Nothing can be done when nobody hears it.
pub(crate) fn tell(text: &str) {
    drop(io::stderr().lock().write_all(harmless(text).as_bytes()));
}

/// Says that something is not as it should be, while the command goes on.
pub(crate) fn warn(text: &str) {
    tell(&format!("warning: {text}\n"));
}

/// How wide a table may be.
#[must_use]
pub(crate) fn width() -> u16 {
    let columns = if io::stdout().is_terminal() { terminal_width() } else { None };
    columns.unwrap_or(WIDTH_WITHOUT_TERMINAL).max(WIDTH_MIN)
}

fn terminal_width() -> Option<u16> {
    terminal_size::terminal_size().map(|(width, _)| width.0)
}

/// Whether a person reads what is printed.
#[must_use]
pub(crate) fn is_read_by_a_person() -> bool {
    io::stdout().is_terminal()
}
