//! `job …`.

use std::path::Path;

use nightkeep_engine::api::{ApiError, CheckResult, ErrorCode, JobSpec, JobView, Validation};
use nightkeep_engine::client::Client;

use super::{Here, editor};
use crate::Done;
use crate::args::{JobCommand, JobEdit, JobFields};
use crate::console;
use crate::failure::{FAILED, Failure, fragment};
use crate::render::{self, View};

pub(super) async fn job(here: &Here, wanted: JobCommand) -> Done {
    match wanted {
        JobCommand::Add { name, fields, command } => add(here, name, fields, command).await?,
        JobCommand::List { json } => list(here, json).await?,
        JobCommand::Show { name, json } => show(here, &name, json).await?,
        JobCommand::Edit(wanted) if wanted.is_empty() => editor::edit_config(here, &wanted.name)?,
        JobCommand::Edit(wanted) => edit(here, wanted).await?,
        JobCommand::Remove { name } => remove(here, &name).await?,
        JobCommand::Test { name, json } => return test(here, &name, json).await,
    }
    Ok(0)
}

async fn add(here: &Here, name: String, fields: JobFields, command: Vec<String>) -> Result<(), Failure> {
    let mut spec = JobSpec { name, command, ..JobSpec::default() };
    apply(fields, &mut spec)?;
    if spec.cwd.is_none() {
        // A command that is typed is meant to run here; in the file, no directory means the home directory.
        spec.cwd = Some(from_here(".")?);
    }
    let engine = here.engine().await?;
    remark(&engine.validate_job(&spec, None).await?)?;
    engine.add_job(&spec).await?;
    console::print(&format!("added job {}\n", spec.name))
}

async fn list(here: &Here, json: bool) -> Result<(), Failure> {
    let jobs = here.engine().await?.jobs().await?;
    if json { console::print_json(&jobs) } else { console::print(&render::jobs(&jobs, &View::of_this_terminal())) }
}

async fn show(here: &Here, name: &str, json: bool) -> Result<(), Failure> {
    let job = find(&here.engine().await?, name).await?;
    if json { console::print_json(&job) } else { console::print(&render::job(&job, &View::of_this_terminal())) }
}

async fn edit(here: &Here, wanted: JobEdit) -> Result<(), Failure> {
    let engine = here.engine().await?;
    let JobEdit { name, rename, fields, enforce, command } = wanted;
    let mut spec = find(&engine, &name).await?.spec;
    apply(fields, &mut spec)?;
    if enforce {
        spec.observe = false;
    }
    if !command.is_empty() {
        spec.command = command;
    }
    if let Some(other) = rename {
        spec.name = other;
    }
    engine.replace_job(&name, &spec).await?;
    console::print(&format!("changed job {}\n", spec.name))
}

async fn remove(here: &Here, name: &str) -> Result<(), Failure> {
    here.engine().await?.remove_job(name).await.map_err(|error| no_such_job(error, name))?;
    console::print(&format!("removed job {name}\n"))
}

/// Says what would stand in the way of a start. Nothing is started.
async fn test(here: &Here, name: &str, json: bool) -> Done {
    let checks = here.engine().await?.test_job(name).await.map_err(|error| no_such_job(error, name))?;
    if json {
        console::print_json(&checks)?;
    } else {
        console::print(&render::checks(&checks))?;
    }
    Ok(if checks.iter().any(|check| check.ok == CheckResult::Fail) { FAILED } else { 0 })
}

async fn find(engine: &Client, name: &str) -> Result<JobView, Failure> {
    let jobs = engine.jobs().await?;
    jobs.into_iter()
        .find(|job| job.spec.name == name)
        .ok_or_else(|| Failure::new(format!("there is no job `{name}`")).with_hint("see `nightkeep job list`"))
}

fn no_such_job(error: ApiError, name: &str) -> Failure {
    if error.code == ErrorCode::NotFound && error.hint.is_none() {
        return Failure::new(format!("there is no job `{name}`")).with_hint("see `nightkeep job list`");
    }
    error.into()
}

/// Faults are refused before anything is written; remarks are said and hold nothing up.
fn remark(said: &Validation) -> Result<(), Failure> {
    for remark in &said.warnings {
        console::warn(&format!("`{}`: {}", remark.field, fragment(&remark.message)));
    }
    match said.errors.first() {
        Some(fault) => Err(Failure::new(format!("`{}`: {}", fault.field, fragment(&fault.message)))),
        None => Ok(()),
    }
}

fn apply(fields: JobFields, spec: &mut JobSpec) -> Result<(), Failure> {
    let JobFields { kind, progress, sources, cwd, env, observe, leftovers, .. } = fields;
    let JobFields { on_stall, stop_signal, output_max, check_url, limits, .. } = fields;
    spec.r#type = kind.or(spec.r#type.take());
    spec.progress = progress.or(spec.progress.take());
    if !sources.is_empty() {
        spec.sources = sources;
    }
    if let Some(cwd) = cwd {
        spec.cwd = Some(from_here(&cwd)?);
    }
    spec.env.extend(env);
    spec.observe |= observe;
    spec.notify_end |= fields.notify_end;
    spec.may_wake |= fields.may_wake;
    spec.leftovers = leftovers.or(spec.leftovers);
    spec.on_stall = on_stall.or(spec.on_stall);
    spec.stop_signal = stop_signal.or(spec.stop_signal.take());
    spec.output_max = output_max.or(spec.output_max.take());
    spec.check_url = check_url.or(spec.check_url.take());
    spec.limits = limits.over(&std::mem::take(&mut spec.limits));
    Ok(())
}

/// A directory that is typed is meant from where one stands; in the file, it would be meant from the home directory.
fn from_here(cwd: &str) -> Result<String, Failure> {
    if cwd.starts_with('~') {
        return Ok(cwd.to_owned());
    }
    let absolute = std::path::absolute(Path::new(cwd))
        .map_err(|cause| Failure::new(format!("`{cwd}` cannot be made an absolute path: {cause}")))?;
    absolute.into_os_string().into_string().map_err(|_| Failure::new(format!("`{cwd}` is not Unicode")))
}
