//! The history as it is looked through: filters, pages by key, and the runs of a night.

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::types::Value;
use rusqlite::{Row, ToSql, params_from_iter};

use super::error::StoreError;
use super::fold;
use super::handle::StoreHandle;
use super::read::{ROWS_DEFAULT, ROWS_MAX, Reader, history_row};
use super::state::StoredRun;
use crate::api::{
    ApiError, ErrorCode, HistoryFilter, HistoryKey, HistoryOrder, HistoryPage, HistoryPageQuery, NightReport,
    ResultKind,
};
use crate::night::{self, Night, NightRun, Others};

/// The period of a filter, as the history knows moments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HistoryBounds {
    from_ms: Option<i64>,
    to_ms: Option<i64>,
}

impl HistoryBounds {
    /// The period of this filter.
    ///
    /// # Errors
    /// When one of its moments is none.
    pub fn of(filter: &HistoryFilter) -> Result<Self, ApiError> {
        let moment = |text: &Option<String>, field: &str| text.as_deref().map(|text| moment(text, field)).transpose();
        Ok(Self { from_ms: moment(&filter.from, "from")?, to_ms: moment(&filter.to, "to")? })
    }
}

fn moment(text: &str, field: &str) -> Result<i64, ApiError> {
    text.parse::<Timestamp>().map(Timestamp::as_millisecond).map_err(|_| {
        ApiError::new(ErrorCode::Invalid, format!("`{text}` is no moment"))
            .with_hint("write it like `2026-11-21T18:00:00Z`")
            .at_field(field)
    })
}

/// Conditions, and what stands for the question marks in them.
struct Conditions {
    sql: String,
    values: Vec<Value>,
}

impl Conditions {
    fn of(filter: &HistoryFilter, bounds: HistoryBounds) -> Self {
        let mut conditions = Self { sql: "outcome IS NOT NULL".to_owned(), values: Vec::new() };
        for word in filter.text.to_lowercase().split_whitespace() {
            conditions.and("instr(words, ?) > 0", [Value::from(word.to_owned())]);
        }
        if !filter.jobs.is_empty() {
            let marks = vec!["?"; filter.jobs.len()].join(", ");
            conditions.and(&format!("job IN ({marks})"), filter.jobs.iter().cloned().map(Value::from));
        }
        if !filter.results.is_empty() {
            let any: Vec<&str> = filter.results.iter().map(|kind| condition(*kind)).collect();
            conditions.and(&format!("({})", any.join(" OR ")), []);
        }
        conditions.and_some("ended_wall_ms >= ?", bounds.from_ms);
        conditions.and_some("ended_wall_ms < ?", bounds.to_ms);
        conditions
    }

    fn and(&mut self, sql: &str, values: impl IntoIterator<Item = Value>) {
        self.sql.push_str(" AND ");
        self.sql.push_str(sql);
        self.values.extend(values);
    }

    fn and_some(&mut self, sql: &str, value: Option<i64>) {
        if let Some(value) = value {
            self.and(sql, [Value::from(value)]);
        }
    }

    fn values(&self) -> impl Iterator<Item = &dyn ToSql> {
        self.values.iter().map(|value| -> &dyn ToSql { value })
    }
}

const fn condition(kind: ResultKind) -> &'static str {
    match kind {
        ResultKind::Finished => "outcome = 'succeeded'",
        ResultKind::Failed => "outcome = 'failed'",
        ResultKind::NoProgress => "(outcome = 'aborted' AND reason IN ('stalled', 'circling'))",
        ResultKind::OtherLimit => "(outcome = 'aborted' AND reason IN ('unresponsive', 'max-runtime', 'budget'))",
        ResultKind::HardKill => "(outcome = 'aborted' AND method = 'forced')",
        ResultKind::ByYou => "(outcome = 'aborted' AND reason = 'user' AND cancelled = 0)",
        ResultKind::Lost => "outcome = 'lost'",
        ResultKind::Recovered => "recovered = 1",
        ResultKind::NotStarted => "cancelled = 1",
    }
}

const fn column(order: HistoryOrder) -> &'static str {
    match order {
        HistoryOrder::Ended => "ended_wall_ms",
        HistoryOrder::Started => "started_wall_ms",
        HistoryOrder::Duration => "took_ms",
    }
}

