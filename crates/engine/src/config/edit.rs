//! Edits of the text of `config.toml` that touch what they are about and nothing else: comments, order, spacing and
//! the way values are written stay as the user left them.

use std::io;
use std::path::PathBuf;

use toml_edit::{Array, Decor, DocumentMut, InlineTable, Item, Key, Table, TableLike, Value};

use super::{Config, ConfigFault, checks, comments, limits, settings, shape};
use crate::api::{ApiError, ErrorCode, FieldFault, JobSpec, LimitsSpec, SettingsSpec, TypeView};

/// Why an edit was not made. The file is as it was.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The file cannot be used as it is, so nothing is written over it.
    #[error("`{path}` cannot be edited while it is broken ({fault})")]
    Broken {
        /// The file.
        path: PathBuf,
        /// Where it is broken.
        fault: ConfigFault,
    },
    /// A job of that name is there already.
    #[error("there is a job `{name}` already")]
    Exists {
        /// The name.
        name: String,
    },
    /// There is no job of that name.
    #[error("there is no job `{name}`")]
    NotFound {
        /// The name.
        name: String,
    },
    /// The file says nothing of a job type of that name.
    #[error("`config.toml` says nothing of a job type `{name}`")]
    NoType {
        /// The name.
        name: String,
    },
    /// Jobs are of that type.
    #[error("the job type `{name}` is that of {jobs}")]
    TypeInUse {
        /// The name.
        name: String,
        /// Which jobs, as a list.
        jobs: String,
    },
    /// What was asked for cannot be meant.
    #[error("{}", .0.message)]
    Invalid(FieldFault),
    /// Somebody else kept writing the file.
    #[error("`{path}` was changed by somebody else at the same moment")]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be read or written.
    #[error("cannot write `{path}`")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl From<EditError> for ApiError {
    fn from(error: EditError) -> Self {
        let message = error.to_string();
        match error {
            EditError::Broken { .. } => {
                Self::new(ErrorCode::Conflict, message).with_hint("mend the file in an editor, then try again")
            }
            EditError::Exists { .. } => Self::new(ErrorCode::Conflict, message).at_field("name"),
            EditError::TypeInUse { .. } => {
                Self::new(ErrorCode::Conflict, message).with_hint("give these jobs another type first")
            }
            EditError::NotFound { .. } | EditError::NoType { .. } => Self::new(ErrorCode::NotFound, message),
            EditError::Invalid(fault) => Self::new(ErrorCode::Invalid, message).at_field(fault.field),
            EditError::Changed { .. } => Self::new(ErrorCode::Conflict, message).with_hint("try again"),
            EditError::Io { source, .. } => {
                let kinds = [io::ErrorKind::PermissionDenied, io::ErrorKind::ReadOnlyFilesystem];
                let forbidden = kinds.contains(&source.kind());
                let code = if forbidden { ErrorCode::NotPermitted } else { ErrorCode::Storage };
                Self::new(code, format!("{message}: {source}"))
            }
        }
    }
}

