//! What can be wrong with a sentinel file. None of it ends the watch.

use crate::marker::{NoFile, Trouble};

/// What is wrong with a sentinel file, as a fragment that reads after "the file cannot be read: ".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Defect {
    /// There is nothing in it, or it ends in the middle: somebody is writing it, as a rule.
    #[error("it is empty or half-written")]
    HalfWritten,
    /// It is not text.
    #[error("it is not UTF-8 text")]
    NotUtf8,
    /// It is not JSON where it should be.
    #[error("it is not JSON")]
    NotJson,
    /// It is whole, and says nothing that can be used.
    #[error("{0}")]
    Unusable(&'static str),
    /// It is larger than such a file can be.
    #[error("it is larger than {bytes_max} bytes")]
    TooLarge {
        /// How large it can be.
        bytes_max: u64,
    },
    /// It is not a file.
    #[error("{}", Trouble::NotAFile(*.0))]
    NotAFile(NoFile),
    /// It may not be read.
    #[error("{}", Trouble::NotPermitted)]
    NotPermitted,
    /// The system could not read it for another reason.
    #[error("{0}")]
    Failed(String),
}

impl Defect {
    /// Whether it is what a writer leaves for a moment who does not swap the file in whole: look again soon, and
    /// believe it only when it stays.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::HalfWritten | Self::NotUtf8 | Self::NotJson => true,
            Self::Unusable(_) | Self::TooLarge { .. } | Self::NotAFile(_) | Self::NotPermitted | Self::Failed(_) => {
                false
            }
        }
    }

    /// What kept a file from being opened or read.
    pub(super) fn of(trouble: &Trouble, bytes_max: u64) -> Self {
        match trouble {
            Trouble::NotAFile(other) => Self::NotAFile(*other),
            Trouble::NotPermitted => Self::NotPermitted,
            Trouble::TooLarge => Self::TooLarge { bytes_max },
            Trouble::NotUtf8 => Self::NotUtf8,
            Trouble::Empty => Self::HalfWritten,
            Trouble::NotJson => Self::NotJson,
            Trouble::NoStep(what) => Self::Unusable(what),
            Trouble::Missing | Trouble::NoDirectory | Trouble::Failed(_) | Trouble::NotWatched => {
                Self::Failed(trouble.to_string())
            }
        }
    }
}
