//! The shape of the file: which tables and keys there are, what stands in them, and where.
//!
//! The text is walked by hand rather than through serde, so that every fault has its place and says in the product's
//! words what would be right there.

mod notifications;

use std::collections::{BTreeMap, HashMap};

use toml_edit::{Document, Item, TableLike};

use super::{Config, ConfigFault, Pings, Settings, limits};
use crate::api::{IconStyle, JobSpec, JobType, KeepAwake, Leftovers, LimitsSpec, OnStall, PingMode, UnknownKeepAwake};
use crate::captured::OUTPUT_BYTES_MIN;
use crate::pings::{Listen, key_fault};

/// The keys of a job's table besides its limits, in the order in which they are written.
pub(super) const JOB_KEYS: [&str; 17] = [
    "type",
    "command",
    "cwd",
    "env",
    "progress",
    "sources",
    "observe",
    "leftovers",
    "stop_signal",
    "output_max",
    "check_url",
    "on_stall",
    "ping",
    "ping_mode",
    "export_ping_env",
    "notify_end",
    "may_wake",
];

/// The keys of the settings.
const SETTINGS_KEYS: [&str; 9] = [
    "notifications",
    "keep_days",
    "keep_output_days",
    "output_max",
    "output_total_max",
    "max_runtime",
    MAX_RUNNING,
    "keep_awake",
    "icon_style",
];

/// The keys about pings.
const PINGS_KEYS: [&str; 2] = ["listen", "key"];

/// How many runs may run side by side: a setting for all of them, and a key of a type.
pub(super) const MAX_RUNNING: &str = "max_running";

/// The way to a key: tables from outside to inside, then the key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(super) struct KeyPath(Vec<String>);

impl KeyPath {
    pub(super) fn of(parts: &[&str]) -> Self {
        Self(parts.iter().map(|part| (*part).to_owned()).collect())
    }

    pub(super) fn then(&self, key: &str) -> Self {
        let mut longer = self.clone();
        longer.0.push(key.to_owned());
        longer
    }

    /// Whether it begins with the table of that name.
    pub(super) fn is_below(&self, table: &str) -> bool {
        self.0.first().is_some_and(|first| first == table)
    }

    /// The path as it is written in TOML.
    pub(super) fn join(&self) -> String {
        let written = self.0.iter().map(|part| toml_edit::Key::new(part).display_repr().into_owned());
        written.collect::<Vec<_>>().join(".")
    }
}

/// Where in the text the keys and values are.
#[derive(Debug, Default)]
pub(super) struct Spots(HashMap<KeyPath, usize>);

impl Spots {
    /// The place of the value at `path`, else of the nearest table around it.
    pub(super) fn offset(&self, path: &KeyPath) -> Option<usize> {
        let mut path = path.clone();
        while !path.0.is_empty() {
            if let Some(offset) = self.0.get(&path) {
                return Some(*offset);
            }
            path.0.pop();
        }
        None
    }
}

/// Reads the text into what it says. Values that are texts stay texts; what they mean is checked elsewhere.
pub(super) fn read(text: &str) -> Result<(Config, Spots), ConfigFault> {
    let document = Document::parse(text).map_err(|error| {
        let offset = error.span().map(|span| span.start.min(text.len()));
        ConfigFault::at(text, offset, format!("broken TOML: {}", error.message().replace('\n', ", ")))
    })?;
    let mut walk = Walk::default();
    match walk.config(&document) {
        Ok(config) => Ok((config, walk.spots)),
        Err(flaw) => {
            let offset = walk.spots.offset(&flaw.path);
            Err(ConfigFault::at(text, offset, format!("`{}`: {}", flaw.path.join(), flaw.message)))
        }
    }
}

/// A key whose value has not the shape it has to have.
struct Flaw {
    path: KeyPath,
    message: String,
}

type Entries<'t> = Vec<(&'t str, &'t Item)>;

#[derive(Default)]
struct Walk {
    spots: Spots,
}

