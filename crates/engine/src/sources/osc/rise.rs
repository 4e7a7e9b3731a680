//! A value that counts when it rises.

use nightkeep_core::Advance;

/// What percentages are of.
const TOTAL: i64 = 100;

/// One series of percentages. Its first value is where it begins, and no advance: a program that begins anew again and
/// again gets nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Rise {
    best: Option<i64>,
    series: Option<String>,
}

impl Rise {
    /// Takes a value in, and returns an advance when it is larger than all before it. The series gets its name when it
    /// first rises.
    pub(super) fn to(&mut self, value: i64, name: impl FnOnce() -> String) -> Option<Advance> {
        let best = self.best.replace(self.best.map_or(value, |best| best.max(value)))?;
        if value <= best {
            return None;
        }
        let series = self.series.get_or_insert_with(name).clone();
        Some(Advance { step: Some(value), total: Some(TOTAL), note: None, series: Some(series) })
    }
}
