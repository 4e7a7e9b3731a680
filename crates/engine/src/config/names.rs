//! What the settings are called one by one, wherever they are listed: with names of the document that they are on the
//! wire.

use serde_json::Value;

/// What groups settings without being part of their names.
const GROUP: &str = "banners";
/// A short way to say `show.warning`, which is listed.
const IN_SHORT: &str = "warnings";

/// A setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingName {
    /// As a person says it.
    pub shown: String,
    /// Where it is in the document.
    pub pointer: String,
}

/// All settings: what stands in a table of its own has the table's name before it, unless the table only groups.
#[must_use]
pub fn setting_names(document: &Value) -> Vec<SettingName> {
    let mut names = Vec::new();
    collect("", "", document, &mut names);
    names.sort_by(|one, other| one.shown.cmp(&other.shown));
    names
}

/// Those that are listed: each is said in one way.
#[must_use]
pub fn listed_settings(document: &Value) -> Vec<SettingName> {
    setting_names(document).into_iter().filter(|name| name.shown != IN_SHORT).collect()
}

fn collect(before: &str, pointer: &str, value: &Value, names: &mut Vec<SettingName>) {
    let Value::Object(fields) = value else { return };
    for (key, value) in fields {
        let (shown, pointer) = (format!("{before}{key}"), format!("{pointer}/{key}"));
        match value {
            Value::Object(_) if key == GROUP => collect(before, &pointer, value, names),
            Value::Object(_) => collect(&format!("{shown}."), &pointer, value, names),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                names.push(SettingName { shown, pointer });
            }
        }
    }
}
