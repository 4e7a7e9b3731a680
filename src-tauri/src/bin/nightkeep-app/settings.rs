//! What the settings page can ask for: of the engine, and of the computer itself.

#![expect(clippy::needless_pass_by_value, reason = "Tauri hands a command its state by value")]

use std::fmt::Display;

use nightkeep_app::autostart::Autostart;
use nightkeep_engine::api::{
    ApiError, Cleaned, ErrorCode, JobSpec, NotificationTest, SettingsSpec, SettingsView, StorageView,
};
use nightkeep_engine::surface;
use tauri::{AppHandle, Manager as _, State, command};

use crate::link::Way;
use crate::notification_settings;

type Reply<T> = Result<T, ApiError>;

/// Files with exported jobs beside each other; more are not meant.
const EXPORTS_MAX: u32 = 100;

#[command]
pub(crate) async fn settings(way: State<'_, Way>) -> Reply<SettingsView> {
    way.client()?.settings().await
}

#[command]
pub(crate) async fn set_settings(way: State<'_, Way>, spec: SettingsSpec) -> Reply<()> {
    way.client()?.set_settings(&spec).await
}

#[command]
pub(crate) async fn test_notification(way: State<'_, Way>) -> Reply<NotificationTest> {
    way.client()?.test_notification().await
}

/// Whether the system has a page of its own for them.
#[command]
pub(crate) const fn has_notification_settings() -> bool {
    notification_settings::are_there()
}

#[command]
pub(crate) fn open_notification_settings() -> Reply<()> {
    notification_settings::open()
}

#[command]
pub(crate) async fn storage(way: State<'_, Way>) -> Reply<StorageView> {
    way.client()?.storage().await
}

#[command]
pub(crate) async fn clean_now(way: State<'_, Way>) -> Reply<Cleaned> {
    way.client()?.clean().await
}

#[command]
pub(crate) async fn cancel_clean(way: State<'_, Way>) -> Reply<()> {
    way.client()?.cancel_clean().await
}

#[command]
pub(crate) fn starts_at_login(app: AppHandle) -> Reply<bool> {
    autostart(&app)?.is_on().map_err(|fault| failed("see what starts with the login", &fault))
}

#[command]
pub(crate) fn set_starts_at_login(app: AppHandle, on: bool) -> Reply<()> {
    autostart(&app)?.set(on).map_err(|fault| failed("change what starts with the login", &fault))
}

/// Writes all jobs into a file of its own in the folder for downloads, and says where that is.
#[command]
pub(crate) async fn export_jobs(app: AppHandle, way: State<'_, Way>) -> Reply<String> {
    let jobs: Vec<JobSpec> = way.client()?.jobs().await?.into_iter().map(|job| job.spec).collect();
    let text = serde_json::to_string_pretty(&serde_json::json!({ "nightkeep_jobs": jobs }))
        .map_err(|fault| failed("write the jobs", &fault))?;
    let paths = app.path();
    let folder = paths.download_dir().or_else(|_| paths.home_dir()).map_err(|fault| failed("find a folder", &fault))?;
    let mut names = (1..=EXPORTS_MAX).map(|n| match n {
        1 => folder.join("nightkeep-jobs.json"),
        n => folder.join(format!("nightkeep-jobs-{n}.json")),
    });
    let too_many = || failed("write the jobs", &"the folder for downloads is full of earlier exports");
    let path = names.find(|path| !path.exists()).ok_or_else(too_many)?;
    surface::write_private(&path, text.as_bytes()).map_err(|fault| failed("write the jobs", &fault))?;
    Ok(path.display().to_string())
}

fn autostart(app: &AppHandle) -> Reply<Autostart> {
    let paths = app.path();
    let found = paths.config_dir().and_then(|config| Ok((config, paths.home_dir()?)));
    let (config, home) = found.map_err(|fault| failed("find the folder of settings", &fault))?;
    Autostart::of_this_user(&config, &home).map_err(|fault| failed("find what starts with the login", &fault))
}

fn failed(what: &str, fault: &impl Display) -> ApiError {
    ApiError::new(ErrorCode::Internal, format!("failed to {what}: {fault}"))
}