impl Reader {
    /// Ended runs that match, a page of them.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn history_page(&self, query: &HistoryPageQuery, bounds: HistoryBounds) -> Result<HistoryPage, StoreError> {
        let mut conditions = Conditions::of(&query.filter, bounds);
        let total = self.ask(|db| {
            let sql = format!("SELECT count(*) FROM runs WHERE {}", conditions.sql);
            db.prepare_cached(&sql)?.query_row(params_from_iter(conditions.values()), |row| row.get(0))
        })?;
        let (column, limit) = (column(query.order), query.limit.unwrap_or(ROWS_DEFAULT).clamp(1, ROWS_MAX));
        let (beyond, direction) = if query.ascending { (">", "ASC") } else { ("<", "DESC") };
        if let Some(HistoryKey { key, run }) = query.after {
            conditions.and(&format!("({column}, run) {beyond} (?, ?)"), [key.into(), fold::to_sql(run).into()]);
        }
        let sql = format!(
            "SELECT {column}, state FROM runs WHERE {} ORDER BY {column} {direction}, run {direction} LIMIT {}",
            conditions.sql,
            // One more than is wanted tells whether another page follows.
            limit + 1,
        );
        let mut found = self.keyed(&sql, &conditions)?;
        let has_more = found.len() > limit as usize;
        found.truncate(limit as usize);
        let next = found.last().filter(|_| has_more).map(|(key, state)| HistoryKey { key: *key, run: state.run });
        let zone = self.zone();
        Ok(HistoryPage {
            rows: found.iter().filter_map(|(_, state)| history_row(state, &zone)).collect(),
            total: fold::from_sql(total),
            next,
            jobs: self.jobs_that_ended()?,
        })
    }

    fn keyed(&self, sql: &str, conditions: &Conditions) -> Result<Vec<(i64, StoredRun)>, StoreError> {
        let keyed = |row: &Row<'_>| Ok((row.get::<_, i64>(0)?, serde_json::from_str(row.get_ref(1)?.as_str()?)));
        let found: Vec<(i64, Result<StoredRun, serde_json::Error>)> =
            self.ask(|db| db.prepare_cached(sql)?.query_map(params_from_iter(conditions.values()), keyed)?.collect())?;
        let read = |(key, state): (i64, Result<StoredRun, serde_json::Error>)| Ok((key, state?));
        found.into_iter().map(read).collect::<Result<_, _>>().map_err(StoreError::json("state of a run"))
    }

    /// Goes from job to job in the index of jobs: rows are long, and a history of many nights has many of them.
    fn jobs_that_ended(&self) -> Result<Vec<String>, StoreError> {
        let sql = "WITH RECURSIVE jobs (job) AS (
                       SELECT min(job) FROM runs
                       UNION ALL SELECT (SELECT min(job) FROM runs WHERE job > jobs.job) FROM jobs WHERE job IS NOT NULL)
                   SELECT job FROM jobs
                   WHERE job IS NOT NULL AND EXISTS (SELECT 1 FROM runs WHERE job = jobs.job AND outcome IS NOT NULL)
                   ORDER BY job";
        self.ask(|db| db.prepare_cached(sql)?.query_map([], |row| row.get(0))?.collect())
    }

    /// What a night came to; the last one when none is named. In an evening in which no run has ended yet, that is the
    /// night before.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn night(&self, date: Option<Date>, now_ms: i64) -> Result<NightReport, StoreError> {
        let zone = self.zone();
        let now = Timestamp::from_millisecond(now_ms).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(zone.clone());
        let nowhere = Night { date: now.date(), from_ms: 0, to_ms: 0, morning_ms: 0 };
        let latest = Night::latest(&now).unwrap_or(nowhere);
        let wanted = date.and_then(|date| Night::of(date, &zone)).unwrap_or(latest);
        let runs = self.runs_of(&wanted)?;
        let before = wanted.date.yesterday().ok().and_then(|date| Night::of(date, &zone));
        if let (None, true, Some(before)) = (date, runs.is_empty() && now_ms < wanted.morning_ms, before)
            && now.date() == wanted.date
        {
            let runs = self.runs_of(&before)?;
            return Ok(night::report(&before, &runs, self.others(&before)?, &now));
        }
        Ok(night::report(&wanted, &runs, self.others(&wanted)?, &now))
    }

    fn runs_of(&self, night: &Night) -> Result<Vec<NightRun>, StoreError> {
        let sql = "SELECT state FROM runs WHERE outcome IS NOT NULL AND ended_wall_ms >= ?1 AND ended_wall_ms < ?2
                   AND cancelled = 0 ORDER BY ended_wall_ms DESC, run DESC";
        let states = self.states(sql, (night.from_ms, night.to_ms))?;
        let zone = self.zone();
        states
            .iter()
            .filter_map(|state| Some((state, state.ended.as_ref()?.ended_wall_ms, history_row(state, &zone)?)))
            .map(|(state, ended_ms, row)| {
                Ok(NightRun {
                    started_ms: state.started_wall_ms(),
                    ended_ms,
                    max_runtime_ms: state.limits.max_runtime_ms,
                    next_start_ms: self.next_start(state, ended_ms)?,
                    row,
                })
            })
            .collect()
    }

    fn next_start(&self, state: &StoredRun, ended_ms: i64) -> Result<Option<i64>, StoreError> {
        let sql = "SELECT min(started_wall_ms) FROM runs
                   WHERE job = ?1 AND run > ?2 AND started_wall_ms >= ?3 AND cancelled = 0";
        let params = (&state.job, fold::to_sql(state.run), ended_ms);
        self.ask(|db| db.prepare_cached(sql)?.query_row(params, |row| row.get(0)))
    }

    fn others(&self, night: &Night) -> Result<Others, StoreError> {
        // The plus keeps the start out of the choice of an index: few runs end after a night, and many start before.
        let sql = "SELECT (SELECT count(*) FROM runs WHERE outcome IS NULL),
                          (SELECT count(*) FROM runs WHERE outcome IS NULL AND +started_wall_ms < ?1)
                          + (SELECT count(*) FROM runs WHERE outcome IS NOT NULL
                                AND ended_wall_ms >= ?1 AND +started_wall_ms < ?1)";
        self.ask(|db| {
            db.prepare_cached(sql)?
                .query_row([night.to_ms], |row| Ok(Others { running: row.get(0)?, through: row.get(1)? }))
        })
    }
}

impl StoreHandle {
    /// See [`Reader::history_page`].
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn history_page(
        &self,
        query: HistoryPageQuery,
        bounds: HistoryBounds,
    ) -> Result<HistoryPage, StoreError> {
        self.ask(move |reader| reader.history_page(&query, bounds)).await
    }

    /// See [`Reader::night`].
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn night(&self, date: Option<Date>, now_ms: i64) -> Result<NightReport, StoreError> {
        self.ask(move |reader| reader.night(date, now_ms)).await
    }
}