impl Walk {
    fn config(&mut self, document: &Document<&str>) -> Result<Config, Flaw> {
        let mut config = Config::default();
        for (key, item) in self.known(
            &KeyPath::default(),
            document.as_table(),
            &["settings", "notifications", "pings", "types", "jobs"],
        )? {
            let path = KeyPath::of(&[key]);
            match key {
                "settings" => config.settings = self.settings(&path, item)?,
                "notifications" => config.notifications = self.notifications(&path, item)?,
                "pings" => config.pings = self.pings(&path, item)?,
                "types" => {
                    for (name, item) in self.entries(&path, item)? {
                        let kind = self.job_type(&path.then(name), item)?;
                        config.types.push((name.to_owned(), kind));
                    }
                }
                _ => {
                    for (name, item) in self.entries(&path, item)? {
                        config.jobs.push(self.job(&path.then(name), name, item)?);
                    }
                }
            }
        }
        Ok(config)
    }

    fn settings(&mut self, path: &KeyPath, item: &Item) -> Result<Settings, Flaw> {
        let mut settings = Settings::default();
        for (key, item) in self.known(path, table(path, item)?, &SETTINGS_KEYS)? {
            let path = path.then(key);
            match key {
                "max_runtime" => settings.max_runtime = Some(length(&path, item)?),
                "notifications" => settings.notifications = flag(&path, item)?,
                "keep_awake" => settings.keep_awake = keep_awake(&path, item)?,
                "icon_style" => settings.icon_style = icon_style(&path, item)?,
                "keep_days" => settings.keep_days = days(&path, item)?,
                "keep_output_days" => settings.keep_output_days = days(&path, item)?,
                "output_max" => settings.output_max = size(&path, item, OUTPUT_BYTES_MIN)?,
                MAX_RUNNING => settings.max_running = Some(capacity(&path, item)?),
                _ => settings.output_total_max = size(&path, item, OUTPUT_BYTES_MIN)?,
            }
        }
        Ok(settings)
    }

    fn pings(&mut self, path: &KeyPath, item: &Item) -> Result<Pings, Flaw> {
        let mut pings = Pings::default();
        for (key, item) in self.known(path, table(path, item)?, &PINGS_KEYS)? {
            let path = path.then(key);
            let flaw = |message| Flaw { path: path.clone(), message };
            match key {
                "listen" => {
                    let text = number_or_text(&path, item, "an address such as `\"127.0.0.1:0\"`, or a port")?;
                    pings.listen = Some(Listen::parse(&text).map_err(|fault| flaw(fault.to_string()))?);
                }
                _ => {
                    let key = string(&path, item)?;
                    if let Some(message) = key_fault(&key) {
                        return Err(flaw(message));
                    }
                    pings.key = Some(key);
                }
            }
        }
        Ok(pings)
    }

    fn job(&mut self, path: &KeyPath, name: &str, item: &Item) -> Result<JobSpec, Flaw> {
        let keys: Vec<&str> = JOB_KEYS.iter().chain(limits::KEYS).copied().collect();
        let mut job = JobSpec { name: name.to_owned(), ..JobSpec::default() };
        for (key, item) in self.known(path, table(path, item)?, &keys)? {
            let path = path.then(key);
            match key {
                "type" => job.r#type = Some(string(&path, item)?),
                "command" => job.command = command(&path, item)?,
                "cwd" => job.cwd = Some(string(&path, item)?),
                "env" => job.env = self.env(&path, item)?,
                "progress" => job.progress = Some(string(&path, item)?),
                "sources" => job.sources = texts(&path, item)?,
                "observe" => job.observe = flag(&path, item)?,
                "leftovers" => job.leftovers = Some(leftovers(&path, item)?),
                "stop_signal" => job.stop_signal = Some(string(&path, item)?),
                "check_url" => job.check_url = Some(string(&path, item)?),
                "on_stall" => job.on_stall = Some(on_stall(&path, item)?),
                "output_max" => job.output_max = Some(number_or_text(&path, item, "a size such as `\"20MB\"`")?),
                "ping" => job.ping = Some(string(&path, item)?),
                "ping_mode" => job.ping_mode = Some(ping_mode(&path, item)?),
                "export_ping_env" => job.export_ping_env = flag(&path, item)?,
                "notify_end" => job.notify_end = flag(&path, item)?,
                "may_wake" => job.may_wake = flag(&path, item)?,
                _ => limit(&path, key, item, &mut job.limits)?,
            }
        }
        Ok(job)
    }

    fn job_type(&mut self, path: &KeyPath, item: &Item) -> Result<JobType, Flaw> {
        let keys: Vec<&str> = limits::KEYS.iter().chain(&[MAX_RUNNING]).copied().collect();
        let mut kind = JobType::default();
        for (key, item) in self.known(path, table(path, item)?, &keys)? {
            let path = path.then(key);
            match key {
                MAX_RUNNING => kind.max_running = Some(capacity(&path, item)?),
                _ => limit(&path, key, item, &mut kind.limits)?,
            }
        }
        Ok(kind)
    }

