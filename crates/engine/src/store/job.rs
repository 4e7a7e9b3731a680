//! What is journaled of a job rather than of one of its runs, and the fold of it: a stored format, as that of the runs.

use rusqlite::{Connection, OptionalExtension, Transaction};
use serde::{Deserialize, Serialize};

use super::entry::Stamp;
use super::error::StoreError;
use super::fold::{FoldError, from_sql, to_sql};

/// An entry about a job and when it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StampedJob {
    /// When.
    pub at: Stamp,
    /// What.
    pub entry: JobEntry,
}

/// Entries about one job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobEntries {
    /// The job's name.
    pub job: String,
    /// In their order.
    pub entries: Vec<StampedJob>,
}

/// Everything that can be journaled about a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum JobEntry {
    /// A run of it failed or was aborted.
    Failed {
        /// Which run.
        run: u64,
        /// How many did in a row.
        failures: u32,
    },
    /// A run of it succeeded after others had not.
    Succeeded {
        /// Which run.
        run: u64,
    },
    /// Too many in a row failed or were aborted: it is not started until somebody resumes it.
    BreakerOpened {
        /// The last one of them.
        run: u64,
        /// How many they were.
        failures: u32,
    },
    /// It is to be started again.
    RestartDue {
        /// The how-manieth restart in a row it is.
        nth: u32,
        /// After so much awake time.
        after_ms: u64,
    },
    /// The restart has a number; it is owed until that run has begun.
    RestartBegun {
        /// The run.
        run: u64,
    },
    /// A run has begun, so that no restart is owed any more.
    RestartDone {
        /// Which run.
        run: u64,
    },
    /// The restart that was owed is not made.
    RestartCalledOff,
    /// A person stopped it for as long as nobody resumes it.
    Stopped,
    /// A person lets it start again.
    Resumed,
    /// It was called otherwise before.
    CarriedOver {
        /// Its former name.
        from: String,
        /// What was known of it under that.
        state: Box<StoredJob>,
    },
    /// There is no such job any more.
    Removed,
    /// A person wants no notifications of it for a while.
    Snoozed {
        /// Until when.
        until_wall_ms: i64,
    },
    /// A person wants its notifications again.
    SnoozeTakenBack,
    /// The watch is paused, which concerns [`ALL_JOBS`].
    WatchPaused {
        /// Until when; `None` until a person resumes it.
        until_wall_ms: Option<i64>,
    },
    /// The watch goes on.
    WatchResumed {
        /// A person wants it; otherwise it was time.
        by_person: bool,
    },
}

/// The name under which stands what concerns all jobs; none has it.
pub const ALL_JOBS: &str = "";

impl JobEntry {
    /// The stable word that the entry is stored and shown under.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Failed { .. } => "failed",
            Self::Succeeded { .. } => "succeeded",
            Self::BreakerOpened { .. } => "breaker-opened",
            Self::RestartDue { .. } => "restart-due",
            Self::RestartBegun { .. } => "restart-begun",
            Self::RestartDone { .. } => "restart-done",
            Self::RestartCalledOff => "restart-called-off",
            Self::Stopped => "stopped",
            Self::Resumed => "resumed",
            Self::CarriedOver { .. } => "carried-over",
            Self::Removed => "removed",
            Self::Snoozed { .. } => "snoozed",
            Self::SnoozeTakenBack => "snooze-taken-back",
            Self::WatchPaused { .. } => "watch-paused",
            Self::WatchResumed { .. } => "watch-resumed",
        }
    }
}

/// What is known of a job beyond its runs: the fold of its entries.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct StoredJob {
    /// How many runs failed or were aborted in a row.
    pub failures: u32,
    /// Since when its circuit breaker is open.
    pub breaker: Option<Stamp>,
    /// Since when a person keeps it stopped.
    pub stopped: Option<Stamp>,
    /// The restart that is owed.
    pub restart: Option<StoredRestart>,
    /// The pause of the watch, for [`ALL_JOBS`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused: Option<StoredPause>,
    /// The time in which a person wants no notifications of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snoozed: Option<StoredSnooze>,
}

/// A time without notifications of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredSnooze {
    /// From when, so that no clock that is set back makes it longer.
    pub since_wall_ms: i64,
    /// Until when.
    pub until_wall_ms: i64,
}

/// A pause of the watch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredPause {
    /// Since when.
    pub since: Stamp,
    /// Until when; `None` until a person resumes it.
    pub until_wall_ms: Option<i64>,
}

/// A restart that is owed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredRestart {
    /// The how-manieth in a row it is.
    pub nth: u32,
    /// From when its pause counts.
    pub from: Stamp,
    /// How long that is, awake.
    pub after_ms: u64,
    /// The run that is to be it.
    #[serde(default)]
    pub run: Option<u64>,
}

