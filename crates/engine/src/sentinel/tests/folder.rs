//! Folders as they are found on a disk.

use std::path::Path;

use crate::marker::NoFile;
use crate::sentinel::{Defect, ENTRIES_MAX, Kind, Reading, STEPS_MAX, State, Step, Unlisted, read};

fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    for (name, content) in files {
        std::fs::write(home.path().join(name), content).unwrap();
    }
    home
}

fn names(reading: &Reading) -> Vec<&str> {
    reading.steps.iter().map(|step| step.name.as_str()).collect()
}

fn only_step(home: &Path) -> Step {
    let reading = read(home);
    assert_eq!(reading.steps.len(), 1, "{reading:?}");
    reading.steps.into_iter().next().unwrap()
}

#[test]
fn the_steps_of_a_folder_are_read_in_the_order_of_their_names() {
    let home = folder(&[
        ("test.heartbeat", b""),
        ("build.status", b"SUCCESS\n"),
        ("build.result", b"{\"ok\": true}"),
        ("build.pid", b"4711"),
        ("deploy.status", b"{\"st"),
        ("notes.md", b"4711"),
        ("build.status.tmp", b"FAILED"),
    ]);
    let reading = read(home.path());
    assert_eq!(names(&reading), ["build", "deploy", "test"]);
    assert_eq!((reading.left_out, reading.misnamed, reading.is_cut, &reading.unlisted), (0, 0, false, &None));
    let [build, deploy, test] = reading.steps.as_slice() else { panic!("{reading:?}") };
    assert_eq!(build.pid.as_ref().unwrap().said.as_ref().unwrap().pid, 4711);
    assert_eq!(build.status.as_ref().unwrap().said.as_ref().unwrap().state, State::Success);
    assert_eq!(build.result.as_ref().unwrap().said.as_ref().unwrap().ok, Some(true));
    assert_eq!(build.heartbeat, None);
    assert_eq!(deploy.status.as_ref().unwrap().said, Err(Defect::HalfWritten));
    assert_eq!(test.heartbeat.as_ref().unwrap().said.as_ref().unwrap().content.as_deref(), Some(b"".as_slice()));
}

#[test]
fn a_heartbeat_is_told_by_its_time_by_its_content_and_by_its_length() {
    let home = folder(&[("build.heartbeat", b"1")]);
    let path = home.path().join("build.heartbeat");
    let beat = || only_step(home.path()).heartbeat.unwrap().said.unwrap();
    let set_time = |at| std::fs::File::options().write(true).open(&path).unwrap().set_modified(at).unwrap();
    let at = std::fs::metadata(&path).unwrap().modified().unwrap();
    let first = beat();
    assert_eq!(beat(), first, "nothing happened");
    std::fs::write(&path, "2").unwrap();
    set_time(at);
    let second = beat();
    assert_ne!(second, first, "another content at the same time");
    set_time(at + std::time::Duration::from_secs(10));
    assert_ne!(beat(), second, "touched");
    std::fs::write(&path, "tick\n".repeat(1000)).unwrap();
    set_time(at);
    let long = beat();
    assert_eq!((long.size, &long.content), (5000, &None), "more than is compared is a beat all the same");
    std::fs::write(&path, "tick\n".repeat(1001)).unwrap();
    set_time(at);
    assert_ne!(beat(), long);
}

#[test]
fn a_file_that_is_too_large_is_named_and_the_others_are_read() {
    let over = |kind: Kind| vec![b' '; usize::try_from(kind.bytes_max()).unwrap() + 1];
    let (pid, status, result) = (over(Kind::Pid), over(Kind::Status), over(Kind::Result));
    let home = folder(&[("a.pid", &pid), ("a.status", &status), ("a.result", &result), ("a.heartbeat", b"")]);
    let step = only_step(home.path());
    let too_large = |kind: Kind| Defect::TooLarge { bytes_max: kind.bytes_max() };
    assert_eq!(step.pid.unwrap().said, Err(too_large(Kind::Pid)));
    assert_eq!(step.status.unwrap().said, Err(too_large(Kind::Status)));
    assert_eq!(step.result.unwrap().said, Err(too_large(Kind::Result)));
    assert!(step.heartbeat.unwrap().said.is_ok());
}

