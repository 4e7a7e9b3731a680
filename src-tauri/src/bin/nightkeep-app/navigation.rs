//! Which page is to be shown: from the command line, and for a page that is still on its way up.

use std::sync::{Mutex, PoisonError};

/// The page that was asked for before there was anybody to show it. A fresh webview hears no events until its code
/// runs, so it takes this at its start.
#[derive(Debug, Default)]
pub(crate) struct Pending(Mutex<Option<String>>);

impl Pending {
    pub(crate) fn of(page: Option<String>) -> Self {
        Self(Mutex::new(page))
    }

    pub(crate) fn take(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(crate) fn set(&self, page: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(page);
    }
}

/// The page that an argument names: `overview`, `history`, `jobs`, `jobs/new`, `jobs/NAME/edit`, `types`, `settings` or `run/41`.
pub(crate) fn page_of(argument: &str) -> Option<String> {
    let parts: Vec<&str> = argument.split('/').collect();
    let is_known = match parts.as_slice() {
        ["overview" | "history" | "jobs" | "types" | "settings"] | ["jobs", "new"] => true,
        ["run", number] => number.parse::<u64>().is_ok_and(|number| number > 0),
        ["jobs", name, "edit"] => !name.is_empty(),
        _ => false,
    };
    is_known.then(|| argument.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_named_as_the_tray_and_the_command_line_name_them() {
        for page in ["overview", "history", "types", "settings", "jobs", "jobs/new", "jobs/nightly/edit", "run/41"] {
            assert_eq!(page_of(page).as_deref(), Some(page));
        }
    }

    #[test]
    fn what_names_no_page_is_refused() {
        for argument in ["", "runs", "run", "run/0", "run/x", "run/41/x", "jobs//edit", "https://example.org", "-x"] {
            assert_eq!(page_of(argument), None, "{argument}");
        }
    }

    #[test]
    fn a_pending_page_is_taken_once() {
        let pending = Pending::default();
        pending.set("run/41".to_owned());
        assert_eq!(pending.take().as_deref(), Some("run/41"));
        assert_eq!(pending.take(), None);
    }
}
