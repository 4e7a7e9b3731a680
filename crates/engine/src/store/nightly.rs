//! A copy of the history every day, for the night in which the file is damaged.

use std::fs;
use std::path::Path;
use std::time::Duration;

use nightkeep_core::time::Wall;

use super::handle::StoreHandle;
use super::{backup, open};
use crate::clock;

/// Between two looks at the age of the newest copy.
const LOOK_EVERY: Duration = Duration::from_hours(1);
/// A newest copy that is older than this has another one made.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// A log that has grown beyond this is written back and cut off; SQLite itself only ever reuses it.
const LOG_BYTES_MAX: u64 = 1 << 20;

/// Makes the copies, for as long as it is polled. What fails is only logged: the history itself is not at stake.
pub async fn keep_backups(store: StoreHandle) {
    let path = store.path().to_owned();
    loop {
        if store.health().borrow().ok {
            look(&store, &path, clock::now().wall).await;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn look(store: &StoreHandle, path: &Path, now: Wall) {
    if is_due(path, now) {
        match store.back_up(now).await {
            Ok(copy) => tracing::info!(copy = %copy.display(), "made a backup of the history"),
            Err(fault) => tracing::warn!(fault = fault.with_causes(), "no backup of the history could be made"),
        }
        // What it takes is not needed again for a day.
        nightkeep_os::let_go_of_code();
    }
    let is_large = fs::metadata(backup::beside(path, "-wal")).is_ok_and(|log| log.len() > LOG_BYTES_MAX);
    if is_large && let Err(fault) = store.cut_log().await {
        tracing::warn!(fault = fault.with_causes(), "the log of the history could not be cut off");
    }
}

/// The time stands in the names of the copies, and sorts as text.
fn is_due(path: &Path, now: Wall) -> bool {
    let named = |at_ms: i64| backup::copy_named(path, &open::utc_stamp(Wall::from_ms(at_ms)));
    let recent = named(now.as_ms().saturating_sub(DAY_MS))..=named(now.as_ms());
    !backup::list(path).iter().any(|copy| recent.contains(copy))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use jiff::tz::TimeZone;

    use super::*;
    use crate::store::Store;

    #[tokio::test]
    async fn a_copy_is_made_at_once_and_the_next_one_a_day_later() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("nightkeep.db");
        let start = Wall::from_ms(1_763_772_372_000);
        let at = |ms: i64| Wall::from_ms(start.as_ms() + ms);
        let store = StoreHandle::start(Store::open(&path, start).unwrap().store, || TimeZone::UTC).unwrap();
        let mut counts = Vec::new();
        for ms in [0, 1000, DAY_MS, DAY_MS + 1000, 2 * DAY_MS + 1000, 3 * DAY_MS + 9000, 4 * DAY_MS + 18_000] {
            look(&store, &path, at(ms)).await;
            counts.push(backup::list(&path).len());
        }
        assert_eq!(counts, [1, 1, 1, 2, 2, 3, 3]);
        let newest = backup::list(&path).remove(0);
        assert_eq!(newest, directory.path().join("nightkeep.db.backup-20251126T004630Z"));
    }

    #[tokio::test]
    async fn copies_of_a_clock_that_was_ahead_hold_no_other_up_and_go_first() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("nightkeep.db");
        let start = Wall::from_ms(1_763_772_372_000);
        let store = StoreHandle::start(Store::open(&path, start).unwrap().store, || TimeZone::UTC).unwrap();
        for years in 1..=3 {
            look(&store, &path, Wall::from_ms(start.as_ms() + years * 365 * DAY_MS)).await;
        }
        for days in 0..3 {
            look(&store, &path, Wall::from_ms(start.as_ms() + days * (DAY_MS + 9000))).await;
        }
        let name = |copy: &PathBuf| copy.file_name().unwrap().to_string_lossy().into_owned();
        let kept: Vec<String> = backup::list(&path).iter().map(name).collect();
        let wanted = ["20251124T004630Z", "20251123T004621Z", "20251122T004612Z"];
        assert_eq!(kept, wanted.map(|stamp| format!("nightkeep.db.backup-{stamp}")));
    }

    #[tokio::test]
    async fn a_log_that_has_grown_is_cut_off() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("nightkeep.db");
        let start = Wall::from_ms(0);
        let mut store = Store::open(&path, start).unwrap().store;
        let log = backup::beside(&path, "-wal");
        store.db.execute_batch("CREATE TABLE big (x); INSERT INTO big VALUES (randomblob(3000000))").unwrap();
        let store = {
            store.mark_in_use().unwrap();
            StoreHandle::start(store, || TimeZone::UTC).unwrap()
        };
        assert!(fs::metadata(&log).unwrap().len() > LOG_BYTES_MAX);
        look(&store, &path, start).await;
        assert_eq!(fs::metadata(&log).unwrap().len(), 0);
    }
}
