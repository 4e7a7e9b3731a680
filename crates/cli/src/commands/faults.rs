//! What is wrong with the watch itself, beside what was asked for: on stderr, so that no document changes.

use nightkeep_engine::api::{Fault, FaultKind};
use nightkeep_engine::client::Client;

use crate::console;

/// Tells all of them.
pub(super) fn tell(faults: &[Fault]) {
    for fault in faults {
        console::warn(&fault.message);
    }
}

/// Tells those that the engine shows. One that cannot be asked was asked for something else too, and that is told.
pub(super) async fn tell_all_of(engine: &Client) {
    tell(&shown_by(engine).await);
}

/// Tells those that make a history differ from what happened.
pub(super) async fn tell_of_the_history(engine: &Client) {
    let mut faults = shown_by(engine).await;
    faults.retain(|fault| match fault.kind {
        FaultKind::Storage | FaultKind::Quarantine => true,
        FaultKind::Config
        | FaultKind::Watch
        | FaultKind::Notifications
        | FaultKind::Pings
        | FaultKind::Tray
        | FaultKind::Awake => false,
    });
    tell(&faults);
}

async fn shown_by(engine: &Client) -> Vec<Fault> {
    engine.live().await.map(|live| live.faults).unwrap_or_default()
}
