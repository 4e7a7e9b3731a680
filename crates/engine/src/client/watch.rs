//! Requests about the watch as a whole.

use super::http::{Body, encode, request};
use super::{Client, http};
use crate::api::{
    ApiError, PauseRequest, PauseView, QuitChoice, QuitRequest, ResumedReply, SnoozeView, StopReply, TrayReport,
    UnsnoozedReply,
};

impl Client {
    /// Pauses the watch, or changes the end of the pause.
    pub async fn pause(&self, request: PauseRequest) -> Result<PauseView, ApiError> {
        self.post("/v1/pause", &request).await
    }

    /// Lets the watch go on.
    pub async fn resume(&self) -> Result<ResumedReply, ApiError> {
        self.post("/v1/resume", &()).await
    }

    /// Shows no notifications of a job until the morning.
    pub async fn snooze_job(&self, job: &str) -> Result<SnoozeView, ApiError> {
        self.post(&format!("/v1/jobs/{}/snooze", encode(job)), &()).await
    }

    /// Shows them again.
    pub async fn unsnooze_job(&self, job: &str) -> Result<UnsnoozedReply, ApiError> {
        let path = format!("/v1/jobs/{}/snooze", encode(job));
        http::json(&request(&self.socket, "DELETE", &path, Body::None).await?)
    }

    /// Ends the tray, the engine, or all runs and both. Returns the runs that are being stopped for it.
    pub async fn quit(&self, choice: QuitChoice) -> Result<StopReply, ApiError> {
        self.post("/v1/quit", &QuitRequest { choice }).await
    }

    /// Tells whether the desktop has a place for the tray.
    pub async fn tray_reports(&self, has_place: bool) -> Result<(), ApiError> {
        self.send("POST", "/v1/tray", &TrayReport { has_place }).await
    }
}
