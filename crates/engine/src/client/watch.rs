//! Requests about the watch as a whole.

use super::Client;
use crate::api::{ApiError, PauseRequest, PauseView, QuitChoice, QuitRequest, ResumedReply, StopReply, TrayReport};

impl Client {
    /// Pauses the watch, or changes the end of the pause.
    pub async fn pause(&self, request: PauseRequest) -> Result<PauseView, ApiError> {
        self.post("/v1/pause", &request).await
    }

    /// Lets the watch go on.
    pub async fn resume(&self) -> Result<ResumedReply, ApiError> {
        self.post("/v1/resume", &()).await
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
