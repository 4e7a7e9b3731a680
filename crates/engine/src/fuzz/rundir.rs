//! The records in the directory of a run.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::rundir::{Exit, Spec, Started};

pub(super) fn read(bytes: &[u8]) {
    same_again::<Started>(bytes);
    same_again::<Exit>(bytes);
    same_again::<Spec>(bytes);
}

/// What was read is written as what is read as the same.
fn same_again<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(bytes: &[u8]) {
    let Ok(record) = serde_json::from_slice::<T>(bytes) else { return };
    let written = serde_json::to_vec(&record).expect("what was read can be written");
    assert_eq!(serde_json::from_slice::<T>(&written).ok(), Some(record));
}
