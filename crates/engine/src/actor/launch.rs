//! Starting runs: what is written down first, the keeper, the watch.

use std::collections::BTreeMap;
use std::path::PathBuf;

use nightkeep_core::run::MARKER;
use nightkeep_core::{Awake, Exit, Input, LeftoverPolicy, Limits, Mode, Resume, RunId, Wall, Watch};
use nightkeep_os::{ExecError, FileStamp, Signal};
use tokio::sync::mpsc;

use super::fact::{Fact, Then};
use super::inlet::Inlet;
use super::output::OutputAge;
use super::record::limits_ms;
use super::run::{Body, Watched};
use super::task::Actor;
use super::usage::Usage;
use super::waiting::{Caller, Starter, Waiting};
use crate::api::{ApiError, ErrorCode, FieldFault, JobSpec, OnStall, StartReply};
use crate::config::{cwd_of, progress_of, stop_signal_of};
use crate::keeper::launch::{Launched, launch};
use crate::marker::MarkerWatch;
use crate::notify::Around;
use crate::rundir::{FORMAT, LimitsMs, OsText, RunDir, Spec, Started, StartedBy, Stdin};
use crate::store::entry::Registration;

/// Marker events that wait at most.
const MARKER_EVENTS_MAX: usize = 1024;

/// A run that is about to be known to store and core.
#[derive(Debug)]
pub(super) struct Registered {
    pub(super) registration: Registration,
    pub(super) limits: Limits,
    pub(super) dir: Option<RunDir>,
    pub(super) marker_before: Option<FileStamp>,
    pub(super) stop_signal: Signal,
    pub(super) leftovers: LeftoverPolicy,
    /// When it started, if that was before.
    pub(super) started: Option<(Awake, Wall)>,
    /// The socket that it was told to notify, if it was.
    pub(super) notify: Option<PathBuf>,
    /// How far its sources were read, if somebody did before.
    pub(super) read: BTreeMap<String, String>,
}

impl Registered {
    /// A run that somebody else started.
    pub(super) fn attached(registration: Registration, limits: Limits) -> Self {
        Self {
            registration,
            limits,
            dir: None,
            marker_before: None,
            stop_signal: Signal::Term,
            leftovers: LeftoverPolicy::Report,
            started: None,
            notify: None,
            read: BTreeMap::new(),
        }
    }

    /// A run whose directory tells what it is.
    pub(super) fn launched(spec: &Spec, dir: RunDir) -> Self {
        let registration = Registration {
            tag: spec.tag.clone(),
            job: spec.job.clone(),
            job_type: spec.r#type.clone(),
            command: spec.command.iter().map(OsText::lossy).collect(),
            cwd: Some(spec.cwd.lossy()),
            marker: Some(spec.marker.lossy()),
            attached: false,
            observe: spec.observe,
            limits: limits_ms(&spec.limits.into()),
            identity: None,
            sources: spec.sources.clone(),
            by_job: spec.by_job,
            restart: spec.restart,
        };
        Self {
            registration,
            limits: spec.limits.into(),
            dir: Some(dir),
            marker_before: spec.marker_before,
            stop_signal: spec.stop_signal,
            leftovers: spec.leftovers.into(),
            started: Some((Awake::from_ms(spec.clocks.awake_ms), Wall::from_ms(spec.clocks.wall_ms))),
            notify: crate::environment::notify_socket(spec),
            read: BTreeMap::new(),
        }
    }
}

/// The watch over all markers, whose events become facts.
pub(super) fn marker_watch(facts: &mpsc::Sender<Fact>) -> MarkerWatch {
    let (events, mut queue) = mpsc::channel(MARKER_EVENTS_MAX);
    let (facts, told) = (facts.clone(), facts.clone());
    let _task = tokio::spawn(async move {
        while let Some(event) = queue.recv().await {
            if facts.send(Fact::Marker(event)).await.is_err() {
                return;
            }
        }
    });
    let markers = MarkerWatch::start(events);
    let mut fault = markers.fault();
    let _task = tokio::spawn(async move {
        while fault.changed().await.is_ok() {
            let present = fault.borrow_and_update().clone();
            if told.send(Fact::Watching(present)).await.is_err() {
                return;
            }
        }
    });
    markers
}