/// One edit.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Edit<'e> {
    AddJob(&'e JobSpec),
    ReplaceJob { name: &'e str, job: &'e JobSpec },
    RemoveJob { name: &'e str },
    SetType { name: &'e str, limits: &'e LimitsSpec },
    RemoveType { name: &'e str },
    SetCapacity { name: &'e str, max_running: Option<u32> },
    SetSettings(&'e SettingsSpec),
    ResetSettings,
}

/// The text with the edit made. `config` is what `text` says.
pub(crate) fn apply(text: &str, config: &Config, edit: Edit<'_>) -> Result<String, EditError> {
    check(config, edit)?;
    let mut document: DocumentMut = parsed(text);
    match edit {
        Edit::AddJob(job) => {
            let mut table = Table::new();
            write_job(&mut table, &JobSpec::default(), job);
            add_table(&mut document, "jobs", &job.name, table);
        }
        Edit::ReplaceJob { name, job } => {
            let old = config.job(name).ok_or_else(|| EditError::NotFound { name: name.to_owned() })?;
            let jobs = tables(&mut document, "jobs");
            write_job(table_of(jobs, name), old, job);
            if name != job.name {
                rename(jobs, name, &job.name);
            }
        }
        Edit::RemoveJob { name } => remove_table(&mut document, "jobs", name),
        Edit::SetType { name, limits } => set_type(&mut document, config, name, limits),
        Edit::RemoveType { name } => remove_table(&mut document, "types", name),
        Edit::SetCapacity { name, max_running } => set_capacity(&mut document, config, name, max_running),
        Edit::SetSettings(wanted) => settings::write(&mut document, config, wanted).map_err(EditError::Invalid)?,
        Edit::ResetSettings => settings::reset(&mut document),
    }
    let edited = document.to_string();
    Ok(if text.starts_with('\n') { edited } else { edited.trim_start_matches('\n').to_owned() })
}

/// What a file would say of these types and jobs.
pub(crate) fn as_text(types: &[TypeView], jobs: &[JobSpec]) -> String {
    let mut document = DocumentMut::new();
    for kind in types.iter().filter(|kind| kind.max_running.is_some() || kind.overrides != LimitsSpec::default()) {
        let mut table = Table::new();
        write_limits(&mut table, &LimitsSpec::default(), &kind.overrides);
        let number = kind.max_running.map(|count| Value::from(i64::from(count)));
        put(&mut table, shape::MAX_RUNNING, None, number);
        add_table(&mut document, "types", &kind.name, table);
    }
    for job in jobs {
        let mut table = Table::new();
        write_job(&mut table, &JobSpec::default(), job);
        add_table(&mut document, "jobs", &job.name, table);
    }
    document.to_string().trim_start_matches('\n').to_owned()
}

fn parsed(text: &str) -> DocumentMut {
    text.parse().expect("the text was parsed into the configuration")
}

fn check(config: &Config, edit: Edit<'_>) -> Result<(), EditError> {
    let exists = |name: &str| config.job(name).is_some();
    let present = |name: &str| match exists(name) {
        true => Ok(()),
        false => Err(EditError::NotFound { name: name.to_owned() }),
    };
    let free = |name: &str| match exists(name) {
        true => Err(EditError::Exists { name: name.to_owned() }),
        false => Ok(()),
    };
    let sound = |job: &JobSpec, replacing: Option<&str>| {
        let fault = checks::job_faults(job, config).into_iter().next();
        match fault.or_else(|| checks::ping_taken(job, config, replacing)) {
            Some(fault) => Err(EditError::Invalid(fault)),
            None => Ok(()),
        }
    };
    match edit {
        Edit::AddJob(job) => sound(job, None).and_then(|()| free(&job.name)),
        Edit::ReplaceJob { name, job } => {
            present(name)?;
            sound(job, Some(name))?;
            if name == job.name { Ok(()) } else { free(&job.name) }
        }
        Edit::RemoveJob { name } => present(name),
        Edit::SetType { name, limits } => match checks::name_fault(name) {
            Some(message) => Err(EditError::Invalid(FieldFault { field: "type".to_owned(), message })),
            None => config.with_type(name, limits).map(|_| ()).map_err(EditError::Invalid),
        },
        Edit::RemoveType { name } => config.without_type(name),
        // They are read when they are written.
        Edit::SetSettings(_) | Edit::ResetSettings => Ok(()),
        Edit::SetCapacity { name, max_running } => {
            let fault = checks::name_fault(name).map(|message| ("type", message));
            let none = || ("max_running", checks::NO_RUN_AT_ALL.to_owned());
            match fault.or_else(|| (max_running == Some(0)).then(none)) {
                Some((field, message)) => Err(EditError::Invalid(FieldFault { field: field.to_owned(), message })),
                None => Ok(()),
            }
        }
    }
}

/// The table `[jobs]` or `[types]`; made, without a header of its own, where there is none.
fn tables<'d>(document: &'d mut DocumentMut, outer: &str) -> &'d mut dyn TableLike {
    let implicit = || {
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    };
    let item = document.entry(outer).or_insert_with(implicit);
    item.as_table_like_mut().expect("the shape of the text was checked")
}

fn table_of<'d>(tables: &'d mut dyn TableLike, name: &str) -> &'d mut dyn TableLike {
    let item = tables.get_mut(name).expect("the configuration has it");
    item.as_table_like_mut().expect("the shape of the text was checked")
}

fn add_table(document: &mut DocumentMut, outer: &str, name: &str, mut table: Table) {
    let before = comments::take_trailing(document, outer);
    let gap = if document.is_empty() && before.is_empty() { "" } else { "\n" };
    table.decor_mut().set_prefix(format!("{before}{gap}"));
    tables(document, outer).insert(name, Item::Table(table));
}

fn remove_table(document: &mut DocumentMut, outer: &str, name: &str) {
    let orphaned = tables(document, outer).remove(name);
    comments::keep_general_ones(document, orphaned.as_ref().and_then(Item::as_table));
}

fn set_capacity(document: &mut DocumentMut, config: &Config, name: &str, max_running: Option<u32>) {
    if config.type_overrides(name).is_none() {
        if max_running.is_none() {
            return;
        }
        add_table(document, "types", name, Table::new());
    }
    let number = |count: u32| Value::from(i64::from(count));
    let before = config.max_running_of(name).map(|count| number(count).to_string());
    put(table_of(tables(document, "types"), name), shape::MAX_RUNNING, before.as_deref(), max_running.map(number));
}

