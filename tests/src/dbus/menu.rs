//! A menu as `com.canonical.dbusmenu` sends it, read into what a person sees.

use std::collections::HashMap;

use anyhow::Context as _;
use zbus::zvariant::{OwnedValue, Value};

/// A row of a menu, and of the menu below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MenuRow {
    /// The number by which it is clicked.
    pub id: i32,
    /// Its text without the marks of access keys; of a separator, nothing.
    pub label: String,
    /// Whether it only parts other rows.
    pub is_separator: bool,
    /// Whether it can be clicked.
    pub enabled: bool,
    /// Whether it is shown.
    pub visible: bool,
    /// The rows below it.
    pub children: Vec<Self>,
}

/// What `GetLayout` answers with for one item: its number, its properties, its children.
pub(super) type Layout = (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>);

impl MenuRow {
    pub(super) fn read((id, properties, children): Layout) -> anyhow::Result<Self> {
        let text = |name: &str| properties.get(name).and_then(|value| <&str>::try_from(value).ok()).unwrap_or_default();
        let flag = |name: &str| properties.get(name).and_then(|value| bool::try_from(value).ok()).unwrap_or(true);
        Ok(Self {
            id,
            label: shown(text("label")),
            is_separator: text("type") == "separator",
            enabled: flag("enabled"),
            visible: flag("visible"),
            children: children.into_iter().map(Self::read_child).collect::<anyhow::Result<_>>()?,
        })
    }

    fn read_child(child: OwnedValue) -> anyhow::Result<Self> {
        let mut layout = Value::from(child);
        while let Value::Value(inner) = layout {
            layout = *inner;
        }
        Self::read(Layout::try_from(layout).context("failed to read a row of the menu")?)
    }

    /// The first visible row with this label, below this one or below another one that is visible.
    #[must_use]
    pub fn find(&self, label: &str) -> Option<&Self> {
        let mut visible = self.children.iter().filter(|row| row.visible);
        visible.find_map(|row| if row.label == label { Some(row) } else { row.find(label) })
    }

    /// The visible rows below this one, one line each; `--` for a separator, brackets around what cannot be clicked.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let visible = self.children.iter().filter(|row| row.visible);
        visible
            .map(|row| match (row.is_separator, row.enabled) {
                (true, _) => "--".to_owned(),
                (false, true) => row.label.clone(),
                (false, false) => format!("[{}]", row.label),
            })
            .collect()
    }
}

/// Of two marks, one is shown; of one, none is.
fn shown(label: &str) -> String {
    let mut chars = label.chars();
    let mut shown = String::new();
    while let Some(c) = chars.next() {
        shown.extend(if c == '_' { chars.next() } else { Some(c) });
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_access_keys_are_not_shown() {
        assert_eq!(shown("_Quit my__job_"), "Quit my_job");
    }
}
