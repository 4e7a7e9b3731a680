//! Questions, asked on a connection of their own that cannot write.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::{Connection, OptionalExtension, Params, Row};

use super::entry::Survivor;
use super::error::StoreError;
use super::job::{self, StampedJob, StoredJob};
use super::state::StoredRun;
use super::{fold, open};
use crate::api::{HistoryQuery, HistoryRow, Outcome, Reason};
use crate::{clean, words};

/// Rows of the history when the question names no number.
pub(super) const ROWS_DEFAULT: u32 = 100;

/// Rows of the history at the most.
pub(super) const ROWS_MAX: u32 = 1000;

/// A note is cut to this many characters when it is shown in full.
pub(super) const NOTE_CHARS_MAX: usize = 500;

/// Reads the history.
#[derive(Debug)]
pub struct Reader {
    db: Connection,
    path: PathBuf,
    zone: fn() -> TimeZone,
}

/// How the last run of a job ended, for the environment of the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastOfJob {
    /// The run.
    pub run: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it was stopped, if it was.
    pub reason: Option<Reason>,
    /// The best step.
    pub step: Option<i64>,
    /// The note of the last advance, as the agent wrote it.
    pub note: Option<String>,
    /// The aborted note, the agent's own or Nightkeep's.
    pub aborted_note: Option<String>,
}

/// A run that is over, as whoever removes what is left of it has to know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndedRun {
    /// Its number.
    pub run: u64,
    /// When it ended, in milliseconds since the Unix epoch.
    pub ended_wall_ms: i64,
}

/// The last ended run of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobSummary {
    /// The job.
    pub job: String,
    /// The run.
    pub last_run: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// When it ended, RFC 3339.
    pub ended_at: String,
}

