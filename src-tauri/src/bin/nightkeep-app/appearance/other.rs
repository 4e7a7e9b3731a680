//! macOS and Windows: the webview follows the system by itself. Never run.

use tauri::AppHandle;

pub(super) async fn follow(app: AppHandle) {
    drop(app);
}