fn set_type(document: &mut DocumentMut, config: &Config, name: &str, limits: &LimitsSpec) {
    let old = config.type_overrides(name);
    if old.is_none() {
        add_table(document, "types", name, Table::new());
    }
    let types = tables(document, "types");
    write_limits(table_of(types, name), old.unwrap_or(&LimitsSpec::default()), limits);
}

/// Brings the table of a job from what `old` says to what `wanted` says.
fn write_job(table: &mut dyn TableLike, old: &JobSpec, wanted: &JobSpec) {
    for key in shape::JOB_KEYS {
        if key == "env" {
            write_env(table, old, wanted);
        } else {
            let (before, after) = (job_value(old, key), job_value(wanted, key));
            put(table, key, before.map(|value| value.to_string()).as_deref(), after);
        }
    }
    write_limits(table, &old.limits, &wanted.limits);
}

fn job_value(job: &JobSpec, key: &str) -> Option<Value> {
    match key {
        "type" => job.r#type.as_deref().map(Value::from),
        "command" if job.command.is_empty() => None,
        "command" => Some(Value::Array(job.command.iter().collect::<Array>())),
        "cwd" => job.cwd.as_deref().map(Value::from),
        "progress" => job.progress.as_deref().map(Value::from),
        "sources" => (!job.sources.is_empty()).then(|| Value::Array(job.sources.iter().collect::<Array>())),
        "observe" => job.observe.then(|| Value::from(true)),
        "leftovers" => job.leftovers.map(|leftovers| Value::from(leftovers.word())),
        "stop_signal" => job.stop_signal.as_deref().map(Value::from),
        "check_url" => job.check_url.as_deref().map(Value::from),
        "output_max" => job.output_max.as_deref().map(Value::from),
        "ping" => job.ping.as_deref().map(Value::from),
        "ping_mode" => job.ping_mode.map(|mode| Value::from(mode.word())),
        "export_ping_env" => job.export_ping_env.then(|| Value::from(true)),
        "notify_end" => job.notify_end.then(|| Value::from(true)),
        "may_wake" => job.may_wake.then(|| Value::from(true)),
        "on_stall" => job.on_stall.map(|on_stall| Value::from(on_stall.word())),
        _ => None,
    }
}

fn write_env(table: &mut dyn TableLike, old: &JobSpec, wanted: &JobSpec) {
    if old.env == wanted.env {
        return;
    }
    if wanted.env.is_empty() {
        table.remove("env");
        return;
    }
    let item = table.entry("env").or_insert_with(|| Item::Value(Value::InlineTable(InlineTable::new())));
    let env = item.as_table_like_mut().expect("the shape of the text was checked");
    for name in old.env.keys().filter(|name| !wanted.env.contains_key(*name)) {
        env.remove(name);
    }
    for (name, value) in &wanted.env {
        let before = old.env.get(name).map(|old| Value::from(old).to_string());
        put(env, name, before.as_deref(), Some(Value::from(value)));
    }
    if let Some(inline) = item.as_inline_table_mut() {
        inline.fmt();
    }
}

fn write_limits(table: &mut dyn TableLike, old: &LimitsSpec, wanted: &LimitsSpec) {
    for key in limits::KEYS {
        let before = limit_value(old, key).map(|value| value.to_string());
        put(table, key, before.as_deref(), limit_value(wanted, key));
    }
}

fn limit_value(spec: &LimitsSpec, key: &str) -> Option<Value> {
    let text = limits::get(spec, key)?;
    let count = if limits::form(key) == limits::Form::Count { text.trim().parse::<i64>().ok() } else { None };
    Some(count.map_or_else(|| Value::from(text), Value::from))
}

/// Sets or removes one value, unless it says already what it should. What stands around the value stays.
pub(super) fn put(table: &mut dyn TableLike, key: &str, before: Option<&str>, after: Option<Value>) {
    if before == after.as_ref().map(ToString::to_string).as_deref() {
        return;
    }
    let Some(mut after) = after else {
        table.remove(key);
        return;
    };
    match table.get_mut(key).and_then(Item::as_value_mut) {
        Some(present) => {
            let around: Decor = present.decor().clone();
            *after.decor_mut() = around;
            *present = after;
        }
        None => {
            table.insert(key, Item::Value(after));
        }
    }
}

/// Gives an entry another name and leaves it where it is.
fn rename(tables: &mut dyn TableLike, from: &str, to: &str) {
    let names: Vec<String> = tables.iter().map(|(name, _)| name.to_owned()).collect();
    for name in names {
        let key = tables.key(&name).expect("it was listed").clone();
        let item = tables.remove(&name).expect("it was listed");
        let key = if name == from {
            Key::new(to).with_leaf_decor(key.leaf_decor().clone()).with_dotted_decor(key.dotted_decor().clone())
        } else {
            key
        };
        tables.entry_format(&key).or_insert(item);
    }
}
