//! macOS and Windows: the process asks for itself. Never run.

/// What the system lets go of with the process.
pub(super) type Lock = nightkeep_os::KeptAwake;

pub(super) async fn keep() -> Result<Lock, String> {
    match tokio::task::spawn_blocking(nightkeep_os::keep_awake).await {
        Ok(asked) => asked.map_err(|fault| format!("the system does not keep it awake: {fault}")),
        Err(_) => Err("nobody could ask the system".to_owned()),
    }
}