    fn env(&mut self, path: &KeyPath, item: &Item) -> Result<BTreeMap<String, String>, Flaw> {
        let entries = self.entries(path, item)?;
        entries.into_iter().map(|(name, item)| Ok((name.to_owned(), string(&path.then(name), item)?))).collect()
    }

    /// The entries of a table; their places are noted.
    fn entries<'t>(&mut self, path: &KeyPath, item: &'t Item) -> Result<Entries<'t>, Flaw> {
        let table = table(path, item)?;
        self.note(path, table);
        Ok(table.iter().collect())
    }

    /// The entries of a table in which only the keys `known` may stand.
    fn known<'t>(&mut self, path: &KeyPath, table: &'t dyn TableLike, known: &[&str]) -> Result<Entries<'t>, Flaw> {
        self.note(path, table);
        let entries: Entries<'t> = table.iter().collect();
        match entries.iter().find(|(key, _)| !known.contains(key)) {
            None => Ok(entries),
            Some((key, _)) => Err(Flaw {
                path: path.then(key),
                message: format!("unknown key; the keys here are {}", listed(known.iter().copied())),
            }),
        }
    }

    fn note(&mut self, path: &KeyPath, table: &dyn TableLike) {
        for (name, item) in table.iter() {
            let header = item.as_table().and_then(|table| table.span());
            let key = table.key(name).and_then(toml_edit::Key::span);
            if let Some(span) = header.or(key) {
                self.spots.0.insert(path.then(name), span.start);
            }
        }
    }
}

/// Names in backticks, with commas between them.
pub(super) fn listed<'n>(names: impl Iterator<Item = &'n str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn table<'t>(path: &KeyPath, item: &'t Item) -> Result<&'t dyn TableLike, Flaw> {
    item.as_table_like().ok_or_else(|| wrong(path, item, "a table"))
}

fn string(path: &KeyPath, item: &Item) -> Result<String, Flaw> {
    item.as_str().map(str::to_owned).ok_or_else(|| wrong(path, item, "a text in quotes"))
}

fn flag(path: &KeyPath, item: &Item) -> Result<bool, Flaw> {
    item.as_bool().ok_or_else(|| wrong(path, item, "`true` or `false`"))
}

/// A word, or the switch that it was once.
fn keep_awake(path: &KeyPath, item: &Item) -> Result<KeepAwake, Flaw> {
    if let Some(switch) = item.as_bool() {
        return Ok(switch.into());
    }
    string(path, item)?
        .parse()
        .map_err(|fault: UnknownKeepAwake| Flaw { path: path.clone(), message: fault.to_string() })
}

fn icon_style(path: &KeyPath, item: &Item) -> Result<IconStyle, Flaw> {
    let word = string(path, item)?;
    IconStyle::ALL.into_iter().find(|style| style.word() == word).ok_or_else(|| Flaw {
        path: path.clone(),
        message: format!("has to be `colour`, `white` or `black`, not `{word}`"),
    })
}

fn leftovers(path: &KeyPath, item: &Item) -> Result<Leftovers, Flaw> {
    match string(path, item)?.as_str() {
        "stop" => Ok(Leftovers::Stop),
        "keep" => Ok(Leftovers::Keep),
        "report" => Ok(Leftovers::Report),
        other => {
            Err(Flaw { path: path.clone(), message: format!("has to be `stop`, `keep` or `report`, not `{other}`") })
        }
    }
}

fn ping_mode(path: &KeyPath, item: &Item) -> Result<PingMode, Flaw> {
    let word = string(path, item)?;
    let modes = [PingMode::Auto, PingMode::Job, PingMode::Heartbeat];
    modes.into_iter().find(|mode| mode.word() == word).ok_or_else(|| Flaw {
        path: path.clone(),
        message: format!("has to be `auto`, `job` or `heartbeat`, not `{word}`"),
    })
}

fn on_stall(path: &KeyPath, item: &Item) -> Result<OnStall, Flaw> {
    match string(path, item)?.as_str() {
        "abort" => Ok(OnStall::Abort),
        "restart" => Ok(OnStall::Restart),
        "notify" => Ok(OnStall::Notify),
        other => {
            let message = format!("has to be `abort`, `restart` or `notify`, not `{other}`");
            Err(Flaw { path: path.clone(), message })
        }
    }
}

