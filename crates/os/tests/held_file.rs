//! Holding a file small while others append to it.
#![cfg(target_os = "linux")]

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;

use nightkeep_os::{WriteWatch, first_kept, give_back_head};
use tempfile::TempDir;

const MEGABYTE: u64 = 1 << 20;

#[test]
fn what_is_given_back_is_off_the_disk_and_the_rest_stays_where_it_was() {
    let (_dir, path) = file();
    let mut appended = append_to(&path);
    appended.write_all(&vec![b'a'; usize::try_from(MEGABYTE).unwrap()]).unwrap();
    let held = OpenOptions::new().read(true).write(true).open(&path).unwrap();
    assert_eq!(first_kept(&held, 0).unwrap(), 0);

    let begins = give_back_head(&held, MEGABYTE - 10_000).unwrap();
    assert!(begins <= MEGABYTE - 10_000 && begins > MEGABYTE - 10_000 - 65_536, "{begins}");
    assert_eq!(first_kept(&held, 0).unwrap(), begins);
    assert_eq!(first_kept(&held, begins + 5).unwrap(), begins + 5);
    assert_eq!(first_kept(&held, MEGABYTE).unwrap(), MEGABYTE, "nothing follows the end");
    let found = held.metadata().unwrap();
    assert_eq!(found.len(), MEGABYTE);
    assert!(found.blocks() * 512 <= MEGABYTE - begins + 65_536, "{} blocks", found.blocks());

    appended.write_all(b"more").unwrap();
    let mut end = String::new();
    let mut reader = File::open(&path).unwrap();
    reader.seek(SeekFrom::Start(MEGABYTE - 2)).unwrap();
    reader.read_to_string(&mut end).unwrap();
    assert_eq!(end, "aamore");
}

#[test]
fn less_than_a_block_is_not_given_back() {
    let (_dir, path) = file();
    append_to(&path).write_all(b"a short line\n").unwrap();
    let held = OpenOptions::new().read(true).write(true).open(&path).unwrap();
    assert_eq!(give_back_head(&held, 5).unwrap(), 0);
    assert_eq!(std::fs::read(&path).unwrap(), b"a short line\n");
}

#[test]
fn a_write_ends_a_wait_that_was_armed_before_it_whoever_writes() {
    let (_dir, path) = file();
    let (armed, is_armed) = mpsc::channel();
    let waiting = thread::spawn({
        let path = path.clone();
        move || {
            let watch = WriteWatch::of(&[&path]).unwrap();
            for _ in 0..3 {
                watch.arm().unwrap();
                armed.send(()).unwrap();
                watch.wait();
            }
        }
    });
    let mut appended = append_to(&path);
    for _ in 0..3 {
        is_armed.recv().unwrap();
        appended.write_all(b"line\n").unwrap();
    }
    waiting.join().unwrap();
}

fn file() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("output.log");
    File::create(&path).expect("it can be made");
    (dir, path)
}

fn append_to(path: &Path) -> File {
    OpenOptions::new().append(true).open(path).expect("it can be opened")
}
