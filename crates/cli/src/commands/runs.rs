//! Beginning and ending runs: `attach`, `start`, `stop`, `resume`.

use std::path::{Path, PathBuf};

use nightkeep_engine::api::{AttachRequest, JobCondition, ResumeReply, StopReply, StopRequest};
use nightkeep_engine::words;

use super::Here;
use crate::args::{Attach, Stop};
use crate::console;
use crate::failure::Failure;

pub(super) async fn attach(here: &Here, wanted: Attach) -> Result<(), Failure> {
    let limits = wanted.limits.spec();
    let Attach { name, pid, pidfile, sentinel, progress, sources, kind, limits: _, observe } = wanted;
    let sentinel = sentinel.map(|path| absolute(&path)).transpose()?;
    let folder = || Some(sentinel.as_ref()?.file_name()?.to_string_lossy().into_owned());
    let request = AttachRequest {
        name: name.or_else(folder).unwrap_or_default(),
        r#type: kind,
        pid,
        pidfile: pidfile.map(|path| absolute(&path)).transpose()?,
        sentinel,
        progress: progress.map(|path| absolute(&path)).transpose()?,
        cwd: Some(std::env::current_dir().map_err(|cause| Failure::new(format!("the present directory: {cause}")))?),
        sources,
        limits,
        observe,
    };
    let reply = here.engine().await?.attach(&request).await?;
    console::print(&format!("run {} {}\n", reply.run, reply.tag))
}

pub(super) async fn start(here: &Here, job: &str) -> Result<(), Failure> {
    let reply = here.engine().await?.start_job(job).await?;
    if let Some(place) = &reply.queued {
        console::tell(&format!("{}; {}\n", words::waits(place), words::place_in_queue(place)));
    }
    console::print(&format!("run {} {}\n", reply.run, reply.tag))
}

pub(super) async fn stop(here: &Here, wanted: &Stop) -> Result<(), Failure> {
    let engine = here.engine().await?;
    let how = StopRequest { force: wanted.force };
    // Numbers are those of runs: the configuration warns of a job that is named like one.
    let StopReply { runs, stays_stopped } = match wanted.target.parse::<u64>() {
        Ok(run) => engine.stop_run(run, how).await?,
        Err(_) => engine.stop_job(&wanted.target, how).await?,
    };
    if runs.is_empty() && !stays_stopped {
        return Err(
            Failure::new(format!("no run of `{}` is going on", wanted.target)).with_hint("see `nightkeep status`")
        );
    }
    for run in runs {
        console::print(&format!("stopping run {run}\n"))?;
    }
    if stays_stopped {
        let job = &wanted.target;
        console::tell(&format!("{job} stays stopped; `nightkeep resume {job}` lets it start again\n"));
    }
    Ok(())
}

pub(super) async fn resume(here: &Here, job: &str) -> Result<(), Failure> {
    let ResumeReply { was } = here.engine().await?.resume_job(job).await?;
    let text = match was.map(|was| was.state) {
        Some(JobCondition::Killed | JobCondition::BreakerOpen) => format!("{job} may start again\n"),
        Some(JobCondition::Restarting) => format!("{job} is started again now\n"),
        None => format!("{job} may start; nothing kept it from that\n"),
    };
    console::print(&text)
}

/// The engine does not know from which directory it is asked.
fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path)
        .map_err(|cause| Failure::new(format!("`{}` cannot be made an absolute path: {cause}", path.display())))
}
