//! The settings as one document: what is in force, and how a changed one is written into the file.

use toml_edit::{DocumentMut, InlineTable, Item, Table, TableLike, Value};

use super::edit::put;
use super::{Config, Settings, checks, comments, size};
use crate::api::{BannersSpec, FieldFault, SettingsSpec, Show, ShowSpec};
use crate::captured::OUTPUT_BYTES_MIN;
use crate::pings::Listen;

/// The most days that are taken for meant.
const DAYS_MAX: u32 = 3650;

/// The table that says where each event is told.
const SHOW: &str = "notifications.show";

/// The settings, with the table of the file and the key in it. Each has the same name in a [`SettingsSpec`].
const KEYS: [(&str, &str); 21] = [
    ("settings", "notifications"),
    ("settings", "keep_days"),
    ("settings", "keep_output_days"),
    ("settings", "output_max"),
    ("settings", "output_total_max"),
    ("settings", "max_runtime"),
    ("settings", "max_running"),
    ("settings", "keep_awake"),
    ("settings", "icon_style"),
    ("notifications", "quiet_hours"),
    ("notifications", "quiet_days"),
    ("notifications", "morning_report"),
    ("notifications", "sound"),
    (SHOW, "warning"),
    (SHOW, "stopped"),
    (SHOW, "breaker"),
    (SHOW, "recovered"),
    (SHOW, "needs_you"),
    (SHOW, "finished"),
    (SHOW, "failed"),
    ("pings", "listen"),
];

/// As they come.
impl Default for SettingsSpec {
    fn default() -> Self {
        Config::default().settings_spec()
    }
}

impl Config {
    /// The settings in force, as they would be written.
    #[must_use]
    pub fn settings_spec(&self) -> SettingsSpec {
        let Settings { notifications, keep_days, keep_output_days, icon_style, .. } = self.settings;
        let Settings { output_max, output_total_max, max_runtime, max_running, keep_awake, .. } = self.settings.clone();
        SettingsSpec {
            notifications,
            warnings: self.notifications.show.warning == Show::Banner,
            quiet_hours: self.notifications.quiet_hours(),
            banners: Some(self.notifications.banners()),
            keep_days,
            keep_output_days,
            output_max: size::format(output_max),
            output_total_max: size::format(output_total_max),
            max_runtime,
            max_running,
            keep_awake,
            icon_style,
            listen: self.pings.listen.map(|listen| listen.to_string()),
        }
    }

    /// This configuration with other settings, if every job can still be judged.
    fn with_settings(&self, wanted: &SettingsSpec) -> Result<Self, FieldFault> {
        let mut changed = self.clone();
        changed.settings = Settings {
            notifications: wanted.notifications,
            keep_days: days("keep_days", wanted.keep_days)?,
            keep_output_days: days("keep_output_days", wanted.keep_output_days)?,
            output_max: bytes("output_max", &wanted.output_max)?,
            output_total_max: bytes("output_total_max", &wanted.output_total_max)?,
            max_runtime: wanted.max_runtime.clone(),
            max_running: capacity(wanted.max_running)?,
            keep_awake: wanted.keep_awake,
            icon_style: wanted.icon_style,
        };
        changed.notifications = self.notifications.with(wanted)?;
        changed.pings.listen =
            wanted.listen.as_deref().map(Listen::parse).transpose().map_err(|fault| at("listen", fault.to_string()))?;
        // Of all that is written here, jobs and types depend on the longest run time alone.
        match checks::first_fault(&changed) {
            None => Ok(changed),
            Some((path, message)) if path.is_below("settings") => Err(at("max_runtime", message)),
            Some((path, message)) => {
                Err(at("max_runtime", format!("`{}` does not go with it: {message}", path.join())))
            }
        }
    }
}

/// Brings the tables of the document from what `config` says to what is wanted. What means the same stays as it is
/// written.
pub(super) fn write(document: &mut DocumentMut, config: &Config, wanted: &SettingsSpec) -> Result<(), FieldFault> {
    let (before, after) = (config.settings_spec(), config.with_settings(wanted)?.settings_spec());
    for (table, key) in KEYS {
        let (before, after) = (value(&before, key), value(&after, key));
        let before = before.map(|value| value.to_string());
        if before == after.as_ref().map(ToString::to_string) {
            continue;
        }
        put(table_at(document, table), key, before.as_deref(), after);
        if (table, key) == (SHOW, "warning") {
            // It says the same in short.
            let _former = table_at(document, "notifications").remove("warnings");
        }
    }
    Ok(())
}