impl StoredJob {
    /// Takes one entry in. Total, as the fold of a run.
    pub(crate) fn apply(&mut self, StampedJob { at, entry }: &StampedJob) {
        match entry {
            JobEntry::Failed { run: _, failures } => self.failures = *failures,
            JobEntry::Succeeded { run: _ } => self.failures = 0,
            JobEntry::BreakerOpened { run: _, failures } => {
                self.failures = *failures;
                self.restart = None;
                self.breaker.get_or_insert_with(|| at.clone());
            }
            // One that was written down behind a stop was called off by it.
            JobEntry::RestartDue { .. } if self.stopped.is_some() || self.breaker.is_some() => {}
            JobEntry::RestartDue { nth, after_ms } => {
                self.restart = Some(StoredRestart { nth: *nth, from: at.clone(), after_ms: *after_ms, run: None });
            }
            JobEntry::RestartBegun { run } => {
                if let Some(restart) = &mut self.restart {
                    restart.run.get_or_insert(*run);
                }
            }
            JobEntry::RestartDone { run: _ } | JobEntry::RestartCalledOff => self.restart = None,
            JobEntry::Stopped => {
                self.restart = None;
                self.stopped.get_or_insert_with(|| at.clone());
            }
            JobEntry::Resumed => *self = Self { snoozed: self.snoozed.take(), ..Self::default() },
            JobEntry::Removed => *self = Self::default(),
            JobEntry::CarriedOver { from: _, state } => self.clone_from(state),
            JobEntry::Snoozed { until_wall_ms } => {
                let since_wall_ms = at.at_wall_ms;
                self.snoozed = Some(StoredSnooze { since_wall_ms, until_wall_ms: *until_wall_ms });
            }
            JobEntry::SnoozeTakenBack => self.snoozed = None,
            JobEntry::WatchPaused { until_wall_ms } => {
                let since = self.paused.take().map_or_else(|| at.clone(), |paused| paused.since);
                self.paused = Some(StoredPause { since, until_wall_ms: *until_wall_ms });
            }
            JobEntry::WatchResumed { by_person: _ } => self.paused = None,
        }
    }
}

/// Appends the entries to the journal of the job and folds them.
pub(super) fn append(tx: &Transaction<'_>, JobEntries { job, entries }: &JobEntries) -> Result<(), FoldError> {
    let mut state = load(tx, job)?;
    for stamped in entries {
        let body = serde_json::to_string(&stamped.entry).map_err(StoreError::json(stamped.entry.kind()))?;
        let at = &stamped.at;
        tx.prepare_cached(
            "INSERT INTO job_journal (job, kind, at_wall_ms, at_awake_ms, boot, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute((job, stamped.entry.kind(), at.at_wall_ms, to_sql(at.at_awake_ms), &at.boot, &body))?;
        state.apply(stamped);
    }
    save(tx, job, &state)
}

/// Empties the folded table and folds the whole journal. Returns how many entries were not understood.
pub(super) fn rebuild(tx: &Transaction<'_>) -> Result<u64, FoldError> {
    tx.execute_batch("DELETE FROM jobs;")?;
    let mut unknown = 0;
    let mut states = std::collections::BTreeMap::<String, StoredJob>::new();
    let mut entries = tx.prepare("SELECT job, at_wall_ms, at_awake_ms, boot, body FROM job_journal ORDER BY seq")?;
    let mut rows = entries.query([])?;
    while let Some(row) = rows.next()? {
        match stamped(row, 1)? {
            Some(stamped) => states.entry(row.get(0)?).or_default().apply(&stamped),
            None => unknown += 1,
        }
    }
    for (job, state) in &states {
        save(tx, job, state)?;
    }
    Ok(unknown)
}

/// The entry in the columns from `first` on (both clocks, boot, body), if this version understands it.
pub(super) fn stamped(row: &rusqlite::Row<'_>, first: usize) -> rusqlite::Result<Option<StampedJob>> {
    let at =
        Stamp { at_wall_ms: row.get(first)?, at_awake_ms: from_sql(row.get(first + 1)?), boot: row.get(first + 2)? };
    let body = row.get_ref(first + 3)?.as_str()?;
    Ok(serde_json::from_str::<JobEntry>(body).ok().map(|entry| StampedJob { at, entry }))
}

fn load(db: &Connection, job: &str) -> Result<StoredJob, FoldError> {
    let mut select = db.prepare_cached("SELECT state FROM jobs WHERE job = ?1")?;
    let state = select.query_row([job], |row| Ok(serde_json::from_str(row.get_ref(0)?.as_str()?))).optional()?;
    Ok(state.transpose().map_err(StoreError::json("state of a job"))?.unwrap_or_default())
}

/// A job of which there is nothing to say has no row.
fn save(tx: &Transaction<'_>, job: &str, state: &StoredJob) -> Result<(), FoldError> {
    if *state == StoredJob::default() {
        tx.prepare_cached("DELETE FROM jobs WHERE job = ?1")?.execute([job])?;
        return Ok(());
    }
    let json = serde_json::to_string(state).map_err(StoreError::json("state of a job"))?;
    tx.prepare_cached("INSERT OR REPLACE INTO jobs (job, state) VALUES (?1, ?2)")?.execute((job, json))?;
    Ok(())
}
