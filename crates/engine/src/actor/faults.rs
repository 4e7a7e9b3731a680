//! What is wrong with the watch itself, as long as it is.

use std::collections::BTreeMap;

use crate::api::{Fault, FaultKind};

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

    /// The fault is gone.
    pub(super) fn clear(&mut self, kind: FaultKind) {
        let _gone = self.present.remove(&rank(kind));
    }

    /// Notes or clears a fault, by how something went.
    pub(super) fn settle<E>(&mut self, kind: FaultKind, result: Result<(), E>, sentence: impl Fn(&E) -> String) {
        match result {
            Ok(()) => self.clear(kind),
            Err(why) => self.set(kind, sentence(&why)),
        }
    }

    /// All of them, the gravest first.
    pub(super) fn list(&self) -> Vec<Fault> {
        self.present.values().cloned().collect()
    }
}

const fn rank(kind: FaultKind) -> u8 {
    match kind {
        FaultKind::Storage => 0,
        FaultKind::Quarantine => 1,
        FaultKind::Config => 2,
        FaultKind::Watch => 3,
        FaultKind::Notifications => 4,
    }
}
