use std::io::Write;

use super::*;

const MAX: u64 = 128 * 1024;

#[test]
fn what_is_more_than_is_kept_is_given_back_and_readers_are_not_moved() {
    let (_dir, path) = output();
    let mut command = append_to(&path);
    let mut captured = Captured::open(path.clone(), MAX).unwrap();
    let mut reader = Kept::from_start(File::open(&path).unwrap());
    assert_eq!(read_all(&mut reader), (String::new(), None));
    let said = print(&mut command, 0..1000);
    assert_eq!(captured.look().unwrap().length, said.len() as u64);
    assert_eq!(read_all(&mut reader), (said, None));
    for from in (1000..21_000).step_by(1000) {
        print(&mut command, from..from + 1000);
        captured.look().unwrap();
        assert!(on_disk(&path) <= MAX + MAX / 16 + 8192, "{}", on_disk(&path));
    }
    let (text, missed) = read_all(&mut reader);
    let first: u64 = text.lines().next().unwrap().trim_start_matches("line ").trim().parse().unwrap();
    assert_eq!(missed, Some(Missed::Bytes((first - 1000) * LINE)));
    assert_eq!(text.len() as u64, (21_000 - first) * LINE);
    assert!(text.len() as u64 > MAX - 8192, "{}", text.len());
    assert!(text.ends_with("20999\n") && !text.contains('\0'), "{text:.100}");
}

#[test]
fn when_nobody_writes_any_longer_the_file_is_a_plain_one_of_whole_lines() {
    let (_dir, path) = output();
    let mut captured = Captured::open(path.clone(), MAX).unwrap();
    print(&mut append_to(&path), 0..20_000);
    captured.look().unwrap();
    let mut reader = Kept::from_start(File::open(&path).unwrap());
    let gone = captured.settle().unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let first: u64 = text.lines().next().unwrap().trim_start_matches("line ").trim().parse().unwrap();
    assert_eq!(gone, first * LINE);
    assert_eq!(gone + text.len() as u64, 20_000 * LINE);
    assert!(text.len() as u64 <= MAX, "{}", text.len());
    assert!(text.ends_with("19999\n"), "the end is kept");
    let (read, missed) = read_all(&mut reader);
    assert_eq!((read.len() as u64 + missed_bytes(missed), read.ends_with("19999\n")), (20_000 * LINE, true));
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing else is left there");
}

#[test]
fn little_output_is_left_alone() {
    let (_dir, path) = output();
    let said = print(&mut append_to(&path), 0..100);
    let mut captured = Captured::open(path.clone(), MAX).unwrap();
    let Look { length, room } = captured.look().unwrap();
    assert_eq!((length, room), (said.len() as u64, MAX + MAX / 16 - length));
    assert_eq!(captured.settle().unwrap(), 0);
    assert_eq!(fs::read_to_string(&path).unwrap(), said);
}

#[test]
fn a_file_that_the_command_empties_itself_is_read_from_its_beginning() {
    let (_dir, path) = output();
    let mut captured = Captured::open(path.clone(), MAX).unwrap();
    let mut reader = Kept::from_start(File::open(&path).unwrap());
    print(&mut append_to(&path), 0..20_000);
    captured.look().unwrap();
    read_all(&mut reader);
    append_to(&path).set_len(0).unwrap();
    let said = print(&mut append_to(&path), 7..8);
    assert_eq!(captured.look().unwrap().length, LINE);
    assert_eq!(read_all(&mut reader), (said.clone(), Some(Missed::Unknown)));
    assert_eq!(captured.settle().unwrap(), 0);
    assert_eq!(fs::read_to_string(&path).unwrap(), said);
}

#[test]
fn a_file_that_cannot_be_given_back_in_time_is_begun_anew_with_its_end() {
    let (_dir, path) = output();
    let mut captured = Captured::open(path.clone(), MAX).unwrap();
    let mut reader = Kept::from_start(File::open(&path).unwrap());
    print(&mut append_to(&path), 0..MAX);
    assert_eq!(read_all(&mut reader).0.len() as u64, MAX * LINE);
    let Look { length, room } = captured.look().unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert!(
        text.starts_with("line ") && text.ends_with("131071\n") && text.len() as u64 > MAX / 4 - LINE,
        "{text:.50}"
    );
    assert_eq!((length, room), (MAX * LINE, MAX + MAX / 16 - text.len() as u64));
    print(&mut append_to(&path), 0..1);
    assert_eq!(read_all(&mut reader).1, Some(Missed::Unknown));
    assert_eq!(captured.settle().unwrap() + text.len() as u64, MAX * LINE);
}

#[test]
fn a_line_without_end_is_cut_where_it_has_to_be() {
    let (_dir, path) = output();
    let mut captured = Captured::open(path.clone(), MAX).unwrap();
    append_to(&path).write_all(&vec![b'x'; 300_000]).unwrap();
    captured.look().unwrap();
    let gone = captured.settle().unwrap();
    let kept = fs::read(&path).unwrap();
    assert_eq!(gone + kept.len() as u64, 300_000);
    assert!(kept.len() as u64 > MAX - 8192 && kept.iter().all(|byte| *byte == b'x'), "{}", kept.len());
}

/// The length of each line.
const LINE: u64 = 20;

fn output() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("output.log");
    File::create(&path).expect("it can be made");
    (dir, path)
}

fn append_to(path: &Path) -> File {
    OpenOptions::new().append(true).open(path).expect("it can be opened")
}

fn print(to: &mut File, lines: std::ops::Range<u64>) -> String {
    let text: String = lines.map(|n| format!("line {n:>14}\n")).collect();
    to.write_all(text.as_bytes()).expect("it can be written");
    text
}

fn read_all(reader: &mut Kept) -> (String, Option<Missed>) {
    let (mut text, mut first_missed) = (Vec::new(), None);
    let mut buffer = [0; 4096];
    loop {
        let Got { count, missed } = reader.read(&mut buffer).expect("it can be read");
        first_missed = first_missed.or(missed);
        text.extend_from_slice(buffer.get(..count).expect("that many were read"));
        if count == 0 {
            return (String::from_utf8(text).expect("it is text"), first_missed);
        }
    }
}

fn missed_bytes(missed: Option<Missed>) -> u64 {
    match missed {
        Some(Missed::Bytes(count)) => count,
        Some(Missed::Unknown) | None => 0,
    }
}

#[cfg(unix)]
fn on_disk(path: &Path) -> u64 {
    std::os::unix::fs::MetadataExt::blocks(&fs::metadata(path).expect("it is there")) * 512
}

#[cfg(windows)]
fn on_disk(_path: &Path) -> u64 {
    0
}
