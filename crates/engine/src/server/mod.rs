//! The API: HTTP and JSON over the private socket. Routes are adapters; the work is the [`Handle`]'s.

mod events;
mod openapi;
mod reports;
mod routes;
mod run_events;
mod serve;
mod watch_routes;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};

use crate::actor::Handle;
use crate::api::{ApiError, ErrorCode};

pub use openapi::document;
pub(crate) use serve::serve;

/// The largest request that is read.
const BODY_BYTES_MAX: usize = 256 * 1024;

/// A failed request on its way out.
#[derive(Debug)]
struct Failure(ApiError);

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = match self.0.code {
            ErrorCode::NotFound => StatusCode::NOT_FOUND,
            ErrorCode::Invalid | ErrorCode::CannotStart => StatusCode::UNPROCESSABLE_ENTITY,
            ErrorCode::Conflict => StatusCode::CONFLICT,
            ErrorCode::NotPermitted => StatusCode::FORBIDDEN,
            ErrorCode::Version => StatusCode::UPGRADE_REQUIRED,
            ErrorCode::Storage | ErrorCode::Unreachable => StatusCode::SERVICE_UNAVAILABLE,
            ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, axum::Json(self.0)).into_response()
    }
}

/// All routes over `handle`.
pub fn router(handle: Handle) -> Router {
    Router::new()
        .route("/v1/engine", get(routes::engine))
        .route("/v1/engine/stop", post(routes::stop_engine))
        .route("/v1/engine/hand-over", post(routes::hand_over))
        .route("/v1/live", get(routes::live))
        .route("/v1/status", get(routes::status))
        .route("/v1/events", get(events::events))
        .route("/v1/events/runs", get(run_events::run_events))
        .route("/v1/history", get(routes::history))
        .route("/v1/history/page", post(reports::history_page))
        .route("/v1/history/night", get(reports::night))
        .route("/v1/history/seen", post(routes::see_all))
        .route("/v1/runs", post(routes::register))
        .route("/v1/signals", post(routes::signals))
        .route("/v1/pings", get(routes::pings))
        .route("/v1/slots", post(events::slot))
        .route("/v1/attach", post(routes::attach))
        .route("/v1/runs/{run}", get(routes::run))
        .route("/v1/runs/{run}/stop", post(routes::stop_run))
        .route("/v1/runs/{run}/seen", post(routes::see_run).delete(routes::unsee_run))
        .route("/v1/runs/{run}/extend", post(routes::extend_run))
        .route("/v1/demo", post(routes::start_demo))
        .route("/v1/jobs", get(routes::jobs).post(routes::add_job))
        .route("/v1/jobs/validate", routes::validate_jobs())
        .route("/v1/jobs/{job}", put(routes::replace_job).delete(routes::remove_job))
        .route("/v1/jobs/{job}/last-run", get(routes::last_run))
        .route("/v1/jobs/{job}/latest-run", get(routes::latest_run))
        .route("/v1/jobs/{job}/start", post(routes::start_job))
        .route("/v1/jobs/{job}/test", post(routes::test_job))
        .route("/v1/preflight", post(routes::preflight))
        .route("/v1/jobs/{job}/stop", post(routes::stop_job))
        .route("/v1/jobs/{job}/resume", post(routes::resume_job))
        .route("/v1/jobs/{job}/snooze", post(watch_routes::snooze).delete(watch_routes::unsnooze))
        .route("/v1/types", get(routes::types))
        .route("/v1/types/{type}", put(routes::set_type).delete(routes::remove_type))
        .route("/v1/types/{type}/gaps", get(routes::type_gaps))
        .route("/v1/jobs/{job}/gaps", get(routes::job_gaps))
        .route("/v1/preflight/type", post(routes::validate_type))
        .route("/v1/reconcile", post(routes::reconcile))
        .route("/v1/types/{type}/capacity", put(routes::set_capacity))
        .route("/v1/notifications/test", post(routes::test_notification))
        .route("/v1/storage", get(routes::storage))
        .route("/v1/storage/clean", post(routes::clean).delete(routes::cancel_clean))
        .route("/v1/settings", get(routes::settings).put(routes::set_settings).delete(routes::reset_settings))
        .route("/v1/pause", post(watch_routes::pause))
        .route("/v1/resume", post(watch_routes::resume))
        .route("/v1/quit", post(watch_routes::quit))
        .route("/v1/tray", post(watch_routes::tray))
        .route("/v1/probe", post(routes::probe))
        .route("/v1/openapi.json", get(openapi::serve))
        .fallback(routes::no_such_route)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(handle)
}
