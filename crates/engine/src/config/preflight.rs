//! Whether a job could be left alone: what [`validate()`] says of it, and what the computer has of it, one check at a time.

use nightkeep_core::time::Wall;

use super::program::{Found, find};
use super::validate::interpreter_of;
use super::{Config, Surroundings, cwd_of, duration, progress_of, validate};
use crate::api::{CheckName, CheckResult, FieldFault, JobCheck, JobSpec, ProbeState, Validation};
use crate::marker::probe;

/// Checks `job`; `replacing` is the name of the job that it is, or will replace. Nothing is started or written.
#[must_use]
pub fn preflight(
    job: &JobSpec,
    config: &Config,
    replacing: Option<&str>,
    around: &Surroundings,
    now: Wall,
) -> Vec<JobCheck> {
    let mut said = validate(job, config, replacing, around);
    let mut checks = command(job, around, &mut said);
    let cwd = cwd_of(job, &around.home);
    let folder = strictly(taken(&mut said, |field| field == "cwd"));
    checks.push(folder.map_or_else(
        || {
            let is_there = cwd.is_dir();
            let says = if is_there { "is there" } else { "is not there" };
            check(CheckName::Folder, is_there, format!("`{}` {says}.", cwd.display()))
        },
        |says| check(CheckName::Folder, false, says),
    ));
    checks.extend(marker(job, around, now, &mut said));
    checks.push(limits(job, config, taken(&mut said, |field| field.starts_with("limits."))));
    let rest = taken(&mut said, |_| true);
    if !rest.errors.is_empty() || !rest.warnings.is_empty() {
        checks.push(mildly(CheckName::Configuration, rest, String::new()));
    }
    checks
}

/// The program, and the interpreter of a script.
fn command(job: &JobSpec, around: &Surroundings, said: &mut Validation) -> Vec<JobCheck> {
    let (cwd, faults) = (cwd_of(job, &around.home), strictly(taken(said, |field| field == "command")));
    let found = job.command.first().map_or(Found::Nothing, |program| find(program, &cwd, &around.search));
    let Found::Program(path) = found else {
        return vec![check(CheckName::Program, false, faults.unwrap_or_else(|| "It was not found.".to_owned()))];
    };
    let program = check(CheckName::Program, true, format!("Is `{}`.", path.display()));
    let interpreter = interpreter_of(&path, &cwd, around).map(|(asked, found)| match (faults, found) {
        (None, Found::Program(path)) => check(
            CheckName::Interpreter,
            true,
            format!("The script asks for `{asked}`, which is `{}`.", path.display()),
        ),
        (None, Found::NotExecutable(path)) => {
            check(CheckName::Interpreter, false, format!("`{}` may not be executed.", path.display()))
        }
        (None, Found::Nothing) => check(CheckName::Interpreter, false, format!("`{asked}` was not found.")),
        (Some(says), _) => check(CheckName::Interpreter, false, says),
    });
    [program].into_iter().chain(interpreter).collect()
}

/// The marker and its folder, for a job that names one.
fn marker(job: &JobSpec, around: &Surroundings, now: Wall, said: &mut Validation) -> Vec<JobCheck> {
    let faults = taken(said, |field| field == "progress");
    let Some((path, written)) = progress_of(job, &around.home).zip(job.progress.as_deref()) else {
        let says = "Is a file of each run's own, which the command finds in `$NIGHTKEEP_PROGRESS`.";
        return vec![check(CheckName::Marker, true, says.to_owned())];
    };
    if let Some(fault) = faults.errors.into_iter().next() {
        return vec![check(CheckName::Marker, false, fault.message)];
    }
    let folder = path.parent().unwrap_or(&path);
    let (ok, says) = match folder.is_dir() {
        true => (CheckResult::Ok, format!("`{}` is there.", folder.display())),
        false => (CheckResult::Warn, format!("`{}` is not there; fine if the job makes it.", folder.display())),
    };
    let report = probe(written, job.cwd.as_deref(), &around.home, now);
    let readable = match report.state {
        ProbeState::Readable => CheckResult::Ok,
        ProbeState::Missing | ProbeState::NoDirectory => CheckResult::Warn,
        ProbeState::NotAFile | ProbeState::NotPermitted | ProbeState::Unreadable => CheckResult::Fail,
    };
    let note = report.note.map(|note| format!(" It notes: {note}")).unwrap_or_default();
    let marker = JobCheck { check: CheckName::Marker, ok: readable, says: format!("{}{note}", report.message) };
    vec![JobCheck { check: CheckName::MarkerFolder, ok, says }, marker]
}

fn limits(job: &JobSpec, config: &Config, faults: Validation) -> JobCheck {
    let limits = config.limits_of(job).unwrap_or_default();
    let says = format!(
        "Warns after {}, stops after {} without progress, and gives {} to clean up.",
        duration::format(limits.warn_after),
        duration::format(limits.stall_after),
        duration::format(limits.grace)
    );
    mildly(CheckName::Limits, faults, says)
}

fn check(check: CheckName, is_ok: bool, says: String) -> JobCheck {
    JobCheck { check, ok: if is_ok { CheckResult::Ok } else { CheckResult::Fail }, says }
}

/// A check in which an error fails and a remark warns; `fine` is said when there is neither.
fn mildly(check: CheckName, faults: Validation, fine: String) -> JobCheck {
    let (ok, faults) = match (faults.errors.is_empty(), faults.warnings.is_empty()) {
        (false, _) => (CheckResult::Fail, faults.errors),
        (true, false) => (CheckResult::Warn, faults.warnings),
        (true, true) => return JobCheck { check, ok: CheckResult::Ok, says: fine },
    };
    JobCheck { check, ok, says: together(faults) }
}

/// All that is said, where a remark is as bad as an error: the job could not be started.
fn strictly(faults: Validation) -> Option<String> {
    let all: Vec<FieldFault> = faults.errors.into_iter().chain(faults.warnings).collect();
    (!all.is_empty()).then(|| together(all))
}

fn together(faults: Vec<FieldFault>) -> String {
    faults.into_iter().map(|fault| fault.message).collect::<Vec<_>>().join(" ")
}

/// What is said of some fields, which is not said again.
fn taken(said: &mut Validation, is_meant: impl Fn(&str) -> bool) -> Validation {
    let take = |faults: &mut Vec<FieldFault>| faults.extract_if(.., |fault| is_meant(&fault.field)).collect();
    let errors = take(&mut said.errors);
    Validation { errors, warnings: take(&mut said.warnings) }
}
