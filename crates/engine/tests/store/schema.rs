//! Databases of every released schema open, and say what they always said (INV-18).

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use nightkeep_engine::api::{HistoryQuery, Method, Outcome, Reason};
use nightkeep_engine::store::entry::{Entry, Stage};
use nightkeep_engine::store::job::{JobEntries, JobEntry, StampedJob};

use crate::support::{
    MINUTE, aborted, advanced, at, ended, ending, open, place, reader, registration, stamped, stop_intended,
};

/// Set to make the fixture of the present schema, when there is none yet.
const MAKE: &str = "NIGHTKEEP_MAKE_FIXTURE";

#[test]
fn a_database_of_schema_1_opens_and_tells_its_history() {
    let place = place();
    let fixture = fixtures().join("history-v1.db");
    if env::var_os(MAKE).is_some() && !fixture.exists() {
        make(&fixture);
    }
    fs::copy(fixture, &place.path).unwrap();

    let mut store = open(&place.path);
    let rows = reader(&place.path).history(&HistoryQuery::default()).unwrap();
    insta::assert_json_snapshot!("history_of_schema_1", rows);
    assert_eq!(reader(&place.path).open_runs().unwrap().len(), 1);
    let folded = store.folded_tables().unwrap();
    assert_eq!(store.rebuild().unwrap(), 0);
    assert_eq!(store.folded_tables().unwrap(), folded);
    assert_eq!(store.register(&at(0), &registration("next", "job")).unwrap(), 4);
}

#[test]
fn tables_that_another_version_folded_are_folded_again() {
    let place = place();
    let mut store = open(&place.path);
    let run = store.register(&at(0), &registration("a", "job")).unwrap();
    store.append(run, vec![stamped(1, advanced(1, 7, 1))]).unwrap();
    let folded = store.folded_tables().unwrap();
    store.close().unwrap();
    let other = rusqlite::Connection::open(&place.path).unwrap();
    other
        .execute_batch("UPDATE runs SET state = 'x', best_step = 0; UPDATE meta SET value = 0 WHERE key = 'fold';")
        .unwrap();
    drop(other);
    assert_eq!(open(&place.path).folded_tables().unwrap(), folded);
}

#[test]
fn a_row_of_the_history_has_the_fields_that_scripts_rely_on() {
    let place = place();
    make(&place.path);
    let rows = reader(&place.path).history(&HistoryQuery::default()).unwrap();
    let row = serde_json::to_value(rows.first().unwrap()).unwrap();
    let names: Vec<&str> = row.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        names.join(" "),
        "run job type outcome reason method exit_code signal started_at ended_at duration_s last_step last_note \
         advances longest_gap_s survivors recovered seen message total stall_after_s"
    );
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// A run that finished, one that was stopped, one that is not over.
fn make(path: &Path) {
    let mut store = open(path);
    let finished = store.register(&at(0), &registration("0193-a", "novel")).unwrap();
    let success =
        nightkeep_engine::store::entry::Ending { exit_code: Some(0), ..ending(Outcome::Succeeded, 72 * MINUTE) };
    store
        .append(
            finished,
            vec![
                stamped(10, Entry::Started { pid: 4711, identity: None }),
                stamped(MINUTE, advanced(1, 40, MINUTE)),
                ended(72 * MINUTE, success),
                stamped(73 * MINUTE, Entry::Seen),
            ],
        )
        .unwrap();
    let stopped = store.register(&at(0), &registration("0193-b", "novel")).unwrap();
    store
        .append(
            stopped,
            vec![
                stamped(10, Entry::Started { pid: 4712, identity: None }),
                stamped(MINUTE, advanced(1, 14, MINUTE)),
                stamped(16 * MINUTE, Entry::Warned { since_ms: 15 * MINUTE }),
                stamped(46 * MINUTE, stop_intended(Reason::Stalled, 45 * MINUTE)),
                stamped(46 * MINUTE, Entry::Signalled { stage: Stage::PoliteRoot }),
                stamped(46 * MINUTE + 20_000, Entry::Signalled { stage: Stage::Forced }),
                ended(47 * MINUTE, aborted(Reason::Stalled, Method::Forced, 47 * MINUTE)),
            ],
        )
        .unwrap();
    store.register(&at(0), &registration("0193-c", "novel")).unwrap();
    store.close().unwrap();
}

#[test]
fn a_database_of_schema_1_is_copied_then_brought_up_to_date_and_takes_what_concerns_jobs() {
    let place = place();
    fs::copy(fixtures().join("history-v1.db"), &place.path).unwrap();
    let mut store = open(&place.path);
    assert_eq!(reader(&place.path).job_states().unwrap(), std::collections::BTreeMap::new());
    let copies = fs::read_dir(place.directory.path()).unwrap().flatten();
    let copies: Vec<String> = copies.filter_map(|file| file.file_name().into_string().ok()).collect();
    assert!(copies.iter().any(|name| name.contains(".backup-2")), "{copies:?}");
    store.note_job(JobEntries { job: "novel".to_owned(), entries: vec![of_job(9, JobEntry::Stopped)] }).unwrap();
    assert_eq!(reader(&place.path).job_states().unwrap()["novel"].stopped, Some(at(9)));
}

fn of_job(ms: u64, entry: JobEntry) -> StampedJob {
    StampedJob { at: at(ms), entry }
}
