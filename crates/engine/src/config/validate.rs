//! What is said of a job before it is saved: the one authority for the form, the command line and the API.

use std::path::Path;

use nightkeep_core::limits::Limits;
use nightkeep_core::time::Span;

use super::program::{Found, find};
use super::{Config, Surroundings, checks, cwd_of, duration, progress_of};
use crate::api::{FieldFault, JobSpec, Validation};

/// A grace below this leaves most programs no time to clean up.
const GRACE_SHORT: Span = Span::from_secs(2);
/// A grace above this keeps a hung run for long.
const GRACE_LONG: Span = Span::from_mins(5);

/// Checks `job` against the configuration and the computer. `replacing` is the name of the job that it will replace.
///
/// Faults of the job itself are errors. What may be mended outside of it (a program that is not installed, a folder
/// that does not exist yet) is a warning.
#[must_use]
pub fn validate(job: &JobSpec, config: &Config, replacing: Option<&str>, around: &Surroundings) -> Validation {
    let mut said = Validation { errors: checks::job_faults(job, config), warnings: Vec::new() };
    if replacing != Some(job.name.as_str()) && config.job(&job.name).is_some() {
        error(&mut said, "name", format!("there is a job `{}` already", job.name));
    }
    said.errors.extend(checks::ping_taken(job, config, replacing));
    name_warnings(job, &mut said);
    let cwd = cwd_of(job, &around.home);
    check_cwd(job, &cwd, &mut said);
    check_program(job, &cwd, around, &mut said);
    if let Some(path) = progress_of(job, &around.home) {
        check_progress(&path, &mut said);
    }
    env_warnings(job, &mut said);
    if let Ok(limits) = config.limits_of(job) {
        limit_warnings(&limits, &mut said);
        idle_warnings(job, &limits, &mut said);
    }
    said.errors.iter_mut().chain(&mut said.warnings).for_each(into_sentence);
    said
}

fn error(said: &mut Validation, field: &str, message: String) {
    said.errors.push(FieldFault { field: field.to_owned(), message });
}

fn warn(said: &mut Validation, field: &str, message: String) {
    said.warnings.push(FieldFault { field: field.to_owned(), message });
}

fn name_warnings(job: &JobSpec, said: &mut Validation) {
    if !job.name.is_empty() && job.name.chars().all(|c| c.is_ascii_digit()) {
        warn(said, "name", "a name of digits alone can be taken for the number of a run".to_owned());
    }
    if job.name.starts_with('-') {
        warn(said, "name", "on the command line, a name that begins with `-` looks like an option".to_owned());
    }
}

fn check_cwd(job: &JobSpec, cwd: &Path, said: &mut Validation) {
    if job.cwd.is_none() {
        return;
    }
    match std::fs::metadata(cwd) {
        Ok(meta) if meta.is_dir() => {}
        Ok(_) => error(said, "cwd", format!("`{}` is a file, not a folder", cwd.display())),
        Err(_) => warn(said, "cwd", format!("the folder `{}` was not found", cwd.display())),
    }
}

fn check_program(job: &JobSpec, cwd: &Path, around: &Surroundings, said: &mut Validation) {
    let Some(program) = job.command.first().filter(|program| !program.trim().is_empty()) else { return };
    match find(program, cwd, &around.search) {
        Found::Program(path) => check_interpreter(&path, cwd, around, said),
        Found::NotExecutable(path) => {
            warn(said, "command", format!("`{}` may not be executed; `chmod +x` allows it", path.display()));
        }
        Found::Nothing if program.starts_with('~') => {
            warn(said, "command", format!("`{program}` was not found; `~` is not expanded in a command"));
        }
        Found::Nothing if job.command.len() == 1 && program.contains(char::is_whitespace) => {
            warn(said, "command", format!("`{program}` was not found; program and arguments are separate entries"));
        }
        Found::Nothing => warn(said, "command", format!("the program `{program}` was not found")),
    }
}

