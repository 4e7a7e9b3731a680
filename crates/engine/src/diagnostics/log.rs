//! The end of the engine's log, a line for each entry, as people read it.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use serde_json::{Map, Value};

use crate::clean::clean_line;

/// So many entries are told.
const LINES_MAX: usize = 300;
/// No line of them is longer, in characters.
const CHARS_MAX: usize = 600;
/// They are looked for in so many bytes at the end of the file.
const BYTES_MAX: u64 = 128 * 1024;

/// The last entries, oldest first; none where there is no log.
pub(super) fn last_lines(directory: &Path) -> Vec<String> {
    let Ok(text) = tail(&directory.join("engine.log")) else { return Vec::new() };
    let lines: Vec<&str> = text.lines().collect();
    let skipped = lines.len().saturating_sub(LINES_MAX);
    lines.into_iter().skip(skipped).map(|line| clean_line(&entry(line), CHARS_MAX)).collect()
}

/// The whole lines among the last bytes of the file.
fn tail(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let from = file.metadata()?.len().saturating_sub(BYTES_MAX);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(BYTES_MAX).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    // The first one began earlier.
    Ok(if from == 0 { text } else { text.split_once('\n').map_or_else(String::new, |(_, rest)| rest.to_owned()) })
}

/// `2026-11-22T02:16:43Z INFO nightkeep_engine::host: ready pid=4000`; a line that is no entry stays as it is.
fn entry(line: &str) -> String {
    let Ok(Value::Object(mut entry)) = serde_json::from_str(line) else { return line.to_owned() };
    let mut text_of = |key: &str| match entry.remove(key) {
        Some(Value::String(text)) => text,
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let (at, level, target) = (text_of("timestamp"), text_of("level"), text_of("target"));
    let Some(Value::Object(mut fields)) = entry.remove("fields") else { return line.to_owned() };
    let message = fields.remove("message").as_ref().map(plain).unwrap_or_default();
    let rest = named(&fields) + &named(&entry);
    format!("{at} {level} {target}: {message}{rest}")
}

fn named(fields: &Map<String, Value>) -> String {
    fields.iter().map(|(name, value)| format!(" {name}={}", plain(value))).collect()
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_a_line_for_people_and_nothing_in_it_steers_a_terminal() {
        let line = r#"{"timestamp":"2026-11-22T02:16:43Z","level":"WARN","fields":{"message":"no \u001b[2Jmarker","run":41},"target":"nightkeep_engine::actor"}"#;
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("engine.log"), format!("{line}\nthread panicked\n")).unwrap();
        let told = last_lines(directory.path());
        assert_eq!(told, ["2026-11-22T02:16:43Z WARN nightkeep_engine::actor: no marker run=41", "thread panicked"]);
    }

    #[test]
    fn of_a_long_log_only_the_end_is_told_and_no_line_of_it_in_part() {
        let directory = tempfile::tempdir().unwrap();
        let lines: String = (0..20_000).map(|number| format!("entry {number}\n")).collect();
        std::fs::write(directory.path().join("engine.log"), lines).unwrap();
        let told = last_lines(directory.path());
        assert_eq!((told.len(), told.last().map(String::as_str)), (LINES_MAX, Some("entry 19999")));
        assert_eq!(last_lines(&directory.path().join("gone")), Vec::<String>::new());
        // One line that is longer than all that is read.
        std::fs::write(directory.path().join("engine.log"), "x".repeat(300_000)).unwrap();
        assert_eq!(last_lines(directory.path()), Vec::<String>::new());
    }
}
