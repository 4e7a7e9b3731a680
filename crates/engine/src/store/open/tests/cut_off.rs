//! An engine that is killed in the middle of a migration: the next one finds a good copy, and a history that is whole.
//!
//! The schema that these tests migrate to is their own.

use std::env;
use std::io::{BufRead, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;

use super::*;
use crate::store::entry::{Entry, Registration, Stamp, Stamped};
use crate::store::{Write, fold};

/// Names the database to the process that is going to be killed.
const MIGRATES: &str = "NIGHTKEEP_TEST_MIGRATES";
/// So many runs with so many advances each: larger than what is held in memory.
const RUNS: u64 = 500;
const ADVANCES: u64 = 6;
const STAMP: &str = "20251122T000000Z";

/// Empties the tables that are folded, and copies the journal: it takes a while.
const V2: &str = "DELETE FROM evidence; DELETE FROM advances; DELETE FROM runs;
                  CREATE TABLE bodies (seq INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
                  INSERT INTO bodies SELECT seq, body FROM journal;";

fn migrations() -> Vec<M<'static>> {
    [schema::MIGRATIONS, &[M::up(V2)]].concat()
}

/// What an engine does to an older database.
fn bring(path: &Path, migrations: &[M<'_>]) -> Result<Store, StoreError> {
    let mut db = read_write(path)?;
    bring_up_to_date(&mut db, path, STAMP, migrations)?;
    let mut store = Store::of(db, path);
    store.fold_again_if_outdated()?;
    Ok(store)
}

/// An older database with a long history, closed in order, and what its tables say.
fn make(path: &Path) -> Vec<String> {
    let at = |ms: u64| Stamp { at_wall_ms: 1, at_awake_ms: ms, boot: "boot".to_owned() };
    let mut store = Store::open(path, Wall::from_ms(0)).unwrap().store;
    let registered =
        (1..=RUNS).map(|run| Write::Register(at(run), Box::new(Registration::plain(&format!("tag-{run}")))));
    let advance = |n: u64| Entry::Advanced {
        n,
        step: 7,
        total: None,
        note: Some("a chapter".to_owned()),
        gap_ms: 1,
        source: None,
    };
    let story = |run: u64| (1..=ADVANCES).map(|n| Stamped { at: at(run + n), entry: advance(n) }).collect();
    let writes: Vec<Write> = registered.chain((1..=RUNS).map(|run| Write::Append(run, story(run)))).collect();
    assert!(store.write(&writes).unwrap().iter().all(Result::is_ok));
    let told = told(&store);
    store.close().unwrap();
    told
}

fn told(store: &Store) -> Vec<String> {
    store.folded_tables().unwrap().into_values().flatten().collect()
}

fn entries(db: &Connection) -> u64 {
    fold::from_sql(db.query_row("SELECT count(*) FROM journal", [], |row| row.get(0)).unwrap())
}

/// Not a claim of its own: the process that the test below starts and kills. Without its variable it does nothing.
#[test]
fn migrating_process() {
    let Some(path) = env::var_os(MIGRATES) else { return };
    let path = Path::new(&path);
    let store = bring(path, &migrations()).unwrap();
    let log = fs::metadata(backup::beside(path, "-wal")).unwrap().len();
    // Nothing of it is closed in order.
    writeln!(io::stdout().lock(), "log {log}").unwrap();
    std::mem::forget(store);
}

fn start(path: &Path) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "store::open::cut_off::migrating_process", "--nocapture"])
        .env(MIGRATES, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// How far a migration has come, as its files tell.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// The copy has so many hundredths of its size.
    Copying(u64),
    /// The copy is there.
    Copied,
    /// The log has so many hundredths of what is written into it in all.
    Changing(u64),
}

