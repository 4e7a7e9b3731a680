//! Runs that somebody else started: finding their process, and noticing the ends of their members.

use std::path::Path;
use std::time::Duration;

use nightkeep_core::{Exit, Input, Limits, RunId, Wall};
use nightkeep_os::{ExitStatus, Identity, Process};

use super::attach_sentinel::process_of_steps;
use super::attached::below;
use super::fact::Fact;
use super::launch::Registered;
use super::record::limits_ms;
use super::run::{Body, Members};
use super::task::Actor;
use crate::api::{ApiError, AttachRequest, ErrorCode};
use crate::captured;
use crate::config::{name_fault, source_faults};
use crate::store::entry::Registration;

/// The type of a run that is told by sentinel files, unless another one is named.
const SENTINEL_TYPE: &str = "sentinel";
/// How often the processes below an attached run are looked for; a walk of a few processes costs some 0.05 ms.
const SAMPLE_EVERY: Duration = Duration::from_secs(5);
/// The largest pidfile that is read.
const PIDFILE_BYTES_MAX: u64 = 64;
/// A pidfile may be written this much before its process: the start of a process is known to some 10 ms, and clocks are
/// steered. A number comes back only after all others were used.
pub(super) const PIDFILE_TOLERANCE_MS: i64 = 2_000;

impl Actor {
    /// What is to be registered for a request, and which process it is about.
    pub(super) fn attachable(&self, request: &AttachRequest) -> Result<(Registered, Option<Members>), ApiError> {
        if let Some(fault) = name_fault(&request.name) {
            return Err(ApiError::new(ErrorCode::Invalid, fault).at_field("name"));
        }
        let mut sources = request.sources.clone();
        let files = request.sentinel.as_ref().map(|folder| format!("sentinel:{}", folder.display()));
        sources.extend(files.filter(|source| !request.sources.contains(source)));
        if let Some(fault) = source_faults(&sources).into_iter().next() {
            return Err(ApiError::new(ErrorCode::Invalid, fault.message).at_field(fault.field));
        }
        if request.progress.is_none() && sources.is_empty() {
            return Err(ApiError::new(ErrorCode::Invalid, "name a marker or a source").at_field("progress"));
        }
        let root = match (request.pid, &request.pidfile) {
            (Some(pid), None) => Some((own_process(pid)?, None)),
            (None, Some(file)) => Some((process_of(file, self.now().wall)?, None)),
            (None, None) if request.sentinel.is_some() => {
                let folder = request.sentinel.clone().unwrap_or_default();
                process_of_steps(&folder, self.now())?.map(|(root, began)| (root, Some(began)))
            }
            (Some(_), Some(_)) | (None, None) => {
                let what = "name either a pid, or a pidfile, or a folder of sentinel files";
                return Err(ApiError::new(ErrorCode::Invalid, what).at_field("pid"));
            }
        };
        let (root, began) = root.unzip();
        let kind = request.r#type.as_deref().or(request.sentinel.is_some().then_some(SENTINEL_TYPE));
        let limits: Limits = self
            .config
            .current()
            .limits_for(kind, &request.limits)
            .map_err(|fault| ApiError::new(ErrorCode::Invalid, fault.message).at_field(fault.field))?;
        let registration = Registration {
            tag: uuid::Uuid::now_v7().to_string(),
            job: request.name.clone(),
            job_type: kind.unwrap_or(nightkeep_core::limits::DEFAULT_TYPE).to_owned(),
            command: Vec::new(),
            cwd: request.cwd.as_ref().map(|cwd| cwd.display().to_string()),
            marker: request.progress.as_ref().map(|marker| marker.display().to_string()),
            attached: true,
            observe: request.observe,
            limits: limits_ms(&limits),
            identity: root.as_ref().and_then(|root| serde_json::to_value(root).ok()),
            sources,
            by_job: None,
            restart: None,
        };
        let attached = Registered { started: began.flatten(), ..Registered::attached(registration, limits) };
        Ok((attached, root.map(Members::of_root)))
    }

    /// From here on the run is reached through its processes, one by one.
    pub(super) fn attach_to(&mut self, id: RunId, members: Members) {
        let root = members.root.clone();
        let Some(run) = self.runs.get_mut(&id) else { return };
        run.body = Body::Attached(members);
        match self.exits.watch(&root) {
            Ok(true) => {
                self.tell_found(id);
                // Who is there at this moment has to be known even if the root ends in the next one.
                self.members_found(id, below(&root));
                self.sample_due(id);
                self.signal_again(id);
            }
            Ok(false) => self.exited(&root, ExitStatus::Unknown),
            Err(fault) => {
                tracing::warn!(run = id.0, %fault, "the end of a process cannot be waited for");
                self.exited(&root, ExitStatus::Unknown);
            }
        }
    }

    /// Processes of an attached run were identified while it is being stopped: the end of each is waited for.
    pub(super) fn members_found(&mut self, id: RunId, found: Vec<Identity>) {
        if self.left.contains_key(&id) {
            self.leftovers_found(id, found);
            return;
        }
        for member in found {
            let Some(run) = self.runs.get_mut(&id) else { return };
            let Body::Attached(members) = &mut run.body else { return };
            if run.stage.is_some() {
                let _known = members.stopped.insert(member.pid, member.clone());
            }
            if members.alive.contains_key(&member.pid) || member == members.root {
                continue;
            }
            if matches!(self.exits.watch(&member), Ok(true)) {
                let _new = members.alive.insert(member.pid, member);
            }
        }
        self.settle_attached(id);
    }

