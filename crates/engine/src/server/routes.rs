//! One function a route, each a line: take apart, ask the handle, pass on.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, OptionalFromRequest, Path, Query, Request, State};
use axum::routing::{MethodRouter, post};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Failure;
use crate::actor::Handle;
use crate::api::{
    ApiError, AttachRequest, CapacityRequest, Cleaned, EngineInfo, ErrorCode, ExtendReply, ExtendRequest, GapsView,
    HandOverRequest, HistoryQuery, HistoryRow, JobCheck, JobSpec, JobView, LimitsSpec, Live, NotificationTest,
    PingsView, ProbeReport, ProbeRequest, Reconciled, RegisterRequest, ResumeReply, RunDetail, SettingsSpec,
    SettingsView, SignalsReply, SignalsRequest, StartReply, Status, StopReply, StopRequest, StorageView, TypeDraft,
    TypeView, Validation,
};

/// A JSON body; one that cannot be read is an [`ApiError`] like any other.
#[derive(Debug, FromRequest)]
#[from_request(via(Json), rejection(Failure))]
pub(super) struct Body<T>(pub(super) T);

/// No body at all, as of a bare `curl -X POST`, where there is nothing that must be said.
impl<T: DeserializeOwned, S: Send + Sync> OptionalFromRequest<S> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Option<Self>, Failure> {
        let body = <Json<T> as OptionalFromRequest<S>>::from_request(request, state).await?;
        Ok(body.map(|Json(body)| Self(body)))
    }
}

pub(super) fn wanted<T: Default>(body: Option<Body<T>>) -> T {
    body.map_or_else(T::default, |Body(body)| body)
}

impl From<JsonRejection> for Failure {
    fn from(fault: JsonRejection) -> Self {
        Self(ApiError::new(ErrorCode::Invalid, fault.body_text()))
    }
}

pub(super) type Reply<T> = Result<Json<T>, Failure>;

/// Who is there, and which version it speaks.
#[utoipa::path(get, path = "/v1/engine", responses((status = 200, body = EngineInfo), (status = "4XX", body = ApiError)))]
pub(super) async fn engine(State(handle): State<Handle>) -> Reply<EngineInfo> {
    Ok(Json(handle.live().await.map(|live| live.status.engine)?))
}

/// All that a surface needs to draw itself.
#[utoipa::path(get, path = "/v1/live", responses((status = 200, body = Live), (status = "4XX", body = ApiError)))]
pub(super) async fn live(State(handle): State<Handle>) -> Reply<Live> {
    Ok(Json(handle.live().await?))
}

/// Engine, counts and runs.
#[utoipa::path(get, path = "/v1/status", responses((status = 200, body = Status), (status = "4XX", body = ApiError)))]
pub(super) async fn status(State(handle): State<Handle>) -> Reply<Status> {
    Ok(Json(handle.live().await.map(|live| live.status)?))
}

/// One run with all that is known of it.
#[utoipa::path(get, path = "/v1/runs/{run}", params(("run" = u64, Path)), responses((status = 200, body = RunDetail), (status = "4XX", body = ApiError)))]
pub(super) async fn run(State(handle): State<Handle>, Path(run): Path<u64>) -> Reply<RunDetail> {
    Ok(Json(handle.run(run).await?))
}

/// All jobs.
#[utoipa::path(get, path = "/v1/jobs", responses((status = 200, body = Vec<JobView>), (status = "4XX", body = ApiError)))]
pub(super) async fn jobs(State(handle): State<Handle>) -> Reply<Vec<JobView>> {
    Ok(Json(handle.jobs().await?))
}

/// All job types.
#[utoipa::path(get, path = "/v1/types", responses((status = 200, body = Vec<TypeView>), (status = "4XX", body = ApiError)))]
pub(super) async fn types(State(handle): State<Handle>) -> Json<Vec<TypeView>> {
    Json(handle.types())
}

/// Watches a run whose directory and keeper are there.
#[utoipa::path(post, path = "/v1/runs", request_body = RegisterRequest, responses((status = 200, body = StartReply), (status = "4XX", body = ApiError)))]
pub(super) async fn register(State(handle): State<Handle>, Body(body): Body<RegisterRequest>) -> Reply<StartReply> {
    Ok(Json(handle.register(body.tag).await?))
}