fn days(path: &KeyPath, item: &Item) -> Result<u32, Flaw> {
    let number = item.as_integer().ok_or_else(|| wrong(path, item, "a whole number of days"))?;
    let days = u32::try_from(number).ok().filter(|days| (1..=3650).contains(days));
    days.ok_or_else(|| Flaw { path: path.clone(), message: format!("{number} is not within 1 and 3650 days") })
}

/// An amount of bytes: a text, or a whole number.
fn size(path: &KeyPath, item: &Item, least: u64) -> Result<u64, Flaw> {
    let text = number_or_text(path, item, "a size such as `\"20MB\"`")?;
    super::size::parse(&text, least).map_err(|fault| Flaw { path: path.clone(), message: fault.to_string() })
}

/// A text, or a whole number in the smallest unit.
fn number_or_text(path: &KeyPath, item: &Item, wanted: &str) -> Result<String, Flaw> {
    let text = item.as_str().map(str::to_owned).or_else(|| item.as_integer().map(|number| number.to_string()));
    text.ok_or_else(|| wrong(path, item, wanted))
}

fn capacity(path: &KeyPath, item: &Item) -> Result<u32, Flaw> {
    let number = item.as_integer().ok_or_else(|| wrong(path, item, "a whole number of runs"))?;
    let count = u32::try_from(number).ok().filter(|count| *count > 0);
    count.ok_or_else(|| Flaw {
        path: path.clone(),
        message: format!("{number} runs cannot be meant; it is at least 1, or left out for any number"),
    })
}

fn limit(path: &KeyPath, key: &str, item: &Item, spec: &mut LimitsSpec) -> Result<(), Flaw> {
    let text = match limits::form(key) {
        limits::Form::Length => length(path, item)?,
        limits::Form::Count => number_or_text(path, item, "a whole number such as `12`")?,
        limits::Form::Dollars => dollars(path, item)?,
        limits::Form::Deed => string(path, item)?,
    };
    if let Some(slot) = limits::slot(spec, key) {
        *slot = Some(text);
    }
    Ok(())
}

/// A duration: a text, or a whole number of seconds.
fn length(path: &KeyPath, item: &Item) -> Result<String, Flaw> {
    number_or_text(path, item, "a length of time such as `\"10m\"`")
}

/// An amount of money: a number, or a text.
fn dollars(path: &KeyPath, item: &Item) -> Result<String, Flaw> {
    let fraction = item.as_float().map(|amount| amount.to_string());
    fraction.map_or_else(|| number_or_text(path, item, "an amount of dollars such as `5` or `2.50`"), Ok)
}

/// A list of texts, or one text that is split as a shell would.
fn command(path: &KeyPath, item: &Item) -> Result<Vec<String>, Flaw> {
    if let Some(text) = item.as_str() {
        let unclosed = || Flaw { path: path.clone(), message: "a quotation mark in it is not closed".to_owned() };
        return shlex::split(text).ok_or_else(unclosed);
    }
    let Some(array) = item.as_array() else {
        return Err(wrong(path, item, "a list of texts such as `[\"python3\", \"gen.py\"]`"));
    };
    let words: Option<Vec<String>> = array.iter().map(|word| word.as_str().map(str::to_owned)).collect();
    words.ok_or_else(|| Flaw { path: path.clone(), message: "every part of it has to be a text in quotes".to_owned() })
}

/// A list of texts.
fn texts(path: &KeyPath, item: &Item) -> Result<Vec<String>, Flaw> {
    let texts = item.as_array().and_then(|array| array.iter().map(|text| text.as_str().map(str::to_owned)).collect());
    texts.ok_or_else(|| wrong(path, item, "a list of texts such as `[\"claude-stream\"]`"))
}

fn wrong(path: &KeyPath, item: &Item, wanted: &str) -> Flaw {
    Flaw { path: path.clone(), message: format!("has to be {wanted}, not {}", shown(item)) }
}

fn shown(item: &Item) -> &'static str {
    match item.type_name() {
        "string" => "a text",
        "integer" | "float" => "a number",
        "boolean" => "`true` or `false`",
        "datetime" => "a date",
        "array" => "a list",
        "array of tables" => "a list of tables",
        _ => "a table",
    }
}