/// Takes every setting out of the document, so that each is as it comes. What else stands there stays.
pub(super) fn reset(document: &mut DocumentMut) {
    // The other way to say whether warnings are told.
    for (table, key) in KEYS.into_iter().chain([("notifications", "warnings")]) {
        comments::take_out(document, table, key);
    }
}

/// The table of that name, or the one in it.
fn table_at<'d>(document: &'d mut DocumentMut, name: &str) -> &'d mut dyn TableLike {
    let (outer, inner) = name.split_once('.').map_or((name, None), |(outer, inner)| (outer, Some(inner)));
    if !document.contains_key(outer) {
        add_table(document, outer, inner);
    }
    let item = document.get_mut(outer).expect("it was made");
    let is_inline = item.is_inline_table();
    let table = item.as_table_like_mut().expect("the shape of the text was checked");
    let Some(inner) = inner else { return table };
    if !table.contains_key(inner) {
        let made =
            if is_inline { Item::Value(Value::InlineTable(InlineTable::new())) } else { Item::Table(below("\n")) };
        table.insert(inner, made);
    }
    table.get_mut(inner).and_then(Item::as_table_like_mut).expect("the shape of the text was checked")
}

/// A table that comes in stands below the others, with a line between. With one in it, it has no header of its own.
fn add_table(document: &mut DocumentMut, name: &str, inner: Option<&str>) {
    let before = comments::take_all_trailing(document);
    let gap = if document.is_empty() && before.is_empty() { "" } else { "\n" };
    let mut table = below(&format!("{before}{gap}"));
    if let Some(inner) = inner {
        let mut outer = Table::new();
        outer.set_implicit(true);
        outer.insert(inner, Item::Table(table));
        table = outer;
    }
    document.insert(name, Item::Table(table));
}

/// A table with this above its header.
fn below(prefix: &str) -> Table {
    let mut table = Table::new();
    table.decor_mut().set_prefix(prefix);
    table
}

fn value(spec: &SettingsSpec, key: &str) -> Option<Value> {
    match key {
        "notifications" => Some(Value::from(spec.notifications)),
        "keep_days" => Some(Value::from(i64::from(spec.keep_days))),
        "keep_output_days" => Some(Value::from(i64::from(spec.keep_output_days))),
        "output_max" => Some(Value::from(&spec.output_max)),
        "output_total_max" => Some(Value::from(&spec.output_total_max)),
        "max_runtime" => spec.max_runtime.as_ref().map(Value::from),
        "max_running" => spec.max_running.map(|count| Value::from(i64::from(count))),
        "keep_awake" => Some(Value::from(spec.keep_awake.word())),
        "icon_style" => Some(Value::from(spec.icon_style.word())),
        "quiet_hours" => Some(Value::from(&spec.quiet_hours)),
        "listen" => spec.listen.as_ref().map(Value::from),
        _ => spec.banners.as_ref().and_then(|banners| value_of_banners(banners, key)),
    }
}

fn value_of_banners(banners: &BannersSpec, key: &str) -> Option<Value> {
    let ShowSpec { warning, stopped, breaker, recovered, needs_you, finished, failed } = banners.show;
    match key {
        "quiet_days" => Some(Value::from(&banners.quiet_days)),
        "morning_report" => Some(Value::from(&banners.morning_report)),
        "sound" => Some(Value::from(banners.sound)),
        "warning" => Some(Value::from(warning.word())),
        "stopped" => Some(Value::from(stopped.word())),
        "breaker" => Some(Value::from(breaker.word())),
        "recovered" => Some(Value::from(recovered.word())),
        "needs_you" => Some(Value::from(needs_you.word())),
        "finished" => Some(Value::from(finished.word())),
        "failed" => Some(Value::from(failed.word())),
        _ => None,
    }
}

fn days(field: &str, days: u32) -> Result<u32, FieldFault> {
    let is_meant = (1..=DAYS_MAX).contains(&days);
    if is_meant { Ok(days) } else { Err(at(field, format!("{days} is not within 1 and {DAYS_MAX} days"))) }
}

fn bytes(field: &str, text: &str) -> Result<u64, FieldFault> {
    size::parse(text, OUTPUT_BYTES_MIN).map_err(|fault| at(field, fault.to_string()))
}

fn capacity(count: Option<u32>) -> Result<Option<u32>, FieldFault> {
    if count == Some(0) {
        return Err(at("max_running", "at least 1 run has to be able to run; leave it out for any number".to_owned()));
    }
    Ok(count)
}

fn at(field: &str, message: String) -> FieldFault {
    FieldFault { field: field.to_owned(), message }
}
