//! A history of many nights, which an engine of an earlier version has left: what it takes time to fold again and to copy.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use nightkeep_core::time::Wall;
use nightkeep_engine::api::Outcome;
use nightkeep_engine::store::entry::{Ending, Entry, Registration, Stamp, Stamped};
use nightkeep_engine::store::{Store, Write};
use rusqlite::{Connection, OpenFlags};

use crate::{past, root};

/// A file of the first schema, which is never made anew.
const FIXTURE: &str = "crates/engine/tests/fixtures/history-v1.db";
/// So many runs with so many advances each: folding them again takes long enough to be killed in the middle.
const RUNS: u64 = 1_500;
const ADVANCES: u64 = 4;
/// The night of the first of them.
const START_MS: i64 = 1_700_000_000_000;
const HOUR_MS: u64 = 3_600_000;

/// What the history says of each run, in all its tables.
pub(super) type Told = BTreeMap<i64, Vec<String>>;

/// Puts such a history into the place of a home's. What it says of the runs that are over.
pub(super) fn lay(path: &Path) -> Result<Told> {
    fs::copy(root().join(FIXTURE), path).context("copy the fixture")?;
    let mut store = Store::open(path, Wall::from_ms(START_MS))?.store;
    let known = store.register(&at(0), &registration(0))?;
    let later: Vec<Write> = (1..RUNS).map(|n| Write::Register(at(n * HOUR_MS), Box::new(registration(n)))).collect();
    let entries = (0..RUNS).map(|n| Write::Append(known + n, story(n)));
    for written in store.write(&later.into_iter().chain(entries).collect::<Vec<_>>())? {
        written?;
    }
    store.close()?;
    // What brought the fixture up to date made one; a test wants those that engines make.
    for copy in copies(path)? {
        fs::remove_file(copy)?;
    }
    let open = "SELECT run FROM runs WHERE outcome IS NULL";
    let mut told = told(path)?;
    let db = read(path)?;
    for run in db.prepare(open)?.query_map([], |row| row.get::<_, i64>(0))? {
        told.remove(&run?);
    }
    ensure!(told.len() > usize::try_from(RUNS)?, "the history has all runs of the fixture and more");
    Ok(told)
}

fn at(ms: u64) -> Stamp {
    past::at(START_MS, ms)
}

fn registration(n: u64) -> Registration {
    past::registration(format!("elder-{n}"), format!("elder-{}", n % 7))
}

fn story(n: u64) -> Vec<Stamped> {
    let since = |ms: u64| at(n * HOUR_MS + ms);
    let mut story = past::advances(n, ADVANCES, since);
    let outcome = if n.is_multiple_of(3) { Outcome::Failed } else { Outcome::Succeeded };
    let over = since(400_000);
    let exit_code = Some(i32::from(outcome == Outcome::Failed));
    let ending = Ending { exit_code, ..Ending::new(outcome, over.at_wall_ms) };
    story.push(Stamped { at: over, entry: Entry::Ended(Box::new(ending)) });
    story.push(Stamped { at: since(500_000), entry: Entry::Seen });
    story
}

/// Makes the tables as a version left them that folded otherwise. Nobody may have the history open.
pub(super) fn age(path: &Path) -> Result<()> {
    let db = Connection::open(path)?;
    db.execute_batch(
        "UPDATE runs SET best_step = -1, advances = 0; DELETE FROM advances WHERE n > 1;
         UPDATE meta SET value = 1 WHERE key = 'fold';",
    )?;
    Ok(())
}

/// Which version of the fold made the tables.
pub(super) fn fold_of(path: &Path) -> Result<i64> {
    Ok(read(path)?.query_row("SELECT value FROM meta WHERE key = 'fold'", [], |row| row.get(0))?)
}

/// Damages a page in the middle of the file, as a bad disk does. Nobody may have the history open.
pub(super) fn damage(path: &Path) -> Result<()> {
    // What is in its log would cover the damage.
    Connection::open(path)?.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    let mut bytes = fs::read(path)?;
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes.get_mut(middle..middle + 4096).context("the file has a middle")?.fill(0xff);
    Ok(fs::write(path, bytes)?)
}

/// The copies of the history that count as such.
pub(super) fn copies(path: &Path) -> Result<Vec<PathBuf>> {
    let (folder, prefix) = (path.parent().context("the history is in a folder")?, "nightkeep.db.backup-2");
    let files = fs::read_dir(folder)?.flatten().filter(|file| file.file_name().to_string_lossy().starts_with(prefix));
    Ok(files.map(|file| file.path()).collect())
}

/// What of `truth` a history says otherwise, and whether it is damaged.
pub(super) fn broken(path: &Path, truth: &Told) -> Result<Vec<String>> {
    let verdict: String = read(path)?.query_row("PRAGMA quick_check", [], |row| row.get(0))?;
    let said = told(path)?;
    let mut broken: Vec<String> = truth
        .iter()
        .filter(|(run, lines)| said.get(run) != Some(lines))
        .map(|(run, lines)| format!("run {run} is told otherwise: {lines:#?} and {:#?}", said.get(run)))
        .take(3)
        .collect();
    if verdict != "ok" {
        broken.push(verdict);
    }
    Ok(broken.into_iter().map(|what| format!("`{}`: {what}", path.display())).collect())
}

/// How many damaged histories were set aside.
pub(super) fn set_aside(path: &Path) -> Result<usize> {
    let files = fs::read_dir(path.parent().context("the history is in a folder")?)?.flatten();
    let is_one = |name: &str| name.starts_with("nightkeep.db.corrupt-") && name.ends_with('Z');
    Ok(files.filter(|file| is_one(&file.file_name().to_string_lossy())).count())
}

fn read(path: &Path) -> Result<Connection> {
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    db.busy_timeout(crate::PATIENCE)?;
    Ok(db)
}

fn told(path: &Path) -> Result<Told> {
    let db = read(path)?;
    let mut told = Told::new();
    for table in ["journal", "runs", "advances", "evidence"] {
        let mut select = db.prepare(&format!("SELECT * FROM {table} ORDER BY run, 1, 2"))?;
        let (columns, run) = (select.column_count(), select.column_index("run")?);
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let values = (0..columns).map(|n| row.get_ref(n).map(|value| format!("{value:?}")));
            let line = values.collect::<Result<Vec<_>, _>>()?.join("|");
            told.entry(row.get(run)?).or_default().push(format!("{table}: {line}"));
        }
    }
    Ok(told)
}
