//! The tables, and how a database of an earlier version becomes one of this version.
//!
//! The list of migrations is append-only: a released one is never changed. `runs`, `advances` and `evidence` are
//! folded from `journal`, and `jobs` from `job_journal`, so a migration that changes them may leave them empty: they are
//! folded again after it.

use rusqlite::{Connection, OptionalExtension};
use rusqlite_migration::M;

/// "NtKp": tells our databases from those of others.
pub(super) const APPLICATION_ID: i32 = 0x4e74_4b70;

const V1: &str = "
PRAGMA application_id = 0x4e744b70;

-- Numbers that are no part of any run: the next number of a run, whether the file was closed in order, which
-- version of the fold made the tables below.
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta (key, value) VALUES ('next_run', 1), ('closed', 1), ('fold', 0);

CREATE TABLE journal (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    run         INTEGER NOT NULL,
    kind        TEXT    NOT NULL,
    at_wall_ms  INTEGER NOT NULL,
    at_awake_ms INTEGER NOT NULL,
    boot        TEXT    NOT NULL,
    body        TEXT    NOT NULL
) STRICT;
CREATE INDEX journal_of_run ON journal (run, seq);
CREATE TRIGGER journal_is_append_only BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

CREATE TABLE runs (
    run             INTEGER PRIMARY KEY,
    tag             TEXT    NOT NULL UNIQUE,
    job             TEXT    NOT NULL,
    job_type        TEXT    NOT NULL,
    started_wall_ms INTEGER NOT NULL,
    ended_wall_ms   INTEGER,
    outcome         TEXT,
    reason          TEXT,
    method          TEXT,
    best_step       INTEGER,
    advances        INTEGER NOT NULL,
    seen            INTEGER NOT NULL,
    state           TEXT    NOT NULL
) STRICT;
CREATE INDEX runs_of_job ON runs (job, run);
CREATE INDEX runs_open   ON runs (run) WHERE outcome IS NULL;
CREATE INDEX runs_unseen ON runs (outcome, run) WHERE seen = 0 AND outcome IS NOT NULL;

CREATE TABLE advances (
    run        INTEGER NOT NULL REFERENCES runs (run),
    seq        INTEGER NOT NULL REFERENCES journal (seq),
    n          INTEGER NOT NULL,
    at_wall_ms INTEGER NOT NULL,
    step       INTEGER NOT NULL,
    note       TEXT,
    gap_ms     INTEGER NOT NULL,
    PRIMARY KEY (run, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE evidence (
    run INTEGER PRIMARY KEY REFERENCES runs (run),
    seq INTEGER NOT NULL REFERENCES journal (seq)
) STRICT;
";

const V2: &str = "
-- What concerns a job rather than one of its runs, and what follows from it.
CREATE TABLE job_journal (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    job         TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    at_wall_ms  INTEGER NOT NULL,
    at_awake_ms INTEGER NOT NULL,
    boot        TEXT    NOT NULL,
    body        TEXT    NOT NULL
) STRICT;
CREATE INDEX job_journal_of_job ON job_journal (job, seq);
CREATE TRIGGER job_journal_is_append_only BEFORE UPDATE ON job_journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

CREATE TABLE jobs (
    job   TEXT PRIMARY KEY,
    state TEXT NOT NULL
) STRICT, WITHOUT ROWID;
";

const V3: &str = "
-- What ended runs are looked for and ordered by.
ALTER TABLE runs ADD COLUMN took_ms   INTEGER;
ALTER TABLE runs ADD COLUMN recovered INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN cancelled INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN words     TEXT;
CREATE INDEX runs_by_end    ON runs (ended_wall_ms, run)   WHERE outcome IS NOT NULL;
CREATE INDEX runs_by_start  ON runs (started_wall_ms, run) WHERE outcome IS NOT NULL;
CREATE INDEX runs_by_length ON runs (took_ms, run)         WHERE outcome IS NOT NULL;
";

/// All of them, oldest first.
pub(super) const MIGRATIONS: &[M<'_>] = &[M::up(V1), M::up(V2), M::up(V3)];

/// The newest schema that is known.
#[expect(clippy::cast_possible_wrap, reason = "the list is short")]
pub(super) const KNOWN: i64 = MIGRATIONS.len() as i64;

/// The schema's version as the file says it.
pub(super) fn version(db: &Connection) -> rusqlite::Result<i64> {
    db.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// A number out of `meta`.
pub(super) fn meta(db: &Connection, key: &str) -> rusqlite::Result<i64> {
    db.prepare_cached("SELECT value FROM meta WHERE key = ?1")?.query_row([key], |row| row.get(0))
}

/// Sets a number in `meta`.
pub(super) fn set_meta(db: &Connection, key: &str, value: i64) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE meta SET value = ?2 WHERE key = ?1")?.execute((key, value)).map(drop)
}

/// The newest version of the program that has opened the file, if it says so.
pub(super) fn program(db: &Connection) -> rusqlite::Result<Option<String>> {
    let noted: Option<i64> =
        db.query_row("SELECT value FROM meta WHERE key = 'program'", [], |row| row.get(0)).optional()?;
    Ok(noted.map(|packed| format!("{}.{}.{}", packed / 1_000_000, packed / 1_000 % 1_000, packed % 1_000)))
}

/// Notes the version of this program, so that an earlier one can say which one is needed.
pub(super) fn name_program(db: &Connection) -> rusqlite::Result<()> {
    let part = |text: &str| text.parse::<i64>().unwrap_or_default();
    let own = part(env!("CARGO_PKG_VERSION_MAJOR")) * 1_000_000
        + part(env!("CARGO_PKG_VERSION_MINOR")) * 1_000
        + part(env!("CARGO_PKG_VERSION_PATCH"));
    db.execute(
        "INSERT INTO meta (key, value) VALUES ('program', ?1)
         ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE excluded.value > value",
        [own],
    )
    .map(drop)
}

#[cfg(test)]
mod tests {
    use rusqlite_migration::Migrations;

    use super::*;

    #[test]
    fn the_migrations_are_valid_and_the_file_is_marked_as_ours() {
        Migrations::from_slice(MIGRATIONS).validate().unwrap();
        let mut db = Connection::open_in_memory().unwrap();
        Migrations::from_slice(MIGRATIONS).to_latest(&mut db).unwrap();
        assert_eq!(version(&db).unwrap(), KNOWN);
        let id: i32 = db.pragma_query_value(None, "application_id", |row| row.get(0)).unwrap();
        assert_eq!(id, APPLICATION_ID);
    }

    #[test]
    fn an_entry_of_the_journal_cannot_be_changed() {
        let mut db = Connection::open_in_memory().unwrap();
        Migrations::from_slice(MIGRATIONS).to_latest(&mut db).unwrap();
        db.execute(
            "INSERT INTO journal (run, kind, at_wall_ms, at_awake_ms, boot, body) VALUES (1,'seen',0,0,'','{}')",
            [],
        )
        .unwrap();
        let refusal = db.execute("UPDATE journal SET run = 2", []).unwrap_err();
        assert!(refusal.to_string().contains("append-only"), "{refusal}");
    }
}
