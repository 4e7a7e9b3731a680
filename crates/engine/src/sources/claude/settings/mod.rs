//! Nightkeep's hooks in a settings file of Claude Code: brought in beside whatever else stands there, and taken out again.

use std::io;
use std::path::{Path, PathBuf};

use nightkeep_os::FileError;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::hook::EVENTS;
use crate::marker::replace_file;

/// What Claude Code calls: this, after the name of the program.
const CALL: &str = " hook claude";
/// After so many seconds Claude Code goes on without an answer.
const TIMEOUT_S: u64 = 5;
/// A larger file is none of settings.
const BYTES_MAX: u64 = 4 * 1024 * 1024;
/// So many files that were kept may lie beside the settings.
const BACKUPS_MAX: u32 = 100;

/// What came of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Everything is as it should be already.
    None,
    /// The file was written.
    Made {
        /// How many events it is about.
        events: usize,
        /// The file as it was before, if there was one.
        backup: Option<PathBuf>,
    },
}

/// Why settings were not changed. The file is as it was.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// It is broken, so that nothing is written over it.
    #[error("`{path}` is not JSON ({fault})")]
    NotJson {
        /// The file.
        path: PathBuf,
        /// Where it is broken.
        fault: serde_json::Error,
    },
    /// Something in it is not what Claude Code reads.
    #[error("`{at}` in `{path}` is not {wanted}")]
    Shape {
        /// The file.
        path: PathBuf,
        /// The place in it.
        at: String,
        /// What it should be.
        wanted: &'static str,
    },
    /// Somebody else wrote it at the same moment.
    #[error("`{path}` was changed by somebody else at the same moment")]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// It cannot be read or written.
    #[error("`{path}` cannot be read or written")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// What is to stand in the settings, by itself, for the program at an absolute path.
#[must_use]
pub fn snippet(program: &Path) -> Value {
    let mut settings = Map::new();
    for event in EVENTS {
        hooks_of(&mut settings).insert(event.to_owned(), json!([group(event, program)]));
    }
    Value::Object(settings)
}

/// Brings the hooks in, in the place of any that are there for a Nightkeep at another path.
///
/// # Errors
/// When the file is broken, is being written by somebody else, or cannot be written.
pub fn install(path: &Path, program: &Path) -> Result<Change, SettingsError> {
    change(path, |settings| {
        let mut events = remove_other_than(settings, Some(program));
        let hooks = hooks_of(settings);
        for event in EVENTS {
            let groups = hooks.entry(event).or_insert_with(|| json!([])).as_array_mut();
            let groups = groups.expect("the shape was checked");
            let wanted = group(event, program);
            if !groups.contains(&wanted) {
                groups.push(wanted);
                events.push(event.to_owned());
            }
        }
        events
    })
}

/// Takes the hooks out, whatever path they call.
///
/// # Errors
/// As [`install()`].
pub fn uninstall(path: &Path) -> Result<Change, SettingsError> {
    change(path, |settings| remove_other_than(settings, None))
}

/// One change to the settings, which answers with the events it is about.
fn change(path: &Path, edit: impl Fn(&mut Map<String, Value>) -> Vec<String>) -> Result<Change, SettingsError> {
    // A link stays a link.
    let path = &std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let io = |source| SettingsError::Io { path: path.clone(), source };
    let before = read(path).map_err(io)?;
    let text = before.as_deref().unwrap_or_default();
    let mut settings = parse(path, text)?;
    let mut events = edit(&mut settings);
    events.sort_unstable();
    events.dedup();
    if events.is_empty() {
        return Ok(Change::None);
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(io)?;
    }
    let backup = before.as_deref().map(|text| keep(path, text)).transpose().map_err(io)?;
    if read(path).map_err(io)? != before {
        return Err(SettingsError::Changed { path: path.clone() });
    }
    replace_file(path, written(&settings, text).as_bytes(), None).map_err(io)?;
    Ok(Change::Made { events: events.len(), backup })
}

fn read(path: &Path) -> io::Result<Option<String>> {
    let file = match nightkeep_os::open_marker(path) {
        Ok(file) => file,
        Err(error) if error.is_not_found() => return Ok(None),
        Err(FileError::Io { source, .. }) => return Err(source),
        Err(error) => return Err(io::Error::new(io::ErrorKind::InvalidInput, error)),
    };
    let bytes = file.read(BYTES_MAX)?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 4 MiB"));
    }
    String::from_utf8(bytes).map(Some).map_err(|fault| io::Error::new(io::ErrorKind::InvalidData, fault))
}

