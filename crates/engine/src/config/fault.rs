//! What is wrong with `config.toml`, and where.

/// The first thing in the text that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct ConfigFault {
    /// The line, from 1.
    pub line: u32,
    /// The character in the line, from 1.
    pub column: u32,
    /// One lowercase fragment; the key that is at fault stands first in it.
    pub message: String,
}

impl ConfigFault {
    /// A fault at a byte of the text; without one, at its beginning.
    pub(super) fn at(text: &str, offset: Option<usize>, message: String) -> Self {
        let before = text.get(..offset.unwrap_or(0)).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let lines = before.matches('\n').count();
        let characters = before.get(line_start..).unwrap_or_default().chars().count();
        let count = |n: usize| u32::try_from(n + 1).unwrap_or(u32::MAX);
        Self { line: count(lines), column: count(characters), message }
    }
}
