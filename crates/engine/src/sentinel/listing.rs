//! Which steps there are sentinel files of, told from the names alone.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;

use crate::marker::is_invisible;

/// So many entries of a directory are looked at, so that one with a million of them costs no more.
pub const ENTRIES_MAX: usize = 4_096;
/// So many steps are read.
pub const STEPS_MAX: usize = 100;
/// A longer name is not that of a step.
pub const NAME_CHARS_MAX: usize = 100;

/// Which of the files of a step it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `STEP.pid`
    Pid,
    /// `STEP.heartbeat`
    Heartbeat,
    /// `STEP.status`
    Status,
    /// `STEP.result`
    Result,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Pid, Self::Heartbeat, Self::Status, Self::Result];

    /// What its name ends with, after the dot.
    #[must_use]
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Pid => "pid",
            Self::Heartbeat => "heartbeat",
            Self::Status => "status",
            Self::Result => "result",
        }
    }

    /// How large it can be. Of a heartbeat, what is more is no fault: its content is then not looked at.
    #[must_use]
    pub const fn bytes_max(self) -> u64 {
        match self {
            Self::Pid => 256,
            Self::Heartbeat => 4 * 1024,
            Self::Status => 16 * 1024,
            Self::Result => 64 * 1024,
        }
    }
}

/// What the names in a directory tell.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// Whether a step has a status.
    steps: BTreeMap<String, bool>,
    entries: usize,
    /// Sentinel files whose names cannot be that of a step.
    pub(super) misnamed: usize,
    /// Whether there was more than could be looked at.
    pub(super) is_cut: bool,
}

impl Listing {
    /// Takes note of a name. Whether another one would be taken note of as well.
    pub(crate) fn add(&mut self, name: &OsStr) -> bool {
        if self.entries == ENTRIES_MAX {
            self.is_cut = true;
            return false;
        }
        self.entries += 1;
        let name = name.to_string_lossy();
        let Some((step, kind)) = parts(&name) else { return true };
        if matches!(name, Cow::Borrowed(_)) && is_name(step) {
            *self.steps.entry(step.to_owned()).or_default() |= kind == Kind::Status;
        } else {
            self.misnamed += 1;
        }
        true
    }

    /// The steps in the order of their names, and how many of them were left out. Where there are too many, those
    /// without a status are kept, then the last ones: names of steps count upwards or begin with a date, as a rule.
    pub(super) fn chosen(self) -> (BTreeSet<String>, usize) {
        let left_out = self.steps.len().saturating_sub(STEPS_MAX);
        let mut steps: Vec<_> = self.steps.into_iter().rev().collect();
        steps.sort_by_key(|(_, has_status)| *has_status);
        (steps.into_iter().take(STEPS_MAX).map(|(name, _)| name).collect(), left_out)
    }
}

/// The step and the kind of file that a name stands for. A name that begins with a dot is that of a file set aside.
fn parts(name: &str) -> Option<(&str, Kind)> {
    let (step, ending) = name.rsplit_once('.')?;
    let kind = Kind::ALL.into_iter().find(|kind| kind.ending() == ending)?;
    (!step.is_empty() && !step.starts_with('.')).then_some((step, kind))
}

/// Whether it can be shown as it is, and is no path.
fn is_name(step: &str) -> bool {
    let is_plain = |c: char| !c.is_control() && !is_invisible(c) && !matches!(c, '/' | '\\');
    step.chars().all(is_plain) && step.chars().count() <= NAME_CHARS_MAX && step.trim() == step
}
