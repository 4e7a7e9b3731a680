//! The routes of the history as it is looked through.

use axum::Json;
use axum::extract::{Query, State};

use super::routes::{Body, Reply};
use crate::actor::Handle;
use crate::api::{ApiError, HistoryPage, HistoryPageQuery, NightQuery, NightReport};

/// Runs that are over and match, a page of them. A question with lists in it, which is why it is posted.
#[utoipa::path(post, path = "/v1/history/page", request_body = HistoryPageQuery, responses((status = 200, body = HistoryPage), (status = "4XX", body = ApiError)))]
pub(super) async fn history_page(
    State(handle): State<Handle>,
    Body(query): Body<HistoryPageQuery>,
) -> Reply<HistoryPage> {
    Ok(Json(handle.history_page(query).await?))
}

/// What the runs came to that ended in a night, from 18:00 to 10:00.
#[utoipa::path(get, path = "/v1/history/night", params(NightQuery), responses((status = 200, body = NightReport), (status = "4XX", body = ApiError)))]
pub(super) async fn night(State(handle): State<Handle>, Query(query): Query<NightQuery>) -> Reply<NightReport> {
    Ok(Json(handle.night(query).await?))
}
