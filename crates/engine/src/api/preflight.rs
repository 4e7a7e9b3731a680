//! What is looked at before a job is left alone with the night.

use serde::{Deserialize, Serialize};

/// What is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum CheckName {
    /// The program is there and may be executed.
    Program,
    /// The interpreter that a script asks for is there.
    Interpreter,
    /// The folder in which it runs is there.
    Folder,
    /// The folder of the marker is there.
    MarkerFolder,
    /// The marker can be read.
    Marker,
    /// The limits fit together.
    Limits,
    /// Everything else that is said of the job.
    Configuration,
    /// The service outside that the job needs answers.
    Service,
}

impl CheckName {
    /// For people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Program => "program",
            Self::Interpreter => "interpreter",
            Self::Folder => "folder",
            Self::MarkerFolder => "marker's folder",
            Self::Marker => "marker",
            Self::Limits => "limits",
            Self::Configuration => "configuration",
            Self::Service => "service",
        }
    }
}

/// What came of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum CheckResult {
    /// As it should be.
    Ok,
    /// It may be meant, and should be known.
    Warn,
    /// A run would fail, or be judged wrongly.
    Fail,
}

/// One check of `POST /v1/preflight` and of `nightkeep job test --json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct JobCheck {
    /// What was checked.
    pub check: CheckName,
    /// What came of it.
    pub ok: CheckResult,
    /// Why, as a sentence.
    pub says: String,
}
