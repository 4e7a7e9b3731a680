//! `config …`. The settings are taken as the document that they are on the wire, so that each has one name everywhere.

use nightkeep_engine::api::SettingsSpec;
use serde_json::{Map, Value};

use super::Here;
use crate::args::ConfigCommand;
use crate::console;
use crate::failure::Failure;

/// What stands for a setting that is left out.
const NONE: &str = "none";

pub(super) async fn config(here: &Here, wanted: ConfigCommand) -> Result<(), Failure> {
    let engine = here.engine().await?;
    let view = engine.settings().await?;
    let mut fields = fields_of(&view.spec)?;
    match wanted {
        ConfigCommand::List { json: true } => console::print_json(&view),
        ConfigCommand::List { json: false } => {
            let widest = fields.keys().map(String::len).max().unwrap_or_default();
            let lines = fields.iter().map(|(name, value)| format!("{name:widest$}  {}\n", shown(value)));
            console::print(&lines.collect::<String>())
        }
        ConfigCommand::Get { name } => {
            let value = fields.get(&name).ok_or_else(|| unknown(&name))?;
            console::print(&format!("{}\n", shown(value)))
        }
        ConfigCommand::Set { name, value } => {
            fields.get(&name).ok_or_else(|| unknown(&name))?;
            let spec = readings(&value).into_iter().find_map(|value| {
                fields.insert(name.clone(), value);
                serde_json::from_value::<SettingsSpec>(Value::Object(fields.clone())).ok()
            });
            let spec = spec.ok_or_else(|| Failure::usage(format!("`{value}` is nothing that `{name}` could be")))?;
            engine.set_settings(&spec).await?;
            console::print(&format!("changed {name}\n"))
        }
        ConfigCommand::Reset { yes } => {
            let changes = changes(&fields, &fields_of(&view.defaults)?);
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
fn changes(before: &Map<String, Value>, after: &Map<String, Value>) -> String {
    let differ = after.iter().filter_map(|(name, after)| Some((name, before.get(name)?, after)));
    let differ: Vec<_> = differ.filter(|(_, before, after)| before != after).collect();
    let widest = differ.iter().map(|(name, ..)| name.len()).max().unwrap_or_default();
    let line = |(name, before, after)| format!("{name:widest$}  {} → {}\n", shown(before), shown(after));
    differ.into_iter().map(line).collect()
}

fn fields_of(spec: &SettingsSpec) -> Result<Map<String, Value>, Failure> {
    match serde_json::to_value(spec) {
        Ok(Value::Object(fields)) => Ok(fields),
        other => Err(Failure::new(format!("the settings cannot be read: {other:?}"))),
    }
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
