//! Dark or light, as the desktop wants it, where the toolkit does not find that out by itself.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux as imp;
#[cfg(not(target_os = "linux"))]
mod other;
#[cfg(not(target_os = "linux"))]
use other as imp;

use tauri::AppHandle;

/// Keeps the window in the desktop's colours for as long as it lives.
pub(crate) async fn follow(app: AppHandle) {
    imp::follow(app).await;
}