/// Watches a process that somebody else started.
#[utoipa::path(post, path = "/v1/attach", request_body = AttachRequest, responses((status = 200, body = StartReply), (status = "4XX", body = ApiError)))]
pub(super) async fn attach(State(handle): State<Handle>, Body(body): Body<AttachRequest>) -> Reply<StartReply> {
    Ok(Json(handle.attach(body).await?))
}

/// Takes in what an agent, a script or a helper says of a run.
#[utoipa::path(post, path = "/v1/signals", request_body = SignalsRequest, responses((status = 200, body = SignalsReply), (status = "4XX", body = ApiError)))]
pub(super) async fn signals(State(handle): State<Handle>, Body(body): Body<SignalsRequest>) -> Reply<SignalsReply> {
    Ok(Json(handle.signals(body).await?))
}

/// Where pings are heard, and what was pinged.
#[utoipa::path(get, path = "/v1/pings", responses((status = 200, body = PingsView), (status = "4XX", body = ApiError)))]
pub(super) async fn pings(State(handle): State<Handle>) -> Reply<PingsView> {
    Ok(Json(handle.pings().await?))
}

/// Begins to stop a run.
#[utoipa::path(post, path = "/v1/runs/{run}/stop", params(("run" = u64, Path)), request_body = Option<StopRequest>, responses((status = 200, body = StopReply), (status = "4XX", body = ApiError)))]
pub(super) async fn stop_run(
    State(handle): State<Handle>,
    Path(run): Path<u64>,
    body: Option<Body<StopRequest>>,
) -> Reply<StopReply> {
    Ok(Json(handle.stop_run(run, wanted(body).force).await?))
}

/// Gives the present step of a run more time than its limit, up to a cap.
#[utoipa::path(post, path = "/v1/runs/{run}/extend", params(("run" = u64, Path)), request_body = ExtendRequest, responses((status = 200, body = ExtendReply), (status = "4XX", body = ApiError)))]
pub(super) async fn extend_run(
    State(handle): State<Handle>,
    Path(run): Path<u64>,
    Body(body): Body<ExtendRequest>,
) -> Reply<ExtendReply> {
    Ok(Json(handle.extend_run(run, body.by_s).await?))
}

/// Starts the demonstration: a sample agent that advances five times, gets stuck and is stopped within a minute.
#[utoipa::path(post, path = "/v1/demo", responses((status = 200, body = StartReply), (status = "4XX", body = ApiError)))]
pub(super) async fn start_demo(State(handle): State<Handle>) -> Reply<StartReply> {
    Ok(Json(handle.start_demo().await?))
}

/// Somebody looked at a run.
#[utoipa::path(post, path = "/v1/runs/{run}/seen", params(("run" = u64, Path)), responses((status = 200), (status = "4XX", body = ApiError)))]
pub(super) async fn see_run(State(handle): State<Handle>, Path(run): Path<u64>) -> Reply<()> {
    Ok(Json(handle.see_run(run).await?))
}

/// A run that is over is to count as if nobody had looked at it.
#[utoipa::path(delete, path = "/v1/runs/{run}/seen", params(("run" = u64, Path)), responses((status = 200), (status = "4XX", body = ApiError)))]
pub(super) async fn unsee_run(State(handle): State<Handle>, Path(run): Path<u64>) -> Reply<()> {
    Ok(Json(handle.unsee_run(run).await?))
}

/// Somebody looked at all runs.
#[utoipa::path(post, path = "/v1/history/seen", responses((status = 200), (status = "4XX", body = ApiError)))]
pub(super) async fn see_all(State(handle): State<Handle>) -> Reply<()> {
    Ok(Json(handle.see_all().await?))
}

/// What the environment of a job's next run says: of the run before it, if there was one, and of where to ping, if
/// somebody listens.
#[utoipa::path(get, path = "/v1/jobs/{job}/last-run", params(("job" = String, Path)), responses((status = 200, body = BTreeMap<String, String>), (status = "4XX", body = ApiError)))]
pub(super) async fn last_run(State(handle): State<Handle>, Path(job): Path<String>) -> Reply<BTreeMap<String, String>> {
    Ok(Json(handle.last_run(job).await?))
}

/// The latest run of a job, over or not, with all that is known of it.
#[utoipa::path(get, path = "/v1/jobs/{job}/latest-run", params(("job" = String, Path)), responses((status = 200, body = RunDetail), (status = "4XX", body = ApiError)))]
pub(super) async fn latest_run(State(handle): State<Handle>, Path(job): Path<String>) -> Reply<RunDetail> {
    Ok(Json(handle.latest_run(job).await?))
}

