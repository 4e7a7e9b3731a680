//! macOS and Windows have neither limits of file watching nor a session bus. Never run.

use super::Check;

pub(super) fn limits() -> Vec<Check> {
    Vec::new()
}

#[expect(clippy::unused_async, reason = "the signature is that of the other systems")]
pub(super) async fn desktop() -> Vec<Check> {
    Vec::new()
}
