//! Private directories, private files, locks, stamps and markers.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do, by a panic")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Stdio};

use nightkeep_os::{FileError, Lock, lock_is_held, open_marker, private_dir, stamp, write_private};

#[test]
fn a_missing_private_directory_is_created_for_this_user_alone() {
    let root = tempfile::tempdir().unwrap();
    let wanted = root.path().join("a/b");
    private_dir(&wanted).unwrap();
    private_dir(&wanted).unwrap();
    assert_eq!(mode(&wanted), 0o700);
    assert_eq!(mode(&root.path().join("a")), 0o700);
}

#[test]
fn a_private_directory_is_refused_if_others_can_get_at_it() {
    let root = tempfile::tempdir().unwrap();
    let real = root.path().join("real");
    private_dir(&real).unwrap();

    let link = root.path().join("link");
    symlink(&real, &link).unwrap();
    assert!(matches!(private_dir(&link), Err(FileError::Symlink { .. })));
    let dangling = root.path().join("dangling");
    symlink(root.path().join("nowhere"), &dangling).unwrap();
    assert!(matches!(private_dir(&dangling), Err(FileError::Symlink { .. })));

    let file = root.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(matches!(private_dir(&file), Err(FileError::NotADirectory { .. })));

    for open in [0o710, 0o750, 0o701, 0o777, 0o1777] {
        fs::set_permissions(&real, fs::Permissions::from_mode(open)).unwrap();
        let error = private_dir(&real).unwrap_err();
        assert!(matches!(error, FileError::OpenToOthers { mode, .. } if mode == open), "{error}");
        assert_eq!(error.hint().unwrap(), format!("chmod 700 {}", real.display()));
    }
}

#[test]
fn a_private_directory_of_another_user_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let foreign = if rustix::process::geteuid().is_root() {
        chown(root.path(), Some(1), None).unwrap();
        root.path()
    } else {
        Path::new("/")
    };
    let error = private_dir(foreign).unwrap_err();
    assert!(matches!(error, FileError::ForeignOwner { .. }), "{error}");
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
    assert_eq!(mode(&path), 0o600);
    assert!(!after.is_same_file(&before) || after != before);
    assert_eq!(names(root.path()), ["run.json"]);
}

#[test]
fn a_write_that_fails_leaves_the_old_file_and_no_other() {
    let root = tempfile::tempdir().unwrap();
    let taken = root.path().join("taken");
    fs::create_dir(&taken).unwrap();
    assert!(matches!(write_private(&taken, b"x"), Err(FileError::Io { .. })));
    assert_eq!(names(root.path()), ["taken"]);
    assert!(write_private(&root.path().join("no/where"), b"x").unwrap_err().is_not_found());
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
    assert_eq!(mode(&path), 0o600);
    drop(held);
    assert!(!lock_is_held(&path).unwrap());
    assert!(Lock::exclusive(&path).unwrap().is_some());
}

#[test]
fn a_lock_dies_with_its_process() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("keeper.lock");
    // perl locks as `Lock` does and is part of every base system that the project is tested on.
    let script = "use Fcntl ':flock'; open(F, '>', $ARGV[0]); flock(F, LOCK_EX); $| = 1; print qq(held\\n); sleep 600";
    let mut holder = Command::new("perl").args(["-e", script]).arg(&path).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(holder.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let while_alive = Lock::exclusive(&path).unwrap();
    holder.kill().unwrap();
    holder.wait().unwrap();
    assert!(while_alive.is_none());
    assert!(Lock::exclusive(&path).unwrap().is_some());
}

#[test]
fn a_lock_file_may_not_be_a_symbolic_link() {
    let root = tempfile::tempdir().unwrap();
    let link = root.path().join("keeper.lock");
    symlink(root.path().join("elsewhere"), &link).unwrap();
    assert!(matches!(Lock::exclusive(&link), Err(FileError::Io { .. })));
    assert_eq!(names(root.path()), ["keeper.lock"]);
}

#[test]
fn a_marker_is_read_up_to_one_byte_more_than_the_limit() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("marker");
    fs::write(&path, "12345678").unwrap();
    let marker = open_marker(&path).unwrap();
    assert_eq!(Some(marker.stamp()), stamp(&path).unwrap());
    assert_eq!(marker.stamp().size, 8);
    assert_eq!(marker.read(8).unwrap(), b"12345678");
    assert_eq!(open_marker(&path).unwrap().read(4).unwrap(), b"12345");
}

#[test]
fn what_is_not_a_regular_file_is_refused_by_name_and_not_waited_for() {
    let root = tempfile::tempdir().unwrap();
    let pipe = root.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let socket = root.path().join("socket");
    let _listener = UnixListener::bind(&socket).unwrap();
    let cases = [
        (pipe.as_path(), "a pipe"),
        (&socket, "a socket"),
        (root.path(), "a directory"),
        (Path::new("/dev/null"), "a device"),
    ];
    for (path, expected) in cases {
        let error = open_marker(path).unwrap_err();
        assert!(matches!(error, FileError::NotARegularFile { kind, .. } if kind == expected), "{error}");
    }
    assert!(open_marker(&root.path().join("missing")).unwrap_err().is_not_found());
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

fn names(directory: &Path) -> Vec<String> {
    fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}
