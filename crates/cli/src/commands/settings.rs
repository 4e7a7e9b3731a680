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
    }
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
