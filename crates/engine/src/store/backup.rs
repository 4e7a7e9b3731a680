//! Copies of the database beside it, made by SQLite itself, so that they are whole even while it is written to.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::backup::Backup;
use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};

use super::error::StoreError;
use super::{open, private, schema};

/// How many copies are kept.
pub(super) const BACKUPS_MAX: usize = 3;

/// All of them: a copy of a log's readers holds nobody up, and one that is made in parts begins anew at every write.
const PAGES_AT_ONCE: std::ffi::c_int = std::ffi::c_int::MAX;

/// What a copy is called that only has to be put into its place.
const READY: &str = ".restore-ready";

/// Copies the database `db` at `path` to `path.backup-STAMP` and forgets all but the newest copies.
pub(super) fn make(db: &Connection, path: &Path, stamp: &str) -> Result<PathBuf, StoreError> {
    let aside = beside(path, ".backup-unfinished");
    remove(&aside)?;
    // What is left of a copy that failed takes up the room that may have been missing.
    let copied = copy(db, &aside).and_then(|()| if is_good(&aside) { Ok(()) } else { Err(damaged()) });
    copied.or_else(|error| remove(&aside).and(Err(error)))?;
    let kept = copy_named(path, stamp);
    fs::rename(&aside, &kept).map_err(|source| StoreError::io("keeping a backup", &kept, source))?;
    for old in list_at(path, stamp).into_iter().skip(BACKUPS_MAX) {
        remove(&old)?;
    }
    Ok(kept)
}

/// A copy of a damaged file must not push out one of the good ones.
fn damaged() -> StoreError {
    let code = ffi::Error { code: ErrorCode::DatabaseCorrupt, extended_code: ffi::SQLITE_CORRUPT };
    let source = rusqlite::Error::SqliteFailure(code, Some("its copy does not pass the check".to_owned()));
    StoreError::Damaged { source: Arc::new(source) }
}

/// The name of the copy that is made at `stamp`.
pub(super) fn copy_named(path: &Path, stamp: &str) -> PathBuf {
    beside(path, &format!(".backup-{stamp}"))
}

fn copy(db: &Connection, aside: &Path) -> Result<(), StoreError> {
    private::create(aside).map_err(|source| StoreError::io("creating a backup", aside, source))?;
    let failed = |source| StoreError::sqlite("making a backup", aside, source);
    let mut copy = Connection::open_with_flags(aside, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(failed)?;
    Backup::new(db, &mut copy)
        .and_then(|backup| backup.run_to_completion(PAGES_AT_ONCE, Duration::ZERO, None))
        .map_err(failed)?;
    // A copy stands alone: without a log beside it, it can be read where nothing may be written.
    copy.pragma_update(None, "journal_mode", "DELETE").map_err(failed)?;
    copy.close().map_err(|(_, source)| failed(source))
}

/// The copies of the database at `path`, newest first. One that is dated later than `stamp` was made while the clock was
/// ahead: nobody knows how old it is, so it comes last.
pub(super) fn list_at(path: &Path, stamp: &str) -> Vec<PathBuf> {
    let now = copy_named(path, stamp);
    let (later, mut found): (Vec<PathBuf>, Vec<PathBuf>) = list(path).into_iter().partition(|copy| *copy > now);
    found.extend(later);
    found
}

/// The copies of the database at `path`, by the dates in their names, newest first.
pub(super) fn list(path: &Path) -> Vec<PathBuf> {
    let (Some(directory), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
        return Vec::new();
    };
    let prefix = format!("{name}.backup-2");
    let mut found: Vec<PathBuf> = fs::read_dir(directory)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|file| file.file_name().to_str().is_some_and(|name| name.starts_with(&prefix)))
        .map(|file| file.path())
        .collect();
    found.sort_unstable();
    found.reverse();
    found
}

/// A history that only has to be put into its place.
pub(super) struct Ready {
    /// The backup that it is a copy of; without one it is empty.
    from: Option<PathBuf>,
    ready: PathBuf,
}

/// How many runs may have got a number since the backup that takes the place of a file that does not tell.
const NUMBERS_SKIPPED: i64 = 1000;

