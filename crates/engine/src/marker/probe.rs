//! What a look at a marker's path finds, said for the person who fills in the form of a job.

use std::path::Path;

use nightkeep_core::time::{Span, Wall};

use super::reading::{Reading, read};
use super::trouble::Trouble;
use crate::api::{ProbeReport, ProbeState};
use crate::config::expand;

/// Looks at the marker at `path` as written in a job, relative to `cwd` as written there (else to `home`).
#[must_use]
pub fn probe(path: &str, cwd: Option<&str>, home: &Path, now: Wall) -> ProbeReport {
    let base = cwd.map_or_else(|| home.to_owned(), |cwd| expand(cwd, home, home));
    let path = expand(path, &base, home);
    let mut report = ProbeReport {
        state: ProbeState::Readable,
        message: String::new(),
        path: path.display().to_string(),
        step: None,
        note: None,
        age_s: None,
    };
    match read(&path) {
        Ok(reading) => {
            let age = age(&reading, now);
            report.message = readable(&reading, age);
            report.step = reading.step;
            report.note = reading.note;
            report.age_s = Some(age.as_secs_f64());
        }
        Err(trouble) => (report.state, report.message) = troubled(&trouble),
    }
    report
}

/// Time since the file was written; none when its clock runs ahead of this one.
fn age(reading: &Reading, now: Wall) -> Span {
    let written_ms = i64::try_from(reading.stamp.written_ns / 1_000_000).unwrap_or(i64::MAX);
    Span::from_ms(u64::try_from(now.as_ms().saturating_sub(written_ms)).unwrap_or(0))
}

fn readable(reading: &Reading, age: Span) -> String {
    let at = match (reading.step, reading.total) {
        (Some(step), Some(total)) => format!("step {step}/{total}"),
        (Some(step), None) => format!("step {step}"),
        (None, _) => "the aborted note".to_owned(),
    };
    let changed = if age.as_ms() < 1000 { "just now".to_owned() } else { format!("{age} ago") };
    format!("Readable. Now: {at} (changed {changed}).")
}

fn troubled(trouble: &Trouble) -> (ProbeState, String) {
    let state = match trouble {
        Trouble::Missing => {
            return (ProbeState::Missing, "File does not exist yet – fine if the job creates it.".to_owned());
        }
        Trouble::NoDirectory => return (ProbeState::NoDirectory, "Folder does not exist.".to_owned()),
        Trouble::NotAFile(_) => ProbeState::NotAFile,
        Trouble::NotPermitted => ProbeState::NotPermitted,
        Trouble::TooLarge
        | Trouble::NotUtf8
        | Trouble::Empty
        | Trouble::NotJson
        | Trouble::NoStep(_)
        | Trouble::Failed(_)
        | Trouble::NotWatched => ProbeState::Unreadable,
    };
    (state, format!("Not a readable marker: {trouble}."))
}
