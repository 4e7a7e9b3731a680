//! What the page can have written: files of their own in the folder for downloads, which only the user can read. The
//! page names no place, and hands over nothing that is written.

#![expect(clippy::needless_pass_by_value, reason = "Tauri hands a command its state by value")]

use std::fmt::Display;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use nightkeep_engine::api::{ApiError, ErrorCode, JobSpec};
use nightkeep_engine::places::Places;
use nightkeep_engine::{diagnostics, surface};
use tauri::{AppHandle, State, command};

use crate::export;
use crate::link::Way;

type Reply<T> = Result<T, ApiError>;

/// Files of one name beside each other; more are not meant.
const NAMES_MAX: u32 = 100;

/// The diagnostics as they were shown: what is saved is what was read.
#[derive(Debug)]
pub(crate) struct Shown {
    places: Places,
    text: Mutex<Option<String>>,
}

impl Shown {
    pub(crate) const fn nothing(places: Places) -> Self {
        Self { places, text: Mutex::new(None) }
    }

    fn keep(&self, text: &str) {
        *self.text.lock().unwrap_or_else(PoisonError::into_inner) = Some(text.to_owned());
    }

    fn last(&self) -> Option<String> {
        self.text.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What goes with a report of a fault. It needs no engine.
#[command]
pub(crate) async fn diagnostics(shown: State<'_, Shown>) -> Reply<String> {
    let text = diagnostics::text(&shown.places).await;
    shown.keep(&text);
    Ok(text)
}

/// Writes what was shown last, and says where that is.
#[command]
pub(crate) fn save_diagnostics(app: AppHandle, shown: State<'_, Shown>) -> Reply<String> {
    let none = || ApiError::new(ErrorCode::Conflict, "no diagnostics were shown yet");
    save(&app, "nightkeep-diagnostics", "md", &shown.last().ok_or_else(none)?)
}

/// Writes settings and jobs, and says where that is.
#[command]
pub(crate) async fn export_settings(app: AppHandle, way: State<'_, Way>) -> Reply<String> {
    let client = way.client()?;
    let settings = client.settings().await?.spec;
    let jobs: Vec<JobSpec> = client.jobs().await?.into_iter().map(|job| job.spec).collect();
    let document = serde_json::json!({ "nightkeep_settings": settings, "nightkeep_jobs": jobs });
    let text = serde_json::to_string_pretty(&document).map_err(|fault| failed(&"settings and jobs", &fault))?;
    save(&app, "nightkeep-settings", "json", &text)
}

fn save(app: &AppHandle, name: &str, ending: &str, text: &str) -> Reply<String> {
    save_in(&export::folder(app)?, name, ending, text)
}

/// Writes a file beside those of its name that are there.
fn save_in(folder: &Path, name: &str, ending: &str, text: &str) -> Reply<String> {
    let mut names = (1..=NAMES_MAX).map(|n| match n {
        1 => folder.join(format!("{name}.{ending}")),
        n => folder.join(format!("{name}-{n}.{ending}")),
    });
    let too_many = || failed(&name, &"the folder for downloads is full of earlier ones");
    let path = names.find(|path| !path.exists()).ok_or_else(too_many)?;
    surface::write_private(&path, text.as_bytes()).map_err(|fault| failed(&path.display(), &fault))?;
    Ok(path.display().to_string())
}

fn failed(what: &impl Display, fault: &impl Display) -> ApiError {
    ApiError::new(ErrorCode::Internal, format!("failed to write {what}: {fault}"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_is_saved_takes_nothing_s_place_and_is_for_its_user_only() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let saved = |text| save_in(folder.path(), "nightkeep-diagnostics", "md", text).expect("it is saved");
        let (first, second) = (saved("one"), saved("two"));
        assert!(first.ends_with("nightkeep-diagnostics.md") && second.ends_with("nightkeep-diagnostics-2.md"));
        assert_eq!(
            (fs::read_to_string(&first).ok().as_deref(), fs::read_to_string(&second).ok().as_deref()),
            (Some("one"), Some("two"))
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(&first).expect("it is there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let fault = save_in(&folder.path().join("gone"), "a", "md", "").expect_err("there is no such folder");
        assert!(fault.message.starts_with("failed to write"), "{fault:?}");
    }

    #[test]
    fn nothing_is_saved_that_was_not_shown() {
        let shown = Shown::nothing(Places::below(Path::new("/nonexistent")));
        assert_eq!(shown.last(), None);
        shown.keep("what was read");
        assert_eq!(shown.last().as_deref(), Some("what was read"));
    }
}
