//! Journal and folded tables: the one function that writes an entry's consequences, live and when rebuilding.

use jiff::tz::TimeZone;
use rusqlite::{Connection, OptionalExtension, Row, Transaction};

use super::entry::{Entry, Stamp, Stamped};
use super::error::StoreError;
use super::read::NOTE_CHARS_MAX;
use super::state::StoredRun;
use crate::{clean, words};

/// What went wrong while entries were folded; the caller adds where the database is.
pub(super) enum FoldError {
    /// SQLite failed.
    Sqlite(rusqlite::Error),
    /// Something that does not depend on the database.
    Store(StoreError),
}

impl From<rusqlite::Error> for FoldError {
    fn from(source: rusqlite::Error) -> Self {
        Self::Sqlite(source)
    }
}

impl From<StoreError> for FoldError {
    fn from(source: StoreError) -> Self {
        Self::Store(source)
    }
}

/// Appends one entry to the journal and folds it.
pub(super) fn append(tx: &Transaction<'_>, run: u64, stamped: &Stamped) -> Result<(), FoldError> {
    let body = serde_json::to_string(&stamped.entry).map_err(StoreError::json(stamped.entry.kind()))?;
    let at = &stamped.at;
    tx.prepare_cached(
        "INSERT INTO journal (run, kind, at_wall_ms, at_awake_ms, boot, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute((to_sql(run), stamped.entry.kind(), at.at_wall_ms, to_sql(at.at_awake_ms), &at.boot, &body))?;
    fold(tx, run, tx.last_insert_rowid(), stamped)
}

/// Empties the folded tables and folds the whole journal. Returns how many entries were not understood: a later
/// version may have written them.
pub(super) fn rebuild(tx: &Transaction<'_>) -> Result<u64, FoldError> {
    tx.execute_batch("DELETE FROM evidence; DELETE FROM advances; DELETE FROM runs;")?;
    let mut unknown = super::job::rebuild(tx)?;
    let mut entries = tx.prepare("SELECT seq, run, at_wall_ms, at_awake_ms, boot, body FROM journal ORDER BY seq")?;
    let mut rows = entries.query([])?;
    while let Some(row) = rows.next()? {
        let (seq, run): (i64, i64) = (row.get(0)?, row.get(1)?);
        match stamped(row, 2)? {
            Some(stamped) => match fold(tx, from_sql(run), seq, &stamped) {
                Ok(()) => {}
                Err(FoldError::Store(StoreError::UnknownRun { .. })) => unknown += 1,
                Err(other) => return Err(other),
            },
            None => unknown += 1,
        }
    }
    Ok(unknown)
}

/// The entry in the columns from `first` on (both clocks, boot, body), if this version understands it.
pub(super) fn stamped(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<Stamped>> {
    let at =
        Stamp { at_wall_ms: row.get(first)?, at_awake_ms: from_sql(row.get(first + 1)?), boot: row.get(first + 2)? };
    let body = row.get_ref(first + 3)?.as_str()?;
    Ok(serde_json::from_str::<Entry>(body).ok().map(|entry| Stamped { at, entry }))
}

/// The state of a run.
pub(super) fn load(db: &Connection, run: u64) -> Result<Option<StoredRun>, FoldError> {
    let mut select = db.prepare_cached("SELECT state FROM runs WHERE run = ?1")?;
    let state =
        select.query_row([to_sql(run)], |row| Ok(serde_json::from_str(row.get_ref(0)?.as_str()?))).optional()?;
    Ok(state.transpose().map_err(StoreError::json("state of a run"))?)
}

fn fold(tx: &Transaction<'_>, run: u64, seq: i64, stamped: &Stamped) -> Result<(), FoldError> {
    let known = load(tx, run)?;
    if let (Entry::Registered(registration), None) = (&stamped.entry, &known) {
        return save(tx, &StoredRun::register(run, &stamped.at, registration));
    }
    let mut state = known.ok_or(StoreError::UnknownRun { run })?;
    if state.ended.is_none()
        && let Entry::Advanced { n, step, total: _, note, gap_ms, source: _ } = &stamped.entry
    {
        tx.prepare_cached(
            "INSERT INTO advances (run, seq, n, at_wall_ms, step, note, gap_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute((to_sql(run), seq, to_sql(*n), stamped.at.at_wall_ms, step, note, to_sql(*gap_ms)))?;
    }
    if let Entry::EvidenceTaken { .. } = &stamped.entry {
        tx.prepare_cached("INSERT OR REPLACE INTO evidence (run, seq) VALUES (?1, ?2)")?.execute((to_sql(run), seq))?;
    }
    state.apply(stamped);
    save(tx, &state)
}

fn save(tx: &Transaction<'_>, state: &StoredRun) -> Result<(), FoldError> {
    let json = serde_json::to_string(state).map_err(StoreError::json("state of a run"))?;
    let ended = state.ended.as_ref();
    tx.prepare_cached(
        "INSERT INTO runs (run, tag, job, job_type, started_wall_ms, ended_wall_ms, outcome, reason, method,
                           best_step, advances, seen, state, took_ms, recovered, cancelled, words)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
         ON CONFLICT (run) DO UPDATE SET
             started_wall_ms = excluded.started_wall_ms, ended_wall_ms = excluded.ended_wall_ms,
             outcome = excluded.outcome, reason = excluded.reason, method = excluded.method,
             best_step = excluded.best_step, advances = excluded.advances, seen = excluded.seen,
             state = excluded.state, took_ms = excluded.took_ms, recovered = excluded.recovered,
             cancelled = excluded.cancelled, words = excluded.words",
    )?
    .execute(rusqlite::params![
        to_sql(state.run),
        &state.tag,
        &state.job,
        &state.job_type,
        state.started_wall_ms(),
        ended.map(|ending| ending.ended_wall_ms),
        ended.map(|ending| word(&ending.outcome)),
        ended.and_then(|ending| ending.reason.as_ref()).map(word),
        ended.and_then(|ending| ending.method.as_ref()).map(word),
        state.best_step,
        state.gaps.count,
        state.seen,
        json,
        ended.and(state.took_ms).map(to_sql),
        ended.is_some_and(|ending| ending.recovered),
        state.cancelled().is_some(),
        ended.map(|_| words_of(state)),
    ])?;
    Ok(())
}

/// What a run that is over is found by, in small letters. Times of the day in it are those of UTC, as the zone of
/// whoever looks is not known here.
fn words_of(state: &StoredRun) -> String {
    let StoredRun { run, job, job_type, note, .. } = state;
    let note = note.as_deref().map(|note| clean::clean_text(note, NOTE_CHARS_MAX)).unwrap_or_default();
    let message = words::message(state, &TimeZone::UTC);
    format!("{run} {job} {job_type} {note} {message}").to_lowercase()
}

/// The word that an enum of the API is stored under: the one it has in JSON.
pub(super) fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(_) | Err(_) => unreachable!("the enums of the API are words in JSON"),
    }
}

/// SQLite knows no unsigned numbers; what does not fit is as large as it gets.
pub(super) fn to_sql(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// The way back; a negative number cannot have come from [`to_sql`].
pub(super) fn from_sql(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}
