//! `config …`. The settings are taken as the document that they are on the wire, so that each has one name everywhere.

use nightkeep_engine::api::SettingsSpec;
use serde_json::Value;

use super::Here;
use crate::args::ConfigCommand;
use crate::console;
use crate::failure::Failure;

/// What stands for a setting that is left out.
const NONE: &str = "none";
/// What groups settings without being part of their names.
const GROUP: &str = "banners";
/// A short way to say `show.warning`, which is listed.
const IN_SHORT: &str = "warnings";

pub(super) async fn config(here: &Here, wanted: ConfigCommand) -> Result<(), Failure> {
    let engine = here.engine().await?;
    let view = engine.settings().await?;
    let mut document = serde_json::to_value(&view.spec).map_err(|fault| unreadable(&fault))?;
    match wanted {
        ConfigCommand::List { json: true } => console::print_json(&view),
        ConfigCommand::List { json: false } => {
            let names = listed(&document);
            let widest = names.iter().map(|name| name.shown.len()).max().unwrap_or_default();
            let lines = names.iter().filter_map(|Name { shown: name, pointer }| {
                Some(format!("{name:widest$}  {}\n", shown(document.pointer(pointer)?)))
            });
            console::print(&lines.collect::<String>())
        }
        ConfigCommand::Get { name } => {
            let value = document.pointer(&pointer_of(&name, &document)?).map(shown).unwrap_or_default();
            console::print(&format!("{value}\n"))
        }
        ConfigCommand::Set { name, value } => {
            let pointer = pointer_of(&name, &document)?;
            let spec = readings(&value).into_iter().find_map(|value| {
                *document.pointer_mut(&pointer)? = value;
                serde_json::from_value::<SettingsSpec>(document.clone()).ok()
            });
            let spec = spec.ok_or_else(|| Failure::usage(format!("`{value}` is nothing that `{name}` could be")))?;
            engine.set_settings(&spec).await?;
            console::print(&format!("changed {name}\n"))
        }
        ConfigCommand::Reset { yes } => {
            let defaults = serde_json::to_value(&view.defaults).map_err(|fault| unreadable(&fault))?;
            let changes = changes(&document, &defaults);
            if changes.is_empty() {
                return console::print("all settings are as they come\n");
            }
            if yes {
                engine.reset_settings().await?;
            }
            console::print(&changes)?;
            let said =
                if yes { "they are reset" } else { "nothing is reset yet; `nightkeep config reset --yes` does it" };
            console::tell(&format!("{said}\n"));
            Ok(())
        }
    }
}

/// A setting.
struct Name {
    /// As a person says it.
    shown: String,
    /// Where it is in the document.
    pointer: String,
}

/// All settings: what stands in a table of its own has the table's name before it, unless the table only groups.
fn names(document: &Value) -> Vec<Name> {
    let mut names = Vec::new();
    collect("", "", document, &mut names);
    names.sort_by(|one, other| one.shown.cmp(&other.shown));
    names
}

/// Those that are listed.
fn listed(document: &Value) -> Vec<Name> {
    names(document).into_iter().filter(|name| name.shown != IN_SHORT).collect()
}

fn collect(before: &str, pointer: &str, value: &Value, names: &mut Vec<Name>) {
    let Value::Object(fields) = value else { return };
    for (key, value) in fields {
        let (shown, pointer) = (format!("{before}{key}"), format!("{pointer}/{key}"));
        match value {
            Value::Object(_) if key == GROUP => collect(before, &pointer, value, names),
            Value::Object(_) => collect(&format!("{shown}."), &pointer, value, names),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                names.push(Name { shown, pointer });
            }
        }
    }
}

/// A line for each setting that would be another one: its name, and both values.
fn changes(before: &Value, after: &Value) -> String {
    let differ = listed(after).into_iter().filter_map(|name| {
        let (before, after) = (before.pointer(&name.pointer)?, after.pointer(&name.pointer)?);
        (before != after).then(|| (name.shown, shown(before), shown(after)))
    });
    let differ: Vec<_> = differ.collect();
    let widest = differ.iter().map(|(name, ..)| name.len()).max().unwrap_or_default();
    differ.into_iter().map(|(name, before, after)| format!("{name:widest$}  {before} → {after}\n")).collect()
}

fn pointer_of(name: &str, document: &Value) -> Result<String, Failure> {
    let found = names(document).into_iter().find(|known| known.shown == name);
    found.map(|known| known.pointer).ok_or_else(|| unknown(name))
}

fn unreadable(fault: &serde_json::Error) -> Failure {
    Failure::new(format!("the settings cannot be read: {fault}"))
}

/// All that a text can be meant as, a text first: which of it fits, the setting says.
fn readings(text: &str) -> Vec<Value> {
    let nothing = (text == NONE).then_some(Value::Null);
    let number = text.parse::<u32>().ok().map(Value::from);
    let flag = text.parse::<bool>().ok().map(Value::Bool);
    nothing.into_iter().chain([Value::from(text)]).chain(number).chain(flag).collect()
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => NONE.to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

fn unknown(name: &str) -> Failure {
    Failure::usage(format!("there is no setting `{name}`")).with_hint("see `nightkeep config list`")
}