#[test]
fn a_folder_that_is_not_there_or_none_at_all_says_so() {
    let home = folder(&[("a.pid", b"1")]);
    assert_eq!(read(&home.path().join("gone")).unlisted, Some(Unlisted::Missing));
    let file = read(&home.path().join("a.pid"));
    assert_eq!((file.unlisted, file.steps), (Some(Unlisted::NotAFolder), Vec::new()));
}

#[test]
fn of_too_many_steps_those_that_go_on_are_read_first_and_then_the_last() {
    let home = folder(&[("000 goes on.heartbeat", b""), ("001 goes on.pid", b"7")]);
    for n in 2..STEPS_MAX + 5 {
        std::fs::write(home.path().join(format!("{n:03}.status")), "SUCCESS").unwrap();
    }
    let reading = read(home.path());
    assert_eq!((reading.steps.len(), reading.left_out), (STEPS_MAX, 5));
    assert_eq!(names(&reading)[..3], ["000 goes on", "001 goes on", "007"]);
    assert_eq!(names(&reading).last(), Some(&"104"));
}

#[test]
fn a_folder_with_no_end_of_entries_is_cut_and_says_so() {
    let home = tempfile::tempdir().unwrap();
    for n in 0..ENTRIES_MAX {
        std::fs::write(home.path().join(format!("{n}.log")), "").unwrap();
    }
    assert!(!read(home.path()).is_cut);
    std::fs::write(home.path().join("one more"), "").unwrap();
    assert!(read(home.path()).is_cut);
}

#[test]
fn a_folder_in_the_place_of_a_file_is_named() {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join("build.status")).unwrap();
    assert_eq!(only_step(home.path()).status.unwrap().said, Err(Defect::NotAFile(NoFile::Directory)));
}

#[cfg(unix)]
mod on_unix {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn pipes_sockets_devices_and_links_are_named_and_never_waited_for_or_followed() {
        let home = folder(&[("own.json", b"{\"ok\": true, \"token\": \"secret\"}")]);
        let at = |name: &str| home.path().join(name);
        assert!(std::process::Command::new("mkfifo").arg(at("a.heartbeat")).status().unwrap().success());
        let _listener = std::os::unix::net::UnixListener::bind(at("a.pid")).unwrap();
        symlink("/dev/zero", at("a.status")).unwrap();
        symlink(at("own.json"), at("a.result")).unwrap();
        let step = only_step(home.path());
        assert_eq!(step.heartbeat.unwrap().said, Err(Defect::NotAFile(NoFile::Pipe)));
        assert_eq!(step.pid.unwrap().said, Err(Defect::NotAFile(NoFile::Socket)));
        assert_eq!(step.status.unwrap().said, Err(Defect::NotAFile(NoFile::Link)));
        assert_eq!(step.result.unwrap().said, Err(Defect::NotAFile(NoFile::Link)));
    }

    #[test]
    fn a_pipe_in_the_place_of_the_folder_is_not_waited_for() {
        let home = tempfile::tempdir().unwrap();
        let pipe = home.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert_eq!(read(&pipe).unlisted, Some(Unlisted::NotAFolder));
    }

    #[test]
    fn a_name_that_cannot_be_shown_is_counted_and_not_read() {
        let home = folder(&[("good.pid", b"7"), ("tur\u{202e}ned.pid", b"7"), ("st\u{1b}[2Jeers.pid", b"7")]);
        std::fs::write(home.path().join(OsStr::from_bytes(b"not-\xff-text.status")), "SUCCESS").unwrap();
        std::fs::write(home.path().join(OsStr::from_bytes(b"\xff.log")), "").unwrap();
        let reading = read(home.path());
        assert_eq!((names(&reading), reading.misnamed), (vec!["good"], 3));
    }
}
