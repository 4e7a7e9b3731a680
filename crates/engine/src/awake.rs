//! Keeping the computer awake while runs are active, where the settings want that, and knowing what it draws its power
//! from.

mod power;

#[cfg_attr(all(unix, not(target_os = "macos")), path = "awake/logind.rs")]
#[cfg_attr(not(all(unix, not(target_os = "macos"))), path = "awake/native.rs")]
mod imp;

pub(crate) use power::PowerSource;

/// Held for as long as the computer stays awake for us. The system lets go of it with the process, however that ends.
#[derive(Debug)]
pub(crate) struct KeptAwake {
    _lock: imp::Lock,
}

/// Keeps the computer from going to sleep by itself. Whoever closes its lid or sends it to sleep is obeyed as ever.
///
/// # Errors
/// A fragment that says why it goes to sleep all the same.
pub(crate) async fn keep() -> Result<KeptAwake, String> {
    imp::keep().await.map(|lock| KeptAwake { _lock: lock })
}