fn has_come(moment: Moment, path: &Path, size: u64, log: u64) -> bool {
    let length = |suffix| fs::metadata(backup::beside(path, suffix)).map(|file| file.len()).ok();
    match moment {
        Moment::Copying(part) => length(".backup-unfinished").is_some_and(|now| now >= size * part / 100),
        Moment::Copied => backup::copy_named(path, STAMP).exists(),
        Moment::Changing(part) => length("-wal").is_some_and(|now| now >= log * part / 100),
    }
}

/// Kills a migration at a moment, unless it was faster. Whether it was killed.
fn kill(moment: Moment, path: &Path, log: u64) -> bool {
    let size = fs::metadata(path).unwrap().len();
    let mut process = start(path);
    while process.try_wait().unwrap().is_none() && !has_come(moment, path, size, log) {
        sleep(Duration::from_micros(100));
    }
    let is_killed = process.try_wait().unwrap().is_none();
    process.kill().unwrap();
    process.wait().unwrap();
    is_killed
}

#[test]
fn a_migration_that_is_killed_at_any_moment_leaves_a_good_copy_and_a_whole_history() {
    let directory = tempfile::tempdir().unwrap();
    let older = directory.path().join("older.db");
    let truth = make(&older);
    let all = RUNS * (1 + ADVANCES);
    let at = |name: &str| {
        let path = directory.path().join(name).join("nightkeep.db");
        fs::create_dir(path.parent().unwrap()).unwrap();
        fs::copy(&older, &path).unwrap();
        path
    };
    let mut undisturbed = start(&at("undisturbed"));
    let lines = BufReader::new(undisturbed.stdout.take().unwrap()).lines().map_while(Result::ok);
    let log = lines.filter_map(|line| line.split_once("log ")?.1.trim().parse().ok()).last().unwrap();
    undisturbed.wait().unwrap();

    let copying = [1, 30, 60, 90].map(Moment::Copying);
    let changing = [1, 10, 25, 50, 75, 90, 99].map(Moment::Changing);
    let mut killed = 0;
    for moment in copying.into_iter().chain([Moment::Copied]).chain(changing) {
        let path = at(&format!("{moment:?}"));
        killed += u32::from(kill(moment, &path, log));
        let before = backup::list(&path);
        let is_changed = schema::version(&read_only(&path).unwrap()).unwrap() > schema::KNOWN;
        assert!(!is_changed || before.len() == 1, "{moment:?}: nothing is changed before there is a copy");
        let store = bring(&path, &migrations()).unwrap();
        assert!(told(&store) == truth, "{moment:?}: the tables say something else");
        assert_eq!(entries(&store.db), all, "{moment:?}");
        check_pages(&store.db, &path).map_err(|_damaged| moment).unwrap();
        for copy in backup::list(&path) {
            let db = read_only(&copy).unwrap();
            check_pages(&db, &copy).map_err(|_damaged| moment).unwrap();
            assert_eq!((schema::version(&db).unwrap(), entries(&db)), (schema::KNOWN, all), "{moment:?}");
        }
        assert_eq!(backup::list(&path).len(), 1, "{moment:?}: one copy, and no half one");
    }
    assert!(killed >= 8, "only {killed} of 12 were killed in the middle");
}

#[test]
fn tables_that_a_migration_has_emptied_are_folded_again_wherever_it_was_cut_off() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("nightkeep.db");
    let truth = make(&path);
    // Nothing can be noted after the migration, as if the engine had been killed right after it.
    let deaf = "CREATE TRIGGER deaf BEFORE UPDATE ON meta BEGIN SELECT RAISE(ABORT, 'cut off'); END;";
    let cut_off = [migrations(), vec![M::up(deaf)]].concat();
    assert!(bring(&path, &cut_off).is_err());
    let db = read_write(&path).unwrap();
    assert_eq!(fold::from_sql(schema::version(&db).unwrap()), cut_off.len() as u64);
    db.execute_batch("DROP TRIGGER deaf").unwrap();
    drop(db);
    let store = bring(&path, &cut_off).unwrap();
    assert!(told(&store) == truth, "the tables are as the migration left them: {:?}", told(&store).first());
}
