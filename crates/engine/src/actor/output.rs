//! The end of a run's captured output, ready to be shown.

use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use nightkeep_os::first_kept;

use crate::api::OutputTail;
use crate::clean::clean_line;
use crate::rundir::RunDir;

/// How many lines are kept.
const LINES_MAX: usize = 200;
/// The longest line kept, in characters.
const LINE_CHARS_MAX: usize = 2_000;
/// How much of the file's end is looked at for them.
const BYTES_MAX: u64 = 256 * 1024;

/// The end of the output of a run. Standard error stands behind standard output where it has a file of its own.
///
/// # Errors
/// When a file is there and cannot be read.
pub(super) fn tail(run: &RunDir) -> io::Result<OutputTail> {
    let mut tail = OutputTail::default();
    let is_there = add(&mut tail, &run.output(), None)?;
    let of_stdout = tail.lines.len();
    add(&mut tail, &run.stderr(), Some("── standard error ──"))?;
    let of_stderr = tail.lines.len().saturating_sub(of_stdout + 1);
    tail.path = is_there.then(|| run.output().display().to_string());
    if tail.dropped_bytes == 0
        && let Ok(Some(exit)) = run.read_exit()
    {
        tail.dropped_bytes = exit.output_dropped;
        tail.bytes = tail.bytes.saturating_add(exit.output_dropped);
    }
    let surplus = tail.lines.len().saturating_sub(LINES_MAX);
    drop(tail.lines.drain(..surplus));
    // Counted from the end: lines may have gone from the beginning.
    let from = tail.lines.len().saturating_sub(of_stderr);
    tail.stderr_from = u32::try_from(from).ok().filter(|_| of_stderr > 0);
    Ok(tail)
}

/// Adds the end of one file. Whether it is there.
fn add(tail: &mut OutputTail, path: &Path, title: Option<&str>) -> io::Result<bool> {
    // Its agent can put anything in its place, a pipe without a writer for example.
    let mut file = match nightkeep_os::open_marker(path) {
        Ok(file) => file.into_file(),
        Err(fault) if fault.is_not_found() => return Ok(false),
        Err(fault) => return Err(io::Error::other(fault)),
    };
    let bytes = file.metadata()?.len();
    let from = bytes.saturating_sub(BYTES_MAX);
    let _at = file.seek(SeekFrom::Start(from))?;
    let mut end = Vec::new();
    let _count = file.by_ref().take(BYTES_MAX).read_to_end(&mut end)?;
    // Asked for after the reading: what was given back meanwhile was read as zeros.
    let gone = first_kept(&file, 0)?;
    let begins = usize::try_from(gone.saturating_sub(from)).unwrap_or(usize::MAX).min(end.len());
    let kept = end.get(begins..).unwrap_or_default();
    tail.bytes = tail.bytes.saturating_add(bytes);
    tail.dropped_bytes = tail.dropped_bytes.saturating_add(gone);
    let text = String::from_utf8_lossy(kept);
    // The first line of a cut file is half a line.
    let mut lines: Vec<&str> = text.lines().skip(usize::from(from > 0 || gone > 0)).collect();
    drop(lines.drain(..lines.len().saturating_sub(LINES_MAX)));
    if let Some(title) = title.filter(|_| !lines.is_empty()) {
        tail.lines.push(title.to_owned());
    }
    tail.lines.extend(lines.into_iter().map(|line| clean_line(line, LINE_CHARS_MAX)));
    Ok(true)
}

/// How many bytes the run has printed.
pub(super) fn bytes_printed(run: &RunDir) -> u64 {
    let length = |path: std::path::PathBuf| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    length(run.output()).saturating_add(length(run.stderr()))
}

/// What has to be known of a wall clock that was set, to tell how old output is that came before.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct OutputAge {
    /// When the output had last grown when the clock was set, as the file says, and by how much the clock was set since.
    before: Option<(i64, i64)>,
}

impl OutputAge {
    /// The wall clock was set.
    pub(super) fn clock_was_set(&mut self, run: Option<&RunDir>, by_ms: i64) {
        let Some(grown) = run.and_then(last_growth_ms) else { return };
        let set_ms = self.before.filter(|(at, _)| *at == grown).map_or(0, |(_, set_ms)| set_ms);
        self.before = Some((grown, set_ms.saturating_add(by_ms)));
    }

    /// When the output of the run last grew, on the wall clock as it goes on.
    pub(super) fn grown_at_ms(self, run: &RunDir) -> Option<i64> {
        let grown = last_growth_ms(run)?;
        let set_ms = self.before.filter(|(at, _)| *at == grown).map_or(0, |(_, set_ms)| set_ms);
        Some(grown.saturating_add(set_ms))
    }
}

/// When the output last grew, by the wall clock of that moment, in milliseconds since the Unix epoch.
pub(super) fn last_growth_ms(run: &RunDir) -> Option<i64> {
    [run.output(), run.stderr()].iter().filter_map(|path| grown_at_ms(path)).max()
}

fn grown_at_ms(path: &Path) -> Option<i64> {
    let metadata = std::fs::metadata(path).ok().filter(|metadata| metadata.len() > 0)?;
    let since_epoch = metadata.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    i64::try_from(since_epoch.as_millis()).ok()
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::io::Write;

    use super::*;
    use crate::captured::Captured;

    #[test]
    fn what_is_kept_of_a_long_output_is_shown_without_the_hole_before_it() {
        let (_home, run) = printed(30_000);
        for mut captured in Captured::of(&run, 64 * 1024) {
            captured.look().expect("it can be held");
        }
        let tail = tail(&run).expect("it can be read");
        assert_eq!(tail.bytes, 600_000);
        assert!(tail.dropped_bytes > 600_000 - 80_000, "{}", tail.dropped_bytes);
        assert_eq!(tail.lines.len(), LINES_MAX);
        assert!(tail.lines.iter().all(|line| line.starts_with("line ")), "{:?}", tail.lines);
    }

    #[test]
    fn less_than_a_tail_may_be_kept() {
        let (_home, run) = printed(300);
        let file = OpenOptions::new().write(true).open(run.output()).expect("it can be opened");
        nightkeep_os::give_back_head(&file, 4096).expect("the file system has holes");
        let tail = tail(&run).expect("it can be read");
        assert_eq!((tail.bytes, tail.dropped_bytes), (6000, 4096));
        assert_eq!(tail.lines.first().map(String::as_str), Some("line            205"));
    }

    fn printed(lines: u32) -> (tempfile::TempDir, RunDir) {
        let home = tempfile::tempdir().expect("a temporary directory");
        let run = RunDir::create(home.path().join("run")).expect("it can be made");
        let text: String = (0..lines).map(|n| format!("line {n:>14}\n")).collect();
        let mut file = std::fs::File::create(run.output()).expect("it can be made");
        file.write_all(text.as_bytes()).expect("it can be written");
        (home, run)
    }
}
