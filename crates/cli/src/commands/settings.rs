//! `config …`. The settings are taken as the document that they are on the wire, so that each has one name everywhere.

use nightkeep_engine::api::SettingsSpec;
use nightkeep_engine::config::{SettingName, listed_settings, setting_names};
use serde_json::Value;

use super::Here;
use crate::args::ConfigCommand;
use crate::console;
use crate::failure::Failure;

/// What stands for a setting that is left out.
const NONE: &str = "none";

pub(super) async fn config(here: &Here, wanted: ConfigCommand) -> Result<(), Failure> {
    let engine = here.engine().await?;
    let view = engine.settings().await?;
    let mut document = serde_json::to_value(&view.spec).map_err(|fault| unreadable(&fault))?;
    match wanted {
        ConfigCommand::List { json: true } => console::print_json(&view),
        ConfigCommand::List { json: false } => {
            let names = listed_settings(&document);
            let widest = names.iter().map(|name| name.shown.len()).max().unwrap_or_default();
            let lines = names.iter().filter_map(|SettingName { shown: name, pointer }| {
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
            let usual = serde_json::to_value(&view.defaults).map_err(|fault| unreadable(&fault))?;
            let changes = changes(&document, &usual);
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

/// A line for each setting that would be another one: its name, and both values.
fn changes(before: &Value, after: &Value) -> String {
    let differ: Vec<_> = listed_settings(after)
        .into_iter()
        .filter_map(|SettingName { shown: name, pointer }| {
            Some((name, before.pointer(&pointer)?, after.pointer(&pointer)?))
        })
        .filter(|(_, before, after)| before != after)
        .collect();
    let widest = differ.iter().map(|(name, ..)| name.len()).max().unwrap_or_default();
    let line =
        |(name, before, after): (String, _, _)| format!("{name:widest$}  {} → {}\n", shown(before), shown(after));
    differ.into_iter().map(line).collect()
}

fn pointer_of(name: &str, document: &Value) -> Result<String, Failure> {
    let found = setting_names(document).into_iter().find(|known| known.shown == name);
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
