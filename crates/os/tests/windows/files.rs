//! Private directories, private files, locks, stamps and markers.

use std::env;
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use nightkeep_os::{FileError, Lock, lock_is_held, open_marker, private_dir, stamp, write_private};

use crate::support::start;

/// Set to the path of a lock in the process that is to hold it.
const HOLD: &str = "NK_TEST_HOLD";

#[test]
fn a_missing_private_directory_is_created_with_its_parents() {
    let root = tempfile::tempdir().unwrap();
    let wanted = root.path().join(r"a\b");
    private_dir(&wanted).unwrap();
    private_dir(&wanted).unwrap();
    let file = root.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(matches!(private_dir(&file), Err(FileError::NotADirectory { .. })));
}

#[test]
fn a_private_file_is_replaced_as_a_whole_and_nothing_is_left_aside() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("run.json");
    write_private(&path, b"first").unwrap();
    let before = stamp(&path).unwrap().unwrap();
    write_private(&path, b"second").unwrap();
    let after = stamp(&path).unwrap().unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"second");
    assert_eq!((before.size, after.size), (5, 6));
    assert_eq!(names(root.path()), ["run.json"]);
}

#[test]
fn a_write_that_fails_leaves_the_old_file_and_no_other() {
    let root = tempfile::tempdir().unwrap();
    let taken = root.path().join("taken");
    fs::create_dir(&taken).unwrap();
    assert!(matches!(write_private(&taken, b"x"), Err(FileError::Io { .. })));
    assert_eq!(names(root.path()), ["taken"]);
    assert!(write_private(&root.path().join(r"no\where"), b"x").unwrap_err().is_not_found());
}

#[test]
fn a_reader_of_a_marker_keeps_nobody_from_replacing_it() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("marker");
    write_private(&path, b"first").unwrap();
    let old = open_marker(&path).unwrap();
    write_private(&path, b"second").unwrap();
    assert_eq!(old.read(100).unwrap(), b"first");
    assert_eq!(open_marker(&path).unwrap().read(100).unwrap(), b"second");
}

#[test]
fn a_lock_excludes_everybody_else_until_it_is_dropped() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("keeper.lock");
    assert!(!lock_is_held(&path).unwrap());
    assert_eq!(stamp(&path).unwrap(), None, "asking creates nothing");
    let held = Lock::exclusive(&path).unwrap().unwrap();
    assert!(Lock::exclusive(&path).unwrap().is_none());
    assert!(lock_is_held(&path).unwrap());
    drop(held);
    assert!(!lock_is_held(&path).unwrap());
    assert!(Lock::exclusive(&path).unwrap().is_some());
}

#[test]
fn a_lock_dies_with_its_process() {
    if let Some(path) = env::var_os(HOLD) {
        let _held = Lock::exclusive(path.as_ref()).unwrap().unwrap();
        println!("held");
        std::io::stdin().read_line(&mut String::new()).unwrap();
        return;
    }
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("keeper.lock");
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["files::a_lock_dies_with_its_process", "--exact", "--nocapture", "--quiet"]).env(HOLD, &path);
    let mut holder = start(command, "held");
    assert!(Lock::exclusive(&path).unwrap().is_none());
    holder.child.kill().unwrap();
    holder.child.wait().unwrap();
    assert!(Lock::exclusive(&path).unwrap().is_some());
}

#[test]
fn a_marker_is_read_up_to_one_byte_more_than_the_limit() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("marker");
    fs::write(&path, "12345678").unwrap();
    let marker = open_marker(&path).unwrap();
    assert_eq!(Some(marker.stamp()), stamp(&path).unwrap());
    assert_eq!(marker.stamp().size, 8);
    assert!(marker.stamp().mtime_ns > 1_700_000_000_000_000_000, "{:?}", marker.stamp());
    assert_eq!(marker.read(8).unwrap(), b"12345678");
    assert_eq!(open_marker(&path).unwrap().read(4).unwrap(), b"12345");
}

#[test]
fn a_stamp_tells_files_apart() {
    let root = tempfile::tempdir().unwrap();
    let (one, other) = (root.path().join("one"), root.path().join("other"));
    File::create(&one).unwrap();
    File::create(&other).unwrap();
    let seen = stamp(&one).unwrap().unwrap();
    assert!(seen.is_same_file(&stamp(&one).unwrap().unwrap()));
    assert!(!seen.is_same_file(&stamp(&other).unwrap().unwrap()));
}

#[test]
fn what_is_not_a_regular_file_is_refused_by_name() {
    let root = tempfile::tempdir().unwrap();
    let error = open_marker(root.path()).unwrap_err();
    assert!(matches!(error, FileError::NotARegularFile { kind: "a directory", .. }), "{error}");
    assert!(open_marker(&root.path().join("missing")).unwrap_err().is_not_found());
}

fn names(directory: &Path) -> Vec<String> {
    fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}
