//! The client's side of the API: what tray, window, command line and tests speak to the engine with.
//!
//! Each request is a connection of its own over the local socket: there is no state to lose when the engine is
//! replaced, and a connection costs less than the answer. Nothing here retries; [`follow`] alone comes back after the
//! engine was away.

mod events;
mod hand_over;
mod http;
pub(crate) mod start;
mod watch;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use events::{Events, RunEvents, SlotEvents, Told, follow};
pub use start::nightkeep_program;

use crate::api::{
    API_VERSION, ApiError, AttachRequest, CapacityRequest, Cleaned, EngineInfo, ErrorCode, ExtendReply, ExtendRequest,
    GapsView, HistoryPage, HistoryPageQuery, HistoryQuery, HistoryRow, JobCheck, JobSpec, JobView, LimitsSpec, Live,
    NightReport, NotificationTest, PingsView, ProbeReport, ProbeRequest, Reconciled, RegisterRequest, ResumeReply,
    RunDetail, SettingsSpec, SettingsView, SignalsReply, SignalsRequest, StartReply, Status, StopReply, StopRequest,
    StorageView, TypeDraft, TypeView, Validation,
};
use http::{Body, encode, request};

/// A way to an engine that speaks this program's version of the API.
#[derive(Debug, Clone)]
pub struct Client {
    socket: Arc<Path>,
    engine: EngineInfo,
}

impl Client {
    /// Reaches the engine that listens at `socket`.
    ///
    /// # Errors
    /// [`ErrorCode::Unreachable`] when none listens, [`ErrorCode::Version`] when it speaks another version.
    pub async fn connect(socket: &Path) -> Result<Self, ApiError> {
        let engine = engine_at(socket).await?;
        if engine.api != API_VERSION {
            return Err(hand_over::other_version(&engine));
        }
        Ok(Self { socket: socket.into(), engine })
    }

    /// Reaches the engine that listens at `socket`, and starts one first when none does. One of an earlier version is
    /// asked to hand over to this one; its runs do not notice.
    ///
    /// # Errors
    /// As [`Client::connect`], and [`ErrorCode::Unreachable`] when none could be started.
    pub async fn connect_or_start(socket: &Path) -> Result<Self, ApiError> {
        let engine = match engine_at(socket).await {
            Err(error) if error.code == ErrorCode::Unreachable => start::start_and_wait(socket).await?,
            answered => answered?,
        };
        hand_over::fitting(socket, engine).await
    }

    /// The engine, as it was when it was reached.
    #[must_use]
    pub fn engine(&self) -> &EngineInfo {
        &self.engine
    }

    /// Where it listens.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// All that a surface needs to draw itself.
    ///
    /// # Errors
    /// What the engine says, or that it cannot be reached; so for every method below.
    pub async fn live(&self) -> Result<Live, ApiError> {
        self.get("/v1/live").await
    }

    /// The runs that are not over.
    pub async fn status(&self) -> Result<Status, ApiError> {
        self.get("/v1/status").await
    }

    /// The runs that are over, newest first.
    pub async fn history(&self, query: &HistoryQuery) -> Result<Vec<HistoryRow>, ApiError> {
        self.get(&history_path(query)).await
    }

    /// The runs that are over and match, a page of them.
    pub async fn history_page(&self, query: &HistoryPageQuery) -> Result<HistoryPage, ApiError> {
        self.post("/v1/history/page", query).await
    }

    /// What the runs of a night came to; the last night when none is named.
    pub async fn night(&self, date: Option<&str>) -> Result<NightReport, ApiError> {
        let query = date.map(|date| format!("?date={}", encode(date))).unwrap_or_default();
        self.get(&format!("/v1/history/night{query}")).await
    }

    /// One run, with all that is known of it.
    pub async fn run(&self, run: u64) -> Result<RunDetail, ApiError> {
        self.get(&format!("/v1/runs/{run}")).await
    }

    /// The latest run of a job, over or not, with all that is known of it.
    pub async fn latest_run(&self, job: &str) -> Result<RunDetail, ApiError> {
        self.get(&format!("/v1/jobs/{}/latest-run", encode(job))).await
    }

    /// What the environment of a job's next run says: of the run before it, if there was one, and of where to ping.
    pub async fn last_run(&self, job: &str) -> Result<BTreeMap<String, String>, ApiError> {
        self.get(&format!("/v1/jobs/{}/last-run", encode(job))).await
    }

    /// The jobs, as they stand in the configuration.
    pub async fn jobs(&self) -> Result<Vec<JobView>, ApiError> {
        self.get("/v1/jobs").await
    }

    /// The job types, built-in ones first.
    pub async fn types(&self) -> Result<Vec<TypeView>, ApiError> {
        self.get("/v1/types").await
    }

    /// Has a launched run watched.
    pub async fn register(&self, tag: &str) -> Result<StartReply, ApiError> {
        self.post("/v1/runs", &RegisterRequest { tag: tag.to_owned() }).await
    }

    /// Waits for a slot for a run whose directory is there, and which the caller starts himself.
    pub async fn slot(&self, tag: &str) -> Result<SlotEvents, ApiError> {
        SlotEvents::open(&self.socket, &RegisterRequest { tag: tag.to_owned() }).await
    }

