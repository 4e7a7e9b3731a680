//! The one connection that writes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use nightkeep_core::time::Wall;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

use super::entry::{Entry, Registration, Stamp, Stamped};
use super::error::StoreError;
use super::fold::{self, FoldError};
use super::job::{self, JobEntries, JobEntry, StampedJob};
use super::state::FOLD_VERSION;
use super::{backup, open, schema};

const CUT_LOG: &str = "PRAGMA wal_checkpoint(TRUNCATE)";

/// The history, open for writing.
#[derive(Debug)]
pub struct Store {
    pub(super) db: Connection,
    path: PathBuf,
    /// Whether the file says that it is in use. A disk that was full when it was opened could not take that.
    is_marked: bool,
}

/// Something to be written.
#[derive(Debug)]
pub enum Write {
    /// A run is known; it gets a number.
    Register(Stamp, Box<Registration>),
    /// Something happened to a run.
    Append(u64, Vec<Stamped>),
    /// Something happened to a job.
    Job(JobEntries),
    /// A run is over, with all that this means for its job.
    End(u64, Vec<Stamped>, JobEntries),
    /// Somebody has looked at a run.
    MarkSeen(u64, Stamp),
    /// Takes back that somebody has looked at a run.
    MarkUnseen(u64, Stamp),
    /// Somebody has looked at all runs that are over.
    MarkAllSeen(Stamp),
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// The run has this number.
    Registered(u64),
    /// The entries are durable.
    Appended,
    /// So many runs had not been looked at.
    Seen(u64),
}

impl Store {
    pub(super) fn of(db: Connection, path: &Path) -> Self {
        Self { db, path: path.to_owned(), is_marked: false }
    }

