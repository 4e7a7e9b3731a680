//! The removal of what was left of a run that is over.

use serde::{Deserialize, Serialize};

/// What was begun to be removed, and is not known to be there still. In milliseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Removal {
    /// When its output went by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    output_wall_ms: Option<i64>,
    /// When its folder went, with all that was in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    folder_wall_ms: Option<i64>,
}

impl Removal {
    /// Whether nothing was removed.
    pub(super) fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// When its output went, by itself or with its folder.
    #[must_use]
    pub fn of_output(&self) -> Option<i64> {
        self.output_wall_ms.or(self.folder_wall_ms)
    }

    pub(super) fn begin(&mut self, folder: bool, at_wall_ms: i64) {
        let went = if folder { &mut self.folder_wall_ms } else { &mut self.output_wall_ms };
        *went = Some(at_wall_ms);
    }

    /// What was begun last came to nothing.
    pub(super) fn take_back(&mut self) {
        if self.folder_wall_ms.take().is_none() {
            self.output_wall_ms = None;
        }
    }
}