/// The settings, in which everything that will be touched has the shape that Claude Code reads.
fn parse(path: &Path, text: &str) -> Result<Map<String, Value>, SettingsError> {
    if text.trim().is_empty() {
        return Ok(Map::new());
    }
    let shape = |at: &str, wanted| SettingsError::Shape { path: path.to_owned(), at: at.to_owned(), wanted };
    let settings: Value =
        serde_json::from_str(text).map_err(|fault| SettingsError::NotJson { path: path.to_owned(), fault })?;
    let Value::Object(settings) = settings else { return Err(shape("everything", "an object")) };
    let Some(hooks) = settings.get("hooks") else { return Ok(settings) };
    let hooks = hooks.as_object().ok_or_else(|| shape("hooks", "an object"))?;
    if let Some((event, _)) = hooks.iter().find(|(_, groups)| !groups.is_array()) {
        return Err(shape(&format!("hooks.{event}"), "a list"));
    }
    Ok(settings)
}

/// As JSON that is indented as it was.
fn written(settings: &Map<String, Value>, before: &str) -> String {
    let indented = before.lines().find(|line| line.starts_with([' ', '\t']) && !line.trim().is_empty());
    let indent = indented.map_or("  ", |line| line.get(..line.len() - line.trim_start().len()).unwrap_or_default());
    let mut bytes = Vec::new();
    let format = serde_json::ser::PrettyFormatter::with_indent(indent.as_bytes());
    settings
        .serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, format))
        .expect("what was read as JSON can be written as JSON");
    let mut text = String::from_utf8(bytes).expect("JSON is text");
    if before.is_empty() || before.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// Keeps the file as it is under a name that nothing else has.
fn keep(path: &Path, text: &str) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy().into_owned();
    let names = (1..=BACKUPS_MAX).map(|n| path.with_file_name(format!("{name}.before-nightkeep-{n}")));
    let free = names.into_iter().find(|kept| std::fs::symlink_metadata(kept).is_err());
    let kept = free.ok_or_else(|| io::Error::other("there are too many copies of it; remove some"))?;
    // As private as the file itself could be.
    replace_file(&kept, text.as_bytes(), None)?;
    Ok(kept)
}

/// Takes out each of our hooks but those that call `program` as they should, and whatever is empty without them.
fn remove_other_than(settings: &mut Map<String, Value>, program: Option<&Path>) -> Vec<String> {
    let Some(hooks) = settings.get_mut("hooks").and_then(Value::as_object_mut) else { return Vec::new() };
    let mut touched = Vec::new();
    for (event, groups) in hooks.iter_mut() {
        let Some(groups) = groups.as_array_mut() else { continue };
        let wanted = program.filter(|_| EVENTS.contains(&event.as_str())).map(|program| group(event, program));
        let mut has_wanted = false;
        groups.retain_mut(|held| {
            // One is enough.
            if Some(&*held) == wanted.as_ref() && !std::mem::replace(&mut has_wanted, true) {
                return true;
            }
            let Some(hooks) = held.get_mut("hooks").and_then(Value::as_array_mut) else { return true };
            let count = hooks.len();
            hooks.retain(|hook| !is_ours(hook));
            let is_touched = hooks.len() < count;
            if is_touched {
                touched.push(event.clone());
            }
            !is_touched || !hooks.is_empty()
        });
    }
    hooks.retain(|event, groups| !touched.contains(event) || groups.as_array().is_none_or(|groups| !groups.is_empty()));
    if !touched.is_empty() && hooks.is_empty() {
        settings.remove("hooks");
    }
    touched
}

fn hooks_of(settings: &mut Map<String, Value>) -> &mut Map<String, Value> {
    let hooks = settings.entry("hooks").or_insert_with(|| json!({}));
    hooks.as_object_mut().expect("the shape was checked")
}

fn group(event: &str, program: &Path) -> Value {
    let hook = json!({ "type": "command", "command": command(program), "timeout": TIMEOUT_S });
    // Events of tools are asked for by the name of the tool.
    let is_of_tools = event.contains("Tool") || event.starts_with("Permission");
    if is_of_tools { json!({ "matcher": "*", "hooks": [hook] }) } else { json!({ "hooks": [hook] }) }
}

/// The line that a shell is given. Also on Windows it is one that knows single quotes.
fn command(program: &Path) -> String {
    let program = program.display().to_string();
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+@:".contains(c);
    if program.chars().all(is_plain) {
        format!("{program}{CALL}")
    } else {
        format!("'{}'{CALL}", program.replace('\'', r"'\''"))
    }
}

/// Whether a hook calls a Nightkeep, at whatever path.
fn is_ours(hook: &Value) -> bool {
    let command = hook.get("command").and_then(Value::as_str).unwrap_or_default();
    let Some(program) = command.trim().strip_suffix(CALL) else { return false };
    let name = program.trim_end_matches(['\'', '"']).rsplit(['/', '\\']).next().unwrap_or_default();
    matches!(name.trim_start_matches(['\'', '"']), "nightkeep" | "nightkeep.exe")
}

#[cfg(test)]
mod tests;