    /// A process that is not a child ended.
    pub(super) fn exited(&mut self, identity: &Identity, status: ExitStatus) {
        let belongs = self.runs.values().find_map(|run| match &run.body {
            Body::Attached(members) if members.alive.get(&identity.pid) == Some(identity) => Some(run.id),
            Body::Attached(_) | Body::Kept { .. } | Body::Unreached => None,
        });
        let Some(id) = belongs else {
            self.leftover_exited(identity);
            return;
        };
        let Some(run) = self.runs.get_mut(&id) else { return };
        let Body::Attached(members) = &mut run.body else { return };
        let _gone = members.alive.remove(&identity.pid);
        let is_root = members.root == *identity;
        let stopping = run.stage.is_some();
        if is_root {
            let exit = match status {
                ExitStatus::Code(code) => Exit::Code(code),
                ExitStatus::Signal(signal) => Exit::Signal(signal),
                ExitStatus::Unknown => Exit::Unknown,
            };
            let is_alone = members.alive.is_empty();
            run.exit = Some(exit.clone());
            if !stopping && is_alone {
                self.over(id, exit);
                return;
            }
            self.give(Input::RootEnded(id));
            if !stopping {
                self.settle_leftovers(id);
            }
        }
        self.settle_attached(id);
    }

    /// A stop of an attached run is over when the root and all that were identified are gone.
    fn settle_attached(&mut self, id: RunId) {
        let Some(run) = self.runs.get(&id) else { return };
        let Body::Attached(members) = &run.body else { return };
        if run.stage.is_some() && members.alive.is_empty() && !members.forcing && members.searches == 0 {
            let exit = run.exit.clone().unwrap_or(Exit::Unknown);
            self.over(id, exit);
        }
    }

    /// Whoever is left is known, as far as can be.
    pub(super) fn searched(&mut self, id: RunId) {
        self.was_asked(id);
        if let Some(Body::Attached(members)) = self.runs.get_mut(&id).map(|run| &mut run.body) {
            members.searches = members.searches.saturating_sub(1);
        }
        self.settle_attached(id);
    }

    /// What a forced stop left. Nothing left settles the run; otherwise the core is told and gives up in its time.
    pub(super) fn survivors(&mut self, id: RunId, left: Vec<u32>) {
        if self.left.contains_key(&id) {
            self.leftovers_survived(id, &left);
            return;
        }
        if let Some(Body::Attached(members)) = self.runs.get_mut(&id).map(|run| &mut run.body) {
            members.forcing = false;
        }
        if left.is_empty() {
            self.settle_attached(id);
        } else {
            self.give(Input::Survivors(id, left));
        }
    }

    /// Looks at the processes of an attached run again, and once more after a while.
    pub(super) fn sample_due(&self, id: RunId) {
        let Some(Body::Attached(members)) = self.runs.get(&id).map(|run| &run.body) else { return };
        self.sample_members(id, members.root.clone());
        if let Some(dir) = self.runs.get(&id).and_then(|run| run.dir.clone()) {
            // Its keeper is gone, which held its output to what is kept.
            drop(tokio::task::spawn_blocking(move || captured::hold(&dir)));
        }
        self.spawn_aside(async move {
            tokio::time::sleep(SAMPLE_EVERY).await;
            Fact::SampleDue(id)
        });
    }

    /// Finds the processes below an attached run again, so that one whose parent dies later is known.
    fn sample_members(&self, id: RunId, root: Identity) {
        self.spawn(async move {
            let found = tokio::task::spawn_blocking(move || below(&root));
            Fact::Members(id, found.await.unwrap_or_default())
        });
    }
}

/// The process that a pidfile names. One that was started after the file was written has only taken over the number.
fn process_of(file: &Path, now: Wall) -> Result<Identity, ApiError> {
    let at = |code, what: String| ApiError::new(code, what).at_field("pidfile");
    let unreadable = |fault: String| at(ErrorCode::Invalid, format!("the pidfile cannot be read: {fault}"));
    let opened = nightkeep_os::open_marker(file).map_err(|fault| unreadable(fault.to_string()))?;
    let written_ms = opened.stamp().mtime_ns / 1_000_000;
    let bytes = opened.read(PIDFILE_BYTES_MAX).map_err(|fault| unreadable(fault.to_string()))?;
    let pid: u32 = String::from_utf8_lossy(&bytes)
        .trim()
        .parse()
        .map_err(|_| at(ErrorCode::Invalid, format!("`{}` does not hold the number of a process", file.display())))?;
    let identity = own_process(pid)?;
    let age_ms = nightkeep_os::facts(pid).ok().flatten().map_or(0, |facts| facts.age_ms);
    if now.as_ms().saturating_sub_unsigned(age_ms) > written_ms.saturating_add(PIDFILE_TOLERANCE_MS) {
        let what = format!(
            "`{}` is older than process {pid}, so it names a process that is gone and whose number somebody else has",
            file.display()
        );
        return Err(
            at(ErrorCode::Conflict, what).with_hint("start the program again, or name its process with `--pid`")
        );
    }
    Ok(identity)
}

/// The process with this number, if it is there and may be stopped by this user.
pub(super) fn own_process(pid: u32) -> Result<Identity, ApiError> {
    let at = |code, what: String| ApiError::new(code, what).at_field("pid");
    match Process::open_pid(pid) {
        Ok(Some(process)) if process.may_be_signalled() => Ok(process.identity().clone()),
        Ok(Some(_)) => {
            let what = format!("process {pid} belongs to somebody else: it could be watched, but never stopped");
            Err(at(ErrorCode::NotPermitted, what))
        }
        Ok(None) => Err(at(ErrorCode::NotFound, format!("there is no process {pid}"))),
        Err(fault) => Err(at(ErrorCode::NotPermitted, format!("process {pid} cannot be identified: {fault}"))),
    }
}