    /// Where the database is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Gives a run a number and journals its registration. A tag that is known keeps its number, so that asking
    /// twice is harmless.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn register(&mut self, at: &Stamp, registration: &Registration) -> Result<u64, StoreError> {
        match self.write_one(Write::Register(at.clone(), Box::new(registration.clone())))? {
            Written::Registered(run) => Ok(run),
            Written::Appended | Written::Seen(_) => unreachable!("a registration is answered with a number"),
        }
    }

    /// Journals entries of one run, all or none.
    ///
    /// # Errors
    /// [`StoreError::UnknownRun`], or when they cannot be written.
    pub fn append(&mut self, run: u64, entries: Vec<Stamped>) -> Result<(), StoreError> {
        self.write_one(Write::Append(run, entries)).map(drop)
    }

    /// Journals entries of one job, all or none.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn note_job(&mut self, entries: JobEntries) -> Result<(), StoreError> {
        self.write_one(Write::Job(entries)).map(drop)
    }

    /// Writes everything in one transaction. The outer error means that nothing at all was written; an inner one
    /// concerns its own write only, which left no trace.
    ///
    /// # Errors
    /// When the transaction fails.
    pub fn write(&mut self, writes: &[Write]) -> Result<Vec<Result<Written, StoreError>>, StoreError> {
        self.write_all(writes.iter())
    }

    /// See [`Store::write`].
    pub(super) fn write_all<'w>(
        &mut self,
        writes: impl Iterator<Item = &'w Write>,
    ) -> Result<Vec<Result<Written, StoreError>>, StoreError> {
        let writes: Vec<&Write> = writes.collect();
        let weighty = writes.iter().any(|write| write.is_weighty());
        let failed = |source| StoreError::sqlite("writing", &self.path, source);
        // Outside of the transaction: inside of one, SQLite does not change it.
        self.db.pragma_update(None, "synchronous", if weighty { "FULL" } else { "NORMAL" }).map_err(failed)?;
        // Immediate: a transaction that begins by reading cannot wait for another process's, it fails at once.
        let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        if !self.is_marked {
            schema::set_meta(&tx, "closed", 0).map_err(failed)?;
        }
        let mut results = Vec::with_capacity(writes.len());
        for write in writes {
            match apply(&tx, write) {
                Ok(written) => results.push(Ok(written)),
                Err(FoldError::Store(error @ StoreError::UnknownRun { .. })) => results.push(Err(error)),
                Err(FoldError::Store(error)) => return Err(error),
                Err(FoldError::Sqlite(source)) => return Err(failed(source)),
            }
        }
        tx.commit().map_err(failed)?;
        self.is_marked = true;
        Ok(results)
    }

    /// Notes in the file that it is in use, so that the next start checks it if this one does not close it.
    pub(super) fn mark_in_use(&mut self) -> Result<(), StoreError> {
        schema::set_meta(&self.db, "closed", 0)
            .map_err(|source| StoreError::sqlite("noting that the file is in use", &self.path, source))?;
        self.is_marked = true;
        Ok(())
    }

    /// Empties the folded tables and folds the journal again. Returns how many entries were not understood.
    ///
    /// # Errors
    /// When it cannot be written; everything is as before then.
    pub fn rebuild(&mut self) -> Result<u64, StoreError> {
        let path = &self.path;
        let failed = |source| StoreError::sqlite("folding the journal", path, source);
        let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let unknown = match fold::rebuild(&tx) {
            Ok(unknown) => unknown,
            Err(FoldError::Store(error)) => return Err(error),
            Err(FoldError::Sqlite(source)) => return Err(failed(source)),
        };
        schema::set_meta(&tx, "fold", FOLD_VERSION).map_err(failed)?;
        tx.commit().map_err(failed)?;
        Ok(unknown)
    }

    /// Copies the database beside itself; the newest three copies are kept. `now` names the copy.
    ///
    /// # Errors
    /// When the copy cannot be made.
    pub fn back_up(&self, now: Wall) -> Result<PathBuf, StoreError> {
        backup::make(&self.db, &self.path, &open::utc_stamp(now))
    }

    /// Writes the log back into the file and cuts it off.
    pub(super) fn cut_log(&self) -> Result<(), StoreError> {
        self.db
            .query_row(CUT_LOG, [], |_| Ok(()))
            .map_err(|source| StoreError::sqlite("cutting off the log", &self.path, source))
    }

    /// Closes the database in order, so that the next start need not check it.
    ///
    /// # Errors
    /// When that cannot be written; the history is safe all the same.
    pub fn close(self) -> Result<(), StoreError> {
        let Self { db, path, is_marked: _ } = self;
        let failed = |source| StoreError::sqlite("closing", &path, source);
        schema::set_meta(&db, "closed", 1).map_err(failed)?;
        db.execute_batch("PRAGMA optimize").map_err(failed)?;
        // Whoever reads holds the log open, so that it would stay as large as it ever was.
        db.query_row(CUT_LOG, [], |_| Ok(())).map_err(failed)?;
        db.close().map_err(|(_, source)| failed(source))
    }

    /// Everything in the folded tables as text, in a fixed order: what a rebuild must not change.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn folded_tables(&self) -> Result<BTreeMap<&'static str, Vec<String>>, StoreError> {
        let failed = |source| StoreError::sqlite("reading the folded tables", &self.path, source);
        let table = |name: &'static str| -> rusqlite::Result<(&'static str, Vec<String>)> {
            let mut select = self.db.prepare(&format!("SELECT * FROM {name} ORDER BY 1, 2"))?;
            let columns = select.column_count();
            let rows = select.query_map([], |row| {
                (0..columns).map(|n| row.get_ref(n).map(|value| format!("{value:?}"))).collect::<Result<Vec<_>, _>>()
            })?;
            Ok((name, rows.map(|row| row.map(|columns| columns.join("|"))).collect::<Result<_, _>>()?))
        };
        ["runs", "advances", "evidence", "jobs"].into_iter().map(table).collect::<Result<_, _>>().map_err(failed)
    }

    pub(super) fn fold_again_if_outdated(&mut self) -> Result<(), StoreError> {
        let failed = |source| StoreError::sqlite("reading which fold made the tables", &self.path, source);
        let made_by = schema::meta(&self.db, "fold").map_err(failed)?;
        if made_by == FOLD_VERSION { Ok(()) } else { self.rebuild().map(drop) }
    }

    fn write_one(&mut self, write: Write) -> Result<Written, StoreError> {
        self.write(&[write])?.pop().expect("every write is answered")
    }
}

