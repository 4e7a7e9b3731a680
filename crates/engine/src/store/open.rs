//! Opening the database: telling a good one from a damaged, a foreign and a later one.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use nightkeep_core::time::Wall;
use rusqlite::{Connection, OpenFlags};
use rusqlite_migration::{M, Migrations};

use super::error::StoreError;
use super::quarantine::{self, Quarantine};
use super::write::Store;
use super::{backup, private, schema};

/// How long a writer waits for another process's transaction.
const BUSY: Duration = Duration::from_secs(5);

/// A database up to this size is checked at every start, a larger one after a crash: some 50 ms.
const SMALL_BYTES: u64 = 16 << 20;

/// Prepared statements kept per connection: more than there are different ones.
const STATEMENTS_MAX: usize = 48;

/// Pages kept in memory per connection, in KiB.
const CACHE_KIB: i64 = 1024;

/// What SQLite needs beside the database to open it.
const PROBE_BYTES: usize = 64 * 1024;

const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// An open store.
#[derive(Debug)]
pub struct Opened {
    /// It.
    pub store: Store,
    /// What had to be set aside to open it.
    pub notice: Option<Quarantine>,
    /// Whether whoever had it open before did not close it in order.
    pub crashed: bool,
}

/// Why a database cannot be used.
enum Trouble {
    /// It is damaged or foreign: set aside. The fragment says why.
    Unusable(String),
    /// Anything else.
    Failed(StoreError),
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        if let StoreError::Damaged { source } = &error {
            Self::Unusable(source.to_string())
        } else {
            Self::Failed(error)
        }
    }
}

impl Store {
    /// Opens the database at `path`, creates it if there is none, and brings its schema up to date. A damaged or
    /// foreign file is set aside, and the newest good backup takes its place. `now` names copies.
    ///
    /// # Errors
    /// [`StoreError::Newer`] for a file of a later version, [`StoreError::NotWritable`] for one that may not be
    /// written, and whatever else SQLite and the file system have to say.
    pub fn open(path: &Path, now: Wall) -> Result<Opened, StoreError> {
        let stamp = utc_stamp(now);
        backup::finish_restore(path)?;
        match attempt(path, &stamp) {
            Ok((store, crashed)) => Ok(Opened { store, notice: None, crashed }),
            Err(Trouble::Failed(error)) => Err(error),
            Err(Trouble::Unusable(why)) => {
                let notice = quarantine::set_aside(path, why, &stamp)?;
                match attempt(path, &stamp) {
                    Ok((store, _)) => Ok(Opened { store, notice: Some(notice), crashed: true }),
                    Err(Trouble::Failed(error)) => Err(error),
                    Err(Trouble::Unusable(why)) => {
                        Err(StoreError::io("replacing a damaged history", path, io::Error::other(why)))
                    }
                }
            }
        }
    }
}

/// Why an engine could not open the history at `path`, as far as that shows from outside. Changes nothing.
///
/// A damaged history is no reason: an engine sets it aside. Nor is a transaction that was cut off: an engine undoes it.
#[must_use]
pub fn why_unusable(path: &Path) -> Option<StoreError> {
    let looked = look_at_header(path).and_then(|exists| if exists { look_inside(path) } else { Ok(()) });
    match looked {
        Err(Trouble::Failed(error)) if !error.is_cut_off() => return Some(error),
        Err(Trouble::Failed(_) | Trouble::Unusable(_)) | Ok(()) => {}
    }
    let probe = backup::beside(path, &format!(".probe-{}", std::process::id()));
    let written = fs::write(&probe, [0; PROBE_BYTES]);
    let removed = fs::remove_file(&probe);
    written.and(removed).err().map(|source| StoreError::io("writing", path, source))
}

/// A connection that only reads, for questions beside the writer.
pub(super) fn read_only(path: &Path) -> Result<Connection, StoreError> {
    let failed = |source| StoreError::sqlite("opening for reading", path, source);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags).map_err(failed)?;
    db.busy_timeout(BUSY).map_err(failed)?;
    db.pragma_update(None, "cache_size", -CACHE_KIB).map_err(failed)?;
    db.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    Ok(db)
}

