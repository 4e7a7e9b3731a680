//! Why a command ends with another exit code than 0, and how it is said.

use nightkeep_engine::api::{ApiError, ErrorCode};
pub use nightkeep_engine::words::chain;

/// A failed request.
pub const FAILED: u8 = 1;
/// A command line that cannot be meant.
pub const USAGE: u8 = 2;

/// Why a command did not do what it was asked to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The exit code.
    pub code: u8,
    /// One lowercase line; nothing is said when it is empty.
    pub message: String,
    /// What to do about it, in one line.
    pub hint: Option<String>,
}

impl Failure {
    /// A request that failed.
    pub fn new(message: impl Into<String>) -> Self {
        Self { code: FAILED, message: message.into(), hint: None }
    }

    /// A command line that cannot be meant.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { code: USAGE, message: message.into(), hint: None }
    }

    /// An end with an exit code about which everything was said.
    #[must_use]
    pub const fn silent(code: u8) -> Self {
        Self { code, message: String::new(), hint: None }
    }

    /// The same failure with what to do about it.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What goes to stderr: one line, and a second one with what to do.
    #[must_use]
    pub fn text(&self) -> String {
        let hint = self.hint.as_ref().map(|hint| format!("hint: {hint}\n"));
        if self.message.is_empty() {
            String::new()
        } else {
            format!("error: {}\n{}", one_line(&self.message), hint.unwrap_or_default())
        }
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        let ApiError { code, message, hint, field } = error;
        let message = match field {
            Some(field) if !message.contains(&field) => format!("`{field}`: {message}"),
            Some(_) | None => message,
        };
        let hint = hint.or_else(|| usual_hint(code).map(str::to_owned));
        Self { code: FAILED, message, hint }
    }
}

fn usual_hint(code: ErrorCode) -> Option<&'static str> {
    match code {
        ErrorCode::NotFound => Some("see `nightkeep job list`, `nightkeep status` and `nightkeep history`"),
        ErrorCode::Unreachable | ErrorCode::Storage => Some("see `nightkeep doctor`"),
        ErrorCode::Version => Some("run `nightkeep engine --stop`; its runs go on"),
        ErrorCode::Internal => Some("see the engine's log; `nightkeep doctor` says where it is"),
        ErrorCode::Invalid | ErrorCode::Conflict | ErrorCode::CannotStart | ErrorCode::NotPermitted => None,
    }
}

/// What the parser of the command line says, in one line and a hint.
pub fn of_usage(said: &str) -> Failure {
    let mut paragraphs = said.split("\n\n");
    let message = paragraphs.next().unwrap_or_default();
    let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut hint = None;
    for paragraph in paragraphs {
        if let Some(tip) = paragraph.trim().strip_prefix("tip: ") {
            hint = Some(tip.lines().next().unwrap_or_default().to_owned());
        } else if let (None, Some(usage)) = (&hint, paragraph.trim().strip_prefix("Usage: ")) {
            hint = Some(format!("write `{}`", usage.lines().next().unwrap_or_default()));
        }
    }
    let failure = Failure::usage(message.strip_prefix("error: ").unwrap_or(&message));
    failure.with_hint(hint.unwrap_or_else(|| "add `--help` to see what can be said".to_owned()))
}

/// A sentence of the window as a line of the terminal: without its capital and its full stop.
pub fn fragment(sentence: &str) -> String {
    let sentence = sentence.trim().trim_end_matches('.');
    let mut characters = sentence.chars();
    match (characters.next(), characters.clone().next()) {
        // Not the capitals of a name such as `API`.
        (Some(first), Some(second)) if first.is_uppercase() && !second.is_uppercase() => {
            first.to_lowercase().chain(characters).collect()
        }
        _ => sentence.to_owned(),
    }
}

fn one_line(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_one_line_and_a_hint() {
        let failure = Failure::new("cannot read\n  the file").with_hint("look again");
        assert_eq!(failure.text(), "error: cannot read; the file\nhint: look again\n");
    }

    #[test]
    fn the_field_at_fault_is_named_once() {
        let fault = |message: &str| ApiError::new(ErrorCode::Invalid, message).at_field("name");
        assert_eq!(Failure::from(fault("is taken")).message, "`name`: is taken");
        assert_eq!(Failure::from(fault("the name is taken")).message, "the name is taken");
    }

    #[test]
    fn a_sentence_becomes_a_line_and_names_keep_their_capitals() {
        assert_eq!(fragment("No progress for 45 min. All ended."), "no progress for 45 min. All ended");
        assert_eq!(fragment("API version 2"), "API version 2");
        assert_eq!(fragment(""), "");
    }

    #[test]
    fn an_end_about_which_everything_was_said_says_nothing() {
        assert_eq!(Failure::silent(1).text(), "");
    }
}
