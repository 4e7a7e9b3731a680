//! A history that was damaged: a backup takes its place, and what happened since is told by the directories of the runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use nightkeep_engine::api::{FaultKind, HistoryRow, Outcome};
use nightkeep_tests::eventually;
use nightkeep_tests::night::{Begun, Night, alive};

/// A run that ends with 5 once somebody writes into its gate.
fn begin_gated(night: &Night, name: &str) -> Begun {
    assert!(Command::new("mkfifo").arg(night.work().join(name)).status().unwrap().success());
    let script = format!("read _ < {name}; exit 5");
    night.begin(&["run", "--detach", "--name", name, "--", "sh", "-c", &script]).unwrap()
}

fn end(night: &Night, name: &str) {
    fs::write(night.work().join(name), "go\n").unwrap();
}

fn copies(home: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(home).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.display().to_string().contains("nightkeep.db.backup-2")).collect()
}

/// Ends the engine, makes it believe that there was never a copy, and has it make one.
fn back_up(night: &Night) {
    night.stop_engine().unwrap();
    for copy in copies(night.home()) {
        fs::remove_file(copy).unwrap();
    }
    night.start_engine().unwrap();
    eventually("a copy to be made", || (!copies(night.home()).is_empty()).then_some(())).unwrap();
}

/// One run ends before the copy, one after it, and one is alive while the file is damaged.
fn live_through(damage: impl FnOnce(&mut Vec<u8>)) {
    let night = Night::watched("").unwrap();
    let before = begin_gated(&night, "before");
    end(&night, "before");
    let row_before = night.ended(before.run).unwrap();
    back_up(&night);
    let after = begin_gated(&night, "after");
    end(&night, "after");
    assert_eq!(night.ended(after.run).unwrap().exit_code, Some(5));
    let living = begin_gated(&night, "living");
    let pid = night.until_run("it to run", living.run, |view| view.pid.is_some()).unwrap().pid.unwrap();
    night.stop_engine().unwrap();
    let database = night.home().join("nightkeep.db");
    let mut bytes = fs::read(&database).unwrap();
    damage(&mut bytes);
    fs::write(&database, &bytes).unwrap();

    night.start_engine().unwrap();
    let fault = night.fault(FaultKind::Quarantine).unwrap();
    assert!(fault.message.contains("nightkeep.db.backup-") && fault.message.contains("took its place"), "{fault:?}");
    assert!(alive(pid), "nothing is stopped for it");
    end(&night, "living");
    let rows = eventually("all runs to be in the history", || {
        let rows: Vec<HistoryRow> = serde_json::from_value(night.json(&["history"]).ok()?).ok()?;
        (rows.len() == 3).then_some(rows)
    })
    .map_err(|error| night.explained(error))
    .unwrap();
    let of = |job: &str| rows.iter().find(|row| row.job == job).unwrap();
    assert_eq!(*of("before"), row_before);
    assert_eq!((of("after").outcome, of("after").exit_code), (Outcome::Failed, Some(5)));
    assert!(of("after").recovered && !of("living").recovered, "{rows:#?}");
    assert_eq!((of("living").outcome, of("living").exit_code), (Outcome::Failed, Some(5)));
    // A number that somebody has read stands for no other run.
    assert!(of("after").run > living.run && of("living").run > of("after").run, "{rows:#?}");
    let files = fs::read_dir(night.home()).unwrap().map(|entry| entry.unwrap().path());
    let kept = files
        .into_iter()
        .find(|path| path.display().to_string().ends_with('Z') && !copies(night.home()).contains(path));
    assert_eq!(fs::read(kept.unwrap()).unwrap(), bytes, "the damaged file is kept as it was");
}

#[test]
fn runs_since_the_backup_are_taken_in_again_when_a_page_was_damaged() {
    live_through(|bytes| {
        let middle = bytes.len() / 2 / 4096 * 4096;
        bytes[middle..middle + 4096].fill(0xff);
    });
}

#[test]
fn runs_since_the_backup_are_taken_in_again_when_the_file_is_empty() {
    live_through(Vec::clear);
}

#[test]
fn a_history_of_a_later_version_is_refused_not_touched_and_its_runs_go_on() {
    let night = Night::watched("").unwrap();
    let living = begin_gated(&night, "living");
    let pid = night.until_run("it to run", living.run, |view| view.pid.is_some()).unwrap().pid.unwrap();
    night.stop_engine().unwrap();
    let database = night.home().join("nightkeep.db");
    let ours = fs::read(&database).unwrap();
    let mut later = ours.clone();
    // The number of the schema, as it stands in the header.
    later[60..64].copy_from_slice(&99_u32.to_be_bytes());
    fs::write(&database, &later).unwrap();

    for command in ["engine", "status"] {
        let said = night.nightkeep(&[command]).unwrap();
        assert_eq!((said.code, said.out.as_str(), said.err.lines().count()), (Some(1), "", 2), "{said:?}");
        let needed = format!("install Nightkeep {} or later", env!("CARGO_PKG_VERSION"));
        assert!(said.err.contains("written by a later version (schema 99") && said.err.contains(&needed), "{said:?}");
    }
    let said = night.nightkeep(&["run", "--", "sh", "-c", "exit 4"]).unwrap();
    assert_eq!(said.code, Some(4), "{said:?}");
    assert!(said.err.starts_with("warning: not watched: ") && said.err.contains("later version"), "{said:?}");
    assert_eq!(fs::read(&database).unwrap(), later, "it is not touched");
    assert!(alive(pid));

    fs::write(&database, &ours).unwrap();
    night.start_engine().unwrap();
    end(&night, "living");
    assert_eq!(night.ended(living.run).unwrap().exit_code, Some(5));
    let row = night.ended(living.run + 1).unwrap();
    assert_eq!((row.exit_code, row.recovered), (Some(4), true), "the unwatched run is taken in: {row:#?}");
}
