//! What can be said of a job by looking at nothing but the job and the configuration.

use std::collections::BTreeMap;

use nightkeep_core::limits::Limits;
use nightkeep_os::Signal;

use super::shape::{KeyPath, listed};
use super::{Config, limits, size};
use crate::api::{FieldFault, JobSpec, LimitsSpec};
use crate::captured::OUTPUT_BYTES_MIN;
use crate::pings::canonical;
use crate::service::Service;
use crate::sources::{SOURCES_MAX, SourceSpec};

/// The longest name of a job or type, in characters.
const NAME_CHARS_MAX: usize = 60;

/// What is wrong with a capacity of zero.
pub(super) const NO_RUN_AT_ALL: &str = "at least 1 run has to be able to run; leave it out for any number";

/// The first thing in a configuration that cannot be meant, and the way to it in the file.
pub(super) fn first_fault(config: &Config) -> Option<(KeyPath, String)> {
    let own = config.settings.limits();
    let settings = limits::overrides(&own).and_then(|said| limits::check(&Limits::default().with(&said), &own));
    if let Err(fault) = settings {
        return Some((in_file(&KeyPath::of(&["settings"]), &fault.field), fault.message));
    }
    let types = config.types.iter().find_map(|(name, _)| {
        let path = KeyPath::of(&["types", name]);
        match name_fault(name) {
            Some(message) => Some((path, message)),
            None => config.limits_of_type(name).err().map(|fault| (in_file(&path, &fault.field), fault.message)),
        }
    });
    types.or_else(|| {
        config.jobs.iter().find_map(|job| {
            let fault = job_faults(job, config).into_iter().next().or_else(|| ping_taken(job, config, None))?;
            let path = KeyPath::of(&["jobs", &job.name]);
            Some((in_file(&path, &fault.field), fault.message))
        })
    })
}

/// What is wrong with a job, whatever the computer looks like.
pub(super) fn job_faults(job: &JobSpec, config: &Config) -> Vec<FieldFault> {
    let mut faults = Vec::new();
    let mut fault = |field: &str, message: String| faults.push(FieldFault { field: field.to_owned(), message });
    if let Some(message) = name_fault(&job.name) {
        fault("name", message);
    }
    match job.command.first() {
        None => fault("command", "a job needs a command: the program and its arguments".to_owned()),
        Some(program) if program.trim().is_empty() => fault("command", "the program's name is empty".to_owned()),
        Some(_) if job.command.iter().any(|word| word.contains('\0')) => {
            fault("command", "a NUL character cannot be passed to a program".to_owned());
        }
        Some(_) => {}
    }
    for (field, path) in [("cwd", &job.cwd), ("progress", &job.progress)] {
        match path {
            Some(path) if path.trim().is_empty() => fault(field, "it is empty; leave it out instead".to_owned()),
            Some(path) if path.contains('\0') => fault(field, "a path cannot have a NUL character".to_owned()),
            Some(_) | None => {}
        }
    }
    faults.extend(source_faults(&job.sources));
    faults.extend(job.stop_signal.as_deref().and_then(|name| stop_signal(name).err()));
    faults.extend(job.output_max.as_deref().and_then(|text| output_max(text).err()));
    faults.extend(job.ping.as_deref().and_then(ping));
    if job.export_ping_env && job.ping.is_none() {
        let message = "its runs can be told only of a `ping` of its own; write a UUID there".to_owned();
        faults.push(FieldFault { field: "export_ping_env".to_owned(), message });
    }
    let service = job.check_url.as_deref().and_then(|url| Service::at(url).err());
    faults.extend(service.map(|message| FieldFault { field: "check_url".to_owned(), message }));
    faults.extend(env_faults(&job.env));
    faults.extend(limit_faults(job, config));
    faults
}

/// What is wrong with the sources of a job or of an attached run.
#[must_use]
pub fn source_faults(sources: &[String]) -> Vec<FieldFault> {
    let at = |message: String| FieldFault { field: "sources".to_owned(), message };
    let mut faults: Vec<FieldFault> = sources
        .iter()
        .filter_map(|text| SourceSpec::parse(text).err().map(|fault| at(format!("`{text}`: {fault}"))))
        .collect();
    if sources.len() > SOURCES_MAX {
        faults.push(at(format!("a job can have {SOURCES_MAX} sources at most")));
    }
    if let Some((_, twice)) = sources.iter().enumerate().find(|(n, text)| sources.iter().take(*n).any(|it| it == *text))
    {
        faults.push(at(format!("`{twice}` is there twice")));
    }
    faults
}

