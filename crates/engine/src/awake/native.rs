//! macOS and Windows, where Nightkeep does not do it. Never run.

/// Nothing is held.
pub(super) type Lock = ();

#[expect(clippy::unused_async, reason = "other systems have to ask")]
pub(super) async fn keep() -> Result<Lock, String> {
    Err("Nightkeep cannot do that on this system".to_owned())
}
