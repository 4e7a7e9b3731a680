//! The removal of what was left of a run that is over.

use serde::{Deserialize, Serialize};

/// It was begun then, and is not known to have failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removal {
    /// When, in milliseconds since the Unix epoch.
    pub at_wall_ms: i64,
    /// Whether its whole folder went, not only its output.
    pub folder: bool,
}