    /// Has a process watched that somebody else started.
    pub async fn attach(&self, wanted: &AttachRequest) -> Result<StartReply, ApiError> {
        self.post("/v1/attach", wanted).await
    }

    /// Says something of a run.
    pub async fn signals(&self, said: &SignalsRequest) -> Result<SignalsReply, ApiError> {
        self.post("/v1/signals", said).await
    }

    /// Where pings are heard, and what was pinged.
    pub async fn pings(&self) -> Result<PingsView, ApiError> {
        self.get("/v1/pings").await
    }

    /// Begins to stop a run.
    pub async fn stop_run(&self, run: u64, how: StopRequest) -> Result<StopReply, ApiError> {
        self.post(&format!("/v1/runs/{run}/stop"), &how).await
    }

    /// Gives the present step of a run more time than its limit.
    pub async fn extend_run(&self, run: u64, by: ExtendRequest) -> Result<ExtendReply, ApiError> {
        self.post(&format!("/v1/runs/{run}/extend"), &by).await
    }

    /// Starts the demonstration.
    pub async fn start_demo(&self) -> Result<StartReply, ApiError> {
        self.post("/v1/demo", &()).await
    }

    /// Notes that somebody has looked at a run.
    pub async fn mark_seen(&self, run: u64) -> Result<(), ApiError> {
        self.send("POST", &format!("/v1/runs/{run}/seen"), &()).await
    }

    /// Takes back that somebody has looked at a run.
    pub async fn mark_unseen(&self, run: u64) -> Result<(), ApiError> {
        self.send("DELETE", &format!("/v1/runs/{run}/seen"), &()).await
    }

    /// Notes that somebody has looked at all that is over.
    pub async fn mark_all_seen(&self) -> Result<(), ApiError> {
        self.send("POST", "/v1/history/seen", &()).await
    }

    /// Adds a job to the configuration.
    pub async fn add_job(&self, spec: &JobSpec) -> Result<(), ApiError> {
        self.send("POST", "/v1/jobs", spec).await
    }

    /// Says what is wrong with a job before it is saved; `replacing` names the job that it will replace.
    pub async fn validate_job(&self, spec: &JobSpec, replacing: Option<&str>) -> Result<Validation, ApiError> {
        let query = replacing.map(|job| format!("?replacing={}", encode(job))).unwrap_or_default();
        self.post(&format!("/v1/jobs/validate{query}"), spec).await
    }

    /// Checks whether a job could be left alone; `replacing` as above.
    pub async fn preflight(&self, spec: &JobSpec, replacing: Option<&str>) -> Result<Vec<JobCheck>, ApiError> {
        let query = replacing.map(|job| format!("?replacing={}", encode(job))).unwrap_or_default();
        self.post(&format!("/v1/preflight{query}"), spec).await
    }

    /// The same for a job of the configuration.
    pub async fn test_job(&self, job: &str) -> Result<Vec<JobCheck>, ApiError> {
        self.post(&format!("/v1/jobs/{}/test", encode(job)), &()).await
    }

    /// Replaces a job; another name in `spec` renames it.
    pub async fn replace_job(&self, job: &str, spec: &JobSpec) -> Result<(), ApiError> {
        self.send("PUT", &format!("/v1/jobs/{}", encode(job)), spec).await
    }

    /// Removes a job from the configuration; its history stays.
    pub async fn remove_job(&self, job: &str) -> Result<(), ApiError> {
        self.send("DELETE", &format!("/v1/jobs/{}", encode(job)), &()).await
    }

    /// Starts a job.
    pub async fn start_job(&self, job: &str) -> Result<StartReply, ApiError> {
        self.post(&format!("/v1/jobs/{}/start", encode(job)), &()).await
    }

    /// Lets a job start again that was stopped or that failed too often.
    pub async fn resume_job(&self, job: &str) -> Result<ResumeReply, ApiError> {
        self.post(&format!("/v1/jobs/{}/resume", encode(job)), &()).await
    }

    /// Begins to stop a job with every run of it; it stays stopped until somebody resumes it.
    pub async fn stop_job(&self, job: &str, how: StopRequest) -> Result<StopReply, ApiError> {
        self.post(&format!("/v1/jobs/{}/stop", encode(job)), &how).await
    }

    /// Overrides limits of a job type, or makes a type of its own.
    pub async fn set_type(&self, name: &str, limits: &LimitsSpec) -> Result<(), ApiError> {
        self.send("PUT", &format!("/v1/types/{}", encode(name)), limits).await
    }

    /// Sets how many runs of a job type may run side by side; `None` for any number.
    pub async fn set_capacity(&self, name: &str, max_running: Option<u32>) -> Result<(), ApiError> {
        self.send("PUT", &format!("/v1/types/{}/capacity", encode(name)), &CapacityRequest { max_running }).await
    }

    /// Removes what the configuration says of a job type.
    pub async fn remove_type(&self, name: &str) -> Result<(), ApiError> {
        self.send("DELETE", &format!("/v1/types/{}", encode(name)), &()).await
    }