/// Starts a job.
#[utoipa::path(post, path = "/v1/jobs/{job}/start", params(("job" = String, Path)), responses((status = 200, body = StartReply), (status = "4XX", body = ApiError)))]
pub(super) async fn start_job(State(handle): State<Handle>, Path(job): Path<String>) -> Reply<StartReply> {
    Ok(Json(handle.start_job(job).await?))
}

/// Begins to stop a job with all its runs. It is not started until somebody resumes it.
#[utoipa::path(post, path = "/v1/jobs/{job}/stop", params(("job" = String, Path)), request_body = Option<StopRequest>, responses((status = 200, body = StopReply), (status = "4XX", body = ApiError)))]
pub(super) async fn stop_job(
    State(handle): State<Handle>,
    Path(job): Path<String>,
    body: Option<Body<StopRequest>>,
) -> Reply<StopReply> {
    Ok(Json(handle.stop_job(job, wanted(body).force).await?))
}

/// Lets a job start again that was stopped or that failed too often.
#[utoipa::path(post, path = "/v1/jobs/{job}/resume", params(("job" = String, Path)), responses((status = 200, body = ResumeReply), (status = "4XX", body = ApiError)))]
pub(super) async fn resume_job(State(handle): State<Handle>, Path(job): Path<String>) -> Reply<ResumeReply> {
    Ok(Json(handle.resume_job(job).await?))
}

/// Adds a job to `config.toml`.
#[utoipa::path(post, path = "/v1/jobs", request_body = JobSpec, responses((status = 200), (status = "4XX", body = ApiError)))]
pub(super) async fn add_job(State(handle): State<Handle>, Body(body): Body<JobSpec>) -> Reply<()> {
    Ok(Json(handle.add_job(body).await?))
}

/// Changes a job in `config.toml`, its name included.
#[utoipa::path(put, path = "/v1/jobs/{job}", params(("job" = String, Path)), request_body = JobSpec, responses((status = 200), (status = "4XX", body = ApiError)))]
pub(super) async fn replace_job(
    State(handle): State<Handle>,
    Path(job): Path<String>,
    Body(body): Body<JobSpec>,
) -> Reply<()> {
    Ok(Json(handle.replace_job(job, body).await?))
}

/// Removes a job from `config.toml`.
#[utoipa::path(delete, path = "/v1/jobs/{job}", params(("job" = String, Path)), responses((status = 200), (status = "4XX", body = ApiError)))]
pub(super) async fn remove_job(State(handle): State<Handle>, Path(job): Path<String>) -> Reply<()> {
    Ok(Json(handle.remove_job(job).await?))
}

