//! Errors as surfaces see them: a code to switch on, a sentence to show, and what to do.

use serde::{Deserialize, Serialize};

/// What kind of failure it is. Surfaces switch on this and never on the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum ErrorCode {
    /// Nothing goes by that name or number.
    NotFound,
    /// The request cannot be meant; `field` says where.
    Invalid,
    /// It cannot be done in the present state (already running, already ended, …).
    Conflict,
    /// The program of a job could not be started.
    CannotStart,
    /// The file or directory may not be read or written.
    NotPermitted,
    /// The history cannot be written.
    Storage,
    /// Client and engine speak different versions of the API.
    Version,
    /// The engine cannot be reached or started.
    Unreachable,
    /// A bug, or something nobody thought of.
    Internal,
}

/// A failed request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema, thiserror::Error)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[error("{message}")]
pub struct ApiError {
    /// What kind of failure it is.
    pub code: ErrorCode,
    /// One lowercase fragment without a final full stop.
    pub message: String,
    /// What to do about it, in one line.
    pub hint: Option<String>,
    /// The field of the request that is at fault.
    pub field: Option<String>,
}

impl ApiError {
    /// An error with a code and a message.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None, field: None }
    }

    /// The same error with what to do about it.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same error with the field that is at fault.
    #[must_use]
    pub fn at_field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }
}
