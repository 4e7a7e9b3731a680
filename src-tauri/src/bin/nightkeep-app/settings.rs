//! What the settings page can ask for: of the engine, and of the computer itself.

#![expect(clippy::needless_pass_by_value, reason = "Tauri hands a command its state by value")]

use std::fmt::Display;

use nightkeep_app::autostart::Autostart;
use nightkeep_engine::api::{ApiError, Cleaned, ErrorCode, NotificationTest, SettingsSpec, SettingsView, StorageView};
use tauri::{AppHandle, Manager as _, State, command};

use crate::link::Way;
use crate::notification_settings;

type Reply<T> = Result<T, ApiError>;

#[command]
pub(crate) async fn settings(way: State<'_, Way>) -> Reply<SettingsView> {
    way.client()?.settings().await
}

#[command]
pub(crate) async fn set_settings(way: State<'_, Way>, spec: SettingsSpec) -> Reply<()> {
    way.client()?.set_settings(&spec).await
}

#[command]
pub(crate) async fn reset_settings(way: State<'_, Way>) -> Reply<()> {
    way.client()?.reset_settings().await
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

fn autostart(app: &AppHandle) -> Reply<Autostart> {
    let paths = app.path();
    let found = paths.config_dir().and_then(|config| Ok((config, paths.home_dir()?)));
    let (config, home) = found.map_err(|fault| failed("find the folder of settings", &fault))?;
    Autostart::of_this_user(&config, &home).map_err(|fault| failed("find what starts with the login", &fault))
}

fn failed(what: &str, fault: &impl Display) -> ApiError {
    ApiError::new(ErrorCode::Internal, format!("failed to {what}: {fault}"))
}
