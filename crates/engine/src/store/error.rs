//! What can go wrong with the store, as types.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{ErrorCode, ffi};

/// A failure of the store. One failed transaction is reported to everybody who was in it, so it can be cloned.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The file was written by a later version; it was not touched.
    #[error(
        "the history `{path}` was written by a later version (schema {found}, this one knows {known}) and was not touched",
        path = path.display()
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest schema that is known.
        known: i64,
        /// The program that wrote it, where it says so.
        program: Option<String>,
    },
    /// The file or its directory may not be written.
    #[error("the history `{path}` cannot be written", path = path.display())]
    NotWritable {
        /// The database.
        path: PathBuf,
        /// What SQLite says.
        #[source]
        source: Arc<rusqlite::Error>,
    },
    /// There is no room left.
    #[error("the disk of the history is full")]
    Full {
        /// What SQLite says.
        #[source]
        source: Arc<rusqlite::Error>,
    },
    /// The file is damaged; the next start sets it aside.
    #[error("the history is damaged and is set aside when the engine starts again")]
    Damaged {
        /// What SQLite says.
        #[source]
        source: Arc<rusqlite::Error>,
    },
    /// Another failure of SQLite.
    #[error("SQLite failed while {doing}")]
    Sqlite {
        /// What was being done, as a participle.
        doing: &'static str,
        /// What SQLite says.
        #[source]
        source: Arc<rusqlite::Error>,
    },
    /// A failure of the file system.
    #[error("`{path}` failed while {doing}", path = path.display())]
    Io {
        /// What was being done, as a participle.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: Arc<io::Error>,
    },
    /// The schema could not be brought up to date.
    #[error("the schema of the history cannot be brought up to date")]
    Migration {
        /// What went wrong.
        #[source]
        source: Arc<rusqlite_migration::Error>,
    },
    /// An entry, or what was folded from it, cannot be written as JSON or read back.
    #[error("a `{what}` cannot be stored as JSON")]
    Json {
        /// Of what.
        what: &'static str,
        /// What went wrong.
        #[source]
        source: Arc<serde_json::Error>,
    },
    /// Nothing is registered under this number.
    #[error("there is no run {run}")]
    UnknownRun {
        /// The number.
        run: u64,
    },
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// Sorts what SQLite says while `doing` something with the database at `path`.
    pub(super) fn sqlite(doing: &'static str, path: &Path, source: rusqlite::Error) -> Self {
        let code = source.sqlite_error_code();
        let source = Arc::new(source);
        match code {
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                Self::NotWritable { path: path.to_owned(), source }
            }
            Some(ErrorCode::DiskFull) => Self::Full { source },
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged { source },
            Some(_) | None => Self::Sqlite { doing, source },
        }
    }

    /// Sorts what the file system says while `doing` something with `path`.
    pub(super) fn io(doing: &'static str, path: &Path, source: io::Error) -> Self {
        let said = |code, extended_code| {
            Arc::new(rusqlite::Error::SqliteFailure(ffi::Error { code, extended_code }, Some(source.to_string())))
        };
        let kind = source.kind();
        if matches!(kind, io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem) {
            let source = said(ErrorCode::CannotOpen, ffi::SQLITE_CANTOPEN);
            return Self::NotWritable { path: path.to_owned(), source };
        }
        if matches!(kind, io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
            return Self::Full { source: said(ErrorCode::DiskFull, ffi::SQLITE_FULL) };
        }
        Self::Io { doing, path: path.to_owned(), source: Arc::new(source) }
    }

    pub(super) fn json(what: &'static str) -> impl FnOnce(serde_json::Error) -> Self {
        move |source| Self::Json { what, source: Arc::new(source) }
    }

    /// Whether it is the fault of what was to be written, so that trying again is in vain.
    pub(super) fn is_of_the_entry(&self) -> bool {
        match self {
            Self::Json { .. } | Self::UnknownRun { .. } => true,
            Self::Sqlite { doing: _, source } => matches!(
                source.sqlite_error_code(),
                Some(ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch | ErrorCode::TooBig)
            ),
            Self::Newer { .. } | Self::NotWritable { .. } | Self::Full { .. } | Self::Damaged { .. } => false,
            Self::Io { .. } | Self::Migration { .. } | Self::Closed => false,
        }
    }

    /// Whether it is the fault of the place: nothing is wrong with the history, it just cannot be written there.
    pub(super) fn is_of_the_place(&self) -> bool {
        match self {
            Self::NotWritable { .. } | Self::Full { .. } => true,
            Self::Sqlite { doing: _, source } => matches!(
                source.sqlite_error_code(),
                Some(ErrorCode::SystemIoFailure | ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
            ),
            Self::Newer { .. } | Self::Damaged { .. } | Self::Io { .. } | Self::Migration { .. } => false,
            Self::Json { .. } | Self::UnknownRun { .. } | Self::Closed => false,
        }
    }

    /// Whether somebody was killed within a transaction, which a connection that only reads may not undo.
    pub(super) fn is_cut_off(&self) -> bool {
        let Self::NotWritable { path: _, source } = self else { return false };
        source.sqlite_error().is_some_and(|error| error.extended_code == ffi::SQLITE_READONLY_ROLLBACK)
    }

    /// What a person can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Newer { program: Some(program), .. } => Some(format!("install Nightkeep {program} or later")),
            Self::Newer { program: None, .. } => Some("install the later version of Nightkeep again".to_owned()),
            Self::NotWritable { path, .. } => {
                Some(format!("make `{}` and its folder yours and writable; runs go on meanwhile", path.display()))
            }
            Self::Full { .. } => Some("free some space; runs go on meanwhile".to_owned()),
            Self::Damaged { .. } => Some("start the engine again: it sets the file aside and keeps it".to_owned()),
            Self::Sqlite { .. } | Self::Io { .. } | Self::Migration { .. } | Self::Json { .. } => None,
            Self::UnknownRun { .. } | Self::Closed => None,
        }
    }

    /// The failure with all its causes in one line, for a fault or a log.
    #[must_use]
    pub fn with_causes(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            let said = error.to_string();
            // SQLite says the same again, under a number.
            if !matches!(self, Self::Full { .. }) && !said.starts_with("Error code ") {
                text.push_str(": ");
                text.push_str(&said);
            }
            cause = error.source();
        }
        text
    }
}
