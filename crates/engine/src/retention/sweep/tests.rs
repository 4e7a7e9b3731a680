//! What goes, what stays, and what is on record of it.

use std::cell::RefCell;

use super::*;

const NOW: i64 = 100 * DAY_MS;

#[test]
fn runs_that_ended_long_ago_are_removed_and_no_others() {
    let home = Home::new();
    for tag in ["old", "young", "not in the history", "living"] {
        home.run(tag, 100);
    }
    let held = nightkeep_os::Lock::exclusive(&home.dir("living").lock()).unwrap().unwrap();
    let ended = [("old", 60), ("young", 90), ("living", 50), ("without a directory", 1)];
    let removed = home.remove_old(&ended, &Settings::default());
    assert_eq!(removed, Removed { runs: 1, bytes: 100, ..Removed::default() });
    assert_eq!(home.left(), ["living", "not in the history", "young"]);
    drop(held);
    assert_eq!(home.remove_old(&ended, &Settings::default()).runs, 1);
    assert_eq!(home.left(), ["not in the history", "young"]);
}

#[test]
fn the_outputs_of_the_oldest_runs_go_first_and_their_records_stay() {
    let home = Home::new();
    for tag in ["c", "a", "b"] {
        home.run(tag, 400_000);
    }
    home.run("silent", 0);
    fs::write(home.dir("a").stderr(), vec![b'e'; 100_000]).unwrap();
    let settings = Settings { output_total_max: 900_000, ..Settings::default() };
    let ended = [("a", 90), ("b", 91), ("c", 92), ("silent", 89)];
    let removed = home.remove_old(&ended, &settings);
    assert_eq!(removed, Removed { outputs: 1, bytes: 500_000, ..Removed::default() });
    assert!(!home.dir("a").output().exists() && !home.dir("a").stderr().exists());
    assert!(home.dir("a").path().join("spec.json").exists(), "the records stay");
    assert!(home.dir("b").output().exists() && home.dir("c").output().exists());
    assert_eq!(home.remove_old(&ended, &settings), Removed::default(), "the rest is not too much");
}

#[test]
fn an_output_goes_earlier_than_the_folder_it_is_in() {
    let home = Home::new();
    for tag in ["old", "stale", "young"] {
        home.run(tag, 100);
    }
    home.run("silent", 0);
    let settings = Settings { keep_days: 30, keep_output_days: 14, ..Settings::default() };
    let ended = [("old", 60), ("silent", 80), ("stale", 81), ("young", 90)];
    let removed = home.remove_old(&ended, &settings);
    assert_eq!(removed, Removed { runs: 1, outputs: 1, bytes: 200, failures: 0 });
    assert_eq!(home.left(), ["silent", "stale", "young"]);
    assert!(!home.dir("stale").output().exists() && home.dir("young").output().exists());
    assert_eq!(home.remove_old(&ended, &settings), Removed::default());
}

#[test]
fn that_something_goes_is_on_record_while_it_is_still_there() {
    let home = Home::new();
    for tag in ["old", "stale", "young"] {
        home.run(tag, 100);
    }
    let said = RefCell::new(Vec::new());
    let note = |run, entry| {
        let is_there = ["old", "stale", "young"].map(|tag| home.dir(tag).output().exists());
        said.borrow_mut().push((run, entry, is_there));
        Ok(())
    };
    let removed = home.remove(&[("old", 60), ("stale", 80), ("young", 90)], &Settings::default(), Some(NOW), &note);
    assert_eq!(removed, Removed { runs: 1, outputs: 1, bytes: 200, failures: 0 });
    let folder = (0, Entry::Removing { folder: true }, [true, true, true]);
    let output = (1, Entry::Removing { folder: false }, [false, true, true]);
    assert_eq!(said.into_inner(), [folder, output]);
}

#[test]
fn a_record_that_cannot_be_written_holds_nothing_up_and_is_made_once_there_is_room() {
    let home = Home::new();
    home.run("old", 100);
    let said = RefCell::new(Vec::new());
    let note = |run, entry| {
        let is_full = home.dir("old").path().exists();
        said.borrow_mut().push((run, entry));
        if is_full { Err(StoreError::UnknownRun { run }) } else { Ok(()) }
    };
    assert_eq!(home.remove(&[("old", 1)], &Settings::default(), Some(NOW), &note).runs, 1);
    assert_eq!(said.into_inner(), [(0, Entry::Removing { folder: true }), (0, Entry::Removing { folder: true })]);
}

