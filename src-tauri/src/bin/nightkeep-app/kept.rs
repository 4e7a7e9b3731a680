//! What the window keeps for itself from one time to the next: its size, and what a person was told once.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use nightkeep_engine::surface;
use serde::{Deserialize, Serialize};

/// So many things are told once at most: the page names them, and what a page says has a bound.
const TOLD_MAX: usize = 32;
/// No name of such a thing is longer, in bytes.
const NAME_MAX: usize = 40;

/// What is kept. A file that cannot be read is as good as none: nothing in it is worth more than a default.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct State {
    /// In logical pixels, while it was not maximized.
    size: Option<Size>,
    maximized: bool,
    told: BTreeSet<String>,
}

/// A size in logical pixels.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Size {
    pub(crate) width: f64,
    pub(crate) height: f64,
}

impl Size {
    /// The same within `least` and `most`; where these contradict each other, `most` holds.
    pub(crate) fn within(self, least: Self, most: Self) -> Self {
        let fit = |value: f64, least: f64, most: f64| {
            if value.is_finite() { value.max(least).min(most) } else { least.min(most) }
        };
        Self { width: fit(self.width, least.width, most.width), height: fit(self.height, least.height, most.height) }
    }
}

impl Kept {
    pub(crate) fn read(path: PathBuf) -> Self {
        let text = fs::read_to_string(&path).unwrap_or_default();
        let state = serde_json::from_str(&text).unwrap_or_default();
        Self { path, state: Mutex::new(state) }
    }

    /// The size that it had, and whether it was maximized.
    pub(crate) fn shape(&self) -> (Option<Size>, bool) {
        let state = self.state();
        (state.size, state.maximized)
    }

    /// Its size changed. A maximized window comes back to the size that it had before.
    pub(crate) fn resized(&self, size: Size, maximized: bool) {
        let mut state = self.state();
        state.maximized = maximized;
        if !maximized {
            state.size = Some(size);
        }
    }

    /// Whether this is the first time that a person is told of `what`; the next time it is not.
    pub(crate) fn tell_once(&self, what: &str) -> bool {
        let is_first = {
            let mut state = self.state();
            state.told.len() < TOLD_MAX && what.len() <= NAME_MAX && state.told.insert(what.to_owned())
        };
        if is_first {
            self.write();
        }
        is_first
    }

    /// Writes it down. What cannot be is logged: the window is as it was the next time.
    pub(crate) fn write(&self) {
        let text = serde_json::to_string(&*self.state()).expect("a state has a JSON form");
        if let Err(error) = surface::keep(&self.path, &text) {
            tracing::warn!(%error, "the window's size cannot be kept");
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is a plain assignment, so a panic elsewhere leaves nothing half-done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: Size = Size { width: 720.0, height: 520.0 };
    const SCREEN: Size = Size { width: 1280.0, height: 800.0 };

    #[test]
    fn a_window_is_never_larger_than_its_screen_nor_smaller_than_what_can_be_used() {
        let fit = |width, height| Size { width, height }.within(LEAST, SCREEN);
        assert_eq!(fit(1040.0, 720.0), Size { width: 1040.0, height: 720.0 });
        assert_eq!(fit(9000.0, 10.0), Size { width: 1280.0, height: 520.0 });
        assert_eq!(fit(f64::NAN, f64::INFINITY), LEAST);
        let small = Size { width: 640.0, height: 480.0 };
        assert_eq!(Size { width: 1040.0, height: 720.0 }.within(LEAST, small), small);
    }

    #[test]
    fn size_and_what_was_told_are_there_the_next_time() {
        let home = std::env::temp_dir().join(format!("nightkeep-kept-{}", std::process::id()));
        fs::create_dir_all(&home).unwrap();
        let path = home.join("window.json");
        let kept = Kept::read(path.clone());
        assert_eq!(kept.shape(), (None, false));
        assert!(kept.tell_once("closing"));
        assert!(!kept.tell_once("closing"));
        kept.resized(LEAST, false);
        kept.resized(SCREEN, true);
        kept.write();
        let again = Kept::read(path.clone());
        assert_eq!(again.shape(), (Some(LEAST), true));
        assert!(!again.tell_once("closing"));
        fs::write(&path, "{\"size\": 5").unwrap();
        assert_eq!(Kept::read(path).shape(), (None, false));
        fs::remove_dir_all(home).unwrap();
    }

    #[test]
    fn a_page_cannot_fill_the_disk_with_what_it_wants_to_tell_once() {
        let kept = Kept::read(PathBuf::from("/nonexistent/window.json"));
        assert!(!kept.tell_once(&"x".repeat(NAME_MAX + 1)));
        let told = (0..2 * TOLD_MAX).filter(|number| kept.tell_once(&number.to_string())).count();
        assert_eq!(told, TOLD_MAX);
    }
}
