//! Which page is to be shown by a window that is still on its way up.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pending_page_is_taken_once() {
        let pending = Pending::default();
        pending.set("run/41".to_owned());
        assert_eq!(pending.take().as_deref(), Some("run/41"));
        assert_eq!(pending.take(), None);
    }
}