/// The store, and whether it was left open by a crash.
fn attempt(path: &Path, stamp: &str) -> Result<(Store, bool), Trouble> {
    let exists = look_at_header(path)?;
    if exists {
        match look_inside(path) {
            Err(Trouble::Failed(error)) if error.is_cut_off() => {
                undo_what_was_cut_off(path)?;
                look_inside(path)?;
            }
            looked => looked?,
        }
    } else {
        private::create(path).map_err(|source| StoreError::io("creating", path, source))?;
    }
    let mut db = read_write(path)?;
    let failed = |doing| move |source| StoreError::sqlite(doing, path, source);
    let version = schema::version(&db).map_err(failed("reading the schema's version"))?;
    let crashed = version > 0 && schema::meta(&db, "closed").map_err(failed("reading how the last shutdown was"))? == 0;
    let is_small = fs::metadata(path).is_ok_and(|file| file.len() <= SMALL_BYTES);
    if crashed || (version > 0 && is_small) {
        check_pages(&db, path)?;
    }
    bring_up_to_date(&mut db, path, stamp, schema::MIGRATIONS)?;
    match schema::name_program(&db).map_err(failed("noting the version of this program")) {
        Err(error) if error.is_of_the_place() => tracing::debug!(error = error.with_causes(), "no version is noted"),
        named => named?,
    }
    db.execute_batch("PRAGMA foreign_keys = ON").map_err(failed("setting up"))?;
    let mut store = Store::of(db, path);
    match store.mark_in_use() {
        // What can be read is enough to find all runs again: they are watched, and their story is held until it fits.
        Err(error) if error.is_of_the_place() => tracing::error!(error = error.with_causes(), "opened for reading"),
        marked => marked?,
    }
    store.fold_again_if_outdated()?;
    Ok((store, crashed))
}

/// Whether there is a file; the first bytes tell what SQLite itself would overlook or answer unclearly.
fn look_at_header(path: &Path) -> Result<bool, Trouble> {
    let mut header = Vec::with_capacity(MAGIC.len());
    let read = File::open(path).and_then(|file| file.take(MAGIC.len() as u64).read_to_end(&mut header));
    match read {
        Ok(0) => Err(Trouble::Unusable("the file is empty".to_owned())),
        Ok(_) if header != MAGIC => Err(Trouble::Unusable("the file is not a SQLite database".to_owned())),
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // A log without its database would be played into the next one.
            let has_log = fs::metadata(backup::beside(path, "-wal")).is_ok_and(|log| log.len() > 0);
            if has_log {
                Err(Trouble::Unusable("the file is missing, only its log is there".to_owned()))
            } else {
                Ok(false)
            }
        }
        Err(source) => Err(Trouble::Failed(StoreError::io("opening", path, source))),
    }
}

/// Looks through a connection that cannot change anything, so that a file of a later version stays as it is.
fn look_inside(path: &Path) -> Result<(), Trouble> {
    let db = read_only(path)?;
    let failed = |source| StoreError::sqlite("looking at the header", path, source);
    let found = schema::version(&db).map_err(failed)?;
    let id: i32 = db.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(failed)?;
    let tables: i64 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(failed)?;
    // A start that was cut off before the first migration leaves a database without a mark and without a table.
    let is_blank = id == 0 && found == 0 && tables == 0;
    if id != schema::APPLICATION_ID && !is_blank {
        return Err(Trouble::Unusable("the file is another program's database".to_owned()));
    }
    if found > schema::KNOWN {
        // Whatever is wrong with this detail, the schema is a later one.
        let program = schema::program(&db).unwrap_or_default();
        let newer = StoreError::Newer { path: path.to_owned(), found, known: schema::KNOWN, program };
        return Err(Trouble::Failed(newer));
    }
    Ok(())
}

/// Whoever was killed within a transaction leaves a journal, and nobody may read before that is played back. A backup that
/// has just taken the place of a history is the one file that is written with a journal instead of a log.
fn undo_what_was_cut_off(path: &Path) -> Result<(), StoreError> {
    let failed = |source| StoreError::sqlite("undoing what was cut off", path, source);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags).map_err(failed)?;
    db.busy_timeout(BUSY).map_err(failed)?;
    let _version = schema::version(&db).map_err(failed)?;
    Ok(())
}

