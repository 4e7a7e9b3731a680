//! What is wrong with the watch itself, as long as it is.

use std::collections::BTreeMap;

use crate::api::{Fault, FaultKind};
use crate::store::StorageHealth;

/// At most one fault of each kind, in a fixed order.
#[derive(Debug, Default)]
pub(super) struct Faults {
    present: BTreeMap<u8, Fault>,
}

impl Faults {
    /// Notes a fault, in the place of an earlier one of its kind.
    pub(super) fn set(&mut self, kind: FaultKind, message: impl Into<String>) {
        let _former = self.present.insert(rank(kind), Fault { kind, message: message.into() });
    }

    /// Whether there is a fault of this kind.
    pub(super) fn has(&self, kind: FaultKind) -> bool {
        self.present.contains_key(&rank(kind))
    }

    /// The fault is gone. Returns whether it was there.
    pub(super) fn clear(&mut self, kind: FaultKind) -> bool {
        self.present.remove(&rank(kind)).is_some()
    }

    /// Notes or clears a fault, by how something went.
    pub(super) fn settle<E>(&mut self, kind: FaultKind, result: Result<(), E>, sentence: impl Fn(&E) -> String) {
        match result {
            Ok(()) => {
                let _was_there = self.clear(kind);
            }
            Err(why) => self.set(kind, sentence(&why)),
        }
    }

    /// All of them, the gravest first.
    pub(super) fn list(&self) -> Vec<Fault> {
        self.present.values().cloned().collect()
    }
}

/// What is said while the history cannot be written.
pub(super) fn unwritten(health: &StorageHealth) -> String {
    let why = health.last_error.as_deref().unwrap_or("the reason is not known");
    let held = match health.lost {
        0 => "What happens is held and written later.".to_owned(),
        1 => "What happens is held as far as there is room; 1 entry is lost.".to_owned(),
        lost => format!("What happens is held as far as there is room; {lost} entries are lost."),
    };
    format!("The history cannot be written, and nothing is stopped meanwhile: {why}. {held}")
}

const fn rank(kind: FaultKind) -> u8 {
    match kind {
        FaultKind::Storage => 0,
        FaultKind::Quarantine => 1,
        FaultKind::Config => 2,
        FaultKind::Watch => 3,
        FaultKind::Pings => 4,
        FaultKind::Notifications => 5,
        FaultKind::Tray => 6,
        FaultKind::Awake => 7,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unwritable_history_is_told_with_its_cause_and_what_is_lost() {
        let health = |lost| StorageHealth { ok: false, lost, last_error: Some("the disk is full".to_owned()) };
        let said = "The history cannot be written, and nothing is stopped meanwhile: the disk is full.";
        assert_eq!(unwritten(&health(0)), format!("{said} What happens is held and written later."));
        let lost = "What happens is held as far as there is room; 7 entries are lost.";
        assert_eq!(unwritten(&health(7)), format!("{said} {lost}"));
    }
}
