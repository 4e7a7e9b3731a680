//! The end of a run's captured output, ready to be shown.

use std::io;
use std::path::Path;

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
    let mut tail = OutputTail { path: Some(run.output().display().to_string()), ..OutputTail::default() };
    add(&mut tail, &run.output(), None)?;
    if run.stderr().exists() {
        add(&mut tail, &run.stderr(), Some("── standard error ──"))?;
    }
    let surplus = tail.lines.len().saturating_sub(LINES_MAX);
    drop(tail.lines.drain(..surplus));
    Ok(tail)
}

fn add(tail: &mut OutputTail, path: &Path, title: Option<&str>) -> io::Result<()> {
    // Its agent can put anything in its place, a pipe without a writer for example.
    let file = match nightkeep_os::open_marker(path) {
        Ok(file) => file,
        Err(fault) if fault.is_not_found() => return Ok(()),
        Err(fault) => return Err(io::Error::other(fault)),
    };
    let bytes = file.stamp().size;
    tail.bytes = tail.bytes.saturating_add(bytes);
    let from = bytes.saturating_sub(BYTES_MAX);
    let end = file.read_end(BYTES_MAX)?;
    let text = String::from_utf8_lossy(&end);
    // The first line of a cut file is half a line.
    let mut lines: Vec<&str> = text.lines().skip(usize::from(from > 0)).collect();
    drop(lines.drain(..lines.len().saturating_sub(LINES_MAX)));
    if let Some(title) = title.filter(|_| !lines.is_empty()) {
        tail.lines.push(title.to_owned());
    }
    tail.lines.extend(lines.into_iter().map(|line| clean_line(line, LINE_CHARS_MAX)));
    Ok(())
}

/// When the output last grew, on the wall clock, in milliseconds since the Unix epoch.
pub(super) fn last_growth_ms(run: &RunDir) -> Option<i64> {
    [run.output(), run.stderr()].iter().filter_map(|path| grown_at_ms(path)).max()
}

fn grown_at_ms(path: &Path) -> Option<i64> {
    let metadata = std::fs::metadata(path).ok().filter(|metadata| metadata.len() > 0)?;
    let since_epoch = metadata.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    i64::try_from(since_epoch.as_millis()).ok()
}
