//! What a marker says, and why it cannot be read.

use std::time::Duration;

use nightkeep_core::time::{Span, Wall};
use tokio::time::Instant;

use super::{place, write};
use crate::api::ProbeState;
use crate::marker::{NoFile, Reading, Trouble, probe, read, read_patiently};

fn read_text(text: impl AsRef<[u8]>) -> Result<Reading, Trouble> {
    let (_home, path) = place();
    write(&path, text);
    read(&path)
}

fn trouble(text: impl AsRef<[u8]>) -> Trouble {
    read_text(text).unwrap_err()
}

#[test]
fn a_marker_says_how_far_the_work_is() {
    let text =
        r#"{"step": 3, "total": 40, "note": "draft\n written", "ts": 1764000000, "expect": "45m", "run_id": "a"}"#;
    let reading = read_text(text).unwrap();
    assert_eq!((reading.step, reading.total), (Some(3), Some(40)));
    assert_eq!(reading.note.as_deref(), Some("draft written"));
    assert_eq!(reading.claimed_at, Some(Wall::from_ms(1_764_000_000_000)));
    assert_eq!(reading.expect, Some(Span::from_mins(45)));
    assert_eq!(reading.series.as_deref(), Some("a"));
    assert!(!reading.aborted);
    assert_eq!(reading.stamp.size, text.len() as u64);
}

#[test]
fn a_marker_needs_nothing_but_a_step() {
    let reading = read_text("\u{feff}{\"step\": 0}\n").unwrap();
    assert_eq!((reading.step, reading.total, reading.note, reading.claimed_at), (Some(0), None, None, None));
    assert_eq!((reading.expect, reading.series, reading.aborted), (None, None, false));
}

