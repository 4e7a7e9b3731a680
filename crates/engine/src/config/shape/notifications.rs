//! The table `[notifications]`, and the one in it.

use toml_edit::Item;

use super::{Flaw, KeyPath, Walk, flag, listed, string, table};
use crate::api::{Show, ShowEnd, ShowSpec};
use crate::config::Notifications;
use crate::notify::policy::{Days, QuietHours, Report};

/// Its keys. `warnings = true` is a short way to say that a warning is shown in a banner.
const KEYS: [&str; 6] = ["quiet_hours", "quiet_days", "morning_report", "sound", "warnings", "show"];

/// The events of which it says where they are told.
const EVENTS: [&str; 7] = ["warning", "stopped", "breaker", "recovered", "needs_you", "finished", "failed"];

impl Walk {
    pub(super) fn notifications(&mut self, path: &KeyPath, item: &Item) -> Result<Notifications, Flaw> {
        let mut notifications = Notifications::default();
        let mut warns = false;
        let mut show = None;
        for (key, item) in self.known(path, table(path, item)?, &KEYS)? {
            let path = path.then(key);
            let nights = &mut notifications.nights;
            match key {
                "quiet_hours" => nights.quiet = read(&path, item, QuietHours::parse)?,
                "quiet_days" => nights.days = read(&path, item, Days::parse)?,
                "morning_report" => nights.report = read(&path, item, Report::parse)?,
                "sound" => notifications.sound = flag(&path, item)?,
                "warnings" => warns = flag(&path, item)?,
                _ => show = Some((path, item)),
            }
        }
        if warns {
            notifications.show.warning = Show::Banner;
        }
        if let Some((path, item)) = show {
            self.show(&path, item, &mut notifications.show)?;
        }
        Ok(notifications)
    }

    fn show(&mut self, path: &KeyPath, item: &Item, show: &mut ShowSpec) -> Result<(), Flaw> {
        for (key, item) in self.known(path, table(path, item)?, &EVENTS)? {
            let path = path.then(key);
            match key {
                "warning" => show.warning = place(&path, item)?,
                "stopped" => show.stopped = place(&path, item)?,
                "breaker" => show.breaker = place(&path, item)?,
                "recovered" => show.recovered = place(&path, item)?,
                "needs_you" => show.needs_you = place(&path, item)?,
                "finished" => show.finished = place_of_end(&path, item)?,
                _ => show.failed = place_of_end(&path, item)?,
            }
        }
        Ok(())
    }
}

/// A text that has a meaning of its own.
fn read<T, F: std::fmt::Display>(
    path: &KeyPath,
    item: &Item,
    parse: impl FnOnce(&str) -> Result<T, F>,
) -> Result<T, Flaw> {
    parse(&string(path, item)?).map_err(|fault| Flaw { path: path.clone(), message: fault.to_string() })
}

fn place(path: &KeyPath, item: &Item) -> Result<Show, Flaw> {
    let text = string(path, item)?;
    let found = Show::ALL.into_iter().find(|show| show.word() == text);
    found.ok_or_else(|| none_of(path, Show::ALL.map(Show::word), &text))
}

fn place_of_end(path: &KeyPath, item: &Item) -> Result<ShowEnd, Flaw> {
    let text = string(path, item)?;
    let found = ShowEnd::ALL.into_iter().find(|show| show.word() == text);
    found.ok_or_else(|| none_of(path, ShowEnd::ALL.map(ShowEnd::word), &text))
}

fn none_of<const COUNT: usize>(path: &KeyPath, words: [&str; COUNT], text: &str) -> Flaw {
    Flaw { path: path.clone(), message: format!("has to be one of {}, not `{text}`", listed(words.into_iter())) }
}