/// Makes a copy of the newest good backup beside the database, or an empty history if there is none: when the disk is full,
/// that fails before anything was moved. It gives no run a number below `next_run`, which is what the damaged file tells,
/// and says so itself, because the rest may be cut off. `None`: nothing is known that has to be kept.
pub(super) fn prepare(path: &Path, next_run: Option<i64>, stamp: &str) -> Result<Option<Ready>, StoreError> {
    let from = list_at(path, stamp).into_iter().find(|copy| is_good(copy));
    if from.is_none() && next_run.is_none() {
        return Ok(None);
    }
    let aside = beside(path, ".restore-unfinished");
    remove(&aside)?;
    let made = make_ready(&aside, from.as_deref(), next_run);
    made.or_else(|error| remove(&aside).and(Err(error)))?;
    let ready = beside(path, READY);
    fs::rename(&aside, &ready).map_err(|source| StoreError::io("restoring a backup", &ready, source))?;
    Ok(Some(Ready { from, ready }))
}

fn make_ready(aside: &Path, from: Option<&Path>, next_run: Option<i64>) -> Result<(), StoreError> {
    let failed = |source| StoreError::io("restoring a backup", aside, source);
    private::create(aside).map_err(failed)?;
    if let Some(from) = from {
        fs::copy(from, aside).map(drop).map_err(failed)?;
    }
    let refused = |source| StoreError::sqlite("restoring a backup", aside, source);
    let mut db = Connection::open_with_flags(aside, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(refused)?;
    // What is cut off is made anew, and a journal that it left would be played into that.
    db.pragma_update_and_check(None, "journal_mode", "MEMORY", |_| Ok(())).map_err(refused)?;
    if from.is_none() {
        open::migrate(&mut db, aside, schema::MIGRATIONS)?;
    }
    let of_backup = schema::meta(&db, "next_run").map_err(refused)?;
    let next_run = next_run.unwrap_or_else(|| of_backup.saturating_add(NUMBERS_SKIPPED));
    schema::set_meta(&db, "next_run", next_run.max(of_backup)).map_err(refused)?;
    db.close().map_err(|(_, source)| refused(source))?;
    fs::File::options().write(true).open(aside).and_then(|file| file.sync_all()).map_err(failed)
}

impl Ready {
    /// Puts it into the place of the database, which must be free. The backup that it is a copy of.
    pub(super) fn put_into_place(self, path: &Path) -> Result<Option<PathBuf>, StoreError> {
        fs::rename(&self.ready, path).map_err(|source| StoreError::io("restoring a backup", path, source))?;
        Ok(self.from)
    }
}

/// Finishes a restore that was cut off after the damaged file had been moved away.
pub(super) fn finish_restore(path: &Path) -> Result<(), StoreError> {
    let ready = beside(path, READY);
    if path.exists() || !ready.exists() {
        return Ok(());
    }
    fs::rename(&ready, path).map_err(|source| StoreError::io("restoring a backup", path, source))
}

fn is_good(copy: &Path) -> bool {
    let check = || -> rusqlite::Result<bool> {
        let db = Connection::open_with_flags(copy, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let id: i32 = db.pragma_query_value(None, "application_id", |row| row.get(0))?;
        let verdict: String = db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        Ok(id == schema::APPLICATION_ID && schema::version(&db)? <= schema::KNOWN && verdict == "ok")
    };
    check().unwrap_or(false)
}

/// `path` with `suffix` after its name.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(StoreError::io("removing an old backup", path, source)),
    }
}

#[cfg(test)]
mod tests {
    use nightkeep_core::time::Wall;

    use super::*;
    use crate::store::Store;

    #[test]
    fn a_copy_of_a_damaged_file_is_not_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("nightkeep.db");
        let store = Store::open(&path, Wall::from_ms(0)).unwrap().store;
        store.db.execute_batch("CREATE TABLE big (x); INSERT INTO big VALUES (randomblob(90000))").unwrap();
        let good = store.back_up(Wall::from_ms(1_763_772_372_000)).unwrap();
        store.close().unwrap();
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2 / 4096 * 4096;
        bytes[middle..middle + 4096].fill(0xff);
        fs::write(&path, bytes).unwrap();

        let refusal = make(&Connection::open(&path).unwrap(), &path, "20251122T000000Z").unwrap_err();
        assert!(matches!(refusal, StoreError::Damaged { .. }), "{refusal:?}");
        assert_eq!(list(&path), [good]);
        assert!(!beside(&path, ".backup-unfinished").exists());
    }
}