/// What is done about a run that stands still.
fn mode(observe: bool, by_job: Option<OnStall>) -> Mode {
    match (observe, by_job) {
        (true, _) => Mode::Observe,
        (false, Some(OnStall::Notify)) => Mode::Notify,
        (false, Some(OnStall::Abort | OnStall::Restart) | None) => Mode::Enforce,
    }
}

impl Actor {
    /// Begins to watch a run whose number the store has given.
    pub(super) fn watch(
        &mut self,
        id: RunId,
        registered: Registered,
        resume: Option<Resume>,
        clock_from: Option<Awake>,
    ) {
        self.tell_whose(id, &registered.registration);
        self.ping_run_began(&registered.registration, resume.is_some());
        let now = self.now();
        let Registered { registration, limits, dir, marker_before, stop_signal, leftovers, started, notify, read } =
            registered;
        let (started_awake, started_wall) = started.unwrap_or((now.awake, now.wall));
        let marker = registration.marker.as_ref().map(PathBuf::from);
        let doing = resume.as_ref().map_or(&[][..], |resume| &resume.doing.open);
        let sources = self.read_sources(id, &registration, dir.as_ref(), notify, (&read, doing));
        // A heartbeat tells something once there is one.
        let beats_if_any = registration.sources.iter().any(|source| source.starts_with("sentinel:"));
        let kind = (!registration.attached).then(|| registration.job_type.clone());
        let stage = resume.as_ref().and_then(|resume| resume.stop?.reached).map(|(stage, _)| stage);
        let was_read = resume.as_ref().is_some_and(|resume| resume.best.iter().any(|(source, _)| *source == MARKER));
        let marker_read = was_read.then_some(started_wall);
        let watched = Watched {
            id,
            tag: registration.tag,
            job: registration.job.clone(),
            job_type: registration.job_type,
            dir,
            marker: marker.clone(),
            marker_before,
            marker_read,
            marker_trouble: None,
            started: started_wall,
            attached: registration.attached,
            stop_signal,
            body: Body::Unreached,
            stage,
            asked: None,
            exit: None,
            ended: None,
            recovered: false,
            leftovers,
            left: None,
            before: None,
            usage: Usage::default(),
            inlet: Inlet::default(),
            strangers: 0,
            sources,
            source_trouble: BTreeMap::new(),
            output_age: OutputAge::default(),
            root: None,
            around: Around::default(),
            over: false,
            note: None,
        };
        let _none = self.runs.insert(id, watched);
        let up = resume.is_some();
        self.give(Input::Watch(Box::new(Watch {
            run: id,
            job: registration.job,
            limits,
            mode: mode(registration.observe, registration.by_job),
            clock_from: clock_from.unwrap_or(started_awake),
            started: started_awake,
            up,
            beats_if_any,
            resume,
        })));
        if let Some(kind) = kind {
            self.give(Input::Holds { run: id, kind });
        }
        if let Some(marker) = marker {
            self.markers.add(id.0, marker);
        }
        self.early_known(id);
    }

    /// The plan of a job's next run.
    pub(super) fn spec_of(&self, job: &JobSpec) -> Result<(Spec, RunDir), ApiError> {
        let config = self.config.current();
        let invalid = |fault: FieldFault| ApiError::new(ErrorCode::Invalid, fault.message).at_field(fault.field);
        let limits = config.limits_of(job).map_err(invalid)?;
        let tag = uuid::Uuid::now_v7().to_string();
        let dir = RunDir::at(self.places.run_dir(&tag));
        let marker = progress_of(job, &self.around.home).unwrap_or_else(|| dir.marker());
        let mut env: BTreeMap<String, OsText> =
            job.env.iter().map(|(name, value)| (name.clone(), OsText(value.into()))).collect();
        env.extend(crate::environment::of_run(&tag, &marker, &self.places.socket()));
        env.extend(self.ping_environment(&job.name));
        env.extend(crate::environment::of_notify(&self.places, &tag, &job.sources, &limits));
        let spec = Spec {
            format: FORMAT,
            tag,
            job: job.name.clone(),
            r#type: job.r#type.clone().unwrap_or_else(|| nightkeep_core::limits::DEFAULT_TYPE.to_owned()),
            command: job.command.iter().map(|part| OsText(part.into())).collect(),
            cwd: OsText(cwd_of(job, &self.around.home).into()),
            env,
            marker_before: nightkeep_os::stamp(&marker).ok().flatten(),
            marker: OsText(marker.into()),
            limits: LimitsMs::from(limits),
            overrides: crate::config::overrides(&job.limits).unwrap_or_default().into(),
            observe: job.observe,
            attached: false,
            stderr_apart: false,
            stdin: Stdin::Null,
            leftovers: job.leftovers.unwrap_or_default(),
            sources: job.sources.clone(),
            stop_signal: stop_signal_of(job).map_err(invalid)?,
            output_max: config.output_max_of(job).map_err(invalid)?,
            by_job: Some(job.on_stall.unwrap_or_default()),
            restart: None,
            started_by: StartedBy {
                surface: "engine".to_owned(),
                pid: std::process::id(),
                version: crate::VERSION.to_owned(),
            },
            clocks: nightkeep_os::clocks(),
        };
        Ok((spec, dir))
    }

