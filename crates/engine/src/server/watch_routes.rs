//! The routes of the watch as a whole.

use axum::Json;
use axum::extract::{Path, State};

use super::routes::{Body, Reply, wanted};
use crate::actor::Handle;
use crate::api::{
    ApiError, PauseRequest, PauseView, QuitRequest, ResumedReply, SnoozeView, StopReply, TrayReport, UnsnoozedReply,
};

/// Pauses the watch, or changes the end of the pause: nothing is judged and nothing started again while it lasts. What a
/// person asks for is done, and a stop that has begun goes on.
#[utoipa::path(post, path = "/v1/pause", request_body = Option<PauseRequest>, responses((status = 200, body = PauseView), (status = "4XX", body = ApiError)))]
pub(super) async fn pause(State(handle): State<Handle>, body: Option<Body<PauseRequest>>) -> Reply<PauseView> {
    Ok(Json(handle.pause(wanted(body)).await?))
}

/// Lets the watch go on: after a fresh look, with what was left of each limit.
#[utoipa::path(post, path = "/v1/resume", responses((status = 200, body = ResumedReply), (status = "4XX", body = ApiError)))]
pub(super) async fn resume(State(handle): State<Handle>) -> Reply<ResumedReply> {
    Ok(Json(handle.resume().await?))
}

/// Ends the tray; or the tray and the engine, whose runs go on; or all runs, and both after them. Answered with the runs
/// that are being stopped.
#[utoipa::path(post, path = "/v1/quit", request_body = QuitRequest, responses((status = 200, body = StopReply), (status = "4XX", body = ApiError)))]
pub(super) async fn quit(State(handle): State<Handle>, Body(body): Body<QuitRequest>) -> Reply<StopReply> {
    Ok(Json(handle.quit(body.choice).await?))
}

/// The tray says what it finds on its desktop.
#[utoipa::path(post, path = "/v1/tray", request_body = TrayReport, responses((status = 200), (status = "4XX", body = ApiError)))]
pub(super) async fn tray(State(handle): State<Handle>, Body(body): Body<TrayReport>) -> Reply<()> {
    Ok(Json(handle.tray_reports(body.has_place).await?))
}

/// Shows no notifications of a job until the morning; the history still has all of it.
#[utoipa::path(post, path = "/v1/jobs/{job}/snooze", params(("job" = String, Path)), responses((status = 200, body = SnoozeView), (status = "4XX", body = ApiError)))]
pub(super) async fn snooze(State(handle): State<Handle>, Path(job): Path<String>) -> Reply<SnoozeView> {
    Ok(Json(handle.snooze_job(job).await?))
}

/// Shows the notifications of a job again.
#[utoipa::path(delete, path = "/v1/jobs/{job}/snooze", params(("job" = String, Path)), responses((status = 200, body = UnsnoozedReply), (status = "4XX", body = ApiError)))]
pub(super) async fn unsnooze(State(handle): State<Handle>, Path(job): Path<String>) -> Reply<UnsnoozedReply> {
    Ok(Json(handle.unsnooze_job(job).await?))
}
