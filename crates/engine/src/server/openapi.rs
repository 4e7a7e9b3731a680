//! The description of the API, made from the code.

use axum::Json;
use utoipa::OpenApi;

use super::{events, routes, run_events};

#[derive(OpenApi)]
#[openapi(
    info(title = "Nightkeep", description = "The engine's API on its private socket."),
    paths(
        events::events,
        events::slot,
        run_events::run_events,
        routes::engine,
        routes::live,
        routes::status,
        routes::run,
        routes::jobs,
        routes::types,
        routes::register,
        routes::attach,
        routes::signals,
        routes::pings,
        routes::stop_run,
        routes::see_run,
        routes::see_all,
        routes::last_run,
        routes::latest_run,
        routes::start_job,
        routes::stop_job,
        routes::resume_job,
        routes::add_job,
        routes::replace_job,
        routes::remove_job,
        routes::set_type,
        routes::set_capacity,
        routes::test_notification,
        routes::storage,
        routes::clean,
        routes::cancel_clean,
        routes::settings,
        routes::set_settings,
        routes::probe,
        routes::reconcile,
        routes::stop_engine,
        routes::hand_over,
        routes::history,
        routes::validate_job,
        routes::preflight,
        routes::test_job,
    )
)]
struct Document;

/// The OpenAPI document.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

pub(super) async fn serve() -> Json<utoipa::openapi::OpenApi> {
    Json(document())
}
