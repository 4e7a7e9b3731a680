//! How the command of a run ended.

use nightkeep_os::{ExecError, ExitStatus};
use serde::{Deserialize, Serialize};

/// How the command of a run ended. It stands in JSON as one of the fields `code`, `signal` and `exec_error`, or as none
/// of them where the system does not tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Fields", into = "Fields")]
pub enum RunEnd {
    /// By itself, with this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// It could not be started at all.
    ExecError(ExecError),
    /// The system does not tell.
    Unknown,
}

#[derive(Serialize, Deserialize)]
struct Fields {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signal: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    exec_error: Option<ExecError>,
}

impl From<ExitStatus> for RunEnd {
    fn from(status: ExitStatus) -> Self {
        match status {
            ExitStatus::Code(code) => Self::Code(code),
            ExitStatus::Signal(signal) => Self::Signal(signal),
            ExitStatus::Unknown => Self::Unknown,
        }
    }
}

impl From<RunEnd> for Fields {
    fn from(end: RunEnd) -> Self {
        let nothing = Self { code: None, signal: None, exec_error: None };
        match end {
            RunEnd::Code(code) => Self { code: Some(code), ..nothing },
            RunEnd::Signal(signal) => Self { signal: Some(signal), ..nothing },
            RunEnd::ExecError(error) => Self { exec_error: Some(error), ..nothing },
            RunEnd::Unknown => nothing,
        }
    }
}

impl From<Fields> for RunEnd {
    fn from(fields: Fields) -> Self {
        match fields {
            Fields { exec_error: Some(error), .. } => Self::ExecError(error),
            Fields { signal: Some(signal), .. } => Self::Signal(signal),
            Fields { code: Some(code), .. } => Self::Code(code),
            Fields { code: None, signal: None, exec_error: None } => Self::Unknown,
        }
    }
}