#[test]
fn a_whole_float_is_a_step() {
    assert_eq!(read_text(r#"{"step": 7.0}"#).unwrap().step, Some(7));
}

#[test]
fn the_aborted_note_has_no_step() {
    let reading = read_text(r#"{"step": -1, "note": "Aborted: stalled at step 2"}"#).unwrap();
    assert_eq!((reading.step, reading.aborted), (None, true));
    assert!(read_text(r#"{"step": -1}"#).unwrap().aborted);
    assert_eq!(trouble(r#"{"step": -1, "note": "starting"}"#), Trouble::NoStep("its `step` is below zero"));
}

#[test]
fn the_time_of_a_marker_is_passed_on_as_it_is_claimed() {
    let claimed = |ts: &str| {
        let reading = read_text(format!(r#"{{"step": 1, "ts": {ts}}}"#)).unwrap();
        reading.claimed_at.map(Wall::as_ms)
    };
    assert_eq!(claimed("1764000000.25"), Some(1_764_000_000_250));
    assert_eq!(claimed("1764000000250"), Some(1_764_000_000_250));
    assert_eq!(claimed(r#""2025-11-24T16:00:00.250Z""#), Some(1_764_000_000_250));
    assert_eq!(claimed("99000000000"), Some(99_000_000_000_000), "a clock from the year 5107");
    assert_eq!(claimed("1e300"), Some(i64::MAX));
    assert_eq!(claimed(r#""yesterday""#), None);
    assert_eq!(claimed("null"), None);
}

#[test]
fn a_series_is_named_by_the_run_else_by_the_process() {
    let series = |fields: &str| read_text(format!(r#"{{"step": 1, {fields}}}"#)).unwrap().series;
    assert_eq!(series(r#""pid": 4711"#).as_deref(), Some("4711"));
    assert_eq!(series(r#""pid": 4711, "run_id": "x""#).as_deref(), Some("x"));
    assert_eq!(series(r#""run_id": "", "pid": null"#), None);
}

#[test]
fn a_long_note_and_a_wild_total_are_cut_down() {
    let reading = read_text(format!(r#"{{"step": 1, "total": 1e300, "note": "{}"}}"#, "x".repeat(900))).unwrap();
    assert_eq!(reading.note.unwrap().chars().count(), 500);
    assert_eq!(reading.total, None);
    assert_eq!(read_text(r#"{"step": 1, "total": -4}"#).unwrap().total, None);
}

#[test]
fn a_half_written_marker_is_no_json() {
    for text in ["{\"step\": 3", "{\"step\": 3, \"note\": \"dra", "{\"step\": 12}34}", "{\"step\": NaN}", "step 3"] {
        assert_eq!(trouble(text), Trouble::NotJson, "{text}");
    }
    assert_eq!(trouble(""), Trouble::Empty);
    assert_eq!(trouble(" \n"), Trouble::Empty);
}

#[test]
fn a_marker_without_a_usable_step_says_what_is_wrong_with_it() {
    let texts = [
        "{}",
        "3",
        "[1]",
        r#"{"step": "3"}"#,
        r#"{"step": null}"#,
        r#"{"step": true}"#,
        r#"{"step": 2.5}"#,
        r#"{"step": 1e300}"#,
        r#"{"step": 9223372036854775808}"#,
        r#"{"step": -2}"#,
    ];
    let said: Vec<String> = texts.iter().map(|text| format!("{text}: {}", trouble(text))).collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn a_marker_that_is_no_text_is_refused() {
    assert_eq!(trouble(b"{\"step\": 3, \"note\": \"\xff\"}"), Trouble::NotUtf8);
    assert_eq!(trouble(b"\xff\xfe{\0"), Trouble::NotUtf8);
}

#[test]
fn a_marker_of_more_than_64_kib_is_refused() {
    let padded = |bytes: usize| {
        let marker = r#"{"step": 3}"#;
        marker.to_owned() + &" ".repeat(bytes - marker.len())
    };
    assert_eq!(read_text(padded(64 * 1024)).unwrap().step, Some(3));
    assert_eq!(trouble(padded(64 * 1024 + 1)), Trouble::TooLarge);
}

#[test]
fn a_missing_marker_is_told_from_a_missing_folder() {
    let (_home, path) = place();
    assert_eq!(read(&path), Err(Trouble::Missing));
    assert_eq!(read(&path.join("deeper")), Err(Trouble::NoDirectory));
    write(&path, "{}");
    assert_eq!(read(&path.join("deeper")), Err(Trouble::NoDirectory), "a file where a folder should be");
}

#[test]
fn a_folder_is_no_marker() {
    let (home, _) = place();
    assert_eq!(read(home.path()), Err(Trouble::NotAFile(NoFile::Directory)));
}

#[cfg(unix)]
mod on_unix {
    use std::os::unix::fs::symlink;
    use std::path::Path;

    use super::*;

    fn pipe(path: &Path) {
        assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
    }

    #[test]
    fn a_pipe_is_refused_without_waiting_for_a_writer() {
        let (home, path) = place();
        pipe(&path);
        assert_eq!(read(&path), Err(Trouble::NotAFile(NoFile::Pipe)));
        let link = home.path().join("link");
        symlink(&path, &link).unwrap();
        assert_eq!(read(&link), Err(Trouble::NotAFile(NoFile::Pipe)));
    }

    #[test]
    fn a_socket_and_a_device_are_no_markers() {
        let (_home, path) = place();
        let _listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
        assert_eq!(read(&path), Err(Trouble::NotAFile(NoFile::Socket)));
        assert_eq!(read(Path::new("/dev/zero")), Err(Trouble::NotAFile(NoFile::Device)));
    }

    #[test]
    fn a_link_is_followed_to_a_file_of_this_user_only() {
        let (home, path) = place();
        let real = home.path().join("real.json");
        write(&real, r#"{"step": 5}"#);
        symlink(&real, &path).unwrap();
        assert_eq!(read(&path).unwrap().step, Some(5));
        std::fs::remove_file(&real).unwrap();
        assert_eq!(read(&path), Err(Trouble::Missing));
        std::fs::remove_file(&path).unwrap();
        symlink(&path, &path).unwrap();
        assert!(matches!(read(&path), Err(Trouble::Failed(_))));
    }

    #[test]
    fn a_link_to_a_device_or_to_more_than_a_marker_is_refused_at_once() {
        let (home, path) = place();
        symlink("/dev/zero", &path).unwrap();
        assert_eq!(read(&path), Err(Trouble::NotAFile(NoFile::Device)));
        std::fs::remove_file(&path).unwrap();
        symlink(home.path(), &path).unwrap();
        assert_eq!(read(&path), Err(Trouble::NotAFile(NoFile::Directory)));
        std::fs::remove_file(&path).unwrap();
        // A file with a terabyte of nothing in it.
        let huge = home.path().join("huge");
        std::fs::File::create(&huge).unwrap().set_len(1 << 40).unwrap();
        symlink(&huge, &path).unwrap();
        assert_eq!(read(&path), Err(Trouble::TooLarge));
        assert_eq!(read(&huge), Err(Trouble::TooLarge));
    }

    /// Whatever is put in its place between the look and the reading, what is read is what was looked at.
    #[test]
    fn a_marker_that_is_swapped_all_the_time_is_never_waited_for_and_never_somebody_else_s() {
        let (home, path) = place();
        let (own, foreign) = (home.path().join("own.json"), home.path().join("foreign.json"));
        write(&own, r#"{"step": 5}"#);
        write(&foreign, r#"{"step": 666}"#);
        pipe(&home.path().join("pipe"));
        // Where nothing can be given away, the pipe is what must not be met.
        let is_given_away = std::os::unix::fs::chown(&foreign, Some(12345), None).is_ok();
        let theirs = if is_given_away { foreign } else { home.path().join("pipe") };
        let targets = [own.clone(), theirs, home.path().join("pipe"), own];
        let done = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for (n, target) in targets.iter().cycle().enumerate() {
                    let aside = home.path().join(format!("aside{}", n % 2));
                    // A link and a file of one's own take turns.
                    if n % 3 == 0 {
                        write(&aside, r#"{"step": 5}"#)
                    } else {
                        symlink(target, &aside).unwrap()
                    }
                    std::fs::rename(&aside, &path).unwrap();
                    if done.load(std::sync::atomic::Ordering::Relaxed) {
                        return;
                    }
                }
            });
            // Also when what was read is wrong.
            let _done = Done(&done);
            let mut good = 0;
            while good < 20_000 {
                match read(&path) {
                    Ok(reading) => {
                        assert_eq!(reading.step, Some(5));
                        good += 1;
                    }
                    Err(Trouble::NotAFile(_) | Trouble::Missing | Trouble::Empty | Trouble::Failed(_)) => {}
                    Err(other) => panic!("{other:?}"),
                }
            }
        });
    }

    /// Ends the swapping.
    struct Done<'a>(&'a std::sync::atomic::AtomicBool);

    impl Drop for Done<'_> {
        fn drop(&mut self) {
            self.0.store(true, std::sync::atomic::Ordering::Relaxed);
        }
    }

    #[test]
    fn a_link_to_a_file_of_another_user_is_refused() {
        let (home, path) = place();
        let real = home.path().join("real.json");
        write(&real, r#"{"step": 5}"#);
        // Only the superuser can give a file away, and only to others is a file of the superuser foreign.
        let is_given_away = std::os::unix::fs::chown(&real, Some(12345), None).is_ok();
        symlink(if is_given_away { &real } else { Path::new("/etc/passwd") }, &path).unwrap();
        assert_eq!(read(&path), Err(Trouble::NotAFile(NoFile::ForeignLink)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_half_written_marker_is_given_half_a_second() {
    let (_home, path) = place();
    write(&path, "{\"step\": 3");
    let start = Instant::now();
    assert_eq!(read_patiently(&path).await, Err(Trouble::NotJson));
    assert_eq!(start.elapsed(), Duration::from_millis(500));
}

#[tokio::test(start_paused = true)]
async fn a_marker_that_is_finished_meanwhile_is_read() {
    let (_home, path) = place();
    write(&path, "");
    let finish = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        write(&path, r#"{"step": 3}"#);
    };
    let (reading, ()) = tokio::join!(read_patiently(&path), finish);
    assert_eq!(reading.unwrap().step, Some(3));
}

#[test]
fn a_probe_says_what_the_form_shows() {
    let (home, path) = place();
    let now = |age_s: i64| {
        let written = read(&path).map_or(0, |reading| reading.stamp.written_ns / 1_000_000);
        Wall::from_ms(i64::try_from(written).unwrap() + age_s * 1000)
    };
    let mut said = Vec::new();
    let mut look = |name: &str, cwd: Option<&str>, now: Wall| {
        let report = probe(name, cwd, home.path(), now);
        said.push(format!("{:?}: {}", report.state, report.message));
        report
    };
    look("progress.json", None, now(0));
    look("p.json", Some("gone"), now(0));
    look("~", None, now(0));
    write(&path, r#"{"step": 3, "total": 40, "note": "x"}"#);
    let report = look("progress.json", Some("~"), now(120));
    assert_eq!((report.state, report.step, report.age_s), (ProbeState::Readable, Some(3), Some(120.0)));
    assert_eq!((report.note.as_deref(), report.path), (Some("x"), path.display().to_string()));
    write(&path, r#"{"step": 3}"#);
    assert_eq!(look("progress.json", None, now(-50)).age_s, Some(0.0));
    write(&path, r#"{"step": -1}"#);
    look("progress.json", None, now(5));
    for text in ["{\"st", "", "{}"] {
        write(&path, text);
        look("progress.json", None, now(0));
    }
    insta::assert_snapshot!(said.join("\n"));
}
