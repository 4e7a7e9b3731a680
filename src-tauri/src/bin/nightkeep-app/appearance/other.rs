//! macOS and Windows: the webview follows the system by itself. Never run.

use tauri::AppHandle;

#[expect(clippy::unused_async, reason = "the twin for Linux waits for the desktop")]
pub(super) async fn follow(app: AppHandle) {
    drop(app);
}