    /// Says what is wrong with a job type before it is saved.
    pub async fn validate_type(&self, draft: &TypeDraft) -> Result<Validation, ApiError> {
        self.post("/v1/preflight/type", draft).await
    }

    /// How long runs of a type were quiet, and the limits that they speak for.
    pub async fn type_gaps(&self, name: &str) -> Result<GapsView, ApiError> {
        self.get(&format!("/v1/types/{}/gaps", encode(name))).await
    }

    /// The same of the runs of one job.
    pub async fn job_gaps(&self, job: &str) -> Result<GapsView, ApiError> {
        self.get(&format!("/v1/jobs/{}/gaps", encode(job))).await
    }

    /// What is not about one job or type.
    pub async fn settings(&self) -> Result<SettingsView, ApiError> {
        self.get("/v1/settings").await
    }

    /// Sets it; it is in force at once.
    pub async fn set_settings(&self, wanted: &SettingsSpec) -> Result<(), ApiError> {
        self.send("PUT", "/v1/settings", wanted).await
    }

    /// Takes all of it out of `config.toml`, so that it is as it comes.
    pub async fn reset_settings(&self) -> Result<(), ApiError> {
        self.send("DELETE", "/v1/settings", &()).await
    }

    /// Shows a notification that only says that it is there.
    pub async fn test_notification(&self) -> Result<NotificationTest, ApiError> {
        self.post("/v1/notifications/test", &()).await
    }

    /// What is taken up on the disk.
    pub async fn storage(&self) -> Result<StorageView, ApiError> {
        self.get("/v1/storage").await
    }

    /// Removes what is left of old runs; answers when that is done.
    pub async fn clean(&self) -> Result<Cleaned, ApiError> {
        self.post("/v1/storage/clean", &()).await
    }

    /// Calls that off.
    pub async fn cancel_clean(&self) -> Result<(), ApiError> {
        self.send("DELETE", "/v1/storage/clean", &()).await
    }

    /// Looks at a marker's path.
    pub async fn probe(&self, wanted: &ProbeRequest) -> Result<ProbeReport, ApiError> {
        self.post("/v1/probe", wanted).await
    }

    /// Has the history compared with what really runs.
    pub async fn reconcile(&self) -> Result<Reconciled, ApiError> {
        self.post("/v1/reconcile", &()).await
    }

    /// Everything that a surface shows, at once and after each change.
    pub async fn events(&self) -> Result<Events, ApiError> {
        Events::open(&self.socket).await
    }

    /// What happens to runs, one event at a time, with a sign of life of each every so many seconds.
    pub async fn run_events(&self, every_s: u64) -> Result<RunEvents, ApiError> {
        RunEvents::open(&self.socket, every_s).await
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ApiError> {
        http::json(&request(&self.socket, "GET", path, Body::None).await?)
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, ApiError> {
        http::json(&request(&self.socket, "POST", path, Body::json(body)?).await?)
    }

    /// A request whose answer says nothing beyond that it was done.
    async fn send(&self, method: &str, path: &str, body: &impl Serialize) -> Result<(), ApiError> {
        request(&self.socket, method, path, Body::json(body)?).await.map(drop)
    }
}

/// Asks who listens at `socket`, whatever version it speaks.
///
/// # Errors
/// [`ErrorCode::Unreachable`] when nobody does.
pub async fn engine_at(socket: &Path) -> Result<EngineInfo, ApiError> {
    http::json(&request(socket, "GET", "/v1/engine", Body::None).await?)
        .map_err(|_| ApiError::new(ErrorCode::Version, "what listens is no engine that this program understands"))
}

/// Asks the engine at `socket` to end; its runs go on. Works with an engine of any version.
///
/// # Errors
/// [`ErrorCode::Unreachable`] when none listens, or what the engine says.
pub async fn stop_engine(socket: &Path) -> Result<(), ApiError> {
    request(socket, "POST", "/v1/engine/stop", Body::None).await.map(drop)
}

fn history_path(query: &HistoryQuery) -> String {
    let HistoryQuery { limit, before, job, outcome } = query;
    let pairs = [
        limit.map(|limit| format!("limit={limit}")),
        before.map(|before| format!("before={before}")),
        job.as_deref().map(|job| format!("job={}", encode(job))),
        outcome.and_then(|outcome| serde_json::to_value(outcome).ok()?.as_str().map(|word| format!("outcome={word}"))),
    ];
    let query: Vec<String> = pairs.into_iter().flatten().collect();
    if query.is_empty() { "/v1/history".to_owned() } else { format!("/v1/history?{}", query.join("&")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Outcome;

    #[test]
    fn a_history_query_asks_only_for_what_is_set() {
        let all = HistoryQuery {
            limit: Some(5),
            before: Some(40),
            job: Some("docs & more".to_owned()),
            outcome: Some(Outcome::Aborted),
        };
        assert_eq!(history_path(&HistoryQuery::default()), "/v1/history");
        assert_eq!(history_path(&all), "/v1/history?limit=5&before=40&job=docs%20%26%20more&outcome=aborted");
    }
}