impl Written {
    pub(super) const fn seen(self) -> u64 {
        match self {
            Self::Seen(count) => count,
            Self::Registered(_) | Self::Appended => 0,
        }
    }
}

impl Write {
    /// How many entries it holds at the least.
    pub(super) const fn entries(&self) -> usize {
        match self {
            Self::Register(..) | Self::MarkSeen(..) | Self::MarkUnseen(..) | Self::MarkAllSeen(_) => 1,
            Self::Append(_, entries) => entries.len(),
            Self::Job(job) => job.entries.len(),
            Self::End(_, entries, job) => entries.len() + job.entries.len(),
        }
    }

    fn is_weighty(&self) -> bool {
        match self {
            Self::Register(..) | Self::Job(_) | Self::End(..) => true,
            Self::Append(_, entries) => entries.iter().any(|stamped| stamped.entry.is_weighty()),
            Self::MarkSeen(..) | Self::MarkUnseen(..) | Self::MarkAllSeen(_) => false,
        }
    }
}

fn apply(tx: &Transaction<'_>, write: &Write) -> Result<Written, FoldError> {
    match write {
        Write::Register(at, registration) => register(tx, at, registration).map(Written::Registered),
        Write::Append(run, entries) => append(tx, *run, entries),
        Write::Job(entries) => job::append(tx, entries).map(|()| Written::Appended),
        Write::End(run, entries, of_job) => {
            let written = append(tx, *run, entries)?;
            job::append(tx, of_job)?;
            Ok(written)
        }
        Write::MarkSeen(run, at) => mark(tx, *run, at, true),
        Write::MarkUnseen(run, at) => mark(tx, *run, at, false),
        Write::MarkAllSeen(at) => {
            let unseen: Vec<i64> = tx
                .prepare_cached("SELECT run FROM runs WHERE seen = 0 AND outcome IS NOT NULL ORDER BY run")?
                .query_map([], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            for run in &unseen {
                fold::append(tx, fold::from_sql(*run), &Stamped { at: at.clone(), entry: Entry::Seen })?;
            }
            Ok(Written::Seen(unseen.len() as u64))
        }
    }
}

/// Notes that a run that is over was looked at, or takes that back.
fn mark(tx: &Transaction<'_>, run: u64, at: &Stamp, seen: bool) -> Result<Written, FoldError> {
    match fold::load(tx, run)? {
        None => Err(StoreError::UnknownRun { run }.into()),
        Some(state) if state.seen == seen || state.ended.is_none() => Ok(Written::Seen(0)),
        Some(_) => {
            let entry = if seen { Entry::Seen } else { Entry::Unseen };
            fold::append(tx, run, &Stamped { at: at.clone(), entry })?;
            Ok(Written::Seen(1))
        }
    }
}

fn append(tx: &Transaction<'_>, run: u64, entries: &[Stamped]) -> Result<Written, FoldError> {
    if fold::load(tx, run)?.is_none() {
        return Err(StoreError::UnknownRun { run }.into());
    }
    for stamped in entries {
        fold::append(tx, run, stamped)?;
    }
    Ok(Written::Appended)
}

fn register(tx: &Transaction<'_>, at: &Stamp, registration: &Registration) -> Result<u64, FoldError> {
    let known: Option<i64> = tx
        .prepare_cached("SELECT run FROM runs WHERE tag = ?1")?
        .query_row([&registration.tag], |row| row.get(0))
        .optional()?;
    if let Some(run) = known {
        return Ok(fold::from_sql(run));
    }
    let run = schema::meta(tx, "next_run")?;
    schema::set_meta(tx, "next_run", run + 1)?;
    let run = fold::from_sql(run);
    let entry = Entry::Registered(Box::new(registration.clone()));
    fold::append(tx, run, &Stamped { at: at.clone(), entry })?;
    if registration.restart.is_some() {
        // In the same transaction: a crash makes the restart neither twice nor never.
        let entries = vec![StampedJob { at: at.clone(), entry: JobEntry::RestartBegun { run } }];
        job::append(tx, &JobEntries { job: registration.job.clone(), entries })?;
    }
    Ok(run)
}
