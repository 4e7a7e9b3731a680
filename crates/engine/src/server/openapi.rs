//! The description of the API, made from the code.

use axum::Json;
use utoipa::OpenApi;

use super::{events, reports, routes, run_events, watch_routes};

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
        routes::extend_run,
        routes::start_demo,
        routes::see_run,
        routes::unsee_run,
        routes::see_all,
        reports::history_page,
        reports::night,
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
        routes::cancel_clean,
        routes::clean,
        routes::job_gaps,
        routes::remove_type,
        routes::reset_settings,
        routes::set_settings,
        routes::settings,
        routes::storage,
        routes::test_notification,
        routes::type_gaps,
        routes::validate_type,
        routes::probe,
        routes::reconcile,
        routes::stop_engine,
        routes::hand_over,
        routes::history,
        routes::validate_job,
        routes::preflight,
        routes::test_job,
        watch_routes::pause,
        watch_routes::resume,
        watch_routes::quit,
        watch_routes::tray,
        watch_routes::snooze,
        watch_routes::unsnooze,
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
