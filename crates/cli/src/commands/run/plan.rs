//! From flags, job and type to the spec of a run.

use std::env;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use nightkeep_engine::api::{FieldFault, JobCondition, JobSpec, JobStatus, LimitsView, Liveness, OnStall, RunView};
use nightkeep_engine::client::Client;
use nightkeep_engine::config::{
    Config, Surroundings, cwd_of, name_fault, overrides, progress_of, read_text, source_faults, stop_signal_of,
};
use nightkeep_engine::limits::Limits;
use nightkeep_engine::rundir::{FORMAT, OsText, RunDir, Spec, StartedBy, Stdin};
use nightkeep_engine::time::Span;
use uuid::Uuid;

use super::system;
use crate::args::Run;
use crate::commands::Here;
use crate::console;
use crate::failure::{Failure, fragment};

/// The longest name of a job.
const NAME_CHARS_MAX: usize = 60;

/// What is to be run, and whether it may have to wait for a slot.
pub(super) struct Planned {
    pub(super) spec: Spec,
    pub(super) needs_slot: bool,
}

pub(super) async fn plan(here: &Here, engine: Option<&Client>, wanted: Run) -> Result<Planned, Failure> {
    let (config, is_broken) = read_config(here);
    let by_job = wanted.job.is_some();
    let mut job = match &wanted.job {
        Some(name) => job_of(name, engine, &config).await?,
        None => JobSpec { r#type: wanted.kind.clone(), ..JobSpec::default() },
    };
    job.limits = wanted.limits.over(&job.limits);
    let limits = match engine {
        Some(engine) if is_broken => limits_by_engine(engine, &job).await?,
        Some(_) | None => config.limits_of(&job).map_err(at_fault)?,
    };
    let command: Vec<OsText> = if wanted.command.is_empty() {
        job.command.iter().map(OsText::from).collect()
    } else {
        wanted.command.iter().map(OsText::from).collect()
    };
    let name = if by_job { job.name.clone() } else { name_of(wanted.name.as_deref(), &command)? };
    let tag = Uuid::now_v7().to_string();
    let home = Surroundings::of_this_process().home;
    let cwd = if by_job { cwd_of(&job, &home) } else { current_directory()? };
    let marker = match &wanted.progress {
        Some(path) => current_directory()?.join(path),
        None => progress_of(&job, &home).unwrap_or_else(|| RunDir::at(here.places.run_dir(&tag)).marker()),
    };
    let sources = if wanted.sources.is_empty() { job.sources.clone() } else { wanted.sources.clone() };
    if let Some(fault) = source_faults(&sources).into_iter().next() {
        return Err(at_fault(fault));
    }
    let mut variables: Vec<(String, OsText)> =
        job.env.iter().map(|(name, value)| (name.clone(), OsText::from(value))).collect();
    variables.push(("NIGHTKEEP_SOCKET".to_owned(), OsText::from(here.places.socket())));
    variables.extend(nightkeep_engine::environment::of_notify(&here.places, &tag, &sources, &limits));
    variables.extend(last_run(engine, &name).await);
    let kind = job.r#type.clone().unwrap_or_else(|| nightkeep_engine::limits::DEFAULT_TYPE.to_owned());
    // While the file is broken, only the engine knows.
    let needs_slot = is_broken || config.capacities().concern(&kind);
    let spec = Spec {
        format: FORMAT,
        tag,
        job: name,
        r#type: kind,
        command,
        cwd: OsText::from(cwd),
        env: variables.into_iter().collect(),
        marker_before: nightkeep_os::stamp(&marker).ok().flatten(),
        marker: OsText::from(marker),
        sources,
        limits: limits.into(),
        overrides: overrides(&job.limits).map_err(at_fault)?.into(),
        observe: wanted.observe || job.observe,
        attached: false,
        stderr_apart: !wanted.detach && system::stderr_is_elsewhere(),
        stdin: if wanted.detach || std::io::stdin().is_terminal() { Stdin::Null } else { Stdin::Inherit },
        leftovers: wanted.leftovers.or(job.leftovers).unwrap_or_default(),
        stop_signal: stop_signal_of(&job).map_err(at_fault)?,
        output_max: config.output_max_of(&job).map_err(at_fault)?,
        // The engine starts what stands in the configuration, which another command is not.
        by_job: by_job.then(|| match job.on_stall.unwrap_or_default() {
            OnStall::Restart if !wanted.command.is_empty() => OnStall::Abort,
            on_stall @ (OnStall::Abort | OnStall::Restart | OnStall::Notify) => on_stall,
        }),
        restart: None,
        started_by: StartedBy {
            surface: "cli".to_owned(),
            pid: std::process::id(),
            version: nightkeep_engine::VERSION.to_owned(),
        },
        clocks: nightkeep_os::clocks(),
    };
    Ok(Planned { spec, needs_slot })
}

/// The spec as it has to be at the start: while the run waited, time passed and another run of its job may have ended.
pub(super) async fn refresh(mut spec: Spec, engine: Option<&Client>) -> Spec {
    spec.env.retain(|name, _| !nightkeep_engine::environment::is_of_last_run(name));
    spec.env.extend(last_run(engine, &spec.job).await);
    spec.marker_before = nightkeep_os::stamp(spec.marker.as_path()).ok().flatten();
    spec.clocks = nightkeep_os::clocks();
    spec
}

/// The configuration, and whether the file is broken, in which case the defaults stand in for it.
fn read_config(here: &Here) -> (Config, bool) {
    let path = here.places.config_file();
    let text = match read_text(&path) {
        Ok(text) => text,
        Err(cause) => {
            console::warn(&format!("`{}` cannot be read: {cause}", path.display()));
            return (Config::default(), true);
        }
    };
    match Config::parse(&text) {
        Ok(config) => (config, false),
        Err(fault) => {
            console::warn(&format!("`{}` cannot be used: {fault}", path.display()));
            (Config::default(), true)
        }
    }
}

/// The engine knows the job even while the file is broken.
async fn job_of(name: &str, engine: Option<&Client>, config: &Config) -> Result<JobSpec, Failure> {
    let jobs: Vec<JobSpec> = match engine {
        Some(engine) => {
            let jobs = engine.jobs().await?;
            if let Some(job) = jobs.iter().find(|job| job.spec.name == name) {
                job.condition.as_ref().map_or(Ok(()), check_startable)?;
                if job.running.is_some() {
                    check_reachable(name, &engine.status().await?.runs)?;
                }
            }
            jobs.into_iter().map(|job| job.spec).collect()
        }
        None => config.jobs().to_vec(),
    };
    let names: Vec<&str> = jobs.iter().map(|job| job.name.as_str()).collect();
    let hint = match names.as_slice() {
        [] => "add one with `nightkeep job add NAME -- COMMAND`".to_owned(),
        names => format!("the jobs are: {}", names.join(", ")),
    };
    let missing = Failure::new(format!("there is no job `{name}`")).with_hint(hint);
    jobs.into_iter().find(|job| job.name == name).ok_or(missing)
}

/// A job that is kept stopped, or that failed too often, is not started by its name.
fn check_startable(JobStatus { job, state, failures, .. }: &JobStatus) -> Result<(), Failure> {
    let why = match state {
        JobCondition::Restarting => return Ok(()),
        JobCondition::Killed => format!("`{job}` was stopped and stays stopped"),
        JobCondition::BreakerOpen => {
            format!("`{job}` is not started: it failed or was stopped {failures} times in a row")
        }
    };
    Err(Failure::new(why).with_hint(format!("`nightkeep resume {job}` lets it start again")))
}

/// Nobody is given new work while a run of the same job gives no sign of life.
fn check_reachable(job: &str, runs: &[RunView]) -> Result<(), Failure> {
    let is_lost = |run: &&RunView| run.job == job && run.liveness == Liveness::Unreachable;
    let Some(RunView { run, .. }) = runs.iter().find(is_lost) else { return Ok(()) };
    Err(Failure::new(format!("`{job}` gets no new work: run {run} gives no sign of life"))
        .with_hint(format!("look at it with `nightkeep show {run}`, or end it with `nightkeep stop {run}`")))
}

async fn limits_by_engine(engine: &Client, job: &JobSpec) -> Result<Limits, Failure> {
    let kind = job.r#type.as_deref().unwrap_or(nightkeep_engine::limits::DEFAULT_TYPE);
    let types = engine.types().await?;
    let Some(found) = types.iter().find(|known| known.name == kind) else {
        return Err(Failure::new(format!("there is no job type `{kind}`")).with_hint("see `nightkeep type list`"));
    };
    Ok(limits_in(&found.limits).with(&overrides(&job.limits).map_err(at_fault)?))
}

fn limits_in(view: &LimitsView) -> Limits {
    Limits {
        warn_after: span(view.warn_after_s),
        stall_after: span(view.stall_after_s),
        grace: span(view.grace_s),
        start_allowance: span(view.start_allowance_s),
        max_runtime: view.max_runtime_s.map(span),
        reports: view.reports.into(),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float saturates when it is cast")]
fn span(seconds: f64) -> Span {
    Span::from_ms((seconds * 1000.0).round() as u64)
}

/// What the job's last run left behind: an agent may want to do better.
async fn last_run(engine: Option<&Client>, job: &str) -> Vec<(String, OsText)> {
    let Some(engine) = engine else { return Vec::new() };
    // An engine that cannot tell is no reason not to start.
    let told = engine.last_run(job).await.unwrap_or_default();
    told.into_iter().map(|(name, value)| (name, OsText::from(value))).collect()
}

/// What the run is called: as it is said, else as its program.
fn name_of(said: Option<&str>, command: &[OsText]) -> Result<String, Failure> {
    if let Some(said) = said {
        return match name_fault(said) {
            None => Ok(said.to_owned()),
            Some(fault) => Err(Failure::usage(fault)),
        };
    }
    let program = command.first().map(OsText::as_path).and_then(Path::file_name).unwrap_or_default();
    let name: String = program.to_string_lossy().trim().chars().take(NAME_CHARS_MAX).collect();
    // A program may be called what no job may.
    Ok(if name_fault(&name).is_none() { name } else { "run".to_owned() })
}

fn current_directory() -> Result<PathBuf, Failure> {
    env::current_dir().map_err(|cause| Failure::new(format!("the current directory cannot be found: {cause}")))
}

fn at_fault(fault: FieldFault) -> Failure {
    let FieldFault { field, message } = fault;
    Failure::new(format!("`{field}`: {}", fragment(&message)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_called_as_its_program_unless_it_is_named() {
        let command = [OsText::from("/usr/bin/python3"), OsText::from("gen.py")];
        assert_eq!(name_of(None, &command).unwrap(), "python3");
        assert_eq!(name_of(Some("nightly"), &command).unwrap(), "nightly");
        assert_eq!(name_of(Some(" "), &command).unwrap_err().code, crate::failure::USAGE);
    }
}