/// What is wrong with a name, if anything is.
#[must_use]
pub fn name_fault(name: &str) -> Option<String> {
    let odd = |c: char| c.is_control() || c == '/' || crate::marker::is_invisible(c);
    if name.trim().is_empty() {
        Some("a name is needed".to_owned())
    } else if name.chars().count() > NAME_CHARS_MAX {
        Some(format!("the name is longer than {NAME_CHARS_MAX} characters"))
    } else if let Some(c) = name.chars().find(|c| odd(*c)) {
        Some(format!("a name cannot have the character `{}`", c.escape_default()))
    } else if name.trim() != name {
        Some("a name cannot begin or end with a space".to_owned())
    } else {
        None
    }
}

/// The signal with which a job is asked to end.
pub(super) fn stop_signal(name: &str) -> Result<Signal, FieldFault> {
    let asks = |signal: &Signal| match signal {
        Signal::Term | Signal::Int | Signal::Hup | Signal::Quit | Signal::Usr1 | Signal::Usr2 => true,
        Signal::Kill | Signal::Cont | Signal::Stop => false,
    };
    Signal::from_name(name).filter(asks).ok_or_else(|| {
        let known = listed(Signal::ALL.iter().filter(|signal| asks(signal)).map(|signal| signal.name()));
        let message = format!("`{name}` is no signal that asks a program to end; use one of {known}");
        FieldFault { field: "stop_signal".to_owned(), message }
    })
}

/// What is wrong with the UUID under which a job takes pings.
fn ping(text: &str) -> Option<FieldFault> {
    let message =
        || format!("`{text}` is no UUID, such as `5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278`; `uuidgen` makes one");
    canonical(text).is_none().then(|| FieldFault { field: "ping".to_owned(), message: message() })
}

/// Whether another job takes the pings that this one would. `replacing` is the job in whose place it comes.
pub(super) fn ping_taken(job: &JobSpec, config: &Config, replacing: Option<&str>) -> Option<FieldFault> {
    let uuid = canonical(job.ping.as_deref()?)?;
    let is_other = |other: &&JobSpec| other.name != job.name && Some(other.name.as_str()) != replacing;
    let is_same = |other: &&JobSpec| other.ping.as_deref().and_then(canonical) == Some(uuid);
    let other = config.jobs.iter().filter(is_other).find(is_same)?;
    let message = format!("the job `{}` takes the pings of this UUID already", other.name);
    Some(FieldFault { field: "ping".to_owned(), message })
}

/// How many bytes are kept of a job's output.
pub(super) fn output_max(text: &str) -> Result<u64, FieldFault> {
    size::parse(text, OUTPUT_BYTES_MIN)
        .map_err(|fault| FieldFault { field: "output_max".to_owned(), message: fault.to_string() })
}

/// The fault of naming a type that does not exist.
pub(super) fn unknown_type<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> FieldFault {
    let message = format!("there is no type `{name}`; the types are {}", listed(known));
    FieldFault { field: "type".to_owned(), message }
}

fn env_faults(env: &BTreeMap<String, String>) -> Vec<FieldFault> {
    let said = env.iter().filter_map(|(name, value)| {
        let message = if name.is_empty() {
            "a variable needs a name".to_owned()
        } else if name.contains('=') || name.chars().any(char::is_control) {
            "the name of a variable cannot have `=` or control characters".to_owned()
        } else if value.contains('\0') {
            "the value of a variable cannot have a NUL character".to_owned()
        } else {
            return None;
        };
        Some(FieldFault { field: format!("env.{name}"), message })
    });
    said.collect()
}

/// Every duration that is none, and when all are, what is wrong with them together.
fn limit_faults(job: &JobSpec, config: &Config) -> Vec<FieldFault> {
    let unreadable = unreadable_limits(&job.limits);
    if unreadable.is_empty() { config.limits_of(job).err().into_iter().collect() } else { unreadable }
}

/// Each limit whose text is none.
pub(super) fn unreadable_limits(own: &LimitsSpec) -> Vec<FieldFault> {
    let faults = limits::KEYS.iter().filter_map(|key| {
        let mut alone = LimitsSpec::default();
        *limits::slot(&mut alone, key)? = limits::get(own, key).cloned();
        limits::overrides(&alone).err()
    });
    faults.collect()
}

/// The place in the file of a field of a job: limits stand directly in its table, and so does its name.
fn in_file(table: &KeyPath, field: &str) -> KeyPath {
    match field.split_once('.') {
        Some(("limits", key)) => table.then(key),
        Some((outer, key)) => table.then(outer).then(key),
        None if field == "name" => table.clone(),
        None => table.then(field),
    }
}
