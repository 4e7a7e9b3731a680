//! A database that cannot be used is set aside, never deleted.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::error::StoreError;
use super::{backup, schema};

/// What was set aside, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantine {
    /// Where the database is; its log and shared memory are beside it under the same name.
    pub moved_to: PathBuf,
    /// Why, as a fragment.
    pub why: String,
    /// The backup that took its place; without one the history begins anew.
    pub restored_from: Option<PathBuf>,
}

impl Quarantine {
    /// What happened, in one or two sentences for people.
    #[must_use]
    pub fn message(&self) -> String {
        let Self { moved_to, why, restored_from } = self;
        let set_aside = format!("The history could not be used ({why}) and was set aside as `{}`.", moved_to.display());
        match restored_from {
            Some(copy) => format!("{set_aside} The backup `{}` took its place.", copy.display()),
            None => format!("{set_aside} There was no good backup, so the history begins anew."),
        }
    }
}

/// What was set aside, and the smallest number that the next run may have, as far as the damaged file tells.
pub(super) struct SetAside {
    pub(super) notice: Quarantine,
    pub(super) next_run: i64,
}

/// How many runs may have got a number since the backup that takes the place of a file that does not tell.
const NUMBERS_SKIPPED: i64 = 1000;

/// Renames the database at `path` with all that belongs to it, and puts the newest good backup in its place.
pub(super) fn set_aside(path: &Path, why: String, stamp: &str) -> Result<SetAside, StoreError> {
    let ready = backup::prepare(path)?;
    let told = salvage_next_run(path);
    let of_backup = ready.as_ref().and_then(|ready| salvage_next_run(ready.path())).unwrap_or(1);
    let next_run = match (told, &ready) {
        (Some(told), _) => told.max(of_backup),
        (None, Some(_)) => of_backup.saturating_add(NUMBERS_SKIPPED),
        (None, None) => 1,
    };
    let moved_to = free_name(path, stamp);
    // The database last: if this is cut off half-way, the next start finds it again and sets it aside.
    for suffix in ["-wal", "-shm", ""] {
        let (from, to) = (backup::beside(path, suffix), backup::beside(&moved_to, suffix));
        match fs::rename(&from, &to) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(source) => return Err(StoreError::io("setting a damaged history aside", &from, source)),
        }
    }
    let restored_from = ready.map(|ready| ready.put_into_place(path)).transpose()?;
    Ok(SetAside { notice: Quarantine { moved_to, why, restored_from }, next_run })
}

/// A number that was given to a run must not be given again because the file was damaged. `None`: it does not tell.
fn salvage_next_run(damaged: &Path) -> Option<i64> {
    let db = Connection::open_with_flags(damaged, OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?;
    let id: i32 = db.pragma_query_value(None, "application_id", |row| row.get(0)).ok()?;
    if id == schema::APPLICATION_ID { schema::meta(&db, "next_run").ok() } else { None }
}

fn free_name(path: &Path, stamp: &str) -> PathBuf {
    let first = backup::beside(path, &format!(".corrupt-{stamp}"));
    let others = (2..).map(|n| backup::beside(path, &format!(".corrupt-{stamp}-{n}")));
    std::iter::once(first).chain(others).find(|name| !name.exists()).expect("numbers do not run out")
}