    /// Starts the keeper of a run that is registered.
    pub(super) fn launch(&self, id: RunId, spec: Spec, dir: &RunDir) {
        let (path, nightkeep) = (dir.path().to_owned(), self.nightkeep.clone());
        self.spawn(async move {
            let result = match launch(&path, spec, &nightkeep).await {
                Ok((_, Launched::Running(started))) => Ok(started),
                Ok((_, Launched::NotStarted(error))) => Err(error),
                Err(fault) => Err(ExecError { errno: None, message: fault.to_string() }),
            };
            Fact::Launched(id, result)
        });
    }

    /// The run was started, or could not be; whoever asked for it hears of it.
    pub(super) fn launched(&mut self, id: RunId, result: Result<Started, ExecError>) {
        let tag = self.runs.get(&id).map(|run| run.tag.clone()).unwrap_or_default();
        let answer = match result {
            Ok(_) => {
                self.adopt(id);
                Ok(StartReply::begun(id.0, tag))
            }
            Err(error) => {
                let answer = Err(ApiError::new(
                    ErrorCode::CannotStart,
                    format!("run {id} could not be started: {}", error.message),
                )
                .with_hint("check the job's `command` and `cwd`"));
                let exit = Exit::NotStarted { errno: error.errno, message: error.message };
                self.give(Input::AllGone(id, exit));
                answer
            }
        };
        if let Some(reply) = self.starting.remove(&id) {
            // Whoever asked may have gone.
            let _heard = reply.send(answer);
        }
    }

    /// A run has its number: it is watched, and what has to follow does.
    pub(super) fn registered(&mut self, id: RunId, registered: Registered, then: Then) {
        let tag = registered.registration.tag.clone();
        let since = self.now().wall;
        match then {
            // A comparison with the run directories was faster.
            Then::Adopt(reply) if self.runs.contains_key(&id) || self.ended.contains(&id) => {
                let _heard = reply.send(Ok(StartReply::begun(id.0, tag)));
            }
            Then::Launch(spec, reply) => {
                self.ask_for_slot(Waiting::asks(id, since, registered, Starter::Engine(spec, Some(reply))));
            }
            Then::Restart(spec) => {
                self.ask_for_slot(Waiting::asks(id, since, registered, Starter::Engine(spec, None)));
            }
            Then::Ask(reply) => {
                let waiting = Waiting::asks(id, since, registered, Starter::Caller(Caller::default()));
                self.ask_for_slot(waiting);
                self.connect_caller(id, reply);
            }
            Then::Attach(members, reply) => {
                self.watch(id, registered, None, None);
                match members {
                    Some(members) => {
                        self.attach_to(id, members);
                        self.give(Input::Started(id));
                    }
                    None => self.over(id, Exit::Unknown),
                }
                let _heard = reply.send(Ok(StartReply::begun(id.0, tag)));
            }
            Then::Adopt(reply) => {
                let is_late = registered.registration.by_job.is_some()
                    && self.core.job(&registered.registration.job).stopped.is_some();
                self.watch(id, registered, None, None);
                self.adopt(id);
                if is_late {
                    // Whoever started it had asked just before a person stopped the job.
                    self.give(Input::Stop { run: id, force: false });
                }
                let _heard = reply.send(Ok(StartReply::begun(id.0, tag)));
            }
        }
    }
}
