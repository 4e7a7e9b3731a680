//! A run's first entries, and times that do not change from run to run.

use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use nightkeep_core::time::Wall;
use nightkeep_engine::api::{Method, Outcome, Reason};
use nightkeep_engine::store::entry::{Ending, Entry, LimitsMs, Registration, Stamp, Stamped};
use nightkeep_engine::store::{Reader, Store};
use tempfile::TempDir;

/// 22 November 2025, 00:46:12 UTC.
pub(crate) const START_MS: i64 = 1_763_772_372_000;

pub(crate) const MINUTE: u64 = 60_000;

/// A directory of its own with a database's name in it.
pub(crate) struct Place {
    pub(crate) directory: TempDir,
    pub(crate) path: PathBuf,
}

pub(crate) fn place() -> Place {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("nightkeep.db");
    Place { directory, path }
}

/// Opens a database that is expected to be good.
pub(crate) fn open(path: &Path) -> Store {
    let opened = Store::open(path, Wall::from_ms(START_MS)).unwrap();
    assert_eq!(opened.notice, None);
    opened.store
}

pub(crate) fn reader(path: &Path) -> Reader {
    Reader::open(path, zone).unwrap()
}

/// One hour east of Greenwich, without summer time.
pub(crate) fn zone() -> TimeZone {
    TimeZone::fixed(jiff::tz::offset(1))
}

/// The moment `ms` after the start.
pub(crate) fn at(ms: u64) -> Stamp {
    Stamp { at_wall_ms: START_MS + i64::try_from(ms).unwrap(), at_awake_ms: ms, boot: "boot-1".to_owned() }
}

pub(crate) fn stamped(ms: u64, entry: Entry) -> Stamped {
    Stamped { at: at(ms), entry }
}

pub(crate) fn registration(tag: &str, job: &str) -> Registration {
    Registration {
        tag: tag.to_owned(),
        job: job.to_owned(),
        job_type: "llm".to_owned(),
        command: vec!["write-novel".to_owned(), "--all".to_owned()],
        cwd: Some("/home/ann/novel".to_owned()),
        marker: Some("/home/ann/novel/progress.json".to_owned()),
        attached: false,
        observe: false,
        limits: LimitsMs {
            warn_ms: 15 * MINUTE,
            stall_ms: 45 * MINUTE,
            grace_ms: 20_000,
            start_allowance_ms: 0,
            max_runtime_ms: Some(480 * MINUTE),
            reports: Default::default(),
        },
        identity: None,
        sources: Vec::new(),
        by_job: None,
        restart: None,
    }
}

pub(crate) fn advanced(n: u64, step: i64, gap_ms: u64) -> Entry {
    Entry::Advanced { n, step, total: Some(40), note: Some("draft written".to_owned()), gap_ms, source: None }
}

pub(crate) fn stop_intended(reason: Reason, since_ms: u64) -> Entry {
    Entry::StopIntended { reason, since_ms, step: None, note: None, force: false }
}

pub(crate) fn ending(outcome: Outcome, ms: u64) -> Ending {
    Ending::new(outcome, at(ms).at_wall_ms)
}

pub(crate) fn aborted(reason: Reason, method: Method, ms: u64) -> Ending {
    Ending { reason: Some(reason), method: Some(method), ..ending(Outcome::Aborted, ms) }
}

pub(crate) fn ended(ms: u64, ending: Ending) -> Stamped {
    stamped(ms, Entry::Ended(Box::new(ending)))
}
