//! A database that cannot be used is set aside, never deleted.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::error::StoreError;
use super::{backup, schema};

/// What was set aside, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantine {
    /// Where the database is; its log, shared memory and journal are beside it under the same name.
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

/// Renames the database at `path` with all that belongs to it, and puts the newest good backup in its place. A number that
/// was given to a run is not given again because of it.
pub(super) fn set_aside(path: &Path, why: String, stamp: &str) -> Result<Quarantine, StoreError> {
    let ready = backup::prepare(path, salvage_next_run(path), stamp)?;
    let moved_to = free_name(path, stamp);
    // The database last: if this is cut off half-way, the next start finds it again and sets it aside.
    for suffix in ["-wal", "-shm", "-journal", ""] {
        let (from, to) = (backup::beside(path, suffix), backup::beside(&moved_to, suffix));
        match fs::rename(&from, &to) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(source) => return Err(StoreError::io("setting a damaged history aside", &from, source)),
        }
    }
    let restored_from = ready.map(|ready| ready.put_into_place(path)).transpose()?.flatten();
    Ok(Quarantine { moved_to, why, restored_from })
}

/// The smallest number that the next run may have, as far as a damaged file tells.
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

#[cfg(test)]
mod tests {
    use nightkeep_core::time::Wall;

    use super::*;
    use crate::store::Store;
    use crate::store::entry::{Registration, Stamp};

    /// Two runs, a backup between them if one is wanted, and a damage; the engine is killed as soon as something has taken
    /// the place of the file. The number that the next run gets.
    fn next_after_a_cut_off_restore(has_backup: bool) -> u64 {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("nightkeep.db");
        let at = Stamp { at_wall_ms: 1, at_awake_ms: 1, boot: "boot".to_owned() };
        let mut store = Store::open(&path, Wall::from_ms(0)).unwrap().store;
        assert_eq!(store.register(&at, &Registration::plain("first")).unwrap(), 1);
        if has_backup {
            store.back_up(Wall::from_ms(1_763_772_372_000)).unwrap();
        }
        assert_eq!(store.register(&at, &Registration::plain("second")).unwrap(), 2);
        store.close().unwrap();

        let notice = set_aside(&path, "damaged".to_owned(), "20251122T000000Z").unwrap();
        assert_eq!(notice.restored_from.is_some(), has_backup);
        let mut store = Store::open(&path, Wall::from_ms(0)).unwrap().store;
        store.register(&at, &Registration::plain("third")).unwrap()
    }

    #[test]
    fn no_number_is_given_anew_when_a_restore_is_cut_off() {
        assert_eq!(next_after_a_cut_off_restore(true), 3);
        assert_eq!(next_after_a_cut_off_restore(false), 3);
    }
}