/// Sets the limits of a job type in `config.toml`.
#[utoipa::path(put, path = "/v1/types/{type}", params(("type" = String, Path)), request_body = LimitsSpec, responses((status = 200), (status = "4XX", body = ApiError)))]
pub(super) async fn set_type(
    State(handle): State<Handle>,
    Path(r#type): Path<String>,
    Body(body): Body<LimitsSpec>,
) -> Reply<()> {
    Ok(Json(handle.set_type(r#type, body).await?))
}

/// Sets how many runs of a job type may run side by side in `config.toml`.
#[utoipa::path(put, path = "/v1/types/{type}/capacity", params(("type" = String, Path)), request_body = CapacityRequest, responses((status = 200), (status = "4XX", body = ApiError)))]
pub(super) async fn set_capacity(
    State(handle): State<Handle>,
    Path(r#type): Path<String>,
    Body(body): Body<CapacityRequest>,
) -> Reply<()> {
    Ok(Json(handle.set_capacity(r#type, body.max_running).await?))
}

/// Removes what `config.toml` says of a job type: one that Nightkeep brings is as it came, another is gone.
#[utoipa::path(delete, path = "/v1/types/{type}", params(("type" = String, Path)), responses((status = 200), (status = "4XX", body = ApiError)))]
pub(super) async fn remove_type(State(handle): State<Handle>, Path(r#type): Path<String>) -> Reply<()> {
    Ok(Json(handle.remove_type(r#type).await?))
}

/// How long runs of a job type were quiet, and the limits that they speak for.
#[utoipa::path(get, path = "/v1/types/{type}/gaps", params(("type" = String, Path)), responses((status = 200, body = GapsView), (status = "4XX", body = ApiError)))]
pub(super) async fn type_gaps(State(handle): State<Handle>, Path(r#type): Path<String>) -> Reply<GapsView> {
    Ok(Json(handle.type_gaps(r#type).await?))
}

/// The same of the runs of one job.
#[utoipa::path(get, path = "/v1/jobs/{job}/gaps", params(("job" = String, Path)), responses((status = 200, body = GapsView), (status = "4XX", body = ApiError)))]
pub(super) async fn job_gaps(State(handle): State<Handle>, Path(job): Path<String>) -> Reply<GapsView> {
    Ok(Json(handle.job_gaps(job).await?))
}

/// Says what is wrong with a job type before it is saved.
#[utoipa::path(post, path = "/v1/preflight/type", request_body = TypeDraft, responses((status = 200, body = Validation), (status = "4XX", body = ApiError)))]
pub(super) async fn validate_type(State(handle): State<Handle>, Body(body): Body<TypeDraft>) -> Json<Validation> {
    Json(handle.validate_type(&body))
}

/// What is not about one job or type.
#[utoipa::path(get, path = "/v1/settings", responses((status = 200, body = SettingsView), (status = "4XX", body = ApiError)))]
pub(super) async fn settings(State(handle): State<Handle>) -> Json<SettingsView> {
    Json(handle.settings())
}

/// Sets it in `config.toml`; it is in force at once.
#[utoipa::path(put, path = "/v1/settings", request_body = SettingsSpec, responses((status = 200), (status = "4XX", body = ApiError)))]
pub(super) async fn set_settings(State(handle): State<Handle>, Body(body): Body<SettingsSpec>) -> Reply<()> {
    Ok(Json(handle.set_settings(body).await?))
}

/// Takes all of it out of `config.toml`: the settings are as they come; jobs, types and comments stay.
#[utoipa::path(delete, path = "/v1/settings", responses((status = 200), (status = "4XX", body = ApiError)))]
pub(super) async fn reset_settings(State(handle): State<Handle>) -> Reply<()> {
    Ok(Json(handle.reset_settings().await?))
}

/// Shows a notification that only says that it is there.
#[utoipa::path(post, path = "/v1/notifications/test", responses((status = 200, body = NotificationTest), (status = "4XX", body = ApiError)))]
pub(super) async fn test_notification(State(handle): State<Handle>) -> Json<NotificationTest> {
    Json(handle.test_notification().await)
}

/// What is taken up on the disk.
#[utoipa::path(get, path = "/v1/storage", responses((status = 200, body = StorageView), (status = "4XX", body = ApiError)))]
pub(super) async fn storage(State(handle): State<Handle>) -> Reply<StorageView> {
    Ok(Json(handle.storage().await?))
}

/// Removes what is left of runs that are too old, and outputs that are too much; answers when that is done.
#[utoipa::path(post, path = "/v1/storage/clean", responses((status = 200, body = Cleaned), (status = "4XX", body = ApiError)))]
pub(super) async fn clean(State(handle): State<Handle>) -> Reply<Cleaned> {
    Ok(Json(handle.clean().await?))
}

/// Calls that off; what is removed by then stays removed.
#[utoipa::path(delete, path = "/v1/storage/clean", responses((status = 200), (status = "4XX", body = ApiError)))]
pub(super) async fn cancel_clean(State(handle): State<Handle>) -> Json<()> {
    handle.cancel_clean();
    Json(())
}

/// Looks at a marker's path.
#[utoipa::path(post, path = "/v1/probe", request_body = ProbeRequest, responses((status = 200, body = ProbeReport), (status = "4XX", body = ApiError)))]
pub(super) async fn probe(State(handle): State<Handle>, Body(body): Body<ProbeRequest>) -> Json<ProbeReport> {
    Json(handle.probe(&body))
}

/// Compares the history with what really runs, as the engine does by itself every five minutes.
#[utoipa::path(post, path = "/v1/reconcile", responses((status = 200, body = Reconciled), (status = "4XX", body = ApiError)))]
pub(super) async fn reconcile(State(handle): State<Handle>) -> Reply<Reconciled> {
    Ok(Json(handle.reconcile().await?))
}

/// Ends the engine. Runs go on, unwatched until the next one starts.
#[utoipa::path(post, path = "/v1/engine/stop", responses((status = 200), (status = "4XX", body = ApiError)))]
pub(super) async fn stop_engine(State(handle): State<Handle>) -> Reply<()> {
    Ok(Json(handle.stop_engine().await?))
}

/// Lets a later version take over. Runs go on, and do not notice.
#[utoipa::path(post, path = "/v1/engine/hand-over", request_body = HandOverRequest, responses((status = 200), (status = "4XX", body = ApiError)))]
pub(super) async fn hand_over(State(handle): State<Handle>, Body(body): Body<HandOverRequest>) -> Reply<()> {
    Ok(Json(handle.hand_over(body).await?))
}

/// Runs that are over, newest first.
#[utoipa::path(get, path = "/v1/history", params(HistoryQuery), responses((status = 200, body = Vec<HistoryRow>)))]
pub(super) async fn history(State(handle): State<Handle>, Query(query): Query<HistoryQuery>) -> Reply<Vec<HistoryRow>> {
    Ok(Json(handle.history(&query).await?))
}

/// `/v1/jobs/validate`: a job may be called that, too, and is changed and removed as any other one.
pub(super) fn validate_jobs() -> MethodRouter<Handle> {
    let job = || Path("validate".to_owned());
    post(validate_job)
        .put(move |handle: State<Handle>, body: Body<JobSpec>| replace_job(handle, job(), body))
        .delete(move |handle: State<Handle>| remove_job(handle, job()))
}

/// Which job a validated one is to replace: its name is no duplicate of itself.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
pub(super) struct Replacing {
    /// The name of the job that is being edited.
    replacing: Option<String>,
}

/// Says what is wrong with a job before it is saved.
#[utoipa::path(post, path = "/v1/jobs/validate", params(Replacing), request_body = JobSpec, responses((status = 200, body = Validation)))]
pub(super) async fn validate_job(
    State(handle): State<Handle>,
    Query(query): Query<Replacing>,
    Body(body): Body<JobSpec>,
) -> Json<Validation> {
    Json(handle.validate_job(&body, query.replacing.as_deref()))
}

/// Checks whether a job could be left alone: that its program, folders, marker and limits are as they should be and that
/// the service that it needs answers. Nothing is started.
#[utoipa::path(post, path = "/v1/preflight", params(Replacing), request_body = JobSpec, responses((status = 200, body = Vec<JobCheck>)))]
pub(super) async fn preflight(
    State(handle): State<Handle>,
    Query(query): Query<Replacing>,
    Body(body): Body<JobSpec>,
) -> Json<Vec<JobCheck>> {
    Json(handle.preflight(&body, query.replacing.as_deref()).await)
}

/// The same for a job of `config.toml`.
#[utoipa::path(post, path = "/v1/jobs/{job}/test", params(("job" = String, Path)), responses((status = 200, body = Vec<JobCheck>), (status = "4XX", body = ApiError)))]
pub(super) async fn test_job(State(handle): State<Handle>, Path(job): Path<String>) -> Reply<Vec<JobCheck>> {
    Ok(Json(handle.test_job(&job).await?))
}

/// Everything else.
pub(super) async fn no_such_route() -> Failure {
    Failure(ApiError::new(ErrorCode::NotFound, "no such route").with_hint("`GET /v1/openapi.json` lists them all"))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn stop_of(request: axum::http::request::Builder, body: &str) -> Result<StopRequest, String> {
        let request = request.body(axum::body::Body::from(body.to_owned())).unwrap();
        let body = <Body<StopRequest> as OptionalFromRequest<()>>::from_request(request, &()).await;
        body.map(wanted).map_err(|Failure(error)| error.message)
    }

    #[tokio::test]
    async fn a_stop_that_says_nothing_more_is_a_stop_with_its_grace() {
        let json = || Request::builder().header("content-type", "application/json");
        assert_eq!(stop_of(Request::builder(), "").await, Ok(StopRequest { force: false }));
        assert_eq!(stop_of(json(), "{}").await, Ok(StopRequest { force: false }));
        assert_eq!(stop_of(json(), r#"{"force": true}"#).await, Ok(StopRequest { force: true }));
        assert!(stop_of(json(), r#"{"force": 1}"#).await.is_err(), "what is said and not understood is no stop");
    }
}
