//! macOS and Windows: a program that a person starts has a desktop. Never run.

pub(super) fn missing() -> Option<String> {
    None
}