#[test]
fn nothing_goes_without_a_record_when_the_engine_ends() {
    let home = Home::new();
    for tag in ["old", "older"] {
        home.run(tag, 100);
    }
    let ended = [("old", 2), ("older", 1)];
    let removed = home.remove(&ended, &Settings::default(), Some(NOW), &|_, _| Err(StoreError::Closed));
    assert_eq!((removed.runs, removed.failures), (0, 1), "whoever comes next begins again");
    assert_eq!(home.left(), ["old", "older"]);
}

#[test]
fn what_could_not_be_removed_is_on_record_as_still_there() {
    let home = Home::new();
    home.run("old", 100);
    let said = RefCell::new(Vec::new());
    let note = |run, entry| {
        // Something that has the other name already is in the way.
        fs::create_dir_all(home.dir(".removed-old").path().join("in the way")).unwrap();
        said.borrow_mut().push((run, entry));
        Ok(())
    };
    let removed = home.remove(&[("old", 1)], &Settings::default(), Some(NOW), &note);
    assert_eq!((removed.runs, removed.failures), (0, 1));
    assert_eq!(said.into_inner(), [(0, Entry::Removing { folder: true }), (0, Entry::NotRemoved)]);
    assert!(home.dir("old").output().exists());
}

#[test]
fn without_a_clock_that_can_be_believed_no_run_is_too_old() {
    let home = Home::new();
    for tag in ["old", "older"] {
        home.run(tag, 100);
    }
    let removed = |max| {
        let settings = Settings { output_total_max: max, ..Settings::default() };
        home.remove(&[("old", 60), ("older", 1)], &settings, None, &|_, _| Ok(()))
    };
    assert_eq!(removed(1_000), Removed::default());
    let too_much = Removed { outputs: 1, bytes: 100, ..Removed::default() };
    assert_eq!(removed(100), too_much, "their order and their sizes are known without a clock");
    assert_eq!(home.left(), ["old", "older"]);
}

#[test]
fn what_a_crash_has_left_half_removed_is_removed_at_the_next_look() {
    let home = Home::new();
    home.run(".removed-x", 100);
    assert_eq!(home.remove_old(&[], &Settings::default()), Removed::default());
    assert_eq!(home.left(), Vec::<String>::new());
}

#[cfg(unix)]
#[test]
fn no_link_is_followed() {
    let (home, elsewhere) = (Home::new(), tempfile::tempdir().unwrap());
    fs::write(elsewhere.path().join("precious"), "x").unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), home.dir("linked").path()).unwrap();
    home.run("old", 10);
    std::os::unix::fs::symlink(elsewhere.path(), home.dir("old").path().join("link")).unwrap();
    assert_eq!(home.remove_old(&[("linked", 1), ("old", 1)], &Settings::default()).runs, 1);
    assert_eq!(home.left(), ["linked"]);
    assert!(elsewhere.path().join("precious").exists());
}

struct Home {
    runs: tempfile::TempDir,
}

impl Home {
    fn new() -> Self {
        Self { runs: tempfile::tempdir().expect("a temporary directory") }
    }

    fn dir(&self, tag: &str) -> RunDir {
        RunDir::at(self.runs.path().join(tag))
    }

    fn run(&self, tag: &str, bytes: usize) {
        let dir = RunDir::create(self.runs.path().join(tag)).expect("it can be made");
        fs::write(dir.output(), vec![b'x'; bytes]).expect("it can be written");
        fs::write(dir.path().join("spec.json"), "{}").expect("it can be written");
    }

    fn remove_old(&self, ended: &[(&str, i64)], settings: &Settings) -> Removed {
        self.remove(ended, settings, Some(NOW), &|_, _| Ok(()))
    }

    /// Each run has the number of its place in `ended`, and ended on that day.
    fn remove(&self, ended: &[(&str, i64)], settings: &Settings, now_ms: Option<i64>, note: &Note<'_>) -> Removed {
        let of =
            |(run, (tag, day)): (u64, &(&str, i64))| ((*tag).to_owned(), EndedRun { run, ended_wall_ms: day * DAY_MS });
        let progress = Progress::default();
        let sweep = Sweep { runs: self.runs.path(), settings, now_ms, progress: &progress, note };
        sweep.remove_old(&(0..).zip(ended).map(of).collect()).expect("the directory can be read")
    }

    fn left(&self) -> Vec<String> {
        let entries = fs::read_dir(self.runs.path()).expect("it can be read").flatten();
        let mut names: Vec<String> =
            entries.map(|entry| entry.file_name().into_string().expect("these are texts")).collect();
        names.sort();
        names
    }
}
