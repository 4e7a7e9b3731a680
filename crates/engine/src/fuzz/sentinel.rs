//! The readers of sentinel files, each by itself and all of a folder.

use std::collections::BTreeMap;
use std::ffi::OsStr;

use crate::clean::harmless;
use crate::marker::{Stamp, Trouble, is_invisible};
use crate::sentinel::{self, Defect, Kind, Listing, Looked, NAME_CHARS_MAX, Pid, Reading, Report, STEPS_MAX, Status};

pub(super) fn read(bytes: &[u8]) {
    good_pid(&sentinel::pid(bytes));
    good_status(&sentinel::status(bytes));
    good_report(&sentinel::report(bytes));
    let reading = folder(bytes, |names| names);
    let reversed = folder(bytes, |names| names.into_iter().rev().collect());
    assert_eq!(reading, reversed, "in whatever order a folder is listed, it is read as the same");
    assert!(reading.steps.len() <= STEPS_MAX);
    assert!(reading.steps.is_sorted_by(|one, next| one.name < next.name), "{reading:?}");
    for step in &reading.steps {
        assert!(!step.name.is_empty() && step.name.chars().count() <= NAME_CHARS_MAX, "{step:?}");
        assert!(!step.name.contains(['/', '\\']) && !step.name.starts_with('.'), "{step:?}");
        assert!(!step.name.chars().any(is_invisible), "{step:?}");
        good_text(&step.name);
        let _ = step.pid.as_ref().map(|pid| good_pid(&pid.said));
        let _ = step.status.as_ref().map(|status| good_status(&status.said));
        let _ = step.result.as_ref().map(|report| good_report(&report.said));
    }
}

/// Reads a folder that is written as one text: a line `@NAME` begins a file, and the lines up to the next one are in
/// it. `listed` turns the order of the names.
pub(crate) fn folder(bytes: &[u8], listed: fn(Vec<&str>) -> Vec<&str>) -> Reading {
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut name = None;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if let Some(begun) = line.strip_prefix(b"@") {
            let begun = String::from_utf8_lossy(begun).trim_end_matches(['\r', '\n']).to_owned();
            files.insert(begun.clone(), Vec::new());
            name = Some(begun);
        } else if let Some(content) = name.as_ref().and_then(|name| files.get_mut(name)) {
            content.extend_from_slice(line);
        }
    }
    let mut listing = Listing::default();
    for name in listed(files.keys().map(String::as_str).collect()) {
        listing.add(OsStr::new(name));
    }
    sentinel::steps(listing, |step, kind| look(&files, step, kind))
}

fn look(files: &BTreeMap<String, Vec<u8>>, step: &str, kind: Kind) -> Looked {
    let bytes = files.get(&format!("{step}.{}", kind.ending())).ok_or(Trouble::Missing)?;
    let size = bytes.len() as u64;
    let stamp = Stamp { device: 1, inode: 2, size, written_ns: 3 };
    Ok(((size <= kind.bytes_max()).then(|| bytes.clone()), stamp))
}

fn good_pid(pid: &Result<Pid, Defect>) {
    let Ok(pid) = good(pid) else { return };
    assert!(pid.pid > 0 && i32::try_from(pid.pid).is_ok(), "{pid:?}");
    let written = pid.start.map_or_else(|| pid.pid.to_string(), |start| format!("{} {start}", pid.pid));
    assert_eq!(sentinel::pid(written.as_bytes()), Ok(*pid));
}

fn good_status(status: &Result<Status, Defect>) {
    let Ok(status) = good(status) else { return };
    assert!(status.step.is_none_or(|step| step >= 0), "{status:?}");
    assert!(status.total.is_none_or(|total| total > 0), "{status:?}");
    if let sentinel::State::Other(state) = &status.state {
        good_text(state);
    }
    let _ = status.msg.as_deref().map(good_text);
}

fn good_report(report: &Result<Report, Defect>) {
    let Ok(report) = good(report) else { return };
    let again = sentinel::report(report.document.as_bytes());
    assert_eq!(again.as_ref(), Ok(report), "what is kept is read as the same");
    let _ = report.msg.as_deref().map(good_text);
}

/// A defect has words.
fn good<T>(said: &Result<T, Defect>) -> Result<&T, ()> {
    said.as_ref().map_err(|defect| assert!(!defect.to_string().is_empty()))
}

fn good_text(text: &str) {
    assert!(!text.is_empty() && text.chars().count() <= 500, "{text:?}");
    assert_eq!(harmless(text), text);
}