fn read_write(path: &Path) -> Result<Connection, StoreError> {
    let failed = |source| StoreError::sqlite("opening", path, source);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags).map_err(failed)?;
    db.busy_timeout(BUSY).map_err(failed)?;
    db.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    db.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())).map_err(failed)?;
    db.pragma_update(None, "synchronous", "NORMAL").map_err(failed)?;
    // Without it, macOS leaves what is synced in the drive's own cache. Elsewhere it means nothing.
    db.pragma_update(None, "fullfsync", true).map_err(failed)?;
    db.pragma_update(None, "cache_size", -CACHE_KIB).map_err(failed)?;
    Ok(db)
}

/// Damage in the middle of the file opens without a complaint; only this finds it. 0.35 s for 100 MB.
fn check_pages(db: &Connection, path: &Path) -> Result<(), Trouble> {
    let verdict: String = db
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(|source| StoreError::sqlite("checking the pages", path, source))?;
    if verdict == "ok" { Ok(()) } else { Err(Trouble::Unusable(verdict)) }
}

/// Migrates the schema; a database that holds anything is copied before, and folded again after it.
fn bring_up_to_date(db: &mut Connection, path: &Path, stamp: &str, migrations: &[M<'_>]) -> Result<(), StoreError> {
    let failed = |source| StoreError::sqlite("bringing the schema up to date", path, source);
    let version = schema::version(db).map_err(failed)?;
    let is_outdated = usize::try_from(version).is_ok_and(|version| version < migrations.len());
    if version > 0 && is_outdated {
        backup::make(db, path, stamp)?;
        // Before it: whatever comes right after it may be cut off, and the tables would stay as the migration left them.
        schema::set_meta(db, "fold", 0).map_err(failed)?;
    }
    migrate(db, path, migrations)
}

/// Migrates the schema.
pub(super) fn migrate(db: &mut Connection, path: &Path, migrations: &[M<'_>]) -> Result<(), StoreError> {
    Migrations::from_slice(migrations).to_latest(db).map_err(|source| migration_failed(path, source))
}

fn migration_failed(path: &Path, source: rusqlite_migration::Error) -> StoreError {
    if let rusqlite_migration::Error::RusqliteError { query: _, err } = source {
        StoreError::sqlite("bringing the schema up to date", path, err)
    } else {
        StoreError::Migration { source: Arc::new(source) }
    }
}

/// The time as it stands in the names of copies: sorts as text.
pub(super) fn utc_stamp(now: Wall) -> String {
    let time = Timestamp::from_millisecond(now.as_ms()).unwrap_or(Timestamp::UNIX_EPOCH);
    time.strftime("%Y%m%dT%H%M%SZ").to_string()
}

#[cfg(test)]
#[path = "open/tests/cut_off.rs"]
mod cut_off;
#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::entry::{Registration, Stamp};

    #[test]
    fn a_migration_copies_the_file_first_and_folds_the_journal_after_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("nightkeep.db");
        let mut store = Store::open(&path, Wall::from_ms(0)).unwrap().store;
        store.register(&at(), &Registration::plain("tag")).unwrap();
        let before = store.folded_tables().unwrap();
        store.close().unwrap();

        let emptying =
            [schema::MIGRATIONS, &[M::up("DELETE FROM runs; ALTER TABLE meta ADD COLUMN why TEXT;")]].concat();
        let mut db = read_write(&path).unwrap();
        bring_up_to_date(&mut db, &path, "20251122T000000Z", &emptying).unwrap();
        let mut store = Store::of(db, &path);
        store.fold_again_if_outdated().unwrap();

        assert_eq!(store.folded_tables().unwrap(), before);
        let copies = backup::list(&path);
        assert_eq!(copies, [directory.path().join("nightkeep.db.backup-20251122T000000Z")]);
        let copy = read_only(&copies[0]).unwrap();
        assert_eq!(schema::version(&copy).unwrap(), schema::KNOWN);
    }

    #[test]
    fn a_file_without_a_table_is_a_start_that_was_cut_off_and_is_used() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("nightkeep.db");
        private::create(&path).unwrap();
        drop(read_write(&path).unwrap());
        assert_ne!(fs::metadata(&path).unwrap().len(), 0, "the journal mode is written at once");
        let opened = Store::open(&path, Wall::from_ms(0)).unwrap();
        assert_eq!(opened.notice, None);
    }

    fn at() -> Stamp {
        Stamp { at_wall_ms: 1, at_awake_ms: 1, boot: "boot".to_owned() }
    }
}