impl Reader {
    /// Opens the database at `path` for reading; times in sentences are those of the zone that `zone` returns.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(path: &Path, zone: fn() -> TimeZone) -> Result<Self, StoreError> {
        Ok(Self { db: open::read_only(path)?, path: path.to_owned(), zone })
    }

    /// Ended runs, newest first.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn history(&self, query: &HistoryQuery) -> Result<Vec<HistoryRow>, StoreError> {
        let limit = query.limit.unwrap_or(ROWS_DEFAULT).min(ROWS_MAX);
        let before = fold::to_sql(query.before.unwrap_or(u64::MAX));
        let outcome = query.outcome.as_ref().map(fold::word);
        // One statement per combination, so that each is answered from its index.
        let (job_is, outcome_is) = (
            if query.job.is_some() { "job = ?3" } else { "?3 IS NULL" },
            if outcome.is_some() { "outcome = ?4" } else { "outcome IS NOT NULL AND ?4 IS NULL" },
        );
        let sql =
            format!("SELECT state FROM runs WHERE run < ?2 AND {job_is} AND {outcome_is} ORDER BY run DESC LIMIT ?1");
        self.rows(&sql, (limit, before, &query.job, outcome))
    }

    /// Aborted runs that nobody has looked at, newest first.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn unseen(&self, limit: u32) -> Result<Vec<HistoryRow>, StoreError> {
        let sql = "SELECT state FROM runs WHERE seen = 0 AND outcome = 'aborted' ORDER BY run DESC LIMIT ?1";
        self.rows(sql, [limit.min(ROWS_MAX)])
    }

    /// How many aborted runs nobody has looked at.
    ///
    /// # Errors
    /// When they cannot be counted.
    pub fn unseen_count(&self) -> Result<u32, StoreError> {
        self.ask(|db| {
            db.prepare_cached("SELECT count(*) FROM runs WHERE seen = 0 AND outcome = 'aborted'")?
                .query_row([], |row| row.get(0))
        })
    }

    /// Runs that are not over, oldest first.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn open_runs(&self) -> Result<Vec<StoredRun>, StoreError> {
        self.states("SELECT state FROM runs WHERE outcome IS NULL ORDER BY run", [])
    }

    /// A run, over or not.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn run(&self, run: u64) -> Result<Option<StoredRun>, StoreError> {
        Ok(self.states("SELECT state FROM runs WHERE run = ?1", [fold::to_sql(run)])?.pop())
    }

    /// The row of the history of a run, once it is over.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn row(&self, run: u64) -> Result<Option<HistoryRow>, StoreError> {
        Ok(self.run(run)?.and_then(|state| history_row(&state, &(self.zone)())))
    }

    /// The last run of a job that is over.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn last_of_job(&self, job: &str) -> Result<Option<LastOfJob>, StoreError> {
        // One that was cancelled before it began has nothing to tell; few of them are the last ones.
        let sql = "SELECT state FROM runs WHERE job = ?1 AND outcome IS NOT NULL
                   AND state ->> '$.queued.cancelled' IS NULL ORDER BY run DESC LIMIT 1";
        let last = self.states(sql, [job])?.pop();
        Ok(last.and_then(|state| {
            let ending = state.ended?;
            Some(LastOfJob {
                run: state.run,
                outcome: ending.outcome,
                reason: ending.reason,
                step: state.best_step,
                note: state.note,
                aborted_note: state.acknowledged.and_then(|own| own.note).or(state.aborted_note),
            })
        }))
    }

    /// The latest run of a job, whether or not it is over.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn latest_of_job(&self, job: &str) -> Result<Option<u64>, StoreError> {
        let sql = "SELECT max(run) FROM runs WHERE job = ?1";
        self.ask(|db| {
            db.prepare_cached(sql)?.query_row([job], |row| Ok(row.get::<_, Option<i64>>(0)?.map(fold::from_sql)))
        })
    }

    /// The last ended run of every job that has one, by the job's name.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn job_summaries(&self) -> Result<Vec<JobSummary>, StoreError> {
        // SQLite takes the other columns from the row that has the largest `run`.
        let sql = "SELECT job, max(run), outcome, ended_wall_ms FROM runs WHERE outcome IS NOT NULL GROUP BY job";
        self.ask(|db| {
            let summary = |row: &Row<'_>| {
                let outcome = match row.get_ref(2)?.as_str()? {
                    "succeeded" => Outcome::Succeeded,
                    "failed" => Outcome::Failed,
                    "aborted" => Outcome::Aborted,
                    _ => Outcome::Lost,
                };
                let last_run = fold::from_sql(row.get(1)?);
                Ok(JobSummary { job: row.get(0)?, last_run, outcome, ended_at: rfc3339(row.get(3)?) })
            };
            db.prepare_cached(sql)?.query_map([], summary)?.collect()
        })
    }

    /// What is known of jobs beyond their runs, by their names.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn job_states(&self) -> Result<BTreeMap<String, StoredJob>, StoreError> {
        let states: Vec<(String, Result<StoredJob, serde_json::Error>)> = self.ask(|db| {
            db.prepare_cached("SELECT job, state FROM jobs")?
                .query_map([], |row| Ok((row.get(0)?, serde_json::from_str(row.get_ref(1)?.as_str()?))))?
                .collect()
        })?;
        let read = |(job, state): (String, Result<StoredJob, serde_json::Error>)| Ok((job, state?));
        states.into_iter().map(read).collect::<Result<_, _>>().map_err(StoreError::json("state of a job"))
    }

    /// What runs cost since then, by their own reports: of which job, when it was put on record, and how many millionths of a
    /// dollar.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn spent_since(&self, since_wall_ms: i64) -> Result<Vec<(String, i64, u64)>, StoreError> {
        // The totals of a run only grow; what was added each time is the difference.
        let sql = "SELECT job, at_wall_ms, cost - before FROM (
                       SELECT runs.job, at_wall_ms, json_extract(body, '$.cost_microusd') AS cost,
                              coalesce(lag(json_extract(body, '$.cost_microusd')) OVER (PARTITION BY run ORDER BY seq), 0)
                                  AS before
                       FROM journal JOIN runs USING (run)
                       WHERE kind = 'totals' AND (ended_wall_ms IS NULL OR ended_wall_ms >= ?1))
                   WHERE at_wall_ms >= ?1 AND cost > before";
        let row = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, fold::from_sql(row.get(2)?)));
        self.ask(|db| db.prepare_cached(sql)?.query_map([since_wall_ms], row)?.collect())
    }

    /// What happened to a job beyond its runs: the last entries, oldest first.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn job_story(&self, name: &str, limit: u32) -> Result<Vec<StampedJob>, StoreError> {
        let sql =
            "SELECT at_wall_ms, at_awake_ms, boot, body FROM job_journal WHERE job = ?1 ORDER BY seq DESC LIMIT ?2";
        let mut story: Vec<Option<StampedJob>> =
            self.ask(|db| db.prepare_cached(sql)?.query_map((name, limit), |row| job::stamped(row, 0))?.collect())?;
        story.reverse();
        Ok(story.into_iter().flatten().collect())
    }

    /// Each run that is over, by its tag.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn ended_runs(&self) -> Result<BTreeMap<String, EndedRun>, StoreError> {
        let sql = "SELECT tag, run, ended_wall_ms FROM runs WHERE ended_wall_ms IS NOT NULL";
        let row = |row: &Row<'_>| {
            Ok((row.get(0)?, EndedRun { run: fold::from_sql(row.get(1)?), ended_wall_ms: row.get(2)? }))
        };
        self.ask(|db| db.prepare_cached(sql)?.query_map([], row)?.collect())
    }

    /// The number of the run with this tag.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn find_tag(&self, tag: &str) -> Result<Option<u64>, StoreError> {
        self.ask(|db| {
            db.prepare_cached("SELECT run FROM runs WHERE tag = ?1")?
                .query_row([tag], |row| row.get(0).map(fold::from_sql))
                .optional()
        })
    }

    /// Runs that are over and of which something may still be there, oldest first.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn runs_with_leftovers(&self) -> Result<Vec<StoredRun>, StoreError> {
        let sql = "SELECT state FROM runs
                   WHERE outcome IS NOT NULL AND state ->> '$.leftover_fate' = 'alive' ORDER BY run";
        self.states(sql, [])
    }

    /// The numbers of the runs that are not over.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn open_numbers(&self) -> Result<Vec<u64>, StoreError> {
        self.ask(|db| {
            db.prepare_cached("SELECT run FROM runs WHERE outcome IS NULL ORDER BY run")?
                .query_map([], |row| row.get(0).map(fold::from_sql))?
                .collect()
        })
    }

    /// Those of `tags` under which nothing is registered.
    ///
    /// # Errors
    /// When they cannot be looked up.
    pub fn unknown_tags(&self, tags: Vec<String>) -> Result<Vec<String>, StoreError> {
        self.ask(|db| {
            let mut find = db.prepare_cached("SELECT 1 FROM runs WHERE tag = ?1")?;
            let mut unknown = Vec::new();
            for tag in tags {
                if !find.exists([&tag])? {
                    unknown.push(tag);
                }
            }
            Ok(unknown)
        })
    }

    pub(super) fn zone(&self) -> TimeZone {
        (self.zone)()
    }

    pub(super) fn ask<T>(&self, question: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        question(&self.db).map_err(|source| StoreError::sqlite("reading", &self.path, source))
    }

    fn rows(&self, sql: &str, params: impl Params) -> Result<Vec<HistoryRow>, StoreError> {
        let zone = self.zone();
        Ok(self.states(sql, params)?.iter().filter_map(|state| history_row(state, &zone)).collect())
    }

    pub(super) fn states(&self, sql: &str, params: impl Params) -> Result<Vec<StoredRun>, StoreError> {
        let states: Vec<Result<StoredRun, serde_json::Error>> = self.ask(|db| {
            db.prepare_cached(sql)?
                .query_map(params, |row| Ok(serde_json::from_str(row.get_ref(0)?.as_str()?)))?
                .collect()
        })?;
        states.into_iter().collect::<Result<_, _>>().map_err(StoreError::json("state of a run"))
    }
}

