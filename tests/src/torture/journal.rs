//! Reading the engine's journal as it grows. Nothing of it is held open: an engine that comes after a crash must find
//! its database as the crash left it.

use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

use rusqlite::{Connection, OpenFlags};

use super::moment::Moment;

const NEWS: &str = "SELECT journal.seq, journal.kind, journal.body, runs.job, runs.tag FROM journal \
                    JOIN runs ON runs.run = journal.run WHERE journal.seq > ?1 ORDER BY journal.seq";

/// A line of the journal that marks a moment.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) moment: Moment,
    pub(super) job: String,
    pub(super) tag: String,
}

/// The journal, and how far it was read.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    last: i64,
    /// Another file in this place is read from its beginning.
    inode: u64,
}

impl Journal {
    pub(super) fn at(path: PathBuf) -> Self {
        Self { path, last: 0, inode: 0 }
    }

    /// What came since the last time. A database that cannot be read is looked at again at the next change.
    pub(super) fn read(&mut self) -> Vec<Line> {
        self.news().unwrap_or_default()
    }

    fn news(&mut self) -> rusqlite::Result<Vec<Line>> {
        let inode = std::fs::metadata(&self.path).map_or(self.inode, |file| file.ino());
        if inode != self.inode {
            (self.inode, self.last) = (inode, 0);
        }
        let db = Connection::open_with_flags(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let mut statement = db.prepare(NEWS)?;
        let mut rows = statement.query([self.last])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            self.last = row.get(0)?;
            let (kind, body): (String, String) = (row.get(1)?, row.get(2)?);
            if let Some(moment) = Moment::of_entry(&kind, &body) {
                found.push(Line { moment, job: row.get(3)?, tag: row.get(4)? });
            }
        }
        Ok(found)
    }
}

/// Holds the database so that nobody can write into it, until it is dropped.
#[derive(Debug)]
pub(super) struct Hold {
    _db: Connection,
}

impl Hold {
    pub(super) fn take(path: PathBuf) -> rusqlite::Result<Self> {
        let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        db.busy_timeout(std::time::Duration::from_millis(200))?;
        db.execute_batch("BEGIN IMMEDIATE")?;
        Ok(Self { _db: db })
    }
}
