//! What its owner was told a short while ago, so that a restart of the engine repeats nothing: rows of `meta`, which
//! belong to no run.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::error::StoreError;
use super::handle::StoreHandle;
use super::read::Reader;
use super::state::StoredRun;
use super::write::Store;
use crate::api::HistoryRow;

/// Before what was told, in milliseconds since the Unix epoch.
const TOLD: &str = "told/";
/// Before what is to be told in the morning, in milliseconds since the Unix epoch.
const HELD: &str = "held/";
/// The last night that was told: its morning as a number such as `20261123`.
const MORNING: &str = "morning-told";

/// What was told before.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Told {
    /// What, and when in milliseconds since the Unix epoch.
    pub alerts: BTreeMap<String, i64>,
    /// What is to be told in the morning, and since when in milliseconds since the Unix epoch.
    pub held: BTreeMap<String, i64>,
    /// The morning of the last night that was told, as a number such as `20261123`.
    pub morning: Option<i64>,
}

impl Reader {
    fn told(&self) -> Result<Told, StoreError> {
        self.ask(|db| {
            let mut select = db.prepare("SELECT key, value FROM meta WHERE key LIKE ?1 OR key LIKE ?2 OR key = ?3")?;
            let params = (format!("{TOLD}%"), format!("{HELD}%"), MORNING);
            let rows = select.query_map(params, |row| Ok((row.get(0)?, row.get(1)?)))?;
            let mut told = Told::default();
            for row in rows {
                let (key, value): (String, i64) = row?;
                match (key.strip_prefix(TOLD), key.strip_prefix(HELD)) {
                    (Some(what), _) => drop(told.alerts.insert(what.to_owned(), value)),
                    (None, Some(what)) => drop(told.held.insert(what.to_owned(), value)),
                    (None, None) => told.morning = Some(value),
                }
            }
            Ok(told)
        })
    }

    fn ended_within(&self, from_ms: i64, to_ms: i64) -> Result<Vec<HistoryRow>, StoreError> {
        let sql = "SELECT state FROM runs WHERE ended_wall_ms >= ?1 AND ended_wall_ms < ?2
                   AND state ->> '$.queued.cancelled' IS NULL ORDER BY run DESC LIMIT 1000";
        let states: Vec<StoredRun> = self.states(sql, (from_ms, to_ms))?;
        let zone = self.zone();
        Ok(states.iter().filter_map(|state| super::read::history_row(state, &zone)).collect())
    }
}

impl Store {
    /// Notes what was told, and forgets what was told before `from_ms` or, by a clock that was set since, later than this.
    fn note_told(&mut self, what: &str, at_ms: i64, from_ms: i64) -> rusqlite::Result<()> {
        let tx = self.db.transaction()?;
        let pattern = format!("{TOLD}%");
        tx.execute("DELETE FROM meta WHERE key LIKE ?1 AND (value < ?2 OR value > ?3)", (pattern, from_ms, at_ms))?;
        set(&tx, &format!("{TOLD}{what}"), at_ms)?;
        tx.commit()
    }

    /// Notes that the night before this morning was told, with all that was held for it.
    fn note_morning(&mut self, morning: i64) -> rusqlite::Result<()> {
        let tx = self.db.transaction()?;
        tx.execute("DELETE FROM meta WHERE key LIKE ?1", [format!("{HELD}%")])?;
        set(&tx, MORNING, morning)?;
        tx.commit()
    }
}

fn set(db: &Connection, key: &str, value: i64) -> rusqlite::Result<()> {
    let sql = "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    db.prepare_cached(sql)?.execute((key, value)).map(drop)
}

impl StoreHandle {
    /// What was told before.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn told(&self) -> Result<Told, StoreError> {
        self.ask(Reader::told).await
    }

    /// The runs that ended at or after one point of the wall clock and before another, newest first.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn ended_within(&self, from_ms: i64, to_ms: i64) -> Result<Vec<HistoryRow>, StoreError> {
        self.ask(move |reader| reader.ended_within(from_ms, to_ms)).await
    }

    /// Notes that something was told, and forgets what was told before `from_ms`. What cannot be written may be told again
    /// after a crash.
    pub async fn note_told(&self, what: String, at_ms: i64, from_ms: i64) {
        self.note(move |store| store.note_told(&what, at_ms, from_ms)).await;
    }

    /// Notes that something is to be told in the morning.
    pub async fn note_held(&self, what: String, at_ms: i64) {
        self.note(move |store| set(&store.db, &format!("{HELD}{what}"), at_ms)).await;
    }

    /// Notes that the night before this morning was told, with all that was held for it.
    pub async fn note_morning(&self, morning: i64) {
        self.note(move |store| store.note_morning(morning)).await;
    }

    async fn note(&self, write: impl FnOnce(&mut Store) -> rusqlite::Result<()> + Send + 'static) {
        self.with(move |store| {
            if let Err(fault) = write(store) {
                tracing::warn!(%fault, "what was told could not be noted");
            }
        })
        .await;
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use jiff::tz::TimeZone;
    use nightkeep_core::time::Wall;

    use super::*;

    fn opened(directory: &Path) -> StoreHandle {
        let store = Store::open(&directory.join("nightkeep.db"), Wall::from_ms(0)).unwrap().store;
        StoreHandle::start(store, || TimeZone::UTC).unwrap()
    }

    #[tokio::test]
    async fn what_is_held_for_the_morning_is_known_after_a_restart_and_goes_with_its_report() {
        let directory = tempfile::tempdir().unwrap();
        let open = || opened(directory.path());
        let store = open();
        store.note_told("stopped/a".to_owned(), 1_000, 0).await;
        store.note_held("warning/a".to_owned(), 1_000).await;
        store.note_held("spent/b".to_owned(), 2_000).await;
        store.close().await.unwrap();
        let store = open();
        let held = store.told().await.unwrap().held;
        assert_eq!(held, [("spent/b".to_owned(), 2_000), ("warning/a".to_owned(), 1_000)].into());
        store.note_morning(20_261_123).await;
        let told = store.told().await.unwrap();
        assert_eq!((told.held.len(), told.alerts.len(), told.morning), (0, 1, Some(20_261_123)));
    }

    #[tokio::test]
    async fn what_was_told_is_known_after_a_restart_and_forgotten_in_time() {
        let directory = tempfile::tempdir().unwrap();
        let open = || opened(directory.path());
        let store = open();
        assert_eq!(store.told().await.unwrap(), Told::default());
        store.note_told("stopped/a".to_owned(), 1_000, 0).await;
        store.note_told("stopped/a_%".to_owned(), 2_000, 500).await;
        store.note_told("stopped/a".to_owned(), 3_000, 500).await;
        store.note_morning(20_261_123).await;
        store.close().await.unwrap();
        let store = open();
        let told = store.told().await.unwrap();
        assert_eq!(told.morning, Some(20_261_123));
        assert_eq!(told.alerts, [("stopped/a".to_owned(), 3_000), ("stopped/a_%".to_owned(), 2_000)].into());
        store.note_told("breaker/a".to_owned(), 4_000, 2_500).await;
        let told = store.told().await.unwrap().alerts;
        assert_eq!(told, [("breaker/a".to_owned(), 4_000), ("stopped/a".to_owned(), 3_000)].into());
        // By a clock that was set back, what was told later was told at another time.
        store.note_told("stopped/b".to_owned(), 100, 0).await;
        assert_eq!(store.told().await.unwrap().alerts, [("stopped/b".to_owned(), 100)].into());
    }
}
