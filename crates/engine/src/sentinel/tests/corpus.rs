//! Each file of the corpus, and what it is read as. The fuzzer's own finds are read by the test of all corpora.

use std::fmt::{Debug, Write};
use std::path::Path;

use crate::fuzz::folder;
use crate::sentinel::{Defect, Reading, Seen, pid, report, status};

#[test]
fn every_file_of_the_corpus_is_read_as_written_down() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpora/sentinel");
    let mut names: Vec<String> =
        std::fs::read_dir(&corpus).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let mut table = String::new();
    for name in &names {
        let bytes = std::fs::read(corpus.join(name)).unwrap();
        let said = match name.rsplit_once('.').map(|(_, ending)| ending) {
            Some("pid") => said(&pid(&bytes)),
            Some("status") => said(&status(&bytes)),
            Some("result") => said(&report(&bytes).map(|report| (report.ok, report.code, report.msg, report.document))),
            Some("folder") => outline(&folder(&bytes, |names| names)),
            Some(_) | None => continue,
        };
        writeln!(table, "{name}: {said}").unwrap();
    }
    insta::assert_snapshot!(table);
}

fn said<T: Debug>(result: &Result<T, Defect>) -> String {
    match result {
        Ok(said) => format!("{said:?}"),
        Err(defect) => format!("{}{defect}", if defect.may_pass() { "look again: " } else { "no: " }),
    }
}

fn outline(reading: &Reading) -> String {
    let Reading { steps, left_out, misnamed, .. } = reading;
    let mut text = format!("{} steps, {left_out} left out, {misnamed} misnamed", steps.len());
    let (head, tail) = steps.split_at(steps.len().min(4));
    for step in head.iter().chain(tail.last()) {
        write!(text, "\n  {}:", step.name).unwrap();
        text += &seen(" pid", step.pid.as_ref());
        text += &seen(" heartbeat", step.heartbeat.as_ref());
        text += &seen(" status", step.status.as_ref());
        text += &seen(" result", step.result.as_ref());
    }
    text
}

fn seen<T: Debug>(name: &str, seen: Option<&Seen<T>>) -> String {
    seen.map_or_else(String::new, |seen| format!("{name} {}", said(&seen.said)))
}