/// The row of the history, for a run that is over.
pub(super) fn history_row(state: &StoredRun, zone: &TimeZone) -> Option<HistoryRow> {
    let ending = state.ended.as_ref()?;
    let started = state.started_wall_ms();
    Some(HistoryRow {
        run: state.run,
        job: state.job.clone(),
        r#type: state.job_type.clone(),
        outcome: ending.outcome,
        reason: ending.reason,
        method: ending.method,
        exit_code: ending.exit_code,
        signal: ending.signal,
        started_at: rfc3339(started),
        ended_at: rfc3339(ending.ended_wall_ms),
        // What was cancelled never ran, however long it waited.
        duration_s: state.cancelled().map_or_else(|| seconds(state.took_ms.unwrap_or(0)), |_| 0.0),
        last_step: state.best_step,
        last_note: state.note.as_deref().map(|note| clean::clean_text(note, NOTE_CHARS_MAX)),
        advances: state.gaps.count,
        longest_gap_s: longest_gap_ms(state).map(seconds),
        survivors: ending.survivors.iter().map(|Survivor { pid, .. }| *pid).collect(),
        recovered: ending.recovered,
        seen: state.seen,
        message: words::message(state, zone),
        total: state.total,
        stall_after_s: Some(seconds(state.limits.stall_ms)),
    })
}

/// Milliseconds since the Unix epoch as RFC 3339 UTC, to the millisecond.
pub(super) fn rfc3339(wall_ms: i64) -> String {
    let time = Timestamp::from_millisecond(wall_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    format!("{time:.3}")
}

pub(super) fn seconds(ms: u64) -> f64 {
    nightkeep_core::time::Span::from_ms(ms).as_secs_f64()
}

/// The longest awake time without an advance: between two of them, or the one that ended in a stop for stalling.
fn longest_gap_ms(state: &StoredRun) -> Option<u64> {
    let stalled = state.stop.as_ref().filter(|stop| stop.reason == Reason::Stalled);
    state.gaps.longest_ms.max(stalled.map(|stop| stop.since_ms))
}