/// A script whose interpreter is not there fails with a message that names the script.
fn check_interpreter(script: &Path, cwd: &Path, around: &Surroundings, said: &mut Validation) {
    if let Some((program, Found::Nothing)) = interpreter_of(script, cwd, around) {
        let script = script.display();
        warn(said, "command", format!("`{script}` asks for the interpreter `{program}`, which was not found"));
    }
}

/// The interpreter that a script asks for, and what a look for it finds.
pub(super) fn interpreter_of(script: &Path, cwd: &Path, around: &Surroundings) -> Option<(String, Found)> {
    let line = first_line_of_script(script)?;
    let mut words = line.split_whitespace();
    let interpreter = words.next()?;
    let through_env = interpreter.ends_with("/env");
    let asked = if through_env { words.find(|word| !word.starts_with('-') && !word.contains('=')) } else { None };
    let program = asked.unwrap_or(interpreter);
    Some((program.to_owned(), find(program, cwd, &around.search)))
}

/// What stands behind `#!` in the first line of a script.
fn first_line_of_script(path: &Path) -> Option<String> {
    use std::io::Read as _;
    let mut start = Vec::new();
    std::fs::File::open(path).ok()?.take(256).read_to_end(&mut start).ok()?;
    let line = start.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    String::from_utf8(line.to_vec()).ok()
}

fn check_progress(path: &Path, said: &mut Validation) {
    match std::fs::metadata(path) {
        Ok(meta) if meta.is_file() => {}
        Ok(meta) if meta.is_dir() => {
            error(said, "progress", format!("`{}` is a folder; name a file in it", path.display()));
        }
        Ok(_) => error(said, "progress", format!("`{}` is not a regular file", path.display())),
        Err(_) => {
            let folder = path.parent().unwrap_or(path);
            if !folder.is_dir() {
                let folder = folder.display();
                warn(said, "progress", format!("the folder `{folder}` does not exist; fine if the job creates it"));
            }
        }
    }
}

fn env_warnings(job: &JobSpec, said: &mut Validation) {
    for name in job.env.keys() {
        let field = format!("env.{name}");
        let usual = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.starts_with("NIGHTKEEP_") && name != "NIGHTKEEP_HOME" {
            warn(said, &field, format!("`{name}` is set by Nightkeep itself"));
        } else if !name.chars().all(usual) || name.starts_with(|c: char| c.is_ascii_digit()) {
            warn(said, &field, format!("many programs cannot read a variable named `{name}`"));
        }
    }
}

fn limit_warnings(limits: &Limits, said: &mut Validation) {
    let grace = duration::format(limits.grace);
    if limits.grace < GRACE_SHORT {
        warn(said, "limits.grace", format!("{grace} leaves a program hardly any time to clean up"));
    } else if limits.grace > GRACE_LONG {
        warn(said, "limits.grace", format!("a hung run is kept for {grace} more"));
    }
    if let Some(max) = limits.max_runtime.filter(|max| *max < limits.stall_after) {
        let (max, stall) = (duration::format(max), duration::format(limits.stall_after));
        warn(said, "limits.max_runtime", format!("after {max} every run ends, before a stall ({stall}) is noticed"));
    }
}

/// What is said of something that there is not.
fn idle_warnings(job: &JobSpec, limits: &Limits, said: &mut Validation) {
    if job.limits.on_unreachable.is_some() && limits.reports.beats.is_none() {
        warn(
            said,
            "limits.on_unreachable",
            "the job declares no beats; say how often they come with `beat`".to_owned(),
        );
    }
    if job.limits.on_max_cost.is_some() && limits.reports.budget.is_none() {
        warn(
            said,
            "limits.on_max_cost",
            "no cap is set; say what a run may cost with `max_cost`, or all of a day with `max_cost_per_day`"
                .to_owned(),
        );
    }
}

/// Surfaces show whole sentences.
pub(super) fn into_sentence(fault: &mut FieldFault) {
    let mut rest = fault.message.chars();
    if let Some(first) = rest.next() {
        fault.message = first.to_uppercase().chain(rest).chain(['.']).collect();
    }
}
