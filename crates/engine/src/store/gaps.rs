//! How long runs were quiet that went well, and how the last runs of a job ended.

use rusqlite::Row;

use super::error::StoreError;
use super::fold;
use super::handle::StoreHandle;
use super::read::{Reader, rfc3339, seconds};
use super::state::StoredRun;
use crate::api::{Outcome, QuietRun, RecentRun};

/// Whose runs are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunsOf {
    /// Those of a job.
    Job(String),
    /// Those that had this type when they ran.
    Type(String),
}

impl Reader {
    /// The longest quiet times of the last runs that finished, newest first. Runs that were cancelled before they began, or of
    /// which nothing is known, are left out.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn quiet_runs(&self, of: &RunsOf, limit: u32) -> Result<Vec<QuietRun>, StoreError> {
        let (column, name) = match of {
            RunsOf::Job(job) => ("job", job),
            RunsOf::Type(kind) => ("job_type", kind),
        };
        let sql =
            format!("SELECT state FROM runs WHERE {column} = ?1 AND outcome = 'succeeded' ORDER BY run DESC LIMIT ?2");
        Ok(self.states(&sql, (name, limit))?.iter().filter_map(quiet_run).collect())
    }

    /// The last runs of a job that are over, newest first. What was cancelled before it began is none.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn recent_runs(&self, job: &str, limit: u32) -> Result<Vec<RecentRun>, StoreError> {
        let sql = "SELECT run, outcome, reason, ended_wall_ms FROM runs WHERE job = ?1 AND outcome IS NOT NULL
                   AND state ->> '$.queued.cancelled' IS NULL ORDER BY run DESC LIMIT ?2";
        let recent = |row: &Row<'_>| {
            Ok(RecentRun {
                run: fold::from_sql(row.get(0)?),
                outcome: word(row, 1)?.unwrap_or(Outcome::Lost),
                reason: word(row, 2)?,
                ended_at: rfc3339(row.get(3)?),
            })
        };
        self.ask(|db| db.prepare_cached(sql)?.query_map((job, limit), recent)?.collect())
    }
}

impl StoreHandle {
    /// See [`Reader::quiet_runs`].
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn quiet_runs(&self, of: RunsOf, limit: u32) -> Result<Vec<QuietRun>, StoreError> {
        self.ask(move |reader| reader.quiet_runs(&of, limit)).await
    }

    /// See [`Reader::recent_runs`].
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn recent_runs(&self, job: String, limit: u32) -> Result<Vec<RecentRun>, StoreError> {
        self.ask(move |reader| reader.recent_runs(&job, limit)).await
    }
}

/// A column that holds the word of a value of the API.
fn word<T: serde::de::DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<T>> {
    let text: Option<String> = row.get(column)?;
    Ok(text.and_then(|text| serde_json::from_value(serde_json::Value::String(text)).ok()))
}

fn quiet_run(state: &StoredRun) -> Option<QuietRun> {
    let ending = state.ended.as_ref()?;
    let longest_ms = state.gaps.longest_ms.max(tail_ms(state))?;
    Some(QuietRun {
        run: state.run,
        job: state.job.clone(),
        ended_at: rfc3339(ending.ended_wall_ms),
        longest_s: seconds(longest_ms),
    })
}

/// Awake time from the last advance, else from the start, to the end of the root: the stall clock stood there at last. Not
/// known where the computer was started anew between the two, and of a run that ended while it waited for somebody.
fn tail_ms(state: &StoredRun) -> Option<u64> {
    let end = &state.root_ended.as_ref()?.at;
    let from = state.last_advance.as_ref().unwrap_or_else(|| state.start());
    let is_known = from.boot == end.boot && state.heard.waits.is_none();
    is_known.then(|| end.at_awake_ms.saturating_sub(from.at_awake_ms))
}
